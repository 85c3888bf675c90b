"""The buttons that make pictures from a picture. What they ask for is made by `bot.refining`, words by forms."""

from typing import TYPE_CHECKING

import discord

from bot import album, refining
from bot.gallery import rights
from bot.gallery.rights import Viewer
from bot.refining import Start
from bot.ui import confirm
from bot.ui.forms import RemixForm, ZoomForm
from bot.ui.press import Press
from bot.ui.regions import Region
from bot.wishes import Wish
from db import preferences
from db.models import Image, Job

if TYPE_CHECKING:
    from bot.client import Studio

ARROWS = {"left": "⬅️", "right": "➡️", "up": "⬆️", "down": "⬇️"}


async def remixes(interaction: "discord.Interaction[Studio]") -> bool:
    """Whether this person's buttons ask for words first."""
    async with interaction.client.database.reading() as session:
        return (await preferences.get(session, interaction.user.id)).remix


class Vary(Press, template=r"a:vary:(?P<id>\d{1,19}):(?P<how>strong|subtle)"):
    """V1 to V4 on a grid, `Vary (Subtle)` and `Vary (Strong)` on a single picture: new pictures from this one."""

    @classmethod
    def on_grid(cls, image: Image, row: int) -> "Vary":
        return cls(f"a:vary:{image.id}:strong", label=f"V{image.index + 1}", row=row)

    @classmethod
    def on_single(cls, image: Image, how: str, row: int) -> "Vary":
        return cls(f"a:vary:{image.id}:{how}", label=f"Vary ({how.title()})", row=row)

    async def pressed(self, interaction: "discord.Interaction[Studio]") -> None:
        studio, how = interaction.client, self.parts["how"]
        job, image = await album.reached(interaction, self.number())
        if await remixes(interaction):
            await interaction.response.send_modal(RemixForm(job, Start.of(image, how)))
            return
        wish = refining.variation(job, image, how, catalogue=studio.catalogue, limits=studio.config.limits)
        if await confirm.accept(interaction, [wish]):
            studio.delivery.mark(interaction.message, self.custom_id)


class Again(Press, template=r"a:again:(?P<id>\d{1,19})"):
    """🔄: the same request with new seeds."""

    @classmethod
    def on(cls, job: Job, row: int) -> "Again":
        return cls(f"a:again:{job.id}", emoji="🔄", row=row)

    async def pressed(self, interaction: "discord.Interaction[Studio]") -> None:
        studio = interaction.client
        job = await album.job(studio.database, self.number())
        rights.permit_job(Viewer.of(interaction), job)
        if "edit" not in job.request and await remixes(interaction):
            await interaction.response.send_modal(RemixForm(job, refining.start_of(job)))
            return
        if await confirm.accept(interaction, [refining.reroll(job, catalogue=studio.catalogue)]):
            studio.delivery.mark(interaction.message, self.custom_id)


class Remix(Press, template=r"a:remix:(?P<id>\d{1,19})"):
    """New words for this picture."""

    @classmethod
    def on(cls, image: Image, row: int) -> "Remix":
        return cls(f"a:remix:{image.id}", label="Remix", row=row)

    async def pressed(self, interaction: "discord.Interaction[Studio]") -> None:
        job, image = await album.reached(interaction, self.number())
        await interaction.response.send_modal(RemixForm(job, Start.of(image)))


class CustomZoom(Press, template=r"a:zoomby:(?P<id>\d{1,19})"):
    """Zoom out by a factor to be typed."""

    @classmethod
    def on(cls, image: Image, row: int) -> "CustomZoom":
        return cls(f"a:zoomby:{image.id}", label="Custom Zoom", row=row)

    async def pressed(self, interaction: "discord.Interaction[Studio]") -> None:
        job, image = await album.reached(interaction, self.number())
        await interaction.response.send_modal(ZoomForm(job, image))


class Redraw(Press, template=r"a:(?P<what>upscale|zoom|square|pan):(?P<id>\d{1,19})(?::(?P<how>[\w.]{1,10}))?"):
    """Upscales, zooms, pans and squares: this picture, larger or amid more of its world."""

    @classmethod
    def upscale(cls, image: Image, how: str, row: int) -> "Redraw":
        return cls(f"a:upscale:{image.id}:{how}", label=f"Upscale ({how.title()})", row=row)

    @classmethod
    def zoom(cls, image: Image, factor: str, row: int) -> "Redraw":
        return cls(f"a:zoom:{image.id}:{factor}", label=f"Zoom Out {factor}x", row=row)

    @classmethod
    def square(cls, image: Image, row: int) -> "Redraw":
        return cls(f"a:square:{image.id}", label="Make Square", row=row)

    @classmethod
    def pan(cls, image: Image, direction: str, row: int) -> "Redraw":
        return cls(f"a:pan:{image.id}:{direction}", emoji=ARROWS[direction], row=row)

    async def pressed(self, interaction: "discord.Interaction[Studio]") -> None:
        studio = interaction.client
        job, image = await album.reached(interaction, self.number())
        if await confirm.accept(interaction, [self._wish(studio, job, image)]):
            studio.delivery.mark(interaction.message, self.custom_id)

    def _wish(self, studio: "Studio", job: Job, image: Image) -> Wish:
        catalogue, limits = studio.catalogue, studio.config.limits
        how, longest = self.parts["how"] or "", limits.longest
        match self.parts["what"]:
            case "upscale":
                return refining.upscale(job, image, how, catalogue=catalogue, longest=longest)
            case "zoom":
                factor = refining.factor_of(how)
                return refining.zoom(job, image, factor, catalogue=catalogue, limits=limits, longest=longest)
            case "pan":
                return refining.pan(job, image, how, catalogue=catalogue, limits=limits, longest=longest)
            case _:
                return refining.square(job, image, catalogue=catalogue, limits=limits, longest=longest)


def rows(image: Image, *more: Press) -> list[Press]:
    """All of them under a picture, in five rows with room for the gallery's in the last; `more` in the first."""
    zooms: list[Press] = [
        Redraw.zoom(image, "2", 2),
        Redraw.zoom(image, "1.5", 2),
        CustomZoom.on(image, 2),
    ]
    if image.width != image.height:
        zooms.append(Redraw.square(image, 2))
    return [
        Redraw.upscale(image, "subtle", 0),
        Redraw.upscale(image, "creative", 0),
        *more,
        Vary.on_single(image, "subtle", 1),
        Vary.on_single(image, "strong", 1),
        Region.on(image, 1),
        *zooms,
        *(Redraw.pan(image, direction, 3) for direction in ARROWS),
        Remix.on(image, 4),
    ]
