"""What our files say, read by programs nobody here wrote."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from engine import metadata
from engine.metadata import TRAINED_ALGORITHMIC_MEDIA, PictureMetadata
from engine.storage import Storage, encode_png
from engine.worker.asking import request_of

ROW: dict[str, Any] = {
    "model": "pocket",
    "prompt": "a red house, 星",
    "negative_prompt": "people",
    "width": 64,
    "height": 48,
    "steps": 12,
    "guidance": 4.0,
    "seeds": [7, 8],
    "image": "ab" * 32,
    "strength": None,
    "scheduler": "dpm++",
    "edit": {"kind": "zoom", "factor": 1.5},
    "texts": [["a house", 0.75], ["a boat", -0.25]],
    "references": [{"kind": "style", "image": "cd" * 32, "weight": 0.5}],
    "loras": [{"name": "ef" * 32, "weight": 0.8}],
    "chaos": 0.25,
    "stylize": 0.3,
    "stop": 0.75,
    "tile": True,
}
exiftool = pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed here")


def written(folder: Path, row: dict[str, Any]) -> Path:
    about = PictureMetadata.of(row, 8, size=(64, 48))
    file = folder / "picture.png"
    file.write_bytes(encode_png(Image.new("RGB", (64, 48), "red"), about))
    return file


def read_back(file: Path) -> PictureMetadata | None:
    with Image.open(file) as image:
        image.load()
        return metadata.read(image)


def told_by_exiftool(file: Path) -> dict[str, Any]:
    answer = subprocess.run(["exiftool", "-j", "-struct", str(file)], capture_output=True, check=True, timeout=60)
    return json.loads(answer.stdout)[0]


def test_the_row_of_one_picture_comes_back_whole(tmp_path: Path) -> None:
    about = read_back(written(tmp_path, ROW))
    assert about is not None
    assert about.recipe is not None
    assert about.recipe == ROW | {"seeds": [8]}
    opened: list[str] = []

    def open_picture(digest: str) -> Image.Image:
        opened.append(digest)
        return Image.new("RGB", (8, 8))

    request = request_of(about.recipe, open_picture)
    assert request.seeds == (8,)
    assert request.texts == (("a house", 0.75), ("a boat", -0.25))
    assert (request.chaos, request.stylize, request.stop, request.tile) == (0.25, 0.3, 0.75, True)
    assert opened == ["ab" * 32, "cd" * 32]


def test_the_text_for_other_programs_names_scheduler_and_loras(tmp_path: Path) -> None:
    with Image.open(written(tmp_path, ROW)) as image:
        image.load()
        prompt, negative, values = image.info["parameters"].split("\n")
    assert (prompt, negative) == ("a red house, 星", "Negative prompt: people")
    assert values == (
        "Steps: 12, Sampler: DPM++ 2M, CFG scale: 4, Seed: 8, Size: 64x48, Model: pocket, "
        'Lora hashes: "efefefefef: efefefefef"'
    )


@exiftool
def test_exiftool_reads_the_texts_and_the_mark(tmp_path: Path) -> None:
    told = told_by_exiftool(written(tmp_path, ROW))
    assert told["Parameters"].startswith("a red house, 星")
    assert json.loads(told["Atelier"])["recipe"] == ROW | {"seeds": [8]}
    assert told["DigitalSourceType"] in (TRAINED_ALGORITHMIC_MEDIA, "Trained Algorithmic Media")
    assert (told["ImageWidth"], told["ImageHeight"]) == (64, 48)
    assert "Warning" not in told


@exiftool
def test_exiftool_reads_the_mark_of_a_webp(tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    digest = storage.put(Image.new("RGB", (64, 48)), PictureMetadata.of(ROW, 8, size=(64, 48))).digest
    told = told_by_exiftool(storage.thumbnail(digest))
    assert told["DigitalSourceType"] in (TRAINED_ALGORITHMIC_MEDIA, "Trained Algorithmic Media")
    assert told["UserComment"].startswith("a red house, 星")


def test_an_author_may_keep_the_prompt_out_of_the_files(tmp_path: Path) -> None:
    file = written(tmp_path, ROW | {"hide_prompt": True})
    assert read_back(file) is None
    content = file.read_bytes()
    assert b"red house" not in content
    assert b"parameters" not in content
    assert TRAINED_ALGORITHMIC_MEDIA.encode() in content
    storage = Storage(tmp_path / "stored")
    about = PictureMetadata.of(ROW | {"hide_prompt": True}, 8, size=(64, 48))
    digest = storage.put(Image.new("RGB", (64, 48)), about).digest
    assert b"house" not in storage.thumbnail(digest).read_bytes()
    assert TRAINED_ALGORITHMIC_MEDIA.encode() in storage.thumbnail(digest).read_bytes()


def test_a_file_of_the_first_version_is_still_read() -> None:
    old = {"version": 1, "prompt": "a cat", "model": "pocket", "steps": 4, "guidance": 4.0, "seed": 1}
    about = metadata.parse(json.dumps(old | {"width": 64, "height": 64}))
    assert about is not None
    assert (about.prompt, about.recipe) == ("a cat", None)


def test_a_text_beyond_all_measure_is_not_read() -> None:
    about = PictureMetadata.of(ROW, 8, size=(64, 48))
    assert metadata.parse(about.json()) == about
    assert metadata.parse(about.json() + " " * metadata.LONGEST_JSON) is None
