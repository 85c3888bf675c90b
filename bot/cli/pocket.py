"""`atelier pocket ...`: work on the embedded model."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.words import Declined

app = typer.Typer(help="The embedded model.", no_args_is_help=True)


class Device(StrEnum):
    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"


@app.callback()
def group() -> None:
    """The embedded model."""


@app.command("train")
def train(
    folder: Annotated[Path, typer.Option(help="Where checkpoints and samples go.")] = Path(".pocket/main"),
    weights: Annotated[
        Path | None, typer.Option(help="Where the finished model goes.", show_default="the packaged one is replaced")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed trains the same model.")] = 0,
    device: Annotated[Device, typer.Option(help="Where to train.")] = Device.AUTO,
    minutes: Annotated[
        float | None, typer.Option(min=1, help="End the transformer's training by the clock.", show_default="by steps")
    ] = None,
    go_on: Annotated[
        bool, typer.Option("--go-on", help="Train the packaged model further instead of beginning from nothing.")
    ] = False,
) -> None:
    """Train the pocket model from nothing, or go on from the last checkpoints; hours on a CPU, minutes on a GPU."""
    from engine.pocket import train as recipe
    from engine.pocket.checkpoint import CheckpointError

    try:
        made = recipe.train(
            folder, seed=seed, device=device.value, minutes=minutes, weights=weights, go_on=go_on, say=recipe.say_now
        )
    except CheckpointError as error:
        raise Declined(f"the checkpoint {error.path} is {error.reason}; remove it to begin its stage again") from None
    typer.echo(f"{made}: the trained model")
