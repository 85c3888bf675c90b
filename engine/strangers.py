"""The one door for strangers' pictures: bytes that may be anything become plain pixels, or a typed refusal.

A child process decodes, with little memory and little time, so that neither a bomb nor a flaw in a decoder reaches the
bot; what comes back are pixels alone, first frame, upright, 8 bits, RGB, without profile and metadata, never the bytes
that came. Imports no torch; run as a program it is that child. Knows no addresses and no rows.
"""

import asyncio
import contextlib
import io
import json
import sys
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from PIL import Image

from engine import metadata
from engine.errors import UnfitUpload
from engine.metadata import PictureMetadata

FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
MOST_BYTES = 25 << 20
MOST_PIXELS = 16 << 20
"""Width times height of what is decoded; a JPEG, which can be decoded smaller, may have four times as much."""
LONGEST = 2048
"""Longer pictures are made smaller, to this side."""
SHORTEST = 16
NARROWEST = 10.0
"""Longest side to shortest."""

_SECONDS = 6.0
_MEMORY = 700 << 20  # of address space, of which less than half is ever touched
_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_AT_ONCE = 2
_doors: "WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore]" = WeakKeyDictionary()
"""One of each event loop: a semaphore belongs to the loop in which somebody first had to wait."""


@dataclass(frozen=True, kw_only=True)
class Decoded:
    """Pixels, RGB; `about` is what the file says of itself if it looks like one of ours, and a stranger's word."""

    image: Image.Image
    about: PictureMetadata | None


async def decoded(data: bytes) -> Decoded:
    """The picture in `data`, at most LONGEST pixels long, transparent parts on white.

    Raises UnfitUpload; its `reason` is "too many bytes", "no picture", "too large", "too small", "too narrow" or
    "damaged".
    """
    if len(data) > MOST_BYTES:
        raise UnfitUpload("too many bytes", allowed=f"{MOST_BYTES >> 20} MB")
    if not any(data.startswith(start) for start in (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF", b"GIF8")):
        raise UnfitUpload("no picture", allowed=", ".join(FORMATS))
    door = _doors.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(_AT_ONCE))
    async with door:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "engine.strangers"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(_SECONDS):
                answer, _ = await child.communicate(data)
        except TimeoutError:
            answer = b""
        finally:
            if child.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    child.kill()
                await child.wait()
    line, _, pixels = answer.partition(b"\n")
    try:
        told: dict[str, Any] = json.loads(line)
    except ValueError:  # it was killed, or ended in the middle
        told = {"reason": "damaged", "allowed": "a whole picture"}
    if "reason" not in told and len(pixels) != 3 * told["width"] * told["height"]:
        told = {"reason": "damaged", "allowed": "a whole picture"}
    if "reason" in told:
        raise UnfitUpload(**told)
    image = Image.frombytes("RGB", (told["width"], told["height"]), pixels)
    return Decoded(image=image, about=metadata.parse(told["about"]))


def main() -> None:
    """The child: a picture on standard input; one line of JSON and RGB bytes, or a refusal, on standard output."""
    _limit()
    try:
        image, about = _decode(sys.stdin.buffer.read())
        head: dict[str, Any] = {"width": image.width, "height": image.height, "about": about}
        body = image.tobytes()
    except UnfitUpload as refusal:
        head, body = dict(refusal.detail), b""
    except Exception:  # what decoders raise on damaged files is anything, MemoryError among it
        head, body = {"reason": "damaged", "allowed": "a whole picture"}, b""
    sys.stdout.buffer.write(json.dumps(head).encode() + b"\n" + body)


def _limit() -> None:
    try:
        import resource
    except ImportError:  # Windows: bounded by the header's size and the clock alone
        return
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (int(_SECONDS), int(_SECONDS)))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _decode(data: bytes) -> tuple[Image.Image, str | None]:
    """Upright pixels, and our JSON where there is some."""
    Image.MAX_IMAGE_PIXELS = None  # bounded here, by the header, before anything is decoded
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
    except Image.UnidentifiedImageError:
        raise UnfitUpload("no picture", allowed=", ".join(FORMATS)) from None
    _check(image)
    image.draft("RGB", (LONGEST, LONGEST))  # JPEG only: decodes a large one at a half, a quarter or an eighth
    image.load()
    about = image.info.get(metadata.JSON_KEY)
    turn = _turn(image)
    image = _in_eight_bits(image)
    if image.mode in ("RGB", "RGBA", "L", "LA", "CMYK"):
        image.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)  # first: what follows makes copies
    image = _on_white(image)
    image.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
    told = about if isinstance(about, str) and len(about) <= metadata.LONGEST_JSON else None
    return image.transpose(turn) if turn is not None else image, told


def _turn(image: Image.Image) -> Image.Transpose | None:
    """How the camera was held."""
    try:
        return _TURNS.get(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # EXIF is a file format of its own, and may be damaged on its own
        return None


def _check(image: Image.Image) -> None:
    """By the header alone. Raises UnfitUpload."""
    width, height = image.size
    size = {"width": width, "height": height}
    most = MOST_PIXELS * 4 if image.format == "JPEG" else MOST_PIXELS
    if width * height > most:
        raise UnfitUpload("too large", allowed=f"{most / 1e6:.0f} million pixels", **size)
    if min(width, height) < SHORTEST:
        raise UnfitUpload("too small", allowed=f"{SHORTEST} pixels a side", **size)
    if max(width, height) > NARROWEST * min(width, height):
        raise UnfitUpload("too narrow", allowed=f"{NARROWEST:g} times as long as wide", **size)


def _in_eight_bits(image: Image.Image) -> Image.Image:
    """Pillow cuts 16 bits off at 255 when it converts; here the upper eight are taken."""
    if not image.mode.startswith("I"):
        return image
    values = np.asarray(image)
    upper = np.clip(values.astype(np.int64) >> 8, 0, 255).astype(np.uint8)
    return Image.fromarray(upper)


def _on_white(image: Image.Image) -> Image.Image:
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        white.alpha_composite(image)
        image = white
    return image.convert("RGB")


if __name__ == "__main__":
    main()
