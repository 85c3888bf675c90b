"""Where a job's result can go, decided while the interaction that asked for it is warm. Knows no query."""

from dataclasses import dataclass

import discord

from bot.gallery.rights import is_nsfw
from bot.refusals import CannotPostHere
from db.models import Route

NEEDED = ("view_channel", "send_messages", "embed_links", "attach_files", "read_message_history")
"""What the bot must be allowed to do in a channel before it takes a job there."""
TOKEN_LIFE = 14 * 60
"""Seconds for which an interaction's token is trusted; Discord ends it at 15 minutes."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """A channel, thread or DM as one interaction saw it; `upload_limit` is bytes per file."""

    channel_id: int
    guild_id: int | None
    route: Route
    upload_limit: int
    nsfw: bool


def place_of(interaction: discord.Interaction) -> Place:
    """The place of an interaction, and the route from it: by channel where the bot's token reaches, else by token.

    Raises:
        CannotPostHere: the bot is in this server but lacks a permission in this channel.
    """
    channel = interaction.channel
    assert channel is not None, "every interaction this bot takes comes from a channel"
    if _reaches(interaction):
        missing = missing_permissions(interaction)
        if missing:
            raise CannotPostHere(missing)
        route = Route.CHANNEL
    else:
        route = Route.TOKEN
    return Place(
        channel_id=channel.id,
        guild_id=interaction.guild_id if interaction.client.get_guild(interaction.guild_id or 0) else None,
        route=route,
        upload_limit=interaction.filesize_limit,
        nsfw=is_nsfw(channel),
    )


def missing_permissions(interaction: discord.Interaction) -> list[str]:
    """What of NEEDED the bot may not do in the interaction's channel, by discord.py's names."""
    if interaction.guild_id is None:
        return []
    granted = interaction.app_permissions
    if granted.administrator:
        return []
    threaded = isinstance(interaction.channel, discord.Thread)
    names = ("send_messages_in_threads" if threaded and name == "send_messages" else name for name in NEEDED)
    return [name for name in names if not getattr(granted, name)]


def _reaches(interaction: discord.Interaction) -> bool:
    """Whether the bot's own token can post here: a server it is in, or its own DM with the person."""
    if interaction.guild_id is not None:
        # The guild of an interaction may be a shadow; the client's list holds those the bot is a member of.
        return interaction.client.get_guild(interaction.guild_id) is not None
    return interaction.context.dm_channel
