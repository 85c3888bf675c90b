"""What the bot asks of a server: its permissions, and the link that grants them. Knows nothing of the bot's inside."""

from urllib.parse import urlencode

import aiohttp
import discord

from bot.config import Discord

PERMISSIONS = discord.Permissions(
    view_channel=True,  # sees the channels where it is asked
    send_messages=True,  # posts the card and the pictures
    send_messages_in_threads=True,  # the same in threads
    attach_files=True,  # the pictures themselves
    embed_links=True,  # the embeds of cards
    read_message_history=True,  # replies to the parent's message
    pin_messages=True,  # a contest's podium, where its prize is a pin
)
"""Exactly the permissions that are used; the doctor looks for the same."""

LONGEST = aiohttp.ClientTimeout(total=15)


def link(application: int) -> str:
    """The address that asks a server's owner to let the bot in."""
    query = urlencode(
        {"client_id": application, "scope": "bot applications.commands", "permissions": PERMISSIONS.value}
    )
    return f"https://discord.com/oauth2/authorize?{query}"


async def application_id(settings: Discord) -> int:
    """The id of the application that the token belongs to.

    Raises:
        discord.LoginFailure: Discord refuses the token.
        TimeoutError: Discord does not answer.
        aiohttp.ClientError: Discord cannot be reached, or answers with an error.
    """
    return int((await _get(settings, "/applications/@me"))["id"])


async def missing_permissions(settings: Discord) -> dict[str, list[str]]:
    """For every server the bot is in, by name: the permissions of `PERMISSIONS` that it lacks there (empty: all there).

    Raises: as `application_id`.
    """
    missing = {}
    for guild in await _get(settings, "/users/@me/guilds"):
        granted = discord.Permissions(int(guild["permissions"]))
        if granted.administrator:
            granted = discord.Permissions.all()
        missing[guild["name"]] = [
            name.replace("_", " ") for name, needed in PERMISSIONS if needed and not getattr(granted, name)
        ]
    return missing


async def _get(settings: Discord, path: str):
    headers = {"Authorization": f"Bot {settings.token.get_secret_value()}"}
    async with (
        aiohttp.ClientSession(timeout=LONGEST) as session,
        session.get(settings.api + path, headers=headers) as answer,
    ):
        if answer.status == 401:
            raise discord.LoginFailure("Improper token has been passed.")
        answer.raise_for_status()
        return await answer.json()
