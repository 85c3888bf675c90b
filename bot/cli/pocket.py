"""`atelier pocket ...`: work on the embedded model."""

import typer

app = typer.Typer(help="The embedded model.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """The embedded model."""


@app.command("train")
def train() -> None:
    """Train the pocket model from nothing, or go on from the last checkpoint."""
