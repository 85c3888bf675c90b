"""Edits from rows to finished pictures, with a reader that knows what it shows and an engine that draws cards."""

import asyncio
import contextlib
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine.edits.drawing import drawn
from engine.edits.keeping import feather
from engine.edits.outline import KINDS, outline
from engine.edits.plan import Editor
from engine.errors import BadRequest, OutOfMemory, UpscaledEnough
from engine.models import POCKET, Catalogue, ModelEntry
from engine.requests import ImageRequest, Pictures, Progress, Reference
from tests.fakes import FakeEngine


class Reader:
    """Sees a red house in the upper left of everything."""

    def words(self, picture: Image.Image) -> str:
        return "a red house in the snow at night"

    def subject(self, picture: Image.Image) -> str:
        return "a red house"

    def where(self, picture: Image.Image, words: str) -> tuple[int, int, int, int] | None:
        return (16, 16, 112, 112) if "house" in words else None


def noisy(size: tuple[int, int] = (256, 256), seed: int = 0) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), np.uint8))


def asked(**changes: Any) -> ImageRequest:
    values: dict[str, Any] = {
        "model": "pocket",
        "prompt": "a red house in the snow at night",
        "width": 256,
        "height": 256,
        "steps": 12,
        "guidance": 4.0,
        "seeds": (3,),
    }
    return ImageRequest(**(values | changes))


async def edited(edit: dict[str, Any] | None, request: ImageRequest) -> tuple[Image.Image, list[ImageRequest]]:
    """The first finished picture, and what the engine was asked for."""
    plan = Editor(reader=Reader()).plan(edit, request)
    for one in plan.requests:
        one.check()
        POCKET.check_size(one.width, one.height)
    async with FakeEngine() as engine:
        events = [event async for event in drawn(engine, plan)]
        assert isinstance(events[-1], Pictures)
        return events[-1].images[0], engine.requests


def pixels(image: Image.Image) -> np.ndarray:
    return np.asarray(image).astype(int)


@pytest.mark.parametrize("direction", ["left", "right", "up", "down"])
async def test_a_pan_keeps_the_old_picture_but_for_a_border(direction: str) -> None:
    old = noisy()
    new, [request] = await edited({"kind": "pan", "direction": direction}, asked(image=old))
    assert new.size == ((384, 256) if direction in ("left", "right") else (256, 384))
    depth = feather(*new.size)
    left, top = (128 if direction == "left" else 0), (128 if direction == "up" else 0)
    inner = np.s_[
        top + depth * (direction == "up") : top + 256 - depth * (direction == "down"),
        left + depth * (direction == "left") : left + 256 - depth * (direction == "right"),
    ]
    within = np.s_[
        depth * (direction == "up") : 256 - depth * (direction == "down"),
        depth * (direction == "left") : 256 - depth * (direction == "right"),
    ]
    assert (pixels(new)[inner] == pixels(old)[within]).all()
    assert request.prompt == "the snow at night", "only the surroundings are drawn beyond the edge"


@pytest.mark.parametrize("factor", [1.5, 2.0])
async def test_a_zoom_keeps_the_scaled_picture_but_for_a_border(factor: float) -> None:
    old = noisy()
    new, _ = await edited({"kind": "zoom", "factor": factor}, asked(image=old))
    side = round(256 / factor)
    small = old.resize((side, side), Image.Resampling.LANCZOS)
    start = (256 - side) // 2
    inner = slice(start + 16, start + side - 16)
    assert new.size == (256, 256)
    assert (pixels(new)[inner, inner] == pixels(small)[16 : side - 16, 16 : side - 16]).all()


async def test_another_prompt_is_drawn_whole_beyond_the_edge() -> None:
    edit = {"kind": "pan", "direction": "left", "scene": "a red house in the snow at night"}
    _, [request] = await edited(edit, asked(image=noisy(), prompt="a blue boat at sea"))
    assert request.prompt == "a blue boat at sea"


async def test_a_square_is_made_around_the_middle() -> None:
    new, [request] = await edited({"kind": "square"}, asked(image=noisy((384, 256)), width=384))
    assert new.size == (384, 384)
    assert request.mask is not None
    assert request.mask.size == (320, 320), "as much as the model draws well in one piece"


