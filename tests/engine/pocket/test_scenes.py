"""The painter's promises: a scene is one picture, layouts mean what captions say, some things are held out."""

import random
from collections.abc import Iterator

import numpy as np
import pytest

from engine.pocket.scenes import (
    CATEGORIES,
    COLORS,
    KINDS,
    Category,
    Scene,
    Thing,
    add_filler,
    caption,
    held_out,
    labels,
    paint,
    sample_scene,
)
from engine.pocket.scenes.pen import PALETTE


def scenes(category: Category, count: int = 60) -> Iterator[Scene]:
    rng = random.Random(category)
    return (sample_scene(rng, category) for _ in range(count))


def shape(kind: str = "circle", color: str = "red", **more: object) -> Scene:
    thing = Thing(kind=kind, color=color, x=0.5, y=0.5, size=0.6)  # type: ignore[arg-type]
    return Scene(category="shape", things=(thing,), ground="white", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("category", CATEGORIES)
def test_training_scenes_are_never_held_out_ones(category: Category) -> None:
    assert not any(held_out(scene) for scene in scenes(category))


@pytest.mark.parametrize("category", [category for category in CATEGORIES if category != "place"])
def test_held_out_scenes_can_be_asked_for(category: Category) -> None:
    rng = random.Random(1)
    assert all(held_out(sample_scene(rng, category, held=True)) for _ in range(5))


def test_layout_and_detail_do_not_decide_what_is_held_out() -> None:
    moved = Thing(kind="circle", color="red", x=0.2, y=0.7, size=0.3)
    again = Scene(category="shape", things=(moved,), ground="white", detail=99)
    assert held_out(again) == held_out(shape(detail=1))


def test_a_scene_is_painted_alike_every_time() -> None:
    scene = sample_scene(random.Random(5), "scene")
    assert paint(scene, 128, 96).tobytes() == paint(scene, 128, 96).tobytes()


@pytest.mark.parametrize("size", [(256, 256), (128, 128), (224, 320), (352, 192)])
def test_every_size_shows_the_thing_in_its_colour_on_its_ground(size: tuple[int, int]) -> None:
    picture = np.asarray(paint(shape("square", "blue"), *size)).astype(int)
    middle, corner = picture[size[1] // 2, size[0] // 2], picture[4, 4]
    assert np.abs(middle - PALETTE["blue"]).max() <= 8
    assert np.abs(corner - PALETTE["white"]).max() <= 8


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("style", ["flat", "line", "watercolour", "pixel"])
def test_every_kind_can_be_painted_in_every_style(kind: str, style: str) -> None:
    picture = np.asarray(paint(shape(kind, "purple", style=style), 128, 128)).astype(int)
    assert np.abs(picture - picture[0, 0]).max() > 60


def test_labels_tell_which_cells_a_thing_covers() -> None:
    cells = labels(shape("square", "green"), 256, 256)
    assert cells.shape == (32, 32, 2)
    assert tuple(cells[16, 16]) == (KINDS.index("square") + 1, COLORS.index("green") + 1)
    assert tuple(cells[0, 0]) == (0, 0)


def test_counted_things_do_not_touch() -> None:
    for scene in scenes("count"):
        for i, one in enumerate(scene.things):
            for other in scene.things[:i]:
                assert max(abs(one.x - other.x), abs(one.y - other.y)) > one.size * 0.98


def test_relations_hold_from_the_first_thing_to_the_second() -> None:
    seen = set()
    for scene in scenes("pair", 120):
        first, second = scene.things
        seen.add(scene.relation)
        if scene.relation == "left":
            assert first.x < second.x
        elif scene.relation == "right":
            assert first.x > second.x
        elif scene.relation == "above":
            assert first.y < second.y
        elif scene.relation == "below":
            assert first.y > second.y
    assert seen == {"left", "right", "above", "below", "beside"}


def test_a_plain_caption_names_every_colour_and_stays_free_of_filler() -> None:
    words = {"gray": {"gray", "grey"}, "purple": {"purple", "violet"}, "teal": {"teal", "turquoise"}}
    rng = random.Random(2)
    for category in ("shape", "count", "pair"):
        for scene in scenes(category):
            said = set(caption(scene, rng, plain=True).replace(",", "").split())
            for color in {thing.color for thing in scene.things} | {scene.ground}:
                assert said & words.get(str(color), {str(color)}), (color, said)
            assert "masterpiece" not in said


def test_captions_of_one_scene_vary() -> None:
    rng, scene = random.Random(3), sample_scene(random.Random(4), "pair")
    assert len({caption(scene, rng) for _ in range(30)}) > 12


def test_filler_keeps_the_prompt_whole() -> None:
    rng = random.Random(4)
    for _ in range(20):
        text = add_filler("a red house", rng)
        assert "a red house" in text
        assert len(text) > len("a red house")
