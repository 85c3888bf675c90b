"""The best of yesterday, once a day, in servers that set a channel for it. Days are UTC's; rows say what was posted.

A post is made once: its day is remembered after it stands, and before another is made the channel is looked through for
it. Knows no clock but the one it is given.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import discord

from bot.delivery.post import Stopped, named
from bot.gallery import files
from bot.gallery.rights import is_nsfw
from bot.ui import exhibits, visiting
from db import gallery, guilds, times
from db.database import Database
from db.gallery import View
from engine.storage import Storage

log = logging.getLogger(__name__)

HOUR = 9
"""From this hour on, UTC, yesterday's best are posted."""
POLL = 60.0
SIZE = 3
LOOK_BACK = 50
CHANNEL, LAST = "daily_channel", "daily_last"
"""A server's settings: where, and the last day that was posted."""


class Daily:
    """Run it with `run`."""

    def __init__(
        self, *, database: Database, storage: Storage, now: Callable[[], datetime] = times.now, poll: float = POLL
    ) -> None:
        self._database = database
        self._storage = storage
        self._now = now
        self._poll = poll

    async def run(self, client: discord.Client) -> None:
        """Until cancelled; `client` is logged in and knows its servers."""
        await client.wait_until_ready()
        while True:
            try:
                await self.look(client)
            except Exception:
                log.exception("the best of yesterday stumbled")
            await asyncio.sleep(self._poll)

    async def look(self, client: discord.Client) -> None:
        """Post what is due now."""
        now = self._now().astimezone(UTC)
        if now.hour < HOUR:
            return
        yesterday = now.date() - timedelta(days=1)
        async with self._database.reading() as session:
            chosen = await guilds.having(session, CHANNEL)
        for guild in chosen:
            if guild.settings.get(LAST) == yesterday.isoformat():
                continue
            try:
                await self._post(client, guild.id, guild.settings[CHANNEL], yesterday)
            except Exception as error:
                problem = named(error)
                if not isinstance(problem, Stopped):
                    log.info("the best of yesterday waits: %s", type(problem).__name__)
                    continue
                log.warning("the channel %s takes no best of yesterday: %s", guild.settings[CHANNEL], problem)
            async with self._database.writing() as session:
                await guilds.set_setting(session, guild.id, LAST, yesterday.isoformat())

    async def _post(self, client: discord.Client, guild_id: int, channel_id: int, day: date) -> None:
        begin = datetime(day.year, day.month, day.day, tzinfo=UTC)
        view = View(guild_id=guild_id, nsfw=is_nsfw(client.get_channel(channel_id)))
        async with self._database.reading() as session:
            best = await gallery.best_between(session, view, begin, begin + timedelta(days=1), size=SIZE)
        title = f"The best of {day:%d %B %Y}"
        channel = client.get_partial_messageable(channel_id)
        if not best or await _stands(client, channel, title):
            return
        shown, uploads = await files.smalls(self._storage, best)
        page = exhibits.page(title, shown, (), visiting.visits(best), "")
        await channel.send(view=page, files=uploads, nonce=f"b{day:%Y%m%d}")


async def _stands(client: discord.Client, channel: discord.PartialMessageable, title: str) -> bool:
    """Whether the bot has said this lately; a dead process may not have remembered."""
    async for message in channel.history(limit=LOOK_BACK):
        if client.user is not None and message.author.id == client.user.id and title in _words(message.components):
            return True
    return False


def _words(components: object) -> str:
    """Every text of a message's layout."""
    assert isinstance(components, list)
    found = []
    for part in components:
        if isinstance(part, discord.TextDisplay):
            found.append(part.content)
        found.append(_words(list(getattr(part, "children", ()))))
    return "\n".join(found)
