"""What strangers hand in, and every way in which they can: files that are refused, files that are taken, and commands.

Shared by the tests of the door, of the bot behind it, and by `bench/hostile.py`.
"""

import asyncio
import io
import json
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from engine.strangers import MOST_BYTES
from playground import Interaction, Playground

Json = dict[str, Any]

FOREIGN = "https://example.com/picture.png"


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def painted(size: tuple[int, int] = (64, 48)) -> Image.Image:
    """Red on the left, blue on the right, so that turning it shows."""
    image = Image.new("RGB", size, "blue")
    image.paste((255, 0, 0), (0, 0, size[0] // 2, size[1]))
    return image


def png_of(width: int, height: int, *, depth: int = 8, colour: int = 0, rows: bytes | None = None) -> bytes:
    """A PNG whose header says what it likes; the pixels are zeros, packed a thousand to one."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    squeezed = zlib.compressobj(9)
    body = b"".join(squeezed.compress(bytes(width * depth // 8 + 1)) for _ in range(height)) if rows is None else rows
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body + squeezed.flush()) + chunk(b"IEND", b"")


def a_zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("picture.png", bytes(1000))
    return buffer.getvalue()


def animated(kind: str) -> bytes:
    others = [Image.new("RGB", (64, 48), colour) for colour in ("green", "white")]
    return encoded(painted(), kind, save_all=True, append_images=others, duration=50)


def photograph() -> bytes:
    return encoded(Image.effect_mandelbrot((6000, 4000), (-2, -1, 1, 1), 4).convert("RGB"), "JPEG", quality=70)


def glass() -> bytes:
    """As many pixels as are taken, every one with a transparency of its own."""
    noisy = np.random.default_rng(0).integers(0, 255, (64, 64, 4), np.uint8)
    return encoded(Image.fromarray(np.tile(noisy, (64, 64, 1)), "RGBA"), compress_level=1)


def turned() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown turned by 90 degrees clockwise
    return encoded(painted(), "JPEG", exif=exif, quality=95)


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "a bomb of 30,000 x 30,000": (lambda: png_of(30_000, 30_000, rows=b"x"), "too large"),
    "a real bomb of 9,000 x 9,000": (lambda: png_of(9000, 9000), "too large"),
    "a truncated PNG": (lambda: encoded(Image.effect_noise((400, 400), 90))[:20_000], "damaged"),
    "a truncated JPEG": (lambda: encoded(Image.effect_noise((400, 400), 90), "JPEG")[:9000], "damaged"),
    "a header without pixels": (lambda: png_of(64, 64, rows=b""), "damaged"),
    "one pixel": (lambda: encoded(Image.new("RGB", (1, 1))), "too small"),
    "20,000 x 10": (lambda: png_of(20_000, 10), "too small"),
    "4,000 x 20": (lambda: encoded(Image.new("RGB", (4000, 20))), "too narrow"),
    "a zip named .png": (a_zip, "no picture"),
    "a zip that begins like a PNG": (lambda: b"\x89PNG\r\n\x1a\n" + a_zip(), "no picture"),
    "SVG": (lambda: b'<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"/>', "no picture"),
    "a film in RIFF": (lambda: b"RIFF\x00\x10\x00\x00AVI LIST" + bytes(5000), "no picture"),
    "nothing": (lambda: b"", "no picture"),
    "more bytes than anybody needs": (lambda: b"\x89PNG\r\n\x1a\n" + bytes(MOST_BYTES), "too many bytes"),
}

TAKEN: dict[str, Callable[[], bytes]] = {
    "PNG": lambda: encoded(painted()),
    "JPEG": lambda: encoded(painted(), "JPEG", quality=95),
    "WebP": lambda: encoded(painted(), "WEBP", lossless=True),
    "CMYK": lambda: encoded(painted().convert("CMYK"), "JPEG", quality=95),
    "16 bits of grey": lambda: encoded(Image.fromarray(np.asarray(painted().convert("L")).astype(np.uint16) * 257)),
    "palette": lambda: encoded(painted().convert("P")),
    "animated GIF": lambda: animated("GIF"),
    "animated WebP": lambda: animated("WEBP"),
    "animated PNG": lambda: animated("PNG"),
    "grey with alpha": lambda: encoded(painted().convert("LA")),
    "a text chunk that is no text": lambda: encoded(painted(), exif=b"Exif\0\0" + bytes(range(200))),
}

LARGEST: dict[str, Callable[[], bytes]] = {"a photograph of 24 megapixels": photograph, "4096 x 4096 of glass": glass}


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What the child that decodes a file took: seconds of processor, and bytes at the same time at most."""

    seconds: float
    memory: int


DOOR = ("-m", "engine.strangers")
_MEASURE = """
import json, os, subprocess, sys
door = json.loads(sys.argv[1])
for path in sys.stdin.read().splitlines():
    with open(path, "rb") as given, open(os.devnull, "wb") as nowhere:
        child = subprocess.Popen([sys.executable, *door], stdin=given, stdout=nowhere)
        _, _, used = os.wait4(child.pid, 0)
        child.returncode = 0
    print(json.dumps([used.ru_utime + used.ru_stime, used.ru_maxrss * 1024]), flush=True)
"""


def measured(files: Mapping[str, bytes], folder: Path) -> dict[str, Taken]:
    """What the door's child takes for each file, one after another.

    Asked of the system about each child alone, by a small process between: a child of this one would be charged with
    what this one holds. Processor time, since the clock also counts what others do.
    """
    paths = []
    for number, data in enumerate(files.values()):
        paths.append(folder / f"{number}.bin")
        paths[-1].write_bytes(data)
    asked = "\n".join(map(str, paths))
    command = [sys.executable, "-c", _MEASURE, json.dumps(DOOR)]
    said = subprocess.run(command, input=asked, capture_output=True, text=True, check=True).stdout
    found = [json.loads(line) for line in said.splitlines()]
    return {name: Taken(seconds=one[0], memory=one[1]) for name, one in zip(files, found, strict=True)}


Way = Callable[[Playground, str, bytes], Awaitable[Interaction]]
"""Hands a file of that name in, as Ada, who has a picture of hers as the first message in #studio."""


async def _posted(pg: Playground, name: str, data: bytes) -> tuple[Json, str]:
    message = await pg.person("Ben").say("studio", "look", files=[(name, data)])
    return message, pg.files.shown(message["attachments"][0])["url"]


async def _by_mask(pg: Playground, name: str, data: bytes) -> Interaction:
    ada = pg.person("Ada")
    panel = (await ada.click(pg.messages("studio")[0], "Vary (Region)")).message
    assert panel is not None
    await pg.wait_for(lambda: bool(panel["components"]), 60)
    form = await ada.click(panel, "Upload a mask")
    return await ada.submit(form, {"prompt": "a cat", "mask": [(name, data)]})


async def _by_remix(pg: Playground, name: str, data: bytes) -> Interaction:
    message, _ = await _posted(pg, name, data)
    return await pg.person("Ada").submit(await pg.person("Ada").menu(message, "Remix"), {"prompt": "a boat"})


def _by_option(command: str, option: str, **others: Any) -> Way:
    async def hand_in(pg: Playground, name: str, data: bytes) -> Interaction:
        return await pg.person("Ada").slash("studio", command, **{option: (name, data)}, **others)

    return hand_in


def _by_menu(menu: str) -> Way:
    async def hand_in(pg: Playground, name: str, data: bytes) -> Interaction:
        message, _ = await _posted(pg, name, data)
        return await pg.person("Ada").menu(message, menu)

    return hand_in


def _by_address(text: str) -> Way:
    async def hand_in(pg: Playground, name: str, data: bytes) -> Interaction:
        _, address = await _posted(pg, name, data)
        return await pg.person("Ada").slash("studio", "imagine", prompt=text.format(address), steps=1)

    return hand_in


ADDRESSED = {"an image prompt": "{} a house", "--sref": "a house --sref {}", "--oref": "a house --oref {}"}
WAYS: dict[str, Way] = {
    "/imagine image": _by_option("imagine", "image", prompt="a house", steps=1),
    "/imagine style_image": _by_option("imagine", "style_image", prompt="a house", steps=1),
    "/blend": _by_option("blend", "image2", image1=("good.png", encoded(painted()))),
    "/edit": _by_option("edit", "image", instruction="make it blue"),
    "/describe": _by_option("describe", "image"),
    "a mask": _by_mask,
    "menu Remix": _by_remix,
    "menu Describe": _by_menu("Describe"),
    "menu Image details": _by_menu("Image details"),
    **{name: _by_address(text) for name, text in ADDRESSED.items()},
}


async def told(pg: Playground, hand_in: Callable[[], Awaitable[Interaction]], *, patience: float = 60.0) -> str:
    """What Ada is told, privately, once she has handed something in."""
    before = {message["id"] for message in pg.messages("studio")}

    def answer() -> str:
        new = [one for one in pg.messages("studio") if one["id"] not in before and one["_viewer"] is not None]
        return next((one["content"] for one in reversed(new) if one["content"] and not one["components"]), "")

    asked = await hand_in()
    async with asyncio.timeout(patience):
        await pg.wait_for(lambda: bool(answer()), patience, what=f"{asked.state} {asked.reason}")
    return answer()
