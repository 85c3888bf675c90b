"""The verbs and where they live. Knows their names and help, not their work."""

from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import typer

from bot.cli import challenge, database, demo, doctor, imagine, invite, lora, pocket, run

app = typer.Typer(
    help="Atelier: a picture studio for Discord on your own machine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        try:
            typer.echo(version("atelier-studio"))
        except PackageNotFoundError:
            typer.echo("a source folder that is not installed")
        raise typer.Exit


@app.callback()
def options(
    show: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options before the verb."""


app.command("run")(run.run)
app.command("demo")(demo.demo)
app.command("imagine")(imagine.imagine)
app.command("doctor")(doctor.doctor)
app.command("invite")(invite.invite)
app.add_typer(database.app, name="db")
app.add_typer(pocket.app, name="pocket")
app.add_typer(lora.app, name="lora")
app.add_typer(challenge.app, name="challenge")
