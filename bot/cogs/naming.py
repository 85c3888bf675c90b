"""Jobs as people name them in an option: picked from their own, or typed by number."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot.refusals import NoSuchJob
from db import jobs
from db.models import Job

if TYPE_CHECKING:
    from bot.client import Studio

LOOK_BACK = 100
LONGEST_ID = 18


async def named(interaction: "discord.Interaction[Studio]", given: str) -> Job:
    """The job of this number. Raises NoSuchJob."""
    number = given.strip().lstrip("#")
    if not (number.isascii() and number.isdigit() and len(number) <= LONGEST_ID):
        raise NoSuchJob(given)
    async with interaction.client.database.reading() as session:
        job = await jobs.get(session, int(number))
    if job is None:
        raise NoSuchJob(given)
    return job


async def own(interaction: "discord.Interaction[Studio]", wanted: Callable[[Job], bool]) -> list[Job]:
    """The person's own jobs among their latest, newest first."""
    async with interaction.client.database.reading() as session:
        found = await jobs.of_author(session, interaction.user.id, limit=LOOK_BACK)
    return [job for job in found if wanted(job)]


def choices(found: list[Job], typed: str) -> list[app_commands.Choice[str]]:
    """At most 25 of them, by what was typed of the number or the prompt."""
    typed = typed.lower().strip()
    return [
        app_commands.Choice(name=f"{job.id} · {job.status.value} · {job.prompt}"[:100], value=str(job.id))
        for job in found
        if typed in str(job.id) or typed in job.prompt.lower()
    ][:25]
