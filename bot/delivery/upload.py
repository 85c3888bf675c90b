"""Which files go out with a result: PNG where it fits, else WebP, else a line that says where the picture is.

Knows pictures' rows and files and a limit in bytes; not where they are posted.
"""

import asyncio
import io
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import discord

from bot.ui import cards
from db.models import Image
from engine.errors import PictureMissing
from engine.storage import Storage


class Rung(IntEnum):
    """How far down the ladder an upload begins; a place that calls a file too large gets the next rung."""

    PNG = 0
    WEBP = 1
    NOTICE = 2


@dataclass(frozen=True, kw_only=True)
class Upload:
    """Files by name, in order, and what to say about those that are not as usual."""

    files: tuple[tuple[str, bytes], ...]
    notices: tuple[str, ...]

    def attachments(self) -> list[discord.File]:
        """Fresh file objects: discord.py closes the ones it sent."""
        return [discord.File(io.BytesIO(content), filename=name) for name, content in self.files]


async def pack(
    storage: Storage, images: Sequence[Image], limit: int, *, rung: Rung = Rung.PNG, web_address: str | None = None
) -> Upload:
    """The files of `images`, each of at most `limit` bytes and named by image id, so that a file tells its row."""
    files: list[tuple[str, bytes]] = []
    notices: list[str] = []
    smaller: list[Image] = []
    for image in images:
        try:
            content = await asyncio.to_thread(_smallest_that_fits, storage, image, limit, rung)
        except PictureMissing:
            notices.append(cards.missing(image))
            continue
        if content is None:
            address = cards.page(web_address, image) if web_address else None
            notices.append(cards.too_large(image, limit, address))
            continue
        is_png = content.startswith(b"\x89PNG")
        files.append((f"{image.id}.{'png' if is_png else 'webp'}", content))
        if not is_png:
            smaller.append(image)
    if smaller:
        notices.insert(0, cards.made_smaller(smaller, limit))
    return Upload(files=tuple(files), notices=tuple(notices))


def _smallest_that_fits(storage: Storage, image: Image, limit: int, rung: Rung) -> bytes | None:
    if rung is Rung.PNG and image.bytes <= limit:
        return storage.read(image.digest)
    if rung is Rung.NOTICE:
        return None
    # A place that refused the PNG for its size counts otherwise than it says: ask for clearly less.
    room = limit if rung is Rung.PNG else min(limit, image.bytes) * 2 // 3
    return storage.as_webp(image.digest, room)
