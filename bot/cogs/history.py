"""`/history`: one's own jobs, page by page, privately; whatever could not be delivered is found here."""

import asyncio
import io
from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot import album
from bot.gallery import rights
from bot.gallery.rights import Viewer
from bot.ui import cards
from bot.ui.press import Press, view_of
from db import jobs
from db.models import Image, JobStatus

if TYPE_CHECKING:
    from bot.client import Studio

SIZE = 5
LAST_PAGE = 999


@app_commands.command(description="Your jobs and their pictures, newest first")
async def history(interaction: "discord.Interaction[Studio]") -> None:
    await interaction.response.defer(ephemeral=True, thinking=True)
    await _turn_to(interaction, 0)


class Turn(Press, template=r"a:page:(?P<number>\d{1,3})"):
    """To another page of the same private message."""

    async def pressed(self, interaction: "discord.Interaction[Studio]") -> None:
        await interaction.response.defer()
        await _turn_to(interaction, self.number("number"))


class Open(Press, template=r"a:open:(?P<id>\d{1,18})"):
    """One job's pictures at full size, with the buttons of its card, privately."""

    async def pressed(self, interaction: "discord.Interaction[Studio]") -> None:
        studio = interaction.client
        job = await album.job(studio.database, self.number())
        images = await album.opened(interaction, job, "show")
        await interaction.response.defer(ephemeral=True, thinking=True)
        await studio.shows.grid(interaction, job, images)


async def _turn_to(interaction: "discord.Interaction[Studio]", number: int) -> None:
    studio = interaction.client
    async with studio.database.reading() as session:
        newest = await jobs.of_author(session, interaction.user.id, limit=(number + 1) * SIZE + 1)
    page, has_older = newest[number * SIZE : (number + 1) * SIZE], len(newest) > (number + 1) * SIZE
    embeds: list[discord.Embed] = []
    files: list[discord.File] = []
    openers: list[Press] = []
    for job in page:
        images = await album.pictures(studio.database, job.id) if job.status is JobStatus.SUCCEEDED else []
        embed = discord.Embed(description=cards.entry(job, None, None, pictures=len(images), limit=300))
        if images:
            openers.append(Open(f"a:open:{job.id}", label=f"Open {job.id}", row=1))
            shows = rights.shows(Viewer.of(interaction), job)
            thumbnail = await asyncio.to_thread(_thumbnail, studio, images[0]) if shows else None
            if thumbnail is not None:
                files.append(thumbnail)
                embed.set_thumbnail(url=f"attachment://{thumbnail.filename}")
        embeds.append(embed)
    turns = [
        Turn(f"a:page:{max(0, number - 1)}", label="Newer", row=0, disabled=number == 0),
        Turn(f"a:page:{min(LAST_PAGE, number + 1)}", label="Older", row=0, disabled=not has_older),
    ]
    empty = "You have no jobs yet. `/imagine` makes one." if number == 0 else "No more jobs."
    await interaction.edit_original_response(
        content=None if page else empty, embeds=embeds, attachments=files, view=view_of(*turns, *openers)
    )


def _thumbnail(studio: "Studio", image: Image) -> discord.File | None:
    try:
        content = studio.storage.thumbnail(image.digest).read_bytes()
    except OSError:
        return None
    return discord.File(io.BytesIO(content), filename=f"{image.id}.webp")
