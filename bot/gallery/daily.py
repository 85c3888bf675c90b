"""The best of yesterday, once a day, in servers that set a channel for it. Days are UTC's; rows say what was posted.

A post is made once: its day is remembered after it stands, and before another is made the channel is looked through for
it. What is deleted, hidden or taken back later leaves the post as well, and so do a name and a prompt that are kept.
Knows no clock but the one it is given.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import NotRequired, TypedDict

import discord

from bot.delivery.post import UNKNOWN_CHANNEL, UNKNOWN_MESSAGE, Stopped, named
from bot.gallery import files
from bot.gallery.rights import is_nsfw
from bot.ui import exhibits, visiting
from db import gallery, guilds, shares, times
from db.database import Database
from db.gallery import Exhibit, View
from db.models import Share
from engine.storage import Storage

log = logging.getLogger(__name__)

HOUR = 9
"""From this hour on, UTC, yesterday's best are posted."""
POLL = 60.0
SIZE = 3
LOOK_BACK = 50
CHANNEL, LAST, POSTS = "daily_channel", "daily_last", "daily_posts"
"""A server's settings: where, the last day that was posted, and the posts that stand (see `Post`)."""
AGAIN = timedelta(hours=1)
"""The pause before a post that could not be reached is tried again."""
ALL = "pn"
"""What a post tells of a share: its prompt, its author's name."""
KEPT = 400
"""Posts of a server that are looked after: those of about a year."""


class Post(TypedDict):
    """A post as the settings remember it; `shares` are those it shows, `told` what it tells of each (see `_told`).

    A post without `told` is of a time when that was not remembered, and told all.
    """

    channel: int
    message: int
    day: str
    shares: list[int]
    told: NotRequired[list[str]]


class Daily:
    """Run it with `run`."""

    def __init__(
        self, *, database: Database, storage: Storage, now: Callable[[], datetime] = times.now, poll: float = POLL
    ) -> None:
        self._database = database
        self._storage = storage
        self._now = now
        self._poll = poll
        self._refused: dict[int, datetime] = {}

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
        """Post what is due now, and take out of older posts what is not shared any more."""
        now = self._now().astimezone(UTC)
        async with self._database.reading() as session:
            standing = await guilds.having(session, POSTS)
            chosen = await guilds.having(session, CHANNEL)
        for guild in standing:
            await self._tend(client, guild.id, guild.settings[POSTS])
        if now.hour < HOUR:
            return
        yesterday = now.date() - timedelta(days=1)
        for guild in chosen:
            if guild.settings.get(LAST) == yesterday.isoformat():
                continue
            post = None
            try:
                post = await self._post(client, guild.id, guild.settings[CHANNEL], yesterday)
            except Exception as error:
                problem = named(error)
                if not isinstance(problem, Stopped):
                    log.info("the best of yesterday waits: %s", type(problem).__name__)
                    continue
                log.warning("the channel %s takes no best of yesterday: %s", guild.settings[CHANNEL], problem)
            async with self._database.writing() as session:
                await guilds.set_setting(session, guild.id, LAST, yesterday.isoformat())
                if post is not None:
                    known = (await guilds.settings(session, guild.id)).get(POSTS) or []
                    await guilds.set_setting(session, guild.id, POSTS, [*known, post][-KEPT:])

    async def _post(self, client: discord.Client, guild_id: int, channel_id: int, day: date) -> Post | None:
        begin = datetime(day.year, day.month, day.day, tzinfo=UTC)
        view = View(guild_id=guild_id, nsfw=is_nsfw(client.get_channel(channel_id)))
        async with self._database.reading() as session:
            best = await gallery.best_between(session, view, begin, begin + timedelta(days=1), size=SIZE)
        if not best:
            return None
        channel = client.get_partial_messageable(channel_id)
        told = [_told(one.share) for one in best]
        message_id = await _standing(client, channel, _title(day))
        if message_id is None:
            page, uploads = await self._drawn(day, best)
            message_id = (await channel.send(view=page, files=uploads, nonce=f"b{day:%Y%m%d}")).id
        else:
            told = []  # not known: to be drawn again
        ids = [one.share.id for one in best]
        return Post(channel=channel_id, message=message_id, day=day.isoformat(), shares=ids, told=told)

    async def _tend(self, client: discord.Client, guild_id: int, posts: list[Post]) -> None:
        async with self._database.reading() as session:
            listed = await shares.listed(session, {one for post in posts for one in post["shares"]})
        changed: dict[int, Post | None] = {}
        for post in posts:
            left = [one for one in post["shares"] if one in listed]
            told = [_told(listed[one]) for one in left]
            if left == post["shares"] and told == post.get("told", [ALL] * len(left)):
                continue
            if self._refused.get(post["message"], self._now()) > self._now():
                continue
            message = client.get_partial_messageable(post["channel"]).get_partial_message(post["message"])
            try:
                if left:
                    async with self._database.reading() as session:
                        best = await gallery.exhibits(session, left)
                    told = [_told(one.share) for one in best]
                    page, uploads = await self._drawn(date.fromisoformat(post["day"]), best)
                    await message.edit(view=page, attachments=uploads)
                else:
                    await message.delete()
            except Exception as error:
                if getattr(error, "code", None) not in (UNKNOWN_MESSAGE, UNKNOWN_CHANNEL):
                    problem = named(error)
                    log.info("a best of yesterday waits to be changed: %s", type(problem).__name__)
                    if isinstance(problem, Stopped):
                        self._refused[post["message"]] = self._now() + AGAIN
                    continue
                left = []
            self._refused.pop(post["message"], None)
            changed[post["message"]] = Post({**post, "shares": left, "told": told}) if left else None
        if changed:
            async with self._database.writing() as session:
                known: list[Post] = (await guilds.settings(session, guild_id)).get(POSTS) or []
                kept = [changed.get(post["message"], post) for post in known]
                await guilds.set_setting(session, guild_id, POSTS, [one for one in kept if one is not None] or None)

    async def _drawn(self, day: date, best: list[Exhibit]) -> tuple[discord.ui.LayoutView, list[discord.File]]:
        shown, uploads = await files.smalls(self._storage, best)
        return exhibits.page(_title(day), shown, (), visiting.visits(best), ""), uploads


def _told(share: Share) -> str:
    return ("p" if share.show_prompt else "") + ("" if share.anonymous else "n")


def _title(day: date) -> str:
    return f"The best of {day:%d %B %Y}"


async def _standing(client: discord.Client, channel: discord.PartialMessageable, title: str) -> int | None:
    """The message in which the bot has said this lately; a dead process may not have remembered."""
    async for message in channel.history(limit=LOOK_BACK):
        if client.user is not None and message.author.id == client.user.id and title in _words(message.components):
            return message.id
    return None


def _words(components: object) -> str:
    """Every text of a message's layout."""
    assert isinstance(components, list)
    found = []
    for part in components:
        if isinstance(part, discord.TextDisplay):
            found.append(part.content)
        found.append(_words(list(getattr(part, "children", ()))))
    return "\n".join(found)
