"""A picture is made again from what its file says, and from the pictures that it names."""

import asyncio
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bench.stock import Stock
from engine import metadata
from engine.edits.drawing import drawn
from engine.edits.plan import Editor
from engine.engine import Engine
from engine.metadata import PictureMetadata
from engine.models import POCKET, Catalogue
from engine.requests import Pictures
from engine.storage import Storage
from engine.worker.asking import request_of
from tests.engine.lora.making import save

ROW: dict[str, Any] = {
    "model": "pocket",
    "prompt": "a red house under a starry night sky",
    "negative_prompt": "",
    "width": 96,
    "height": 96,
    "steps": 6,
    "guidance": 3.5,
    "seeds": [11, 12, 13],
    "image": None,
    "strength": None,
}
ROWS: dict[str, dict[str, Any]] = {
    "words": {},
    "many parameters": {"negative_prompt": "trees", "stylize": 0.8, "chaos": 0.6, "weird": 0.3, "scheduler": "dpm++"},
    "a tile that stops early": {"tile": True, "stop": 0.5},
    "two texts": {"texts": [["a red house", 0.7], ["a blue boat", 0.3]]},
    "LoRAs": {
        "loras": [
            {"name": "one", "weight": 0.8, "steps": [{"start": 0.0, "end": 0.5, "first": 1.0, "last": 0.2}]},
            {"name": "two", "weight": -0.5, "blocks": [{"kind": "single", "first": 0, "last": 1, "weight": 0.5}]},
        ]
    },
    "a variation": {"image": "PARENT", "strength": 0.6},
    "a style and a subject": {
        "references": [
            {"kind": "style", "image": "PARENT", "weight": 0.7},
            {"kind": "subject", "image": "PARENT", "weight": 0.5},
        ]
    },
    "a zoom": {"image": "PARENT", "edit": {"kind": "zoom", "factor": 1.5}},
    "a region by mask": {"image": "PARENT", "mask": "MASK", "edit": {"kind": "region"}, "prompt": "a blue boat"},
    "an edit in words": {"image": "PARENT", "edit": {"kind": "words", "instruction": "at sunset", "scene": "a house"}},
}  # fmt: skip


def named(value: Any, digests: dict[str, str]) -> Any:
    """A row with the digests of stored pictures in the place of their names."""
    if isinstance(value, dict):
        return {key: named(one, digests) for key, one in value.items()}
    if isinstance(value, list):
        return [named(one, digests) for one in value]
    return digests.get(value, value) if isinstance(value, str) else value


async def made(engine: Engine, storage: Storage, row: Any) -> tuple[Image.Image, ...]:
    """What the worker draws for a row."""
    request = request_of(row, storage.open)
    plan = Editor().plan(row.get("edit"), request)
    async for event in drawn(engine, plan):
        if isinstance(event, Pictures):
            return event.images
    raise AssertionError("no pictures came")


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(tmp_path / "pictures")


async def test_every_picture_is_made_again_from_its_own_file(tmp_path: Path, storage: Storage) -> None:
    stock = Stock(POCKET)
    files = {
        name: save(stock.pipeline, tmp_path / f"{name}.safetensors", seed) for seed, name in enumerate(("one", "two"))
    }
    pictures = {
        "PARENT": Image.radial_gradient("L").resize((96, 96)).convert("RGB"),
        "MASK": Image.linear_gradient("L").resize((96, 96)).convert("RGB"),
    }
    digests = {name: storage.put(picture, None).digest for name, picture in pictures.items()}
    rows = {name: named(ROW | changes, digests) for name, changes in ROWS.items()}
    async with Engine(Catalogue(), device="cpu", dtype="float32", find_lora=files.__getitem__) as engine:
        await engine.ready()
        first = await asyncio.gather(*(made(engine, storage, row) for row in rows.values()))
        for (name, row), images in zip(rows.items(), first, strict=True):
            seed, image = row["seeds"][1], images[1]
            stored = storage.put(image, PictureMetadata.of(row, seed, size=image.size))
            said = metadata.read(Image.open(io.BytesIO(storage.read(stored.digest))))
            assert said is not None
            assert said.recipe is not None
            (again,) = await made(engine, storage, said.recipe)
            apart = np.abs(np.asarray(again, dtype=int) - np.asarray(image, dtype=int))
            # Alone, a row's numbers are not summed in the batch's order, which tips a rare pixel.
            assert apart.max() <= 1, name
            assert (apart > 0).mean() < 0.001, name
