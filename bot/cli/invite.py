"""`atelier invite`: the link that brings the bot to a server, asking for exactly what it uses."""

import asyncio
from typing import Annotated

import typer

from bot.cli.options import ConfigFile
from bot.config import Config


def invite(
    config: ConfigFile = None,
    application: Annotated[
        int | None, typer.Option(help="The application's id.", show_default="asked from Discord with the token")
    ] = None,
) -> None:
    """Print the link with which the bot is invited to a server."""
    from bot import invitation

    if application is None:
        settings = Config.load(config)
        settings.token()
        application = asyncio.run(invitation.application_id(settings.discord))
    typer.echo(invitation.link(application))
