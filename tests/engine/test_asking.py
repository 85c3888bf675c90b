"""Rows of the queue as requests to the engine."""

import json

import pytest
from PIL import Image

from engine.errors import BadRequest, PictureMissing
from engine.requests import BlockWeight, LoraUse, Ramp, Reference
from engine.worker.asking import request_of
from tests.engine.asking import asked

PLAIN = {
    "model": "pocket",
    "prompt": "a red house",
    "negative_prompt": "",
    "width": 64,
    "height": 64,
    "steps": 10,
    "guidance": 4.0,
    "seeds": [1, 2],
    "image": None,
    "strength": None,
}
RED = Image.new("RGB", (8, 8), "red")


def opened(digest: str) -> Image.Image:
    if digest != "red":
        raise PictureMissing(digest)
    return RED


def test_a_row_of_the_first_revision_is_a_request_with_all_defaults() -> None:
    assert request_of(PLAIN, opened) == asked(prompt="a red house", steps=10, guidance=4.0, seeds=(1, 2))


def test_every_field_comes_back_from_json_as_its_record() -> None:
    row = PLAIN | {
        "image": "red",
        "strength": 0.5,
        "mask": "red",
        "scheduler": "heun",
        "stop": 0.5,
        "texts": [["a house", 0.75], ["a boat", -0.25]],
        "loras": [
            {
                "name": "abc",
                "weight": 0.8,
                "steps": [{"start": 0.0, "end": 0.4, "first": 1.0, "last": 0.2}],
                "blocks": [{"kind": "double", "first": 1, "last": 3, "weight": 0.5}],
            },
            {"name": "def", "weight": -0.4},
        ],
        "references": [{"kind": "style", "image": "red", "weight": 0.3}],
        "chaos": 0.1,
        "weird": 0.2,
        "stylize": 0.3,
        "tile": True,
    }
    request = request_of(json.loads(json.dumps(row)), opened)
    request.check()
    assert request.loras == (
        LoraUse(
            name="abc",
            weight=0.8,
            steps=(Ramp(start=0.0, end=0.4, first=1.0, last=0.2),),
            blocks=(BlockWeight(kind="double", first=1, last=3, weight=0.5),),
        ),
        LoraUse(name="def", weight=-0.4),
    )
    assert request.references == (Reference(kind="style", image=RED, weight=0.3),)
    assert request.texts == (("a house", 0.75), ("a boat", -0.25))
    assert request.mask is not None
    assert request.mask.mode == "L"
    assert (request.skipped, request.steps_run, request.work) == (5, 3, 6)


@pytest.mark.parametrize(
    "change",
    [
        {"colour": "red"},
        {"loras": [{"weight": 1.0}]},
        {"loras": [{"name": "a", "weight": 1.0, "steps": [{"from": 0}]}]},
        {"texts": [["one"]]},
        {"seeds": None},
    ],
)
def test_a_row_that_is_no_request_says_so(change: dict[str, object]) -> None:
    with pytest.raises(BadRequest):
        request_of(PLAIN | change, opened)


@pytest.mark.parametrize("field", ["image", "mask"])
def test_a_picture_that_is_gone_is_told(field: str) -> None:
    with pytest.raises(PictureMissing):
        request_of(PLAIN | {field: "gone"}, opened)


@pytest.mark.parametrize(
    "changes",
    [
        {"scheduler": "eulr"},
        {"mask": Image.new("L", (8, 8))},
        {"mask": Image.new("RGB", (8, 8)), "image": RED, "strength": 0.5},
        {"stop": 0.0},
        {"stop": 1.1},
        {"chaos": -0.1},
        {"weird": 2.0},
        {"stylize": float("nan")},
        {"texts": (("a", float("inf")),)},
        {"texts": (("a", 0.1),) * 17},
        {"references": (Reference(kind="style", image=RED, weight=4.0),)},
        {"references": (Reference(kind="style", image=RED),) * 6},
        {"loras": (LoraUse(name="a", weight=1.0),) * 9},
        {"loras": (LoraUse(name="a", weight=float("nan")),)},
        {"loras": (LoraUse(name="a", weight=1.0, steps=(Ramp(start=0.5, end=0.5, first=1, last=1),)),)},
        {"loras": (LoraUse(name="a", weight=1.0, blocks=(BlockWeight(kind="single", weight=11.0),)),)},
    ],
)
def test_values_that_no_model_could_serve_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(BadRequest):
        asked(**changes).check()
