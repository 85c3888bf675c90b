"""Where a contest's pictures may be looked at: those from age-restricted channels in such channels only."""

import discord
from sqlalchemy.ext.asyncio import AsyncSession

from bot.gallery.rights import is_nsfw
from bot.refusals import AgeRestrictedContest
from db.challenges import entries
from db.models import Challenge


def is_restricted(interaction: discord.Interaction, challenge: Challenge) -> bool:
    """Whether the contest's own channel is age-restricted."""
    return interaction.guild is not None and is_nsfw(interaction.guild.get_channel_or_thread(challenge.channel_id))


async def check_place(session: AsyncSession, interaction: discord.Interaction, challenge: Challenge) -> None:
    """Whether its pictures may be shown where this person is. Raises AgeRestrictedContest."""
    if is_nsfw(interaction.channel):
        return
    if is_restricted(interaction, challenge) or await entries.hold_nsfw(session, challenge.id):
        raise AgeRestrictedContest
