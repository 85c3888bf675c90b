"""The message menus `Cancel or delete` and `Image details`: a card is known by the buttons it carries."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot import album
from bot.delivery.post import custom_ids_of
from bot.errors import Gone, NotACard, tell
from bot.ui import cards
from db import images, jobs
from db.models import Image, Job

if TYPE_CHECKING:
    from bot.client import Studio

_OF_JOB = re.compile(r"a:(?:cancel|again):(\d{1,18})")
_OF_IMAGE = re.compile(r"a:(?:up|vary|delete):(\d{1,18})(?::\w+)?")


@dataclass(frozen=True, kw_only=True)
class _Shown:
    """What a message shows: a job's card (or a copy of it), or one picture by itself. Pictures may be deleted ones."""

    job: Job
    images: list[Image]

    @property
    def living(self) -> list[Image]:
        return [image for image in self.images if image.deleted_at is None]


@app_commands.context_menu(name="Cancel or delete")
async def cancel_or_delete(interaction: "discord.Interaction[Studio]", message: discord.Message) -> None:
    studio = interaction.client
    shown = await _shown_by(interaction, message)
    if not shown.job.status.ended:
        album.permit(interaction, shown.job, "cancel")
        await studio.orders.cancel(shown.job)
        await tell(interaction, "Cancelled.")
        return
    album.permit(interaction, shown.job, "delete")
    await interaction.response.defer(ephemeral=True, thinking=True)
    await album.delete(studio.database, studio.storage, shown.living)
    studio.delivery.unmark(message)
    await _take_away(interaction, message)
    if message.id != shown.job.card_message_id:
        studio.delivery.redraw(shown.job)
    await interaction.edit_original_response(content="Deleted.")


@app_commands.context_menu(name="Image details")
async def image_details(interaction: "discord.Interaction[Studio]", message: discord.Message) -> None:
    shown = await _shown_by(interaction, message)
    await tell(interaction, cards.details(shown.job, shown.living))


async def _shown_by(interaction: "discord.Interaction[Studio]", message: discord.Message) -> _Shown:
    """Raises NotACard, Gone."""
    studio = interaction.client
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
                return _Shown(job=job, images=[image])
            raise Gone
        elif asked is not None:
            # Cards without buttons: deleted, blocked, or just stopping.
            job = await jobs.by_interaction(session, asked.id)
        else:
            job = None
        if job is None:
            raise NotACard
        return _Shown(job=job, images=list(await images.of_job(session, job.id)))


async def _take_away(interaction: "discord.Interaction[Studio]", message: discord.Message) -> None:
    channel = interaction.client.get_partial_messageable(message.channel.id)
    try:
        await channel.get_partial_message(message.id).delete()
    except (discord.NotFound, discord.Forbidden):
        # Gone already, or posted by an interaction where the bot is no member; the pictures themselves are deleted.
        return
