"""The buttons on cards, and which of them a message gets. What they do with rows is done by `orders` and `album`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import discord

from bot import album
from bot.ui.entering import EnterPicture
from bot.ui.press import DANGER, Press, view_of
from bot.ui.refine import Again, Vary, rows
from bot.ui.sharing import Like, Share
from db.models import Image, Job, JobStatus

if TYPE_CHECKING:
    from bot.client import Studio


class Up(Press, template=r"a:up:(?P<id>\d{1,19}):(?P<index>\d)"):
    """U1 to U4: one picture of a grid in a message of its own."""

    @classmethod
    def on(cls, image: Image, row: int) -> "Up":
        return cls(f"a:up:{image.id}:{image.index}", label=f"U{image.index + 1}", row=row)

    async def pressed(self, interaction: "discord.Interaction[Studio]") -> None:
        studio = interaction.client
        job, image = await album.reached(interaction, self.number())
        await interaction.response.defer(thinking=True)
        await studio.shows.single(interaction, job, image)
        studio.delivery.mark(interaction.message, self.custom_id)


class Delete(Press, template=r"a:delete:(?P<id>\d{1,19})"):
    """Delete one picture: its row, its file, this message."""

    @classmethod
    def on(cls, image: Image) -> "Delete":
        return cls(f"a:delete:{image.id}", label="Delete", style=DANGER, row=4)

    async def pressed(self, interaction: "discord.Interaction[Studio]") -> None:
        studio = interaction.client
        job, image = await album.living(studio.database, self.number(), withheld=True)
        album.permit(interaction, job, "delete")
        await interaction.response.defer()
        await album.delete(studio.database, studio.storage, [image], message=interaction.message)
        studio.delivery.unmark(interaction.message)
        await interaction.delete_original_response()
        await album.taken_away(studio, interaction.message, job)


class Cancel(Press, template=r"a:cancel:(?P<id>\d{1,19})"):
    """Cancel a waiting or running job."""

    @classmethod
    def on(cls, job: Job) -> "Cancel":
        return cls(f"a:cancel:{job.id}", label="Cancel", row=0)

    async def pressed(self, interaction: "discord.Interaction[Studio]") -> None:
        studio = interaction.client
        job = await album.job(studio.database, self.number())
        album.permit(interaction, job, "cancel")
        await interaction.response.defer()
        await studio.orders.cancel(job)


def cancel_view(job: Job) -> discord.ui.View:
    return view_of(Cancel.on(job))


def retry_view(job: Job) -> discord.ui.View | None:
    """Failed and cancelled jobs may be tried again; blocked ones may not."""
    return None if job.status is JobStatus.BLOCKED else view_of(Again.on(job, 0))


def result_view(job: Job, images: Sequence[Image]) -> discord.ui.View:
    """`U1 U2 U3 U4 🔄` above `V1 V2 V3 V4`, for the pictures that exist; a job of one picture gets its own buttons."""
    if len(job.request["seeds"]) == 1:
        return single_view(images[0], Again.on(job, 0))
    ups = [Up.on(image, 0) for image in images]
    varies = [Vary.on_grid(image, 1) for image in images]
    return view_of(*ups, Again.on(job, 0), *varies)


def single_view(image: Image, *more: Press) -> discord.ui.View:
    """The buttons of one picture; those of gallery and contests in a server only."""
    social: list[Press] = []
    if image.guild_id is not None:
        social = [Like.on(image.id, row=4), Share.on(image, row=4), EnterPicture.on(image, 4)]
    return view_of(*rows(image, *more), *social, Delete.on(image))
