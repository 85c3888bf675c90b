"""The forms that buttons open: words for a remix, a zoom's factor, a part of a picture. Knows no rows' queries."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import discord
from discord import ui

from bot import album, asking, refining, regions
from bot.errors import answer
from bot.refining import Start
from bot.refusals import NoPart
from bot.ui import confirm
from db.models import Image, Job

if TYPE_CHECKING:
    from bot.client import Studio

PARAGRAPH = discord.TextStyle.paragraph
LONGEST = 4000


class Form(ui.Modal):
    """A modal whose errors reach the person. Subclasses give `sent`, which must answer the interaction."""

    async def on_submit(self, interaction: "discord.Interaction[Any]") -> None:
        try:
            await self.sent(interaction)
        except Exception as error:
            await answer(interaction, error)

    async def sent(self, interaction: "discord.Interaction[Studio]") -> None:
        raise NotImplementedError


def words(text: str, *, label: str, required: bool = True) -> ui.Label[Any]:
    """A field for a prompt with its parameters, filled with `text`."""
    field: ui.TextInput[Any] = ui.TextInput(
        custom_id="prompt", style=PARAGRAPH, default=text[:LONGEST], max_length=LONGEST, required=required
    )
    return ui.Label(text=label, component=field)


def said(label: ui.Label[Any]) -> str:
    """What was typed into a field of words."""
    assert isinstance(label.component, ui.TextInput)
    return label.component.value or ""


class RemixForm(Form, title="Remix"):
    """New words for a picture of a job, which stays the start of what is drawn; without one, for words alone."""

    def __init__(self, job: Job, start: Start | None) -> None:
        super().__init__()
        self._job, self._start = job, start
        self.prompt = words(refining.words_of(job), label="Prompt and parameters")
        self.add_item(self.prompt)

    async def sent(self, interaction: "discord.Interaction[Studio]") -> None:
        studio = interaction.client
        start = self._start
        shape = None if start is None else start.shape
        wished = await asking.wished(interaction, said(self.prompt), parent=self._job, shape=shape)
        if start is not None:
            if start.parent is not None:
                await album.living(studio.database, start.parent)  # it may be gone since the form was opened
            limits = studio.config.limits
            wished = [refining.started(one, start, catalogue=studio.catalogue, limits=limits) for one in wished]
        await confirm.accept(interaction, wished)


class StrangerForm(Form, title="Remix"):
    """New words for a picture that was made elsewhere, by its address."""

    def __init__(self, address: str, text: str) -> None:
        super().__init__()
        self._address = address
        self.prompt = words(text, label="Prompt and parameters")
        self.add_item(self.prompt)

    async def sent(self, interaction: "discord.Interaction[Studio]") -> None:
        studio = interaction.client
        upload, image_id = await asking.take(interaction, self._address)
        stored, limits = upload.stored, studio.config.limits
        start = Start(digest=stored.digest, shape=(stored.width, stored.height), parent=image_id)
        wished = [
            refining.started(one, start, catalogue=studio.catalogue, limits=limits)
            for one in await asking.wished(interaction, said(self.prompt), shape=start.shape)
        ]
        await confirm.accept(interaction, wished)


class ZoomForm(Form, title="Zoom Out"):
    """How far, and what there is around."""

    def __init__(self, job: Job, image: Image) -> None:
        super().__init__()
        self._job, self._image = job, image
        self.factor: ui.TextInput[Any] = ui.TextInput(custom_id="factor", default="1.8", max_length=10)
        self.add_item(ui.Label(text="How far", description="More than 1, at most 2", component=self.factor))

    async def sent(self, interaction: "discord.Interaction[Studio]") -> None:
        studio, limits = interaction.client, interaction.client.config.limits
        factor = refining.factor_of(self.factor.value)
        job, image = await album.living(studio.database, self._image.id)
        wish = refining.zoom(job, image, factor, catalogue=studio.catalogue, limits=limits, longest=limits.longest)
        await confirm.accept(interaction, [wish])


class RegionForm(Form, title="Vary (Region)"):
    """What should be in the chosen parts of a picture; the result answers the message that the picture stood on."""

    def __init__(self, job: Job, image: Image, parts: Sequence[str], stood: int) -> None:
        super().__init__()
        self._job, self._image, self._parts, self._stood = job, image, parts, stood
        self.prompt = words(refining.words_of(job), label="What should be there")
        self.add_item(self.prompt)
        self.add_item(ui.TextDisplay(f"Drawn anew: {', '.join(parts)}"))

    async def sent(self, interaction: "discord.Interaction[Studio]") -> None:
        await _redraw(interaction, self._job, self._image, said(self.prompt), self._stood, parts=self._parts)


class MaskForm(Form, title="Vary (Region)"):
    """What should be in the white of a mask."""

    def __init__(self, job: Job, image: Image, stood: int) -> None:
        super().__init__()
        self._job, self._image, self._stood = job, image, stood
        self.prompt = words(refining.words_of(job), label="What should be there")
        self.mask: ui.FileUpload[Any] = ui.FileUpload(custom_id="mask", min_values=1, max_values=1)
        self.add_item(self.prompt)
        self.add_item(ui.Label(text="Mask", description="White is drawn anew, black stays", component=self.mask))

    async def sent(self, interaction: "discord.Interaction[Studio]") -> None:
        if not self.mask.values:
            raise NoPart
        await interaction.response.defer()
        upload, _ = await asking.take(interaction, self.mask.values[0].url)
        await regions.check_mask(interaction.client.storage, upload.stored.digest, self._image)
        await _redraw(interaction, self._job, self._image, said(self.prompt), self._stood, mask=upload.stored.digest)


async def _redraw(
    interaction: "discord.Interaction[Studio]",
    job: Job,
    image: Image,
    text: str,
    stood: int,
    *,
    parts: Sequence[str] = (),
    mask: str | None = None,
) -> None:
    """Queue the text, drawn into parts of the picture or the white of a stored mask."""
    studio = interaction.client
    if not interaction.response.is_done():
        await interaction.response.defer()  # of the private message: what is drawn gets a card of its own
    shape = (image.width, image.height)
    wished = await asking.wished(interaction, text, parent=job, shape=shape, stays=True)
    _, living = await album.living(studio.database, image.id)  # it may be gone since the form was opened
    longest = studio.config.limits.longest
    wishes = [
        refining.region(one, job, living, cells=parts, mask=mask, catalogue=studio.catalogue, longest=longest)
        for one in wished
    ]
    await confirm.accept(interaction, wishes, answers=stood)
