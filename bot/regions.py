"""Parts of a picture to choose from: the picture with the grid on it, and choices as four letters. Knows no views."""

import asyncio
import io
from collections.abc import Sequence

import discord

from bot.refining import PARTS
from bot.refusals import BlackMask, NoPart
from db.models import Image
from engine.edits.region import gridded, redrawn
from engine.storage import Storage


def coded(parts: Sequence[str]) -> str:
    """Chosen parts as four hexadecimal digits, for a button to carry."""
    return f"{sum(1 << PARTS.index(part) for part in parts):04x}"


def decoded(code: str) -> list[str]:
    """The parts that `coded` was given, in the order of PARTS. Raises NoPart for a code that it never gives."""
    bits = int(code, 16)
    if bits >> len(PARTS):
        raise NoPart
    return [part for number, part in enumerate(PARTS) if bits >> number & 1]


def toggled(parts: Sequence[str], number: int) -> list[str]:
    """With the part of that number chosen, or not any more. Raises NoPart when there is none."""
    if number >= len(PARTS):
        raise NoPart
    return [part for part in PARTS if (part in parts) != (part == PARTS[number])]


async def sheet(storage: Storage, image: Image, chosen: Sequence[str]) -> discord.File:
    """The picture with the grid on it and the chosen parts lit up. Raises PictureMissing."""
    return discord.File(await asyncio.to_thread(_drawn, storage, image.digest, chosen), filename="parts.webp")


def _drawn(storage: Storage, digest: str, chosen: Sequence[str]) -> io.BytesIO:
    drawn = io.BytesIO()
    gridded(storage.open(digest), chosen).save(drawn, "WEBP", quality=85)
    drawn.seek(0)
    return drawn


async def check_mask(storage: Storage, digest: str, image: Image) -> None:
    """Raise BlackMask for a stored mask that would leave every pixel of the picture as it is."""
    mask = await asyncio.to_thread(storage.open, digest)
    if redrawn(mask, (image.width, image.height)).getbbox() is None:
        raise BlackMask
