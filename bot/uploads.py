"""Pictures that people hand in: fetched from Discord's own servers only, decoded behind the door, stored as new files.

Nothing is charged or queued here; what is wrong with a picture is said before there is a job.
"""

import asyncio
import hashlib
from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp
import discord

from bot.refusals import ForeignAddress, NotFetched
from engine.errors import UnfitUpload
from engine.metadata import PictureMetadata
from engine.storage import Storage, Stored
from engine.strangers import MOST_BYTES, decoded

HOSTS = (
    *("cdn.discordapp.com", "media.discordapp.net"),
    *("images-ext-1.discordapp.net", "images-ext-2.discordapp.net"),  # copies of what is linked in messages
)

_TIMEOUT = aiohttp.ClientTimeout(total=15, connect=5)
_LONGEST_ADDRESS = 2000


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A stranger's picture in the storage; `about` is what its file says if it is one of ours, a stranger's word.

    `file` is the digest of the file as it came: that of a picture of ours when it is the very same file.
    """

    stored: Stored
    file: str
    about: PictureMetadata | None


class Uploads:
    """Takes pictures in. What is stored stays a week, and as long as a job asks for it; see `Storage.sweep`."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    async def take(self, address: str) -> Upload:
        """The picture at an address of Discord's servers, such as that of an attachment.

        Raises ForeignAddress, NotFetched, engine.errors.UnfitUpload, DiskFull or StorageFailed; nothing is stored then.
        """
        check_address(address)
        content = await _fetched(address)
        picture = await decoded(content)
        stored = await asyncio.to_thread(self._storage.put, picture.image, None)
        return Upload(stored=stored, file=hashlib.sha256(content).hexdigest(), about=picture.about)


def check_address(address: str) -> None:
    """Raises ForeignAddress unless it is one of Discord's, or of the server that stands in for it."""
    parts = urlsplit(address) if len(address) <= _LONGEST_ADDRESS else urlsplit("")
    try:
        port = parts.port
    except ValueError:
        port = -1
    is_discord = parts.scheme == "https" and parts.hostname in HOSTS and port in (None, 443)
    base = urlsplit(discord.Asset.BASE)
    stands_in = base.hostname not in HOSTS and (parts.scheme, parts.hostname, port) == (
        *(base.scheme, base.hostname),
        base.port,
    )
    if parts.username is not None or not (is_discord or stands_in):
        raise ForeignAddress(parts.hostname or "")


async def _fetched(address: str) -> bytes:
    """At most MOST_BYTES. Without redirections: they could lead anywhere."""
    try:
        async with (
            aiohttp.ClientSession(timeout=_TIMEOUT) as session,
            session.get(address, allow_redirects=False) as response,
        ):
            if response.status != 200:
                raise NotFetched(response.status)
            if (response.content_length or 0) > MOST_BYTES:
                raise UnfitUpload("too many bytes", allowed=f"{MOST_BYTES >> 20} MB")
            data = bytearray()
            async for piece in response.content.iter_chunked(1 << 16):
                data += piece
                if len(data) > MOST_BYTES:
                    raise UnfitUpload("too many bytes", allowed=f"{MOST_BYTES >> 20} MB")
            return bytes(data)
    except (aiohttp.ClientError, OSError, ValueError, TimeoutError) as error:
        raise NotFetched(None) from error
