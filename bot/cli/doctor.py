"""`atelier doctor`: what is well, and what to do about what is not."""

import asyncio

import typer

from bot.cli.options import ConfigFile
from bot.config import Config, ConfigError


def doctor(config: ConfigFile = None) -> None:
    """Look at config, storage, disk, database, device, models, token and permissions."""
    try:
        settings = Config.load(config)
    except ConfigError as error:
        _line("config", False, str(error))
        raise typer.Exit(1) from None
    used = config or Config.DEFAULT_PATH
    _line("config", True, str(used) if used.exists() else "no file; defaults and environment")
    if not asyncio.run(_examine(settings)):
        raise typer.Exit(1)


async def _examine(config: Config) -> bool:
    from bot.doctor import examine

    well = True
    async for finding in examine(config):
        _line(finding.part, finding.well, finding.words)
        well = well and finding.well
    return well


def _line(part: str, well: bool, words: str) -> None:
    mark = typer.style("ok   ", fg="green") if well else typer.style("to do", fg="red", bold=True)
    typer.echo(f"{mark} {part:12} {words}")
