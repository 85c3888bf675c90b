"""The button below a card whose pictures are withheld: its author sees them, privately."""

from typing import TYPE_CHECKING

import discord

from bot import album
from bot.ui.press import Press, view_of
from db.models import Job

if TYPE_CHECKING:
    from bot.client import Studio


class Look(Press, template=r"a:look:(?P<id>\d{1,19})"):
    """A job's withheld pictures, for the eyes of its author or of a moderator."""

    async def pressed(self, interaction: "discord.Interaction[Studio]") -> None:
        studio = interaction.client
        job = await album.job(studio.database, self.number())
        images = await album.opened(interaction, job, "see")
        await interaction.response.defer(ephemeral=True, thinking=True)
        await studio.shows.grid(interaction, job, images)


def look_view(job: Job) -> discord.ui.View:
    return view_of(Look(f"a:look:{job.id}", label="Look"))
