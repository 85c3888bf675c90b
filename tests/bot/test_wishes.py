"""From words and options to requests."""

from itertools import count
from typing import Any

import pytest

import engine.requests
import prompts
from bot import refining, wishes
from bot.config import Limits
from bot.errors import explain
from bot.refusals import BadFactor, NoRoom, UnknownLora
from bot.wishes import Given, Habits, Options, Wish
from engine.errors import LicenceNotAccepted, UnknownModel, UnsupportedSize
from engine.models import Catalogue
from engine.worker.asking import loras_of
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
    wish = refining.reroll(before, catalogue=CATALOGUE, dice=lambda: 50)
    assert wish.kind == "reroll"
    assert wish.request == before.request | {"seeds": [50, 51, 52, 53]}
    assert before.request["seeds"] == [1, 2, 3, 4]


def test_a_reroll_of_a_variation_is_one_of_the_same_picture() -> None:
    before = job(kind="vary_subtle", parent_image_id=3)
    before.request["image"], before.request["strength"] = "d" * 64, 0.4
    wish = refining.reroll(before, catalogue=CATALOGUE)
    assert (wish.kind, wish.parent_image_id, wish.request["image"]) == ("vary_subtle", 3, "d" * 64)


def test_every_parameter_reaches_the_engine_in_its_own_terms() -> None:
    (wish,) = ask(
        "a::2 b::-0.5 --no rain --s 250 --c 50 --w 1500 --stop 60 --scheduler heun --tile --relax --q 0.5 --seed 1"
    )
    request: Any = wish.request
    assert request["texts"] == [["a", pytest.approx(4 / 3)], ["b", pytest.approx(-1 / 3)]]
    assert (request["prompt"], request["negative_prompt"]) == ("a, b", "rain")
    assert (request["stylize"], request["chaos"], request["weird"], request["stop"]) == (0.25, 0.5, 0.5, 0.6)
    assert (request["scheduler"], request["tile"]) == ("heun", True)
    assert request["steps"] == CATALOGUE.get("pocket").steps // 2
    assert wish.relaxed
    assert wish.work == 4 * round(request["steps"] * 0.6)
    engine.requests.ImageRequest(**{**request, "seeds": (1,), "texts": tuple(map(tuple, request["texts"]))}).check()


def test_raw_is_none_of_the_models_taste_unless_some_is_asked_for() -> None:
    assert ask("a --raw")[0].request.get("stylize") == 0
    assert ask("a --raw --s 100")[0].request.get("stylize") == 0.1
    assert "stylize" not in ask("a")[0].request


@pytest.mark.parametrize("model", ["pocket", "schnell"])
def test_draft_is_small_and_quick_and_hd_is_large(model: str) -> None:
    room = Limits(pixels=4 * 1024 * 1024)
    usual, draft, hd = (
        ask(text, model=model, limits=room)[0].request
        for text in ("a --ar 3:2", "a --ar 3:2 --draft", "a --ar 3:2 --hd")
    )
    assert draft["width"] * draft["height"] < 0.4 * usual["width"] * usual["height"]
    assert draft["steps"] == round(usual["steps"] / 2)
    assert hd["width"] * hd["height"] > 1.4 * usual["width"] * usual["height"]
    for request in (usual, draft, hd):
        CATALOGUE.get(model).check_size(request["width"], request["height"])


def test_hd_without_room_is_refused_instead_of_ignored() -> None:
    with pytest.raises(NoRoom):
        ask("a --hd", model="schnell")


def test_a_size_in_pixels_is_taken_as_it_is_or_refused() -> None:
    request = ask("a --size 320x128")[0].request
    assert (request["width"], request["height"]) == (320, 128)
    with pytest.raises(UnsupportedSize):
        ask("a --size 300x128")
    with pytest.raises(prompts.BadValue):
        ask("a --size 2048x2048")


def test_references_need_room_and_weights_stay_in_order() -> None:
    given = Given(pictures={f"https://a.example/{number}": f"{number:064x}" for number in range(6)})
    prompt = "https://a.example/0::2 https://a.example/1 a --sref https://a.example/2::0.5 --sw {} --oref https://a.example/3"
    weights = []
    for share in (0, 50, 100, 400, 1000):
        found: Any = wishes.imagine(
            prompt.format(share), Options(), catalogue=CATALOGUE, model="pocket", limits=Limits(), given=given
        )[0].request.get("references")
        assert [one["kind"] for one in found] == ["image", "image", "style", "subject"]
        weights.append(found[2]["weight"])
    assert weights == sorted(set(weights))
    assert 0 == weights[0] < weights[-1] <= 3
    many = " ".join(f"https://a.example/{number}" for number in range(6))
    with pytest.raises(prompts.TooMany):
        wishes.imagine(f"{many} a", Options(), catalogue=CATALOGUE, model="pocket", limits=Limits(), given=given)


def test_loras_go_by_the_digests_of_their_files_with_their_schedules() -> None:
    given = Given(loras={"ink": "a" * 64})
    text = "a <lora:Ink:0.8> --lora-steps ink:0..0.5=1..0 --lora-blocks INK:single3..7=0.5"
    (wish,) = wishes.imagine(text, Options(), catalogue=CATALOGUE, model="pocket", limits=Limits(), given=given)
    (use,) = loras_of(wish.request.get("loras"))
    assert (use.name, use.weight) == ("a" * 64, 0.8)
    assert [(one.start, one.end, one.first, one.last) for one in use.steps] == [(0.0, 0.5, 1.0, 0.0)]
    assert [(one.kind, one.first, one.last, one.weight) for one in use.blocks] == [("single", 3, 7, 0.5)]
    with pytest.raises(UnknownLora):
        ask("a --lora nosuch")


def test_a_persons_habits_give_way_to_the_prompt_and_its_options_and_win_over_the_servers() -> None:
    habits = Habits(suffix="--ar 3:2", own="--chaos 20 --draft", guild="--size 64x64 --chaos 90 --weird 30")
    (prompt,) = wishes.read("a house", Options(), habits)
    # --draft goes with an aspect; a size of the server's would contradict both.
    assert (prompt.aspect, prompt.chaos, prompt.weird, prompt.draft, prompt.size) == ((3, 2), 20, 30, True, None)
    (prompt,) = wishes.read("a house --hd --seed 0", Options(seed=4), habits)
    assert (prompt.hd, prompt.draft, prompt.aspect, prompt.seed) == (True, False, (3, 2), 0)
    (prompt,) = wishes.read("a --mine", Options(), Habits(options={"mine": "--weird 5 --no {cats}"}))
    assert (prompt.weird, prompt.no) == (5, ("cats",))


@pytest.mark.parametrize("text", ["2", "1.5", "1.5x", "1,5", " 1.25 "])
def test_a_zoom_is_read_as_people_write_it(text: str) -> None:
    assert 1 < refining.factor_of(text) <= 2


@pytest.mark.parametrize("text", ["1", "0.5", "2.1", "nan", "inf", "1e0", "-2", "", "x", "9" * 50])
def test_what_is_no_zoom_is_refused(text: str) -> None:
    with pytest.raises(BadFactor):
        refining.factor_of(text)


def test_more_loras_than_work_together_are_told_at_once() -> None:
    assert wishes.MOST_LORAS == engine.requests.MOST_LORAS
    text = "a house " + " ".join(f"--lora l{number}" for number in range(9))
    with pytest.raises(prompts.TooMany) as caught:
        ask(text)
    assert explain(caught.value) == "The prompt uses 9 LoRAs; 8 work together at most."
