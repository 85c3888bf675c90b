"""`atelier imagine`: pictures from the engine alone, without Discord and without a database."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.options import ConfigFile
from bot.cli.words import Declined, reason
from bot.config import Config

if TYPE_CHECKING:
    from bot.drawing import Drawing, Options
    from engine.models import Catalogue


def imagine(
    prompt: Annotated[str | None, typer.Argument(help="What to draw, with --parameters if you like.")] = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The file; with --from, the folder.", show_default="out.png or out")
    ] = Path(),
    source: Annotated[
        Path | None, typer.Option("--from", help="A text file with a prompt a line; - is standard input.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, max=2**32 - 1, help="The first picture's seed.")] = None,
    count: Annotated[int, typer.Option(min=1, max=64, help="Pictures of each prompt.")] = 1,
    steps: Annotated[int | None, typer.Option(min=1, max=100, help="Denoising steps.")] = None,
    guidance: Annotated[float | None, typer.Option(min=0, max=30, help="How closely to follow the prompt.")] = None,
    aspect: Annotated[str | None, typer.Option(help="Width to height, such as 16:9.")] = None,
    model: Annotated[str | None, typer.Option(help="A model of the config.")] = None,
    config: ConfigFile = None,
) -> None:
    """Draw PROMPT, or every line of a file, into PNG files. A parameter in a prompt wins over an option."""
    if (prompt is None) == (source is None):
        raise typer.BadParameter("give a prompt or --from FILE, one of the two")
    settings = Config.load(config)

    from bot import drawing, log
    from prompts import parse_aspect

    # The bar says what INFO would say, and what stops the work is said once, at the end.
    log.setup(settings.log.level if settings.log.level == "DEBUG" else "ERROR")
    options = drawing.Options(
        model=model or settings.engine.model,
        aspect=parse_aspect(aspect) if aspect else None,
        seed=seed,
        steps=steps,
        guidance=guidance,
        count=count,
    )
    asyncio.run(_imagine(settings, prompt, source, output, options))


async def _imagine(settings: Config, prompt: str | None, source: Path | None, output: Path, options: "Options") -> None:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from bot import drawing, parts

    catalogue = parts.catalogue(settings)
    if source is not None:
        drawings = _planned(source, options, catalogue, output if output != Path() else Path("out"))
    else:
        drawings = [drawing.plan(prompt or "", options, catalogue, output if output != Path() else Path("out.png"))]
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("Loading", total=None)
        async with parts.engine(settings) as engine:
            await engine.ready()
            progress.update(bar, description="Drawing", total=sum(one.request.work for one in drawings))
            await drawing.draw(engine, drawings, lambda work: progress.advance(bar, work))
    for one in drawings:
        for file, seed in zip(one.files, one.request.seeds, strict=True):
            typer.echo(f"{file}  seed {seed}")


def _planned(source: Path, options: "Options", catalogue: "Catalogue", folder: Path) -> "list[Drawing]":
    from bot.drawing import BadLine, plan_file

    try:
        text = typer.get_text_stream("stdin").read() if source == Path("-") else source.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise Declined(f"{source} is not UTF-8 text") from None
    try:
        drawings = plan_file(text.splitlines(), options, catalogue, folder)
    except BadLine as error:
        raise Declined(f"line {error.number}: {reason(error.cause)}") from None
    if not drawings:
        raise Declined(f"{source} holds no prompt")
    return drawings
