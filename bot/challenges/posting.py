"""The messages of a contest in its channel: drawn from the rows, found again before they are sent again.

A message that somebody deleted is not posted anew, and a channel that is gone is given up; the contest itself goes on
by its rows, and `/challenge vote` and `results` work everywhere in the server.
"""

import asyncio
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import discord
from discord import ui
from sqlalchemy.ext.asyncio import AsyncSession

from bot.delivery.post import Stopped, named
from bot.gallery import rights
from bot.gallery.rights import Picture
from bot.ui import contests
from bot.ui.contests import Placed
from bot.ui.entering import announcement_presses, marker
from db.challenges import announcing, entries, finding, results
from db.challenges.counting import Place
from db.database import Database
from db.models import Announcement, AnnouncementKind, Challenge
from engine.errors import PictureMissing
from engine.storage import Storage

PODIUM = 3
LARGEST = 8 * 2**20
"""Bytes of a podium's picture: fits everywhere, and is the whole picture nearly always."""
_LOOK_BACK = 100


@dataclass(frozen=True, slots=True)
class _Drawn:
    view: ui.LayoutView
    files: list[discord.File]


class Posting:
    """Writes and edits with the bot's own token."""

    def __init__(self, database: Database, storage: Storage) -> None:
        self._database = database
        self._storage = storage

    async def bring(self, client: discord.Client, announcement: Announcement) -> tuple[int, int]:
        """Bring a message up to date; its id and the version it shows. Raises TryAgain, Stopped (it will never be)."""
        async with self._database.reading() as session:
            challenge = await finding.get(session, announcement.challenge_id)
        drawn = await self._draw(client, challenge, announcement.kind)
        channel = client.get_partial_messageable(challenge.channel_id)
        message_id = announcement.message_id or await self._find(client, channel, challenge, announcement.kind)
        try:
            if message_id is not None:
                await channel.get_partial_message(message_id).edit(view=drawn.view, attachments=drawn.files)
            else:
                # The nonce makes one message of a send that discord.py repeats; a restart finds it by its button.
                sent = await channel.send(
                    view=drawn.view,
                    files=drawn.files,
                    nonce=f"c{challenge.id}{announcement.kind.value}",
                    allowed_mentions=_pings(challenge),
                )
                message_id = sent.id
        except Exception as error:
            raise named(error) from error
        return message_id, announcement.wanted

    async def placed(self, challenge_id: int) -> list[tuple[Placed, Picture | None]]:
        """A finished contest's result, the winner first, with the pictures that may still be shown."""
        async with self._database.reading() as session:
            return [await self._place(session, place) for place in await results.places(session, challenge_id)]

    async def _draw(self, client: discord.Client, challenge: Challenge, kind: AnnouncementKind) -> _Drawn:
        async with self._database.reading() as session:
            count = await entries.count(session, challenge.id)
            messages = await announcing.of_challenge(session, challenge.id)
        rows = announcement_presses(challenge, kind)
        if kind is not AnnouncementKind.PODIUM:
            below = AnnouncementKind.PODIUM in messages
            return _Drawn(contests.announcement(challenge, kind, count, rows, podium=below), [])
        shown, files = [], []
        for one, picture in (await self.placed(challenge.id))[:PODIUM]:
            if picture is not None and picture.job.nsfw and not await _is_nsfw(client, challenge.channel_id):
                shown.append(replace(one, prompt=None))
                continue
            content = await self._read(picture)
            name = f"{one.place.place}.webp" if content is not None else None
            if content is not None and name is not None:
                files.append(discord.File(io.BytesIO(content), filename=name))
            shown.append(replace(one, file=name))
        return _Drawn(contests.podium(challenge, shown, count, rows), files)

    async def _place(self, session: AsyncSession, place: Place) -> tuple[Placed, Picture | None]:
        entry = await entries.get(session, place.entry_id)
        picture = await rights.find(session, entry.image_id) if entry.image_id is not None else None
        if picture is not None and picture.withheld:
            picture = None
        prompt = picture.job.prompt if picture is not None and picture.explained else None
        return Placed(place=place, author_id=entry.author_id, prompt=prompt, file=None), picture

    async def _read(self, picture: Picture | None) -> bytes | None:
        if picture is None:
            return None
        digest, recipe = picture.image.digest, picture.explained
        try:
            return await asyncio.to_thread(self._storage.as_webp, digest, LARGEST, recipe=recipe)
        except PictureMissing:
            return None

    async def _find(
        self,
        client: discord.Client,
        channel: discord.PartialMessageable,
        challenge: Challenge,
        kind: AnnouncementKind,
    ) -> int | None:
        """Our message that a process before us sent and could not write down. Raises TryAgain, Stopped."""
        wanted = marker(challenge.id, kind)
        since = discord.utils.time_snowflake(_asked_at(challenge, kind) - timedelta(minutes=1))
        try:
            for history in (
                channel.history(limit=_LOOK_BACK, after=discord.Object(since), oldest_first=True),
                channel.history(limit=_LOOK_BACK),
            ):
                async for message in history:
                    is_ours = client.user is not None and message.author.id == client.user.id
                    if is_ours and wanted in _custom_ids(message.components):
                        return message.id
        except discord.Forbidden as error:
            # A channel that can be written to and not read: the nonce alone has to do.
            if not isinstance(named(error), Stopped):
                raise
        except Exception as error:
            raise named(error) from error
        return None


async def _is_nsfw(client: discord.Client, channel_id: int) -> bool:
    """Whether a contest's channel is age-restricted, also if it is an archived thread. Raises TryAgain, Stopped."""
    try:
        return rights.is_nsfw(client.get_channel(channel_id) or await client.fetch_channel(channel_id))
    except Exception as error:
        raise named(error) from error


def _asked_at(challenge: Challenge, kind: AnnouncementKind) -> datetime:
    moments = {AnnouncementKind.VOTING: challenge.began_at, AnnouncementKind.PODIUM: challenge.ended_at}
    return moments.get(kind) or challenge.created_at


def _pings(challenge: Challenge) -> discord.AllowedMentions:
    """Only the role that members chose to be called by, and only when the message is new."""
    if challenge.ping_role_id is None:
        return discord.AllowedMentions.none()
    return discord.AllowedMentions(
        everyone=False, users=False, replied_user=False, roles=[discord.Object(challenge.ping_role_id)]
    )


def _custom_ids(components: Sequence[object]) -> set[str]:
    """Of everything in a layout, however deep."""
    found: set[str] = set()
    for part in components:
        custom_id = getattr(part, "custom_id", None)
        if isinstance(custom_id, str):
            found.add(custom_id)
        found |= _custom_ids(getattr(part, "children", None) or [])
    return found
