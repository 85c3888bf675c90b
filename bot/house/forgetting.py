"""Giving people their data, and forgetting them, servers and old pictures: rows, files and cards. Knows no buttons."""

import asyncio
import io
import json
import logging
import zipfile
import zlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import discord

from bot import album
from db import guilds, images, privacy, state, times
from engine.errors import PictureMissing

if TYPE_CHECKING:
    from bot.client import Studio

log = logging.getLogger(__name__)

PATIENCE = 30.0
"""Seconds for running jobs to stop; what has not stopped then is dropped, result and all."""
ANSWERED = timedelta(days=7)
"""How long a question is known to be answered; its buttons went when it was."""
PART = 8 * 2**20
"""Bytes in one zip file, below what Discord takes in a direct message."""


@dataclass(frozen=True, kw_only=True)
class Deleted:
    """How much it was."""

    jobs: int
    pictures: int
    files: int


async def export(studio: "Studio", user_id: int) -> AsyncIterator[bytes]:
    """Zip files, small enough to send each: all rows first, in one `data.json` or numbered ones, then the pictures."""
    waiting: list[tuple[str, bytes]] = []
    size = 0
    async for name, content, room in _belongings(studio, user_id):
        if waiting and size + room > PART:
            yield await asyncio.to_thread(_zipped, waiting)
            waiting, size = [], 0
        waiting.append((name, content))
        size += room
    yield await asyncio.to_thread(_zipped, waiting)


async def forget(studio: "Studio", user_id: int) -> Deleted:
    """Delete everything of a person: open jobs, rows, files, then the messages that show them, as fast as it goes."""
    await _stop_jobs(studio, user_id)
    for some in (privacy.forget_pictures, privacy.forget_likes):
        more = True
        while more:
            async with studio.database.writing() as session:
                more = await some(session, user_id)
    async with studio.database.writing() as session:
        forgotten = await privacy.forget(session, user_id)
    async with studio.database.reading() as session:
        others = await images.asked_for(session)  # of other people, whose jobs may be drawn again
    handed_in = {digest: when for digest, when in forgotten.handed_in.items() if digest not in others}
    doomed = sorted(forgotten.digests | handed_in.keys())
    files = await album.unlink(studio.database, studio.storage, doomed, put_before=handed_in)
    await studio.database.settle()
    studio.tidy()
    studio.desk.wake()
    studio.challenges.wake()
    return Deleted(jobs=forgotten.jobs, pictures=forgotten.pictures, files=files)


async def keep_house(studio: "Studio") -> None:
    """One round: old answers, servers that were left, and pictures that are older than they may become."""
    config = studio.config.privacy
    async with studio.database.writing() as session:
        await state.forget_answers(session, before=discord.utils.time_snowflake(times.now() - ANSWERED))
    await _notice_servers(studio)
    async with studio.database.reading() as session:
        left = await privacy.left_before(session, times.now() - timedelta(days=config.forget_guild_days))
        keeping = await guilds.all_settings(session)
    for guild_id in left:
        async with studio.database.writing() as session:
            await privacy.forget_guild(session, guild_id)
        log.info("a server that removed the bot %d days ago is forgotten", config.forget_guild_days)
    if left:
        await studio.database.settle()
    if config.keep_days:
        await _expire(studio, None, config.keep_days)
    for guild_id, settings in keeping.items():
        if settings.get("keep_days"):
            await _expire(studio, guild_id, int(settings["keep_days"]))


async def _stop_jobs(studio: "Studio", user_id: int) -> None:
    async with studio.database.reading() as session:
        running = await privacy.open_jobs(session, user_id)
    for job in running:
        await studio.orders.stop(job)
    try:
        async with asyncio.timeout(PATIENCE):
            while running:
                await asyncio.sleep(0.1)
                async with studio.database.reading() as session:
                    running = await privacy.open_jobs(session, user_id)
    except TimeoutError:
        log.warning("%d running jobs of a person who is being forgotten are dropped", len(running))


async def _expire(studio: "Studio", guild_id: int | None, days: int) -> None:
    before = times.now() - timedelta(days=days)
    while True:
        async with studio.database.reading() as session:
            old = await privacy.expired(session, guild_id=guild_id, before=before)
        if not old:
            return
        await album.delete(studio.database, studio.storage, old)
        for job_id in {image.job_id for image in old}:
            studio.delivery.redraw(await album.job(studio.database, job_id))
        studio.tidy()


async def _notice_servers(studio: "Studio") -> None:
    """Remember since when the bot is not in a server any more; coming back in time undoes it."""
    if not studio.is_ready():
        return
    async with studio.database.writing() as session:
        await guilds.mark_left(session, here=[guild.id for guild in studio.guilds])


async def _belongings(studio: "Studio", user_id: int) -> AsyncIterator[tuple[str, bytes, int]]:
    """Files by name, with the bytes that each takes in a zip file: rows, then pictures, newest first."""
    async with studio.database.reading() as session:
        rows = await privacy.belongings(session, user_id)
        digests = await privacy.digests(session, user_id)
    written = await asyncio.to_thread(_written, rows)
    for number, content in enumerate(written, 1):
        room = len(await asyncio.to_thread(zlib.compress, content))
        yield "data.json" if len(written) == 1 else f"data-{number}.json", content, room
    for digest in dict.fromkeys(digests):
        try:
            content = await asyncio.to_thread(studio.storage.read, digest)
            if len(content) > PART:
                content = await asyncio.to_thread(studio.storage.as_webp, digest, PART) or b""
        except PictureMissing:
            continue
        suffix = "png" if content.startswith(b"\x89PNG") else "webp"
        yield f"pictures/{digest[:16]}.{suffix}", content, len(content)


def _written(rows: Mapping[str, Sequence[Any]]) -> list[bytes]:
    """Rows by table as JSON, in as many documents as keep each at about PART bytes."""
    documents: list[bytes] = []
    some: dict[str, list[Any]] = {}
    size = 0
    for table, row in ((table, row) for table, found in rows.items() for row in found):
        length = len(_json(row))
        if some and size + length > PART:
            documents.append(_json(some))
            some, size = {}, 0
        some.setdefault(table, []).append(row)
        size += length
    return [*documents, _json(some)]


def _json(value: object) -> bytes:
    return json.dumps(value, indent=1, ensure_ascii=False, default=str).encode()


def _zipped(files: Sequence[tuple[str, bytes]]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return buffer.getvalue()
