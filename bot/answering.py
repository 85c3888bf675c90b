"""Answering in time: Discord takes a first answer for three seconds, and a busy disk can take longer."""

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any, TypeVar

import aiohttp
import discord

T = TypeVar("T")

PATIENCE = 1.5
"""Seconds that work may take before the interaction is taken without its outcome; Discord gives three in all."""
UNANSWERED = (discord.HTTPException, discord.ClientException, aiohttp.ClientError, OSError, TimeoutError)
"""What an answer may end in without the work being any less done."""


async def in_time(
    interaction: discord.Interaction, work: Coroutine[Any, Any, T], *, thinking: bool = True, private: bool = False
) -> T:
    """What `work` comes to, or raises. Where that takes long, the interaction is deferred meanwhile.

    Args:
        thinking: announces an answer, which `private` keeps to the person; without it a press is only acknowledged.
    """
    working = asyncio.create_task(work)
    await asyncio.wait({working}, timeout=PATIENCE)
    if not working.done() and not interaction.response.is_done():
        with contextlib.suppress(*UNANSWERED):
            await interaction.response.defer(thinking=thinking, ephemeral=private)
    return await working
