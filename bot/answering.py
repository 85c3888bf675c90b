"""Answering in time: Discord takes a first answer for three seconds, and a busy disk can take longer.

Whatever is written before the first answer is written in `writing`, or within `in_time`. No form can be opened after
either, so in front of a form there are reads only.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import aiohttp
import discord
from sqlalchemy.ext.asyncio import AsyncSession

from db import guilds, users

if TYPE_CHECKING:
    from bot.client import Studio

PATIENCE = 1.5
"""Seconds that work may take before the interaction is taken without its outcome; Discord gives three in all."""
UNANSWERED = (discord.HTTPException, discord.ClientException, aiohttp.ClientError, OSError, TimeoutError)
"""What an answer may end in without the work being any less done."""


@contextlib.asynccontextmanager
async def in_time(
    interaction: discord.Interaction, *, thinking: bool = True, private: bool = False
) -> AsyncIterator[None]:
    """Around work that may take long: then the interaction is deferred meanwhile. The work does not answer it itself.

    Args:
        thinking: announces an answer, which `private` keeps to the person; without it a press is only acknowledged.
    """

    async def defer() -> None:
        if not interaction.response.is_done():
            await interaction.response.defer(thinking=thinking, ephemeral=private)

    deferring: list[asyncio.Task[None]] = []
    timer = asyncio.get_running_loop().call_later(PATIENCE, lambda: deferring.append(asyncio.create_task(defer())))
    try:
        yield
    finally:
        timer.cancel()
        # A deferral that failed undoes no work; what was wrong meets the answer as well.
        await asyncio.gather(*deferring, return_exceptions=True)


@contextlib.asynccontextmanager
async def writing(interaction: "discord.Interaction[Studio]") -> AsyncIterator[AsyncSession]:
    """A transaction `in_time`, in which the rows of the person and the server exist.

    A press is acknowledged meanwhile, a command announces a private answer: `bot.errors.tell` and `change` answer both.
    """
    async with (
        in_time(interaction, thinking=interaction.message is None, private=True),
        interaction.client.database.writing() as session,
    ):
        await users.touch(session, interaction.user.id, interaction.user.display_name)
        if interaction.guild_id is not None:
            await guilds.touch(session, interaction.guild_id, getattr(interaction.guild, "name", "") or "")
        yield session


async def change(interaction: discord.Interaction, **changed: Any) -> None:
    """Edit the message whose button was pressed, whatever was answered before.

    Args:
        changed: as for `discord.InteractionResponse.edit_message`.
    """
    if interaction.response.is_done():
        await interaction.edit_original_response(**changed)
    else:
        await interaction.response.edit_message(**changed)
