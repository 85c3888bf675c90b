"""One moderator's act: allowed, then written in one transaction with its line in the book."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import discord
from sqlalchemy.ext.asyncio import AsyncSession

from bot.answering import writing
from bot.refusals import ModeratorsOnly
from db import audit, guilds, users

if TYPE_CHECKING:
    from bot.client import Studio


@dataclass(frozen=True)
class Act:
    """The transaction of one act in one server."""

    session: AsyncSession
    guild_id: int
    actor_id: int

    async def setting(self, key: str) -> Any:
        return (await guilds.settings(self.session, self.guild_id)).get(key)

    async def set(self, key: str, value: Any) -> None:
        await guilds.set_setting(self.session, self.guild_id, key, value)

    async def write(self, action: str, *, target_id: int | None = None, **detail: Any) -> None:
        """The line in the book; values that are None are left out."""
        given = {name: value for name, value in detail.items() if value is not None}
        await audit.write(self.session, self.guild_id, self.actor_id, action, target_id=target_id, **given)


def permit(interaction: discord.Interaction) -> int:
    """The server that the person manages. Raises ModeratorsOnly.

    Discord hides the command from others, but a server can change that, so it is checked here as well.
    """
    if interaction.guild_id is None or not interaction.permissions.manage_guild:
        raise ModeratorsOnly("manage_guild")
    return interaction.guild_id


@asynccontextmanager
async def acting(interaction: "discord.Interaction[Studio]", *about: discord.abc.User) -> AsyncIterator[Act]:
    """A transaction for `bot.answering`, in which the rows of the people it is `about` exist too."""
    guild_id = permit(interaction)
    async with writing(interaction) as session:
        for person in about:
            await users.touch(session, person.id, person.display_name)
        yield Act(session, guild_id, interaction.user.id)
