"""Commands, one feature per module. They read what was asked, call the studio, and answer."""

from typing import Any

from discord import app_commands

from bot.cogs import about, admin, challenge, history, imagine, menus, privacy, queue, show


def commands() -> list[app_commands.Command[Any, ..., Any] | app_commands.Group | app_commands.ContextMenu]:
    """Everything to register, in the order in which a person reads it."""
    return [
        imagine.imagine,
        queue.queue,
        queue.cancel,
        show.show,
        history.history,
        about.info,
        about.help_,
        menus.cancel_or_delete,
        menus.image_details,
        menus.share_to_gallery,
        challenge.challenge,
        privacy.privacy,
        admin.admin,
    ]
