"""`Vary (Region)`: a private message with the grid on the picture, and buttons that lie as the parts on it.

Everything is in the custom ids: the picture, the message it stood on, and what is chosen so far. What is drawn is made
by `bot.refining`, the words come from forms.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import discord

from bot import album, regions
from bot.refining import PARTS
from bot.refusals import NoPart
from bot.ui.forms import MaskForm, RegionForm
from bot.ui.press import PLAIN, TAKEN, Press, view_of
from db.models import Image

if TYPE_CHECKING:
    from bot.client import Studio

_WORDS = "Which parts are to be drawn anew? Everything else stays as it is, to the last pixel."


class Region(Press, template=r"a:region:(?P<id>\d{1,19})"):
    """A part of this picture anew."""

    @classmethod
    def on(cls, image: Image, row: int) -> "Region":
        return cls(f"a:region:{image.id}", label="Vary (Region)", row=row)

    async def pressed(self, interaction: "discord.Interaction[Studio]") -> None:
        studio = interaction.client
        _, image = await album.reached(interaction, self.number())
        await interaction.response.defer(thinking=True, ephemeral=True)
        stood = interaction.message.id if interaction.message else 0
        file = await regions.sheet(studio.storage, image, ())
        await interaction.edit_original_response(content=_WORDS, attachments=[file], view=_panel(image.id, stood, ()))


class Part(Press, template=r"a:part:(?P<id>\d{1,19}):(?P<message>\d{1,20}):(?P<chosen>[0-9a-f]{4}):(?P<part>\d{1,2})"):
    """Choose a part, or let it go again."""

    async def pressed(self, interaction: "discord.Interaction[Studio]") -> None:
        studio = interaction.client
        _, image = await album.reached(interaction, self.number())
        chosen = regions.toggled(regions.decoded(self.parts["chosen"]), self.number("part"))
        await interaction.response.defer()
        file = await regions.sheet(studio.storage, image, chosen)
        view = _panel(image.id, self.number("message"), chosen)
        await interaction.edit_original_response(attachments=[file], view=view)


class Onward(Press, template=r"a:parts:(?P<id>\d{1,19}):(?P<message>\d{1,20}):(?P<chosen>[0-9a-f]{4})"):
    """What should be in the chosen parts?"""

    async def pressed(self, interaction: "discord.Interaction[Studio]") -> None:
        job, image = await album.reached(interaction, self.number())
        chosen = regions.decoded(self.parts["chosen"])
        if not chosen:
            raise NoPart
        await interaction.response.send_modal(RegionForm(job, image, chosen, self.number("message")))


class ByMask(Press, template=r"a:mask:(?P<id>\d{1,19}):(?P<message>\d{1,20})"):
    """A mask instead of parts."""

    async def pressed(self, interaction: "discord.Interaction[Studio]") -> None:
        job, image = await album.reached(interaction, self.number())
        await interaction.response.send_modal(MaskForm(job, image, self.number("message")))


def _panel(image_id: int, message_id: int, chosen: Sequence[str]) -> discord.ui.View:
    """Nine buttons as the grid lies, halves, and the ways on."""
    code = regions.coded(chosen)
    parts = [
        Part(
            f"a:part:{image_id}:{message_id}:{code}:{number}",
            label=name,
            style=TAKEN if name in chosen else PLAIN,
            row=min(3, number // 3),
        )
        for number, name in enumerate(PARTS)
    ]
    return view_of(
        *parts,
        Onward(
            f"a:parts:{image_id}:{message_id}:{code}",
            label="Say what should be there",
            style=discord.ButtonStyle.primary,
            row=4,
            disabled=not chosen,
        ),
        ByMask(f"a:mask:{image_id}:{message_id}", label="Upload a mask", row=4),
    )
