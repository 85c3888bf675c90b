"""The describer on pictures it has never seen: the painter's, of scenes that are held out of every training."""

import random

import pytest
from PIL import Image

from bench.describe import told
from engine.describe import PROMPTS, Describer, subject_of
from engine.errors import ModelUnavailable
from engine.pocket.judge import verdict
from engine.pocket.scenes import Category, Scene, Thing, caption, paint, sample_scene

COUNT = 60


@pytest.fixture(scope="module")
def describer() -> Describer:
    return Describer()


@pytest.fixture(scope="module")
def pictures() -> list[tuple[Scene, Image.Image]]:
    dice = random.Random(20)
    scenes = [sample_scene(dice, category, held=True) for category in ("shape", "object", "place") for _ in range(20)]
    return [(scene, paint(scene, 256, 256)) for scene in scenes]


@pytest.mark.parametrize("category", ["shape", "object", "scene", "place", "pair"])
def test_what_a_prompt_says_is_read_back_from_its_words(category: Category) -> None:
    dice = random.Random(3)
    for _ in range(300):
        scene = sample_scene(dice, category)
        text = caption(scene, dice, plain=True)
        said = told(text)
        assert said.kind == {thing.kind for thing in scene.things}, text
        assert said.color == {thing.color for thing in scene.things}, text
        assert scene.ground in (None, said.ground), text
        assert scene.time is None or (said.place, said.time) == (scene.place, scene.time), text


def test_words_within_words_are_nothing() -> None:
    said = told("a blue house centered during the day under a starry night sky")
    assert (said.kind, said.color, said.ground) == ({"house"}, {"blue"}, None)


def test_things_colours_and_places_are_right_in_most_held_out_pictures(
    describer: Describer, pictures: list[tuple[Scene, Image.Image]]
) -> None:
    right = {"thing": 0, "colour": 0, "surroundings": 0}
    for scene, picture in pictures:
        text = describer.words(picture)
        said = told(text)
        right["thing"] += said.kind == {thing.kind for thing in scene.things}
        right["colour"] += said.color == {thing.color for thing in scene.things}
        where = (said.place, said.time) == (scene.place, scene.time)
        right["surroundings"] += where if scene.time else said.ground == scene.ground
    assert len(pictures) == COUNT
    assert {name: count >= 0.85 * COUNT for name, count in right.items()} == dict.fromkeys(right, True), right


def test_four_prompts_differ_and_each_tells_what_is_there(describer: Describer) -> None:
    scene = Scene(
        category="scene", things=(Thing(kind="house", color="red", x=0.25, y=0.5, size=0.25),),
        ground=None, place="snow", time="night", style="flat",
    )  # fmt: skip
    picture = paint(scene, 256, 256)
    assert verdict(scene, describer.read(picture)).things
    prompts = describer.prompts(picture)
    assert len(set(prompts)) == PROMPTS
    assert all((told(prompt).kind, told(prompt).color) == ({"house"}, {"red"}) for prompt in prompts)
    assert describer.subject(picture) == "a red house"


def test_a_thing_is_found_where_it_stands(describer: Describer) -> None:
    things = (
        Thing(kind="circle", color="red", x=0.25, y=0.3, size=0.3),
        Thing(kind="square", color="blue", x=0.75, y=0.7, size=0.3),
    )
    scene = Scene(category="pair", things=things, ground="white", place=None, time=None, style="flat", relation="left")
    picture = paint(scene, 256, 384)
    for thing, words in zip(things, ("red circle", "the blue square"), strict=True):
        box = describer.where(picture, words)
        assert box is not None
        assert box[0] < thing.x * 256 < box[2]
        assert box[1] < thing.y * 384 < box[3]
        assert (box[2] - box[0]) < 140
    assert describer.where(picture, "a green cat") is None


@pytest.mark.parametrize("size", [(1, 1), (3000, 20), (16, 900), (5000, 5000)])
def test_pictures_of_any_size_are_answered(describer: Describer, size: tuple[int, int]) -> None:
    assert describer.prompts(Image.new("RGB", size, "white")) == []


def test_a_picture_of_nothing_has_no_subject(describer: Describer) -> None:
    assert subject_of(describer.read(Image.effect_noise((256, 256), 60).convert("RGB"))) == ""


def test_a_captioner_that_is_not_there_says_so(tmp_path: object) -> None:
    with pytest.raises(ModelUnavailable):
        Describer(str(tmp_path)).words(Image.new("RGB", (64, 64)))
