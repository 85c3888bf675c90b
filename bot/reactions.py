"""Reactions on our messages: an envelope sends the pictures by direct message, a cross cancels or deletes.

A reaction cannot be answered where it stands, so what is not allowed simply does not happen.
"""

import io
import logging
from typing import TYPE_CHECKING

import discord
from discord.utils import DEFAULT_FILE_SIZE_LIMIT_BYTES

from bot import album, recognition
from bot.delivery.post import named
from bot.delivery.upload import pack
from bot.gallery import rights
from bot.gallery.rights import Act, Viewer
from bot.house.door import Asker
from bot.recognition import Shown
from bot.refusals import Refusal
from bot.ui import cards

if TYPE_CHECKING:
    from bot.client import Studio

log = logging.getLogger(__name__)

ENVELOPES = ("✉️", "✉", "📨", "📩")
CROSSES = ("❌", "✖️", "✖")


async def added(studio: "Studio", payload: discord.RawReactionActionEvent) -> None:
    """Carry out what a reaction means; raises nothing that a person could cause."""
    mark = payload.emoji.name or ""
    if mark not in (*ENVELOPES, *CROSSES) or studio.user is None or payload.message_author_id != studio.user.id:
        return
    if payload.user_id == studio.user.id:
        return
    try:
        async with studio.database.reading() as session:
            await studio.door.greet(session, Asker.reacting(payload))
        viewer = Viewer.reacting(studio, payload)
        channel = studio.get_partial_messageable(payload.channel_id)
        message = await channel.fetch_message(payload.message_id)
        shown = await recognition.shown_by(studio, message)
        if mark in ENVELOPES:
            await _send(studio, viewer, shown)
        elif rights.decides(viewer, shown.job):
            await _end(studio, message, shown)
    except Refusal as refusal:
        log.info("a reaction came to nothing: %s", type(refusal).__name__)
    except Exception as error:
        problem = named(error)
        if problem is error:
            raise
        log.info("a reaction came to nothing: %s", type(problem).__name__)


async def _send(studio: "Studio", viewer: Viewer, shown: Shown) -> None:
    """Separate pictures with their seeds and the job's number, those that this person may have."""
    async with studio.database.reading() as session:
        found = [await rights.find(session, image.id) for image in shown.images]
    taken = [one.image for one in found if one is not None and rights.may(Act.TAKE, viewer, one)]
    if not taken:
        return
    person = await studio.create_dm(discord.Object(viewer.user_id))
    for image in taken:
        upload = await pack(studio.storage, [image], DEFAULT_FILE_SIZE_LIMIT_BYTES)
        words = [cards.separate(shown.job, image), *upload.notices]
        files = [discord.File(io.BytesIO(content), filename=name) for name, content in upload.files]
        await person.send("\n".join(words), files=files)


async def _end(studio: "Studio", message: discord.Message, shown: Shown) -> None:
    if not shown.job.status.ended:
        await studio.orders.cancel(shown.job)
        return
    await album.delete(studio.database, studio.storage, shown.living, message=message)
    studio.delivery.unmark(message)
    await message.delete()
    await album.taken_away(studio, message, shown.job)
