"""`/privacy export` and `/privacy delete`: what the studio holds of a person, given to them or taken away."""

import io
from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot.delivery.post import TooLarge, Unreachable, named
from bot.house import forgetting
from bot.refusals import ClosedMessages, NotSure, TooLargeToSend
from bot.ui.moderating import Words

if TYPE_CHECKING:
    from bot.client import Studio

CONFIRMATION = "delete everything"

privacy = app_commands.Group(name="privacy", description="What the studio holds of you")


@privacy.command(description="Everything the studio holds of you, by direct message: rows as JSON, and your pictures")
async def export(interaction: "discord.Interaction[Studio]") -> None:
    await interaction.response.defer(ephemeral=True, thinking=True)
    number = 0
    try:
        channel = await interaction.client.create_dm(discord.Object(interaction.user.id))
        async for content in forgetting.export(interaction.client, interaction.user.id):
            number += 1
            file = discord.File(io.BytesIO(content), filename=f"atelier-{interaction.user.id}-{number}.zip")
            await channel.send(f"Your data, part {number}", file=file)
    except Exception as error:
        problem = named(error)
        if isinstance(problem, Unreachable):
            raise ClosedMessages from error
        if isinstance(problem, TooLarge):
            raise TooLargeToSend from error
        raise
    files = "one file" if number == 1 else f"{number} files"
    await interaction.edit_original_response(content=f"Sent to you by direct message, in {files}.")


@privacy.command(description="Delete everything the studio holds of you: pictures, prompts, likes, credits")
async def delete(interaction: "discord.Interaction[Studio]") -> None:
    await interaction.response.send_modal(
        Words("Delete everything, for good", f"Type “{CONFIRMATION}”", _confirmed, 40, required=True)
    )


async def _confirmed(interaction: "discord.Interaction[Studio]", words: str) -> None:
    """Raises NotSure."""
    if " ".join(words.lower().split()).strip("\"'“”.") != CONFIRMATION:
        raise NotSure
    await interaction.response.defer(ephemeral=True, thinking=True)
    gone = await forgetting.forget(interaction.client, interaction.user.id)
    jobs = f"{gone.jobs:,} job{'' if gone.jobs == 1 else 's'}"
    pictures = f"{gone.pictures:,} picture{'' if gone.pictures == 1 else 's'}"
    await interaction.edit_original_response(
        content=f"Deleted: {jobs} and {pictures}, with their prompts, likes, posts and credits. "
        "Messages that show them disappear as fast as Discord lets me take them away."
    )
