"""Jobs and pictures as buttons and commands find them: the living ones, who may do what to them, and deleting."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import discord

from bot.gallery import rights
from bot.gallery.rights import Act, Viewer
from bot.refusals import AgeRestricted, Gone, NotYours, Withheld
from db import images, jobs, removals, showings
from db.database import Database
from db.models import Image, Job
from engine.storage import Storage

if TYPE_CHECKING:
    from bot.client import Studio


async def job(database: Database, job_id: int) -> Job:
    """Raises Gone."""
    async with database.reading() as session:
        found = await jobs.get(session, job_id) if job_id < 2**63 else None
    if found is None:
        raise Gone
    return found


async def living(database: Database, image_id: int, *, withheld: bool = False) -> tuple[Job, Image]:
    """A picture that was not deleted, and its job. Raises Gone, Withheld unless that is all right."""
    async with database.reading() as session:
        image = await images.get(session, image_id) if image_id < 2**63 else None
        if image is None or image.deleted_at is not None:
            raise Gone
        if image.unsure and not withheld:
            raise Withheld
        found = await jobs.get(session, image.job_id)
    if found is None:
        raise Gone
    return found, image


async def reached(interaction: "discord.Interaction[Studio]", image_id: int) -> tuple[Job, Image]:
    """A picture from which this person may go on, and its job. Raises Gone, Withheld, AgeRestricted."""
    picture = await rights.picture_for(interaction, image_id, Act.DRAW)
    if picture.image.unsure:
        raise Withheld
    return picture.job, picture.image


async def pictures(database: Database, job_id: int) -> list[Image]:
    """The living pictures of a job, by index."""
    async with database.reading() as session:
        return [image for image in await images.of_job(session, job_id) if image.deleted_at is None]


def permit(interaction: discord.Interaction, job: Job, verb: str) -> None:
    """Raises NotYours unless this person decides on the job."""
    if not rights.decides(Viewer.of(interaction), job):
        raise NotYours(verb, job.author_id)


async def opened(interaction: "discord.Interaction[Studio]", job: Job, verb: str) -> list[Image]:
    """A job's living pictures, withheld ones too, for who decides on it. Raises NotYours, AgeRestricted, Gone."""
    permit(interaction, job, verb)
    if not rights.shows(Viewer.of(interaction), job):
        raise AgeRestricted
    found = await pictures(interaction.client.database, job.id)
    if not found:
        raise Gone
    return found


async def announce(interaction: "discord.Interaction[Studio]", shown: Sequence[Image]) -> None:
    """Write down that the deferred answer is about to show these pictures, so that it goes when one of them does.

    A private answer is its reader's own. Raises Gone, also for one that was withheld meanwhile.
    """
    message = await interaction.original_response()
    if message.flags.ephemeral:
        return
    async with interaction.client.database.writing() as session:
        known = await showings.put(session, message.channel.id, message.id, [image.id for image in shown])
    if not known:
        raise Gone


async def delete(
    database: Database, storage: Storage, doomed: Sequence[Image], *, message: discord.Message | None = None
) -> None:
    """Mark the pictures deleted, then remove the files that no living picture shares.

    The caller takes `message` away itself, and says so with `taken_away`.
    """
    digests: list[str] = []
    async with database.writing() as session:
        for image in doomed:
            digest = await images.delete(session, image.id)
            if digest is not None:
                digests.append(digest)
        if message is not None:
            await removals.put_off(session, message.id, refused=False)
    # Rows first: a file without a row is swept later, a row without a file must not exist.
    await unlink(database, storage, digests)


async def taken_away(studio: "Studio", message: discord.Message | None, job: Job) -> None:
    """This message of deleted pictures is gone; others that show them `follow`."""
    if message is not None:
        async with studio.database.writing() as session:
            await removals.done(session, message.id)
    follow(studio, message, job)


def follow(studio: "Studio", message: discord.Message | None, job: Job) -> None:
    """Take away what else shows deleted pictures, and draw the job's card again unless it was this message."""
    studio.tidy()
    if message is None or message.id != job.card_message_id:
        studio.delivery.redraw(job)


async def unlink(
    database: Database,
    storage: Storage,
    digests: Iterable[str],
    *,
    put_before: Mapping[str, datetime] | None = None,
) -> int:
    """Remove the files that no living picture shows and no open job asks for; how many.

    In a transaction that no result can be stored beside, so that the same picture, drawn again meanwhile, keeps its
    file: the worker looks for it in a transaction of the same kind. `put_before` is as for `Storage.delete`, by digest.
    """
    put_before = put_before or {}
    removed = 0
    for digest in digests:
        async with database.writing() as session:
            await images.hold_files(session)
            if not await images.is_needed(session, digest):
                removed += await asyncio.to_thread(storage.delete, digest, put_before=put_before.get(digest))
    return removed
