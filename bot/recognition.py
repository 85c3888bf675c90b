"""Which job or picture a message of ours shows: known by the buttons it carries. Writes nothing, answers nobody."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import discord

from bot.delivery.post import custom_ids_of
from bot.refusals import Gone, NotACard
from db import images, jobs
from db.models import Image, Job

if TYPE_CHECKING:
    from bot.client import Studio

PREVIEW = "preview.webp"
"""What delivery shows while a job is drawn: no picture of anybody's yet."""
_OF_JOB = re.compile(r"a:(?:cancel|again):(\d{1,18})")
_OF_IMAGE = re.compile(r"a:(?:up|vary|remix|delete):(\d{1,18})(?::\w+)?")


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What a message shows: a job's card (or a copy of it), or one picture by itself. Pictures may be deleted ones."""

    job: Job
    images: list[Image]

    @property
    def living(self) -> list[Image]:
        return [image for image in self.images if image.deleted_at is None]


async def shown_by(studio: "Studio", message: discord.Message) -> Shown:
    """Raises NotACard, Gone."""
    if studio.user is None or message.author.id != studio.user.id:
        raise NotACard
    ids = custom_ids_of(message)
    of_job = [int(found[1]) for one in ids if (found := _OF_JOB.fullmatch(one))]
    of_image = [int(found[1]) for one in ids if (found := _OF_IMAGE.fullmatch(one))]
    asked = message.interaction_metadata
    async with studio.database.reading() as session:
        if of_job:
            job = await jobs.get(session, of_job[0])
        elif of_image:
            image = await images.get(session, of_image[0])
            job = await jobs.get(session, image.job_id) if image else None
            if job is not None and image is not None:
                return Shown(job=job, images=[image])
            raise Gone
        elif asked is not None:
            # Cards without buttons: deleted, blocked, or just stopping.
            job = await jobs.by_interaction(session, asked.id)
        else:
            job = None
        if job is None:
            raise NotACard
        return Shown(job=job, images=list(await images.of_job(session, job.id)))


def picture_of(message: discord.Message) -> str | None:
    """The address of the first picture in a message of anybody's, or None."""
    for attachment in message.attachments:
        if (attachment.content_type or "").startswith("image/") and attachment.filename != PREVIEW:
            return attachment.url
    for embed in message.embeds:
        for shown in (embed.image, embed.thumbnail):
            if shown.url:
                return shown.proxy_url or shown.url
    return None
