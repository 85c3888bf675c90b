"""`/show`: a job's pictures again, where the command is given."""

from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot import album
from bot.cogs import naming
from bot.delivery.drawing import look
from bot.errors import explain_failure, tell
from bot.ui import cards
from db.models import JobStatus

if TYPE_CHECKING:
    from bot.client import Studio


@app_commands.command(description="Show the pictures of one of your jobs again")
@app_commands.describe(job="One of yours, by prompt or number")
async def show(interaction: "discord.Interaction[Studio]", job: str) -> None:
    studio = interaction.client
    shown = await naming.named(interaction, job)
    if shown.status is JobStatus.SUCCEEDED:
        images = await album.opened(interaction, shown, "show")
        await interaction.response.defer(thinking=True, ephemeral=any(image.unsure for image in images))
        await studio.shows.grid(interaction, shown, images)
        return
    album.permit(interaction, shown, "show")
    if shown.status.ended:
        reason = explain_failure(shown.error_code, shown.error_detail) if shown.error_code is not None else None
        await tell(interaction, cards.ended(shown, reason))
        return
    moment = await look(studio.database, shown.id)
    assert moment is not None
    await tell(interaction, cards.entry(moment.job, moment.position, moment.starts_at, limit=1000))


@show.autocomplete("job")
async def own_jobs(interaction: "discord.Interaction[Studio]", typed: str) -> list[app_commands.Choice[str]]:
    return naming.choices(await naming.own(interaction, lambda job: True), typed)
