"""Pictures on disk: files named by the hash of their content, written whole or not at all.

Everything here is plain blocking file work: call it from a thread (`asyncio.to_thread`). Knows no rows; who needs a
picture gone for good asks the rows first whether another one has the same digest.
"""

import contextlib
import errno
import hashlib
import io
import os
import re
import secrets
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from PIL import Image

from engine import metadata
from engine.errors import DiskFull, PictureMissing, StorageFailed
from engine.metadata import PictureMetadata

THUMBNAIL_SIDE = 384
WAITING = timedelta(days=7)
"""How long a picture that was handed in is kept for a wish that is no job yet, such as an open question."""

_TEMPORARY = ".tmp-"
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class Stored:
    """A picture in the storage: digest and bytes of the PNG file, size in pixels; `created` False if known before."""

    digest: str
    bytes: int
    width: int
    height: int
    created: bool


class Storage:
    """The folder `folder`, made when the first picture comes: `ab/abcd....png` and a WebP thumbnail beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, image: Image.Image, picture: PictureMetadata | None) -> Stored:
        """Store `image` (RGB) with its metadata, None for one that was not made here.

        One that is there already counts as new. Raises DiskFull or StorageFailed, and leaves nothing behind then.
        """
        png = encode_png(image, picture)
        digest = hashlib.sha256(png).hexdigest()
        original, thumbnail = self.path(digest), self.thumbnail(digest)
        created = not _touched(original)
        if created:
            small = image.copy()
            small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
            # The thumbnail first: where the original is, the picture is complete.
            with written_to(self.folder):
                original.parent.mkdir(parents=True, exist_ok=True)
                _write(thumbnail, _encode_webp(small, picture, quality=80))
                try:
                    _write(original, png)
                except OSError:
                    thumbnail.unlink(missing_ok=True)
                    raise
        return Stored(digest=digest, bytes=len(png), width=image.width, height=image.height, created=created)

    def path(self, digest: str) -> Path:
        """Where the PNG of `digest` is, whether it is there or not. Raises PictureMissing for what is no digest."""
        if not _DIGEST.fullmatch(digest):
            raise PictureMissing(digest[:64])
        return self.folder / digest[:2] / f"{digest}.png"

    def thumbnail(self, digest: str) -> Path:
        """Where the WebP thumbnail of `digest` is, its longest side at most THUMBNAIL_SIDE pixels."""
        return self.path(digest).with_suffix(".webp")

    def read(self, digest: str) -> bytes:
        """The PNG file. Raises PictureMissing."""
        try:
            return self.path(digest).read_bytes()
        except OSError as error:
            raise PictureMissing(digest) from error

    def open(self, digest: str) -> Image.Image:
        """The pixels, RGB, loaded. Raises PictureMissing, also for a file that is damaged."""
        try:
            with Image.open(self.path(digest), formats=["PNG"]) as image:
                return image.convert("RGB")
        except (OSError, SyntaxError, ValueError) as error:
            raise PictureMissing(digest) from error

    def metadata(self, digest: str) -> PictureMetadata | None:
        """What the file says about itself. Raises PictureMissing."""
        try:
            with Image.open(self.path(digest), formats=["PNG"]) as image:
                image.load()  # text chunks may stand behind the pixels
                return metadata.read(image)
        except (OSError, SyntaxError, ValueError) as error:
            raise PictureMissing(digest) from error

    def as_webp(self, digest: str, limit_bytes: int, *, recipe: bool = True, side: int | None = None) -> bytes | None:
        """The picture as WebP of at most `limit_bytes`, as good as fits; None where even a poor one is larger.

        Without `recipe` the file does not say how it was made, only that a model made it. `side` bounds its longest
        side, in pixels.
        """
        image = self.open(digest)
        picture = self.metadata(digest)
        if picture is not None and not recipe:
            picture = replace(picture, hidden=True)
        if side is not None:
            image.thumbnail((side, side))
        for quality in (95, 88, 78, 65):
            webp = _encode_webp(image, picture, quality=quality)
            if len(webp) <= limit_bytes:
                return webp
        return None

    def delete(self, digest: str, *, put_before: datetime | None = None) -> bool:
        """Remove the picture and its thumbnail; one that is not there is well.

        With `put_before`, one that somebody handed in since then, and within WAITING, stays: False.
        """
        if put_before is not None and self._waits(digest, since=put_before):
            return False
        self.path(digest).unlink(missing_ok=True)
        self.thumbnail(digest).unlink(missing_ok=True)
        return True

    def sweep(self, known: Collection[str]) -> list[Path]:
        """Remove temporary files, and pictures and thumbnails whose digest is not in `known`; returns what went.

        For the start, under the storage's lock, before anything writes: a picture that still waits for its row looks
        the same as one that lost it. What was handed in within WAITING stays, and so do files not named like ours.
        """
        files = list(self._files())
        pictures = {file for file in files if file.suffix in {".png", ".webp"} and _DIGEST.fullmatch(file.stem)}
        unknown = {file.stem for file in pictures}.difference(known)
        doomed = {digest for digest in unknown if not self._waits(digest)}
        swept = [
            file for file in files if file.name.startswith(_TEMPORARY) or (file in pictures and file.stem in doomed)
        ]
        for file in swept:
            file.unlink(missing_ok=True)
        return swept

    def _waits(self, digest: str, *, since: datetime | None = None) -> bool:
        """Whether the picture was handed in within WAITING, and `since` then: what is made here says so."""
        earliest = datetime.now(UTC) - WAITING
        if since is not None:
            earliest = max(earliest, since)
        try:
            return self.path(digest).stat().st_mtime > earliest.timestamp() and self.metadata(digest) is None
        except (OSError, PictureMissing):
            return False

    def _files(self) -> Iterator[Path]:
        return self.folder.glob("[0-9a-f][0-9a-f]/*")


@contextlib.contextmanager
def written_to(folder: Path) -> Iterator[None]:
    """What the system says when files there cannot be written becomes DiskFull or StorageFailed."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise DiskFull(str(folder)) from error
        raise StorageFailed(str(folder), f"{type(error).__name__}: {error.strerror}") from error


def encode_png(image: Image.Image, picture: PictureMetadata | None) -> bytes:
    """`image` as an RGB PNG file with its metadata; the same pixels and metadata give the same bytes."""
    buffer = io.BytesIO()
    image.convert("RGB").save(buffer, "PNG", pnginfo=picture.png_info() if picture else None)
    return buffer.getvalue()


def _encode_webp(image: Image.Image, picture: PictureMetadata | None, *, quality: int) -> bytes:
    buffer = io.BytesIO()
    marks = {} if picture is None else {"xmp": picture.xmp(), "exif": picture.exif()}
    image.convert("RGB").save(buffer, "WEBP", quality=quality, method=4, **marks)
    return buffer.getvalue()


def _touched(path: Path) -> bool:
    """Whether the file is there; it is as new as one just written from now on."""
    try:
        os.utime(path)
    except OSError:
        return path.exists()  # another's file may be read and not touched
    return True


def _write(path: Path, content: bytes) -> None:
    """All of `content` under its name and on the disk, or an OSError and no trace of it."""
    temporary = path.with_name(f"{_TEMPORARY}{secrets.token_hex(8)}")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    if os.name == "posix":  # the name itself must survive a power cut; Windows cannot open a folder
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
