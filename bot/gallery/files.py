"""The files of shared pictures. A picture whose author keeps the prompt goes out without its recipe in it."""

import asyncio
import io

import discord

from bot.delivery.upload import Rung, Upload, pack
from bot.ui import cards
from db.gallery import Exhibit
from engine.errors import PictureMissing
from engine.storage import THUMBNAIL_SIDE, Storage


async def of_card(storage: Storage, one: Exhibit, limit: int, *, rung: Rung, web_address: str | None) -> Upload:
    """The picture at full size in at most `limit` bytes, named by its image id, or words in its place."""
    if one.share.show_prompt:
        return await pack(storage, [one.image], limit, rung=rung, web_address=web_address)
    room = limit if rung is Rung.PNG else limit * 2 // 3
    try:
        content = await asyncio.to_thread(storage.as_webp, one.image.digest, room, recipe=False)
    except PictureMissing:
        return Upload(files=(), notices=(cards.missing(one.image),))
    if content is None or rung is Rung.NOTICE:
        return Upload(files=(), notices=(cards.too_large(one.image, limit, None),))
    return Upload(files=((f"{one.image.id}.webp", content),), notices=())


async def small(storage: Storage, one: Exhibit) -> tuple[str, bytes] | None:
    """Name and content of a picture small enough to show many; None when its file is missing."""
    try:
        content = await asyncio.to_thread(_small, storage, one)
    except (OSError, PictureMissing):
        return None
    return f"{one.image.id}.webp", content


async def smalls(storage: Storage, some: list[Exhibit]) -> tuple[list[tuple[Exhibit, str | None]], list[discord.File]]:
    """Each with its file's name, and the files."""
    found = [(one, await small(storage, one)) for one in some]
    files = [discord.File(io.BytesIO(file[1]), filename=file[0]) for _, file in found if file is not None]
    return [(one, file[0] if file is not None else None) for one, file in found], files


def _small(storage: Storage, one: Exhibit) -> bytes:
    if one.share.show_prompt:
        return storage.thumbnail(one.image.digest).read_bytes()
    content = storage.as_webp(one.image.digest, 2**20, recipe=False, side=THUMBNAIL_SIDE)
    assert content is not None, "a thumbnail is never a megabyte"
    return content
