"""From words and options to requests."""

from itertools import count
from typing import Any

import pytest

import prompts
from bot import refining, wishes
from bot.config import Limits
from bot.wishes import Options, Wish
from engine.errors import LicenceNotAccepted, UnknownModel, UnsupportedSize
from engine.models import Catalogue
from tests.bot.rows import image, job

CATALOGUE = Catalogue.of({"schnell": {}, "dev": {}})


def ask(text: str, *, limits: Limits | None = None, **options: Any) -> list[Wish]:
    dice = count(1000, 1000)
    return wishes.imagine(
        text,
        Options(**options),
        catalogue=CATALOGUE,
        model="pocket",
        limits=limits or Limits(),
        dice=lambda: next(dice),
    )


def test_nothing_but_words_takes_everything_from_the_model() -> None:
    (wish,) = ask("a red house")
    pocket = CATALOGUE.get("pocket")
    assert wish.request == {
        "model": "pocket",
        "prompt": "a red house",
        "negative_prompt": "",
        "width": pocket.width,
        "height": pocket.height,
        "steps": pocket.steps,
        "guidance": pocket.guidance,
        "seeds": [1000, 1001, 1002, 1003],
        "image": None,
        "strength": None,
    }
    assert wish.work == pocket.steps * 4


def test_a_parameter_in_the_prompt_wins_over_an_option() -> None:
    (wish,) = ask("a house --seed 5 --steps 3", seed=9, steps=7, guidance=2.5)
    assert wish.request["seeds"] == [5, 6, 7, 8]
    assert wish.request["steps"] == 3
    assert wish.request["guidance"] == 2.5


def test_zero_in_the_prompt_is_a_value_and_wins_too() -> None:
    (wish,) = ask("a house --seed 0 --guidance 0", seed=9, guidance=4.0)
    assert wish.request["seeds"][0] == 0
    assert wish.request["guidance"] == 0.0


def test_the_card_shows_options_as_if_they_had_been_typed() -> None:
    (wish,) = ask("a house", aspect="16:9", seed=9)
    assert wish.prompt == "a house --ar 16:9 --seed 9"
    assert prompts.parse(wish.prompt).aspect == (16, 9)


def test_an_aspect_keeps_the_models_pixels_and_its_multiple() -> None:
    for aspect in ("1:4", "2:3", "16:9", "4:1"):
        (wish,) = ask("a house", aspect=aspect)
        width, height = wish.request["width"], wish.request["height"]
        CATALOGUE.get("pocket").check_size(width, height)
        assert width * height <= 256 * 256


def test_the_owners_pixels_bound_the_size() -> None:
    (wish,) = ask("a house", model="schnell", limits=Limits(pixels=512 * 512))
    assert wish.request["width"] * wish.request["height"] <= 512 * 512


def test_repeat_makes_jobs_whose_seeds_go_on() -> None:
    parts = ask("a house --repeat 3 --seed 10", count=2)
    assert [wish.request["seeds"] for wish in parts] == [[10, 11], [12, 13], [14, 15]]
    assert [wish.prompt for wish in parts] == ["a house --seed 10"] * 3


def test_repeat_without_a_seed_rolls_one_for_each_job() -> None:
    assert [wish.request["seeds"][0] for wish in ask("a house --r 3")] == [1000, 2000, 3000]


def test_seeds_wrap_around_at_the_largest() -> None:
    (wish,) = ask("a house", seed=4294967295, count=3)
    assert wish.request["seeds"] == [4294967295, 0, 1]


@pytest.mark.parametrize(
    ("text", "options", "error"),
    [
        ("", {}, prompts.EmptyPrompt),
        ("--seed 5", {}, prompts.EmptyPrompt),
        ("a" * 6000, {}, prompts.PromptTooLong),
        ("a --sed 5", {}, prompts.UnknownParameter),
        ("a --steps 101", {}, prompts.BadValue),
        ("a --steps 60", {}, prompts.BadValue),
        ("a --ar 0:1", {}, prompts.BadValue),
        ("a --ar 100:1", {}, prompts.BadValue),
        ("a --seed cat", {}, prompts.BadValue),
        ("a", {"seed": -1}, prompts.BadValue),
        ("a", {"steps": 0}, prompts.BadValue),
        ("a", {"guidance": 31.0}, prompts.BadValue),
        ("a", {"aspect": "9:1"}, prompts.BadValue),
        ("a", {"count": 5}, prompts.BadValue),
        ("a --model nosuch", {}, UnknownModel),
        ("a", {"model": "dev"}, LicenceNotAccepted),
    ],
)
def test_what_is_wrong_is_refused_by_type(text: str, options: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        ask(text, **options)


def test_a_size_the_model_cannot_draw_is_refused() -> None:
    with pytest.raises(UnsupportedSize):
        ask("a house", model="schnell", limits=Limits(pixels=4096))


def test_a_models_own_steps_give_way_to_the_owners_limit() -> None:
    (wish,) = ask("a house", limits=Limits(steps=4))
    assert wish.request["steps"] == 4


def test_a_variation_starts_from_its_picture_and_says_how_far_it_goes() -> None:
    wish = refining.variation(
        job(), image(2, width=128, height=384), "strong", catalogue=CATALOGUE, limits=Limits(), dice=lambda: 5
    )
    assert wish.kind == "vary_strong"
    assert wish.parent_image_id == 102
    assert wish.request["image"] == image(2).digest
    assert wish.request["strength"] == refining.STRENGTH["strong"]
    assert (wish.request["width"], wish.request["height"]) == (128, 384)
    assert wish.request["seeds"] == [5, 6, 7, 8]
    assert wish.work == 9 * 4


def test_a_reroll_asks_the_same_with_new_seeds() -> None:
    before = job()
    wish = refining.reroll(before, dice=lambda: 50)
    assert wish.kind == "reroll"
    assert wish.request == before.request | {"seeds": [50, 51, 52, 53]}
    assert before.request["seeds"] == [1, 2, 3, 4]


def test_a_reroll_of_a_variation_is_one_of_the_same_picture() -> None:
    before = job(kind="vary_subtle", parent_image_id=3)
    before.request["image"], before.request["strength"] = "d" * 64, 0.4
    wish = refining.reroll(before)
    assert (wish.kind, wish.parent_image_id, wish.request["image"]) == ("vary_subtle", 3, "d" * 64)
