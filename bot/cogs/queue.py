"""`/queue` and `/cancel`: what waits, and taking it back."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot import album
from bot.answering import in_time
from bot.cogs import naming
from bot.errors import tell
from bot.refusals import NothingToCancel
from bot.ui import cards
from bot.ui.quoting import bold
from db import guilds, jobs, pace
from db.models import Job, JobStatus

if TYPE_CHECKING:
    from bot.client import Studio

SHOWN = 10


@app_commands.command(description="What runs and waits, and where your jobs stand")
async def queue(interaction: "discord.Interaction[Studio]") -> None:
    async with interaction.client.database.reading() as session:
        load = await jobs.load(session)
        own = await jobs.of_author(session, interaction.user.id, limit=naming.LOOK_BACK)
        guild = await guilds.get(session, interaction.guild_id) if interaction.guild_id is not None else None
        paused = cards.PAUSED if guild is not None and guild.paused else ""
        lines = [f"{load.running} running, {load.waiting} waiting{paused}."]
        active = [job for job in own if not job.status.ended][::-1]
        for job in active[:SHOWN]:
            seconds = await pace.eta(session, job.id)
            starts = None if seconds is None else datetime.now(UTC) + timedelta(seconds=seconds)
            lines.append(cards.entry(job, await jobs.position(session, job.id), starts))
    if len(active) > SHOWN:
        lines.append(f"and {len(active) - SHOWN} more of yours")
    if not active:
        lines.append("None of them is yours.")
    await tell(interaction, "\n".join(lines))


@app_commands.command(description="Take a waiting job back, or stop a running one")
@app_commands.describe(job="Your newest one if you name none")
async def cancel(interaction: "discord.Interaction[Studio]", job: str | None = None) -> None:
    if job is None:
        active = await naming.own(interaction, _is_open)
        if not active:
            raise NothingToCancel(ended=False)
        doomed = active[0]
    else:
        doomed = await naming.named(interaction, job)
        album.permit(interaction, doomed, "cancel")
    async with in_time(interaction, private=True):
        await interaction.client.orders.cancel(doomed)
    what = "Stopping" if doomed.status is JobStatus.RUNNING else "Cancelled"
    await tell(interaction, f"{what}: {bold(doomed.prompt, 300)}")


@cancel.autocomplete("job")
async def open_jobs(interaction: "discord.Interaction[Studio]", typed: str) -> list[app_commands.Choice[str]]:
    return naming.choices(await naming.own(interaction, _is_open), typed)


def _is_open(job: Job) -> bool:
    return not job.status.ended
