"""`atelier demo`: the real bot in a stand-in for Discord, in a browser."""

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer


def demo(
    once: Annotated[bool, typer.Option("--once", help="Stop after the example's pictures.")] = False,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="The chat page's port.", show_default="8765, or a free one")
    ] = None,
    folder: Annotated[Path, typer.Option(help="Where the demo keeps its server, rows and pictures.")] = Path("demo"),
) -> None:
    """Run the real bot in a stand-in for Discord on this machine: no account, no GPU needed."""
    from bot.config import PREFIX
    from bot.demo import run

    # What is set for a real bot is not for the demo, which has a config file in its own folder.
    for name in [name for name in os.environ if name.upper().startswith(PREFIX)]:
        del os.environ[name]

    asyncio.run(run(folder, port=port, once=once, say=typer.echo))
