"""LoRA files that moderators hand in: an upload to Discord's servers, or a file in the folder the owner keeps for it.

One at a time, with every check in a thread. Knows no rows.
"""

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import discord

from bot.refusals import NoSuchFile, NotFetched
from bot.uploads import check_address
from bot.wishes import Catalogue
from engine.lora import notes, pickled, shapes
from engine.lora.container import LARGEST_FILE
from engine.lora.errors import LoraRefused
from engine.lora.shelf import Kept, Shelf
from engine.lora.sources import folder_of

INCOMING = "incoming"
"""The folder beside the kept files that `path` is looked for in: a moderator must not read the owner's disk."""

_TIMEOUT = aiohttp.ClientTimeout(total=600, connect=5, sock_read=30)
_ENDINGS = (".safetensors", *pickled.ENDINGS)


class Taking:
    """The way in."""

    def __init__(self, shelf: Shelf, catalogue: Catalogue) -> None:
        self._shelf = shelf
        self._catalogue = catalogue
        self._one = asyncio.Lock()

    async def upload(self, attachment: discord.Attachment, model: str) -> Kept:
        """Raises ForeignAddress, NotFetched, LoraRefused, and errors of the engine; nothing is kept then."""
        check_address(attachment.url)
        ending = _ending(attachment.filename)
        async with self._one:
            file = await asyncio.to_thread(self._shelf.scratch, ending)
            try:
                await _fetched(attachment.url, file)
                return await asyncio.to_thread(self._kept, file, model)
            finally:
                await asyncio.to_thread(file.unlink, missing_ok=True)

    async def path(self, name: str, model: str) -> Kept:
        """A file by its name in the folder for that. Raises NoSuchFile, LoraRefused, and errors of the engine."""
        folder = self._shelf.folder / INCOMING
        if Path(name).name != name or name.startswith("."):
            raise NoSuchFile(name)
        _ending(name)
        async with self._one:
            try:
                return await asyncio.to_thread(self._kept, folder / name, model)
            except (FileNotFoundError, IsADirectoryError, PermissionError):
                raise NoSuchFile(name) from None

    def _kept(self, file: Path, model: str) -> Kept:
        entry: Any = self._catalogue.get(model)
        return self._shelf.take(file, shapes.of_folder(folder_of(entry)))


def words_of(text: str) -> list[str]:
    """Triggers as a person typed them, with commas between them."""
    return notes.words(text)


def _ending(name: str) -> str:
    ending = Path(name).suffix.lower()
    if ending not in _ENDINGS:
        raise LoraRefused("container", found=f"a {ending or 'nameless'} file")
    return ending


async def _fetched(address: str, file: Path) -> None:
    """At most LARGEST_FILE. Without redirections: they could lead anywhere."""
    size = 0
    try:
        async with (
            aiohttp.ClientSession(timeout=_TIMEOUT) as session,
            session.get(address, allow_redirects=False) as response,
        ):
            if response.status != 200:
                raise NotFetched(response.status)
            async for piece in response.content.iter_chunked(1 << 20):
                size += len(piece)
                if size > LARGEST_FILE:
                    raise LoraRefused("file_size", found=size, wanted=LARGEST_FILE)
                await asyncio.to_thread(_append, file, piece)
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        raise NotFetched(None) from error


def _append(file: Path, piece: bytes) -> None:
    with file.open("ab") as stream:
        stream.write(piece)
