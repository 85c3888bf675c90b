"""Commands, one feature per module. They read what was asked, call the studio, and answer."""

from typing import Any

from discord import app_commands

from bot.cogs import (
    about,
    admin,
    challenge,
    gallery,
    history,
    imagine,
    lora,
    menus,
    pictures,
    prefer,
    privacy,
    queue,
    settings,
    show,
)


def commands() -> list[app_commands.Command[Any, ..., Any] | app_commands.Group | app_commands.ContextMenu]:
    """Everything to register, in the order in which a person reads it."""
    return [
        imagine.imagine,
        pictures.blend,
        pictures.edit,
        pictures.describe,
        queue.queue,
        queue.cancel,
        show.show,
        history.history,
        settings.settings,
        prefer.prefer,
        about.info,
        about.help_,
        pictures.remix_menu,
        pictures.describe_menu,
        menus.cancel_or_delete,
        menus.image_details,
        menus.share_to_gallery,
        gallery.gallery_,
        gallery.top,
        gallery.leaderboard,
        gallery.profile,
        challenge.challenge,
        privacy.privacy,
        lora.lora,
        admin.admin,
    ]
