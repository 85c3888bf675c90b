"""What strangers send as pictures: each kind under two seconds and 300 MB, and only pixels come back."""

import asyncio
import io
import os
import struct
import subprocess
import sys
import time
import zipfile
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from engine.errors import UnfitUpload
from engine.metadata import PictureMetadata
from engine.storage import encode_png
from engine.strangers import LONGEST, MOST_BYTES, decoded


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


@pytest.mark.parametrize("name", REFUSED)
async def test_what_cannot_be_taken_is_refused_in_time_with_its_reason(name: str) -> None:
    make, reason = REFUSED[name]
    data = make()
    began = time.perf_counter()
    with pytest.raises(UnfitUpload) as refused:
        await decoded(data)
    assert refused.value.reason == reason
    assert time.perf_counter() - began < patience()


@pytest.mark.parametrize("name", TAKEN)
async def test_pictures_of_all_kinds_become_plain_pixels(name: str) -> None:
    data = TAKEN[name]()
    began = time.perf_counter()
    image = (await decoded(data)).image
    assert time.perf_counter() - began < patience()
    assert (image.mode, image.size, image.info) == ("RGB", (64, 48), {})
    grey = np.asarray(image.convert("L"), dtype=float)
    assert grey[:, :30].mean() > grey[:, 34:].mean() + 20, "red is lighter than blue"


async def test_a_picture_is_turned_as_its_camera_says() -> None:
    image = (await decoded(turned())).image
    assert image.size == (48, 64)
    assert np.asarray(image)[:30, :, 0].mean() > 200 > 100 > np.asarray(image)[34:, :, 0].mean()


async def test_what_is_transparent_lies_on_white() -> None:
    glass = Image.new("RGBA", (32, 32), (255, 0, 0, 0))
    glass.paste((0, 0, 255, 255), (0, 0, 16, 32))
    image = (await decoded(encoded(glass))).image
    assert image.getpixel((4, 4)) == (0, 0, 255)
    assert image.getpixel((28, 4)) == (255, 255, 255)


async def test_a_large_photograph_is_made_smaller() -> None:
    photograph = Image.effect_mandelbrot((6000, 4000), (-2, -1, 1, 1), 4).convert("RGB")
    image = (await decoded(encoded(photograph, "JPEG", quality=70))).image
    assert max(image.size) == LONGEST
    assert abs(image.width / image.height - 1.5) < 0.01


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss counts otherwise elsewhere")
async def test_the_largest_picture_takes_less_than_300_mb() -> None:
    noisy = np.random.default_rng(0).integers(0, 255, (64, 64, 4), np.uint8)
    glass = Image.fromarray(np.tile(noisy, (64, 64, 1)), "RGBA")
    assert glass.size == (4096, 4096)
    data = encoded(glass, compress_level=1)
    script = "import resource, subprocess, sys; subprocess.run([sys.executable, '-m', 'engine.strangers'], check=True,"
    script += " stdin=sys.stdin, stdout=subprocess.DEVNULL);"
    script += " print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    answer = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", script], input=data, capture_output=True)
    assert int(answer.stdout) * 1024 < 300e6
    assert (await decoded(data)).image.size == (LONGEST, LONGEST)


async def test_a_picture_of_ours_says_how_it_was_made_and_a_strangers_word_is_read_with_care() -> None:
    row = {"prompt": "a red house", "negative_prompt": "", "model": "pocket", "steps": 4, "guidance": 4.0}
    about = PictureMetadata.of(row | {"seeds": [7, 8], "width": 64, "height": 48}, 8, size=(64, 48))
    read = await decoded(encode_png(painted(), about))
    assert read.about == about
    assert read.about is not None
    assert read.about.recipe is not None
    assert read.about.recipe["seeds"] == [8]
    lying = PngInfo()
    lying.add_itxt("atelier", '{"prompt": "x", "steps": "many"}')
    assert (await decoded(encoded(painted(), pnginfo=lying))).about is None


async def test_many_at_once_are_all_answered() -> None:
    pictures = await asyncio.gather(*(decoded(encoded(painted((64, 48 + n)))) for n in range(5)))
    assert [picture.image.height for picture in pictures] == [48, 49, 50, 51, 52]


def test_the_door_needs_no_torch() -> None:
    script = "import sys, engine.strangers; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def patience() -> float:
    """Two seconds, and more where others use the processor as well: time passes then without any work being done."""
    return 2 * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
