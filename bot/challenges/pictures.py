"""Pictures of entries as voters see them: new bytes under a name that says nothing, without prompt, author or row."""

import asyncio
import io
from collections import OrderedDict
from hashlib import sha256

import discord
from PIL import Image as Pixels

from db.models import Challenge, Entry, Image
from engine.storage import Storage

SIDE = 1024
"""Longest side in pixels: what a screen shows of two pictures side by side."""
_KEPT = 64


class BlindPictures:
    """Files of entries; the last few are kept, since all voters are shown the same."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._made: OrderedDict[str, bytes] = OrderedDict()

    async def file(self, challenge: Challenge, entry: Entry, image: Image, viewer_id: int) -> discord.File:
        """A fresh file object, named for this viewer only. Raises PictureMissing."""
        content = self._made.get(image.digest)
        if content is None or not await asyncio.to_thread(self._storage.path(image.digest).exists):
            self._made.pop(image.digest, None)
            content = await asyncio.to_thread(_blind, self._storage, image.digest)
            self._made[image.digest] = content
            if len(self._made) > _KEPT:
                self._made.popitem(last=False)
        return discord.File(io.BytesIO(content), filename=file_name(challenge.seed, entry.id, viewer_id))


def file_name(seed: int, entry_id: int, viewer_id: int) -> str:
    """The same at each look of one viewer and in no relation to anybody else's; only the server knows the seed."""
    return f"{sha256(f'{seed}:{viewer_id}:{entry_id}:file'.encode()).hexdigest()[:20]}.webp"


def _blind(storage: Storage, digest: str) -> bytes:
    pixels, marks = storage.open(digest), storage.metadata(digest)
    pixels.thumbnail((SIDE, SIDE), Pixels.Resampling.LANCZOS)
    buffer = io.BytesIO()
    # That a machine made it stays written in the file; the law asks for it, and it names nobody.
    xmp = marks.xmp() if marks is not None else b""
    pixels.save(buffer, "WEBP", quality=88, method=4, xmp=xmp)
    return buffer.getvalue()
