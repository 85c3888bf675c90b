"""Entering a picture, whichever button or command asks for it: found, checked against the rules, written."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import discord
from sqlalchemy.ext.asyncio import AsyncSession

from bot.answering import writing
from bot.challenges.fitness import check_picture
from bot.challenges.showing import is_restricted
from bot.refusals import Gone, NotYourPicture, UnfitPicture
from db import images, jobs
from db.challenges import entries, finding
from db.challenges.errors import WrongPhase
from db.models import Challenge, Entry, Image, Job, Phase

if TYPE_CHECKING:
    from bot.client import Studio

LOOK_BACK = 200
"""Among how many of a person's newest pictures fitting ones are looked for."""
_LONGEST_LINE = 100


async def enter(
    interaction: "discord.Interaction[Studio]", challenge_id: int, image_id: int
) -> tuple[Challenge, Entry]:
    """Enter one's own picture.

    Raises NoSuchChallenge, WrongPhase, Gone, NotYourPicture, UnfitPicture, EntryLimit, AlreadyEntered.
    """
    studio = interaction.client
    async with writing(interaction) as session:
        challenge = await finding.in_guild(session, challenge_id, interaction.guild_id)
        if challenge.phase is not Phase.OPEN:
            raise WrongPhase("enter", challenge.phase)
        image = await images.get(session, image_id)
        if image is None or image.deleted_at is not None:
            raise Gone
        if image.author_id != interaction.user.id:
            raise NotYourPicture
        check_picture(
            challenge, image, await lineage(session, image), nsfw_channel=is_restricted(interaction, challenge)
        )
        return challenge, await entries.enter(
            session, challenge_id, interaction.user.id, image_id, now=studio.challenges.moment
        )


async def withdraw(interaction: "discord.Interaction[Studio]", entry_id: int) -> Challenge:
    """Take one's own entry out. Raises NoSuchEntry, NoSuchChallenge, NotYourPicture, WrongPhase."""
    studio = interaction.client
    async with writing(interaction) as session:
        entry = await entries.get(session, entry_id)
        challenge = await finding.in_guild(session, entry.challenge_id, interaction.guild_id)
        if entry.author_id != interaction.user.id:
            raise NotYourPicture
        await entries.withdraw(session, entry_id, now=studio.challenges.moment)
    return challenge


async def fitting(
    interaction: "discord.Interaction[Studio]", challenge: Challenge, limit: int
) -> list[tuple[Image, Job]]:
    """One's own newest pictures that could be entered, without those that are."""
    nsfw = is_restricted(interaction, challenge)
    found: list[tuple[Image, Job]] = []
    async with interaction.client.database.reading() as session:
        entered = {one.image_id for one in await entries.of_author(session, interaction.user.id, [challenge.id])}
        for image in await images.of_author(session, interaction.user.id, limit=LOOK_BACK):
            line = await lineage(session, image)
            try:
                check_picture(challenge, image, line, nsfw_channel=nsfw)
            except UnfitPicture:
                continue
            if image.id not in entered:
                found.append((image, line[0]))
            if len(found) == limit:
                break
    return found


async def lineage(session: AsyncSession, image: Image) -> Sequence[Job]:
    """The job of a picture, then those of what it was made from. Raises Gone."""
    line: list[Job] = []
    at: Image | None = image
    while at is not None and len(line) < _LONGEST_LINE:
        job = await jobs.get(session, at.job_id)
        if job is None:
            raise Gone
        line.append(job)
        at = await images.get(session, at.parent_image_id) if at.parent_image_id is not None else None
    return line
