"""Pictures as the answer to an interaction that was deferred: one of a grid, a whole job, public or private."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import discord

from bot import album
from bot.delivery.post import TOO_LARGE, Drawing
from bot.delivery.upload import Rung, Upload, pack
from bot.ui import buttons, cards
from db.models import Image, Job
from engine.storage import Storage

if TYPE_CHECKING:
    from bot.client import Studio


class Shows:
    """Puts stored pictures into an answer, by the same ladder as delivery and the limit of the place."""

    def __init__(self, *, storage: Storage, web_address: str | None) -> None:
        self._storage = storage
        self._web_address = web_address

    async def single(self, interaction: "discord.Interaction[Studio]", job: Job, image: Image) -> None:
        """One picture with the buttons of a single one."""

        def draw(upload: Upload) -> Drawing:
            pages = cards.pages([image], self._web_address)
            content = "\n".join([cards.single(job, image, interaction.user.id), *upload.notices, *pages])
            return Drawing(content=content, upload=upload, view=buttons.single_view(image))

        await self._answer(interaction, [image], draw)

    async def grid(
        self, interaction: "discord.Interaction[Studio]", job: Job, images: Sequence[Image], *lines: str
    ) -> None:
        """A job's pictures with the buttons of its card, and more lines below its name."""

        def draw(upload: Upload) -> Drawing:
            content = cards.result(job, [*lines, *upload.notices, *cards.pages(images, self._web_address)])
            return Drawing(content=content, upload=upload, view=buttons.result_view(job, images))

        await self._answer(interaction, images, draw)

    async def _answer(
        self, interaction: "discord.Interaction[Studio]", images: Sequence[Image], draw: Callable[[Upload], Drawing]
    ) -> None:
        await album.announce(interaction, images)
        limit = interaction.filesize_limit
        for rung in Rung:
            upload = await pack(self._storage, images, limit, rung=rung, web_address=self._web_address)
            drawing = draw(upload)
            try:
                await interaction.edit_original_response(
                    content=drawing.content, attachments=upload.attachments(), view=drawing.view
                )
                return
            except discord.HTTPException as error:
                if (error.code != TOO_LARGE and error.status != 413) or rung is Rung.NOTICE:
                    raise