@pytest.mark.parametrize("size", [(256, 256), (300, 200), (512, 512), (1024, 768), (90, 400)])
async def test_outside_of_a_region_every_byte_stays(size: tuple[int, int]) -> None:
    old = noisy(size)
    new, _ = await edited({"kind": "region", "cells": ["top left", "middle"]}, asked(image=old, prompt="a boat"))
    assert new.size == size
    third_x, third_y = size[0] // 3, size[1] // 3
    kept = np.ones((size[1], size[0]), bool)
    kept[: third_y + 1, : third_x + 1] = False
    kept[third_y : 2 * third_y + 2, third_x : 2 * third_x + 2] = False
    assert (pixels(new)[kept] == pixels(old)[kept]).all()
    assert (pixels(new)[: third_y // 2, : third_x // 2] != pixels(old)[: third_y // 2, : third_x // 2]).any()


def test_a_region_within_one_surface_is_told_of_its_thing_alone() -> None:
    meadow = Image.linear_gradient("L").point([40] * 100 + [200] * 156).convert("RGB")
    for cell, prompt in (("bottom left", "a boat"), ("left", "a boat in a meadow")):
        asks = asked(image=meadow, prompt="a boat in a meadow")
        plan = Editor(reader=Reader()).plan({"kind": "region", "cells": [cell], "words": "a boat"}, asks)
        assert [one.prompt for one in plan.requests] == [prompt]


async def test_an_uploaded_mask_of_another_size_is_scaled() -> None:
    old = noisy()
    mask = Image.new("L", (64, 64), 0)
    mask.paste(255, (32, 0, 64, 64))
    new, _ = await edited({"kind": "region"}, asked(image=old, mask=mask))
    assert (pixels(new)[:, :128] == pixels(old)[:, :128]).all()
    assert (pixels(new)[:, 160:] != pixels(old)[:, 160:]).any()


@pytest.mark.parametrize(("how", "size"), [("subtle", (256, 256)), ("creative", (320, 224)), ("subtle", (512, 512))])
async def test_an_upscale_is_twice_as_large_and_drawn_in_tiles(how: str, size: tuple[int, int]) -> None:
    new, requests = await edited({"kind": "upscale", "how": how}, asked(image=noisy(size)))
    assert new.size == (size[0] * 2, size[1] * 2)
    assert len(requests) >= 4
    assert len({request.seeds for request in requests}) == len(requests)
    assert {request.width for request in requests} == {requests[0].width}


async def test_a_subtle_upscale_made_small_is_the_picture_again() -> None:
    soft = noisy((32, 32)).resize((256, 256), Image.Resampling.BICUBIC)
    new, _ = await edited({"kind": "upscale", "how": "subtle"}, asked(image=soft))
    error = np.abs(pixels(new.reduce(2)) - pixels(soft))
    assert error.mean() < 3, "whatever was drawn, every detail stays where it is"


async def test_a_blend_mixes_pictures_and_what_they_show() -> None:
    references = tuple(Reference(kind="image", image=Image.new("RGB", (64, 64), colour)) for colour in ("red", "blue"))
    _, [request] = await edited({"kind": "blend"}, asked(prompt="", references=references))
    assert request.image is not None
    assert request.image.getpixel((9, 9)) == (128, 0, 128)
    assert [weight for _, weight in request.texts] == [0.5, 0.5]
    assert request.references == ()


async def test_an_edit_in_words_redraws_only_the_thing_it_names() -> None:
    old = noisy()
    new, [request] = await edited({"kind": "words", "instruction": "make the house blue"}, asked(image=old))
    assert request.prompt == "a blue house in the snow at night"
    kept = np.ones((256, 256), bool)
    kept[16:112, 16:112] = False
    assert (pixels(new)[kept] == pixels(old)[kept]).all()
    _, [request] = await edited({"kind": "words", "instruction": "at sunset"}, asked(image=old))
    assert (request.prompt, request.mask) == ("a red house in the snow at sunset", None)


async def test_what_references_show_is_told_beside_the_prompt() -> None:
    picture = Image.new("RGB", (64, 64))
    references = tuple(Reference(kind=kind, image=picture, weight=1.0) for kind in ("image", "subject", "style"))  # type: ignore[arg-type]
    _, [request] = await edited(None, asked(prompt="a boat", references=references))
    assert [text for text, _ in request.texts] == ["a boat", "a red house in the snow at night", "a red house"]
    assert sum(weight for _, weight in request.texts) == pytest.approx(1)
    assert request.references == references


@pytest.mark.parametrize(
    ("edit", "changes"),
    [
        ({"kind": "fold"}, {}),
        ("zoom", {}),
        ({"kind": "zoom"}, {}),
        ({"kind": "zoom", "factor": 3}, {}),
        ({"kind": "zoom", "factor": "2"}, {}),
        ({"kind": "pan", "direction": "in"}, {}),
        ({"kind": "square"}, {}),
        ({"kind": "region"}, {}),
        ({"kind": "region", "cells": ["centre"]}, {}),
        ({"kind": "region"}, {"mask": Image.new("L", (256, 256), 0)}),
        ({"kind": "upscale"}, {}),
        ({"kind": "upscale", "how": "subtle"}, {"seeds": (1, 2)}),
        ({"kind": "blend"}, {}),
        ({"kind": "words", "instruction": " "}, {}),
        ({"kind": "zoom", "factor": 2.0}, {"image": None}),
    ],
)
def test_an_edit_that_cannot_be_is_refused(edit: Any, changes: dict[str, Any]) -> None:
    with pytest.raises(BadRequest):
        Editor(reader=Reader()).plan(edit, asked(**({"image": noisy()} | changes)))


def test_upscales_end_at_the_owners_limit() -> None:
    editor = Editor(reader=Reader(), longest=1000)
    with pytest.raises(UpscaledEnough):
        editor.plan({"kind": "upscale", "how": "subtle"}, asked(image=noisy((512, 256))))


@pytest.mark.parametrize("kind", KINDS)
async def test_the_outline_foretells_size_and_work(kind: str) -> None:
    edit = {
        "zoom": {"factor": 1.5}, "pan": {"direction": "up"}, "region": {"cells": ["left"]},
        "upscale": {"how": "creative"}, "words": {"instruction": "at sunset"},
    }.get(kind, {}) | {"kind": kind}  # fmt: skip
    picture = noisy((320, 224))
    references = (Reference(kind="image", image=picture),) * 2 if kind == "blend" else ()
    request = asked(image=None if kind == "blend" else picture, references=references, width=320, height=224)
    row = {"edit": edit, "seeds": [3], "steps": 12, "strength": None, "references": references}
    told = outline(row, picture=picture.size, entry=POCKET)
    new, requests = await edited(edit, request)
    assert (told.width, told.height) == new.size
    assert told.work == sum(one.work for one in requests)


async def test_progress_counts_the_steps_of_all_tiles_and_closing_cancels_them() -> None:
    plan = Editor(reader=Reader()).plan({"kind": "upscale", "how": "creative"}, asked(image=noisy()))
    async with FakeEngine() as engine:
        seen = [event async for event in drawn(engine, plan)]
        progress = [event for event in seen if isinstance(event, Progress)]
        assert progress[0].step == 0
        assert progress[-1].step == progress[-1].steps == sum(request.steps_run for request in plan.requests)
        assert [event.step for event in progress] == sorted(event.step for event in progress)
        engine.hold()
        async with contextlib.aclosing(drawn(engine, plan)) as events:
            await anext(events)
        await asyncio.sleep(0)
        assert engine.cancelled == len(plan.requests)


async def test_one_tile_that_fails_fails_the_whole_upscale() -> None:
    plan = Editor(reader=Reader()).plan({"kind": "upscale", "how": "creative"}, asked(image=noisy()))
    async with FakeEngine() as engine:
        engine.fail_next(OutOfMemory("cpu"))
        with pytest.raises(OutOfMemory):
            _ = [event async for event in drawn(engine, plan)]


LOOKING = replace(POCKET, name="looking", redux="redux")
KONTEXT = replace(POCKET, name="kontext", instructed=True, width=320, height=320)


@pytest.mark.parametrize(("entry", "kind"), [(LOOKING, "image"), (LOOKING, "subject"), (KONTEXT, "subject")])
def test_a_model_that_looks_at_a_reference_is_told_nothing_of_it(entry: ModelEntry, kind: Any) -> None:
    references = (Reference(kind=kind, image=noisy()),)
    for model, says in ((POCKET, True), (entry, False)):
        editor = Editor(reader=Reader(), catalogue=Catalogue({model.name: model}))
        (one,) = editor.plan(None, asked(model=model.name, references=references)).requests
        assert bool(one.texts) == says
        assert one.references == references


def test_a_model_that_is_instructed_gets_picture_and_instruction_and_draws_at_its_usual_size() -> None:
    editor = Editor(reader=Reader(), catalogue=Catalogue({"kontext": KONTEXT}))
    edit = {"kind": "words", "instruction": "make the house blue", "scene": "a red house"}
    picture = noisy((200, 100))
    request = asked(model="kontext", image=picture, prompt="a blue house")
    (one,) = editor.plan(edit, request).requests
    assert (one.prompt, one.image, one.strength, one.mask) == ("make the house blue", None, None, None)
    assert [reference.image for reference in one.references] == [picture]
    row = {"edit": edit, "seeds": [3], "steps": 12, "strength": None}
    told = outline(row, picture=picture.size, entry=KONTEXT)
    assert (one.width, one.height) == (told.width, told.height) == (384, 192)
    assert told.work == one.work == 12
    one.check()
    KONTEXT.check_size(one.width, one.height)


def test_a_model_that_looks_at_pictures_blends_them_from_noise() -> None:
    editor = Editor(reader=Reader(), catalogue=Catalogue({"looking": LOOKING}))
    references = (Reference(kind="image", image=noisy()), Reference(kind="image", image=noisy(seed=1)))
    (one,) = editor.plan({"kind": "blend"}, asked(model="looking", prompt="", references=references)).requests
    assert (one.image, one.strength, one.texts, one.references) == (None, None, (), references)
    row = {"edit": {"kind": "blend"}, "seeds": [3], "steps": 12, "strength": None, "references": references}
    assert outline(row, picture=(256, 256), entry=LOOKING).work == one.work == 12


def test_a_strength_that_was_asked_for_wins() -> None:
    editor = Editor(reader=Reader())
    edit = {"kind": "pan", "direction": "left"}
    assert editor.plan(edit, asked(image=noisy())).requests[0].strength == 0.7
    assert editor.plan(edit, replace(asked(image=noisy()), strength=0.5)).requests[0].strength == 0.5
