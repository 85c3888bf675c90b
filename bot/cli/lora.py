"""`atelier lora ...`: look into LoRA files, and make new ones from them and from models."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.options import ConfigFile
from bot.cli.words import Declined
from bot.config import Config

if TYPE_CHECKING:
    from engine.lora.shapes import Shapes
    from engine.lora.writing import Pairs

_LARGEST_WEIGHT = 1000

app = typer.Typer(help="LoRA files: inspect, convert, merge, mix, extract.", no_args_is_help=True)


class Format(StrEnum):
    DIFFUSERS = "diffusers"
    KOHYA = "kohya"
    XLABS = "xlabs"
    BFL = "bfl"


class Numbers(StrEnum):
    FLOAT32 = "float32"
    FLOAT16 = "float16"
    BFLOAT16 = "bfloat16"


Model = Annotated[str, typer.Option(help="The base model it is for, by its name in the config.")]
File = Annotated[Path, typer.Argument(help="A LoRA: safetensors, or a pickled .ckpt, .bin or .pt.")]
Target = Annotated[Path, typer.Argument(help="The file to write; none must be there.")]
As = Annotated[Format, typer.Option("--as", help="The format to write.")]
Type = Annotated[Numbers, typer.Option("--dtype", help="The numbers to write.")]
Rank = Annotated[int | None, typer.Option(min=1, max=256, help="Cut to this rank.", show_default="exact")]


@app.command()
def inspect(file: File, model: Model = "pocket", config: ConfigFile = None) -> None:
    """What is in FILE: format, ranks, modules, and what its maker noted."""
    from engine.lora import files, notes, sources

    shapes = _shapes(model, config)
    with sources.as_safetensors(file) as readable:
        lora = files.read(readable, shapes)
        lora.container.check_values()
        low, high = lora.ranks
        typer.echo(f"{file}: {lora.style} format, for {model}")
        typer.echo(f"  rank {low if low == high else f'{low} to {high}'}, {lora.container.bytes / 1e6:.2f} MB")
        for component in lora.components:
            parts = [part for part in lora.parts if part.component == component]
            scales = sorted({round(part.scale, 4) for part in parts})
            typer.echo(
                f"  {component}: {len(parts)} of {len(shapes[component])} modules, "
                f"scale {' '.join(f'{scale:g}' for scale in scales[:4])}{' ...' if len(scales) > 4 else ''}"
            )
        triggers = notes.triggers(lora.container.metadata)
        if triggers:
            typer.echo(f"  triggers: {', '.join(triggers)}")
        for name, value in sorted(notes.told(lora.container.metadata).items()):
            typer.echo(f"  {name}: {value}")


@app.command()
def convert(
    file: File,
    target: Target,
    style: As,
    model: Model = "pocket",
    dtype: Type = Numbers.FLOAT32,
    config: ConfigFile = None,
) -> None:
    """Write FILE again as TARGET in another format."""
    shapes = _shapes(model, config)
    _write(_cut(_load(file, shapes), None), target, style, shapes, dtype)


@app.command()
def merge(
    target: Annotated[Path, typer.Argument(help="A .safetensors file, or a folder for a model of its own.")],
    files: Annotated[list[str], typer.Argument(help="LoRAs, each with :WEIGHT behind it if not 1.")],
    rank: Rank = None,
    style: As = Format.DIFFUSERS,
    model: Model = "pocket",
    dtype: Type = Numbers.FLOAT32,
    config: ConfigFile = None,
) -> None:
    """Merge several LoRAs into one file, or melt them into a copy of the model's folder."""
    from engine.lora import surgery

    shapes = _shapes(model, config)
    weighted = [_weighted(text) for text in files]
    pairs = surgery.merged([(_load(file, shapes), weight) for file, weight in weighted])
    pairs = _cut(pairs, rank)
    if target.suffix == ".safetensors":
        _write(pairs, target, style, shapes, dtype)
        return
    try:
        surgery.collapsed(_folder(model, config), pairs, target)
    except FileExistsError:
        raise Declined(f"{target} is there already; name another folder") from None
    typer.echo(f"{target}: the model {model} with {len(files)} LoRA{'s' if len(files) > 1 else ''} in its weights")


@app.command()
def mix(
    first: File,
    second: File,
    target: Target,
    share: Annotated[float, typer.Option(min=0, max=1, help="How much of the second one, 0 to 1.")] = 0.5,
    rank: Rank = None,
    style: As = Format.DIFFUSERS,
    model: Model = "pocket",
    dtype: Type = Numbers.FLOAT32,
    config: ConfigFile = None,
) -> None:
    """Go in a line from FIRST to SECOND and write what is at SHARE."""
    from engine.lora import surgery

    shapes = _shapes(model, config)
    pairs = surgery.merged([(_load(first, shapes), 1 - share), (_load(second, shapes), share)])
    _write(_cut(pairs, rank), target, style, shapes, dtype)


@app.command()
def extract(
    tuned: Annotated[Path, typer.Argument(help="The folder of a model that was trained further.")],
    target: Target,
    rank: Annotated[int, typer.Option(min=1, max=256, help="Its rank.")] = 16,
    style: As = Format.DIFFUSERS,
    model: Model = "pocket",
    dtype: Type = Numbers.FLOAT32,
    config: ConfigFile = None,
) -> None:
    """Write the LoRA that turns the base model into TUNED, as nearly as RANK allows."""
    from engine.lora import surgery

    pairs, lost = surgery.extracted(_folder(model, config), tuned, rank)
    _write(pairs, target, style, _shapes(model, config), dtype)
    typer.echo(f"  rank {rank} loses {lost:.2%} of the change")


def _folder(model: str, config: Path | None) -> Path:
    from bot import parts
    from engine.lora import sources

    return sources.folder_of(parts.catalogue(Config.load(config)).get(model))


def _shapes(model: str, config: Path | None) -> "Shapes":
    from engine.lora import shapes

    return shapes.of_folder(_folder(model, config))


def _load(file: Path, shapes: "Shapes") -> "Pairs":
    from engine.lora import sources, writing

    with sources.as_safetensors(file) as readable:
        return writing.load(readable, shapes)


def _cut(pairs: "Pairs", rank: int | None) -> "Pairs":
    from engine.lora import surgery, writing

    pairs = writing.changing(pairs)
    if rank is None:
        surgery.check_ranks(pairs)
        return pairs
    cut, lost = surgery.reduced(pairs, rank)
    typer.echo(f"  rank {rank} loses {lost:.2%} of the change")
    return cut


def _weighted(text: str) -> tuple[Path, float]:
    """`FILE` or `FILE:0.8`; a colon in the file's name is no matter when what follows is no number."""
    file, _, told = text.rpartition(":")
    try:
        weight = float(told)
    except ValueError:
        return Path(text), 1.0
    if not file:
        return Path(text), 1.0
    if not abs(weight) <= _LARGEST_WEIGHT:
        raise Declined(f"{told} is no weight for {file}; it is a number from -{_LARGEST_WEIGHT} to {_LARGEST_WEIGHT}")
    return Path(file), weight


def _write(pairs: "Pairs", target: Path, style: Format, shapes: "Shapes", dtype: Numbers) -> None:
    from engine.lora import writing

    try:
        writing.save(pairs, target, style.value, shapes, dtype=dtype.value)
    except FileExistsError:
        raise Declined(f"{target} is there already; name another file") from None
    ranks = [pair.rank for pair in pairs.values()]
    typer.echo(f"{target}: {style.value} format, {len(pairs)} modules, rank {min(ranks)} to {max(ranks)}")
