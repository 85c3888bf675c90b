"""What strangers send as pictures: each kind under two seconds and 300 MB, and only pixels come back."""

import asyncio
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from engine.errors import UnfitUpload
from engine.metadata import PictureMetadata
from engine.storage import encode_png
from engine.strangers import LONGEST, decoded
from tests.hostile import LARGEST, REFUSED, TAKEN, encoded, measured, painted, turned


@pytest.mark.parametrize("name", REFUSED)
async def test_what_cannot_be_taken_is_refused_with_its_reason(name: str) -> None:
    make, reason = REFUSED[name]
    with pytest.raises(UnfitUpload) as refused:
        await decoded(make())
    assert refused.value.reason == reason


@pytest.mark.parametrize("name", TAKEN)
async def test_pictures_of_all_kinds_become_plain_pixels(name: str) -> None:
    image = (await decoded(TAKEN[name]())).image
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


@pytest.mark.parametrize("name", LARGEST)
async def test_the_largest_pictures_are_made_smaller(name: str) -> None:
    image = (await decoded(LARGEST[name]())).image
    assert max(image.size) == LONGEST
    assert image.width / image.height == pytest.approx(1.5 if "photograph" in name else 1, abs=0.01)


@pytest.mark.skipif(sys.platform != "linux", reason="os.wait4 counts otherwise elsewhere")
def test_every_file_takes_less_than_two_seconds_and_300_mb(tmp_path: Path) -> None:
    files = {name: make() for name, (make, _) in REFUSED.items()} | {
        name: make() for name, make in (TAKEN | LARGEST).items()
    }
    took = measured(files, tmp_path)
    assert took.keys() == files.keys()
    assert {name: one for name, one in took.items() if one.seconds >= 2 or one.memory >= 300e6} == {}
    assert max(one.memory for one in took.values()) > 60e6, "the large ones are measured as well"


@pytest.mark.skipif(sys.platform != "linux", reason="os.wait4 counts otherwise elsewhere")
def test_the_measure_sees_what_a_greedy_child_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    greedy = "import sys; sys.stdin.buffer.read(); x = b'1' * 400_000_000; sum(range(30_000_000))"
    monkeypatch.setattr("tests.hostile.DOOR", ("-c", greedy))
    (took,) = measured({"any": b"x"}, tmp_path).values()
    assert took.memory > 400e6
    assert took.seconds > 0.2


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
