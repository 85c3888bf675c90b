"""Taking our messages away: of deleted and hidden pictures, forgotten people, shares taken back. The rows say which.

A message leaves the rows when it is gone. What cannot be reached is tried again, by the house's rounds, for some days.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Sequence

import discord

from bot.delivery.post import UNKNOWN_CHANNEL, UNKNOWN_MESSAGE, Stopped, named
from db import removals
from db.database import Database
from db.models import Removal

log = logging.getLogger(__name__)

BATCH = 200


class Removing:
    """`work_off` what is due, after something was deleted and from time to time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._one = asyncio.Lock()

    async def work_off(self, client: discord.Client) -> None:
        """Take away what is due; channels side by side, since Discord counts deletions by channel.

        While it is at work another call has nothing to do.
        """
        if self._one.locked():
            return
        async with self._one:
            while found := await self._due():
                channels: defaultdict[int, list[Removal]] = defaultdict(list)
                for removal in found:
                    channels[removal.channel_id].append(removal)
                async with asyncio.TaskGroup() as group:
                    for those in channels.values():
                        group.create_task(self._clear(client, those))

    async def _due(self) -> Sequence[Removal]:
        async with self._database.reading() as session:
            return await removals.due(session, BATCH)

    async def _clear(self, client: discord.Client, those: Sequence[Removal]) -> None:
        for removal in those:
            try:
                await _delete(client, removal)
            except Exception as error:
                await self._put_off(removal, named(error))
            else:
                async with self._database.writing() as session:
                    await removals.done(session, removal.message_id)

    async def _put_off(self, removal: Removal, problem: Exception) -> None:
        refused = isinstance(problem, Stopped)
        async with self._database.writing() as session:
            waits = await removals.put_off(session, removal.message_id, refused=refused)
        how = "is tried again" if waits else "stays"
        log.info("message %s could not be taken away and %s: %s", removal.message_id, how, type(problem).__name__)


async def _delete(client: discord.Client, removal: Removal) -> None:
    """Delete the message; and, when it is a forum's post, the post."""
    channel = client.get_partial_messageable(removal.channel_id)
    try:
        await channel.get_partial_message(removal.message_id).delete()
    except discord.NotFound as error:
        if error.code not in (UNKNOWN_MESSAGE, UNKNOWN_CHANNEL):
            raise
    # A thread has its first message's id, and holds that message only in a forum.
    if removal.channel_id == removal.message_id:
        await _close(client, removal.channel_id)


async def _close(client: discord.Client, thread_id: int) -> None:
    """Delete a forum post whose picture is gone; where the bot may not, archive it: it is the bot's own."""
    try:
        thread = client.get_channel(thread_id) or await client.fetch_channel(thread_id)
        if not isinstance(thread, discord.Thread):
            return
        forum = thread.parent
        if forum is not None and forum.permissions_for(thread.guild.me).manage_threads:
            await thread.delete()
        else:
            await thread.edit(archived=True)
    except discord.NotFound:
        return
