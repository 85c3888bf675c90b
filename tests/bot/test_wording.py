"""What is typed beside what is preferred: which of them counts, and a person's own parameters."""

from typing import Any

import pytest

import prompts
from bot.wording import Habits, Options, read
from prompts import Lora, Prompt


def ask(text: str, *, options: Any = None, mine: Any = None, **habits: str) -> Prompt:
    (prompt,) = read(text, options or Options(), Habits(options=mine or {}, **habits), dice=lambda: 7)
    return prompt


@pytest.mark.parametrize(
    "preferred",
    ["--iw 2", "--sw 300", "--ow 50", "--lora-steps c:0..0.5=1", "--lora-blocks c:double=1", "--iw 2 --sw 9 --ow 3"],
)
@pytest.mark.parametrize("whose", ["suffix", "own", "guild"])
def test_preferred_weights_and_schedules_without_anything_to_act_on_are_left_out(preferred: str, whose: str) -> None:
    prompt = ask("a cat", **{whose: preferred})
    assert prompt == Prompt(text="a cat")


def test_preferred_weights_and_schedules_act_on_what_the_prompt_or_another_preference_brings() -> None:
    preferred = "--iw 2 --sw 300 --ow 50 --lora-steps C:0..0.5=1"
    prompt = ask(f"https://a.example/1 a cat --sref 5 --oref https://a.example/2 --lora c {preferred}")
    assert ask("https://a.example/1 a cat --sref 5 --oref https://a.example/2 --lora c", suffix=preferred) == prompt
    assert ask("a cat", suffix="--sw 300", guild="--sref 5") == ask("a cat --sref 5 --sw 300")
    brought = ask("a cat", options=Options(images=("https://a.example/1",)), own="--iw 2")
    assert brought.image_weight == 2


def test_a_preferred_lora_gives_way_with_its_schedules_to_the_one_in_the_prompt() -> None:
    preferred = "--lora c:0.8 --lora-steps c:0..0.5=1 --lora-blocks c:single=0"
    prompt = ask("a cat --lora d", suffix=preferred)
    assert (prompt.loras, prompt.lora_steps, prompt.lora_blocks) == ((Lora("d"),), (), ())
    assert ask("a cat", suffix=preferred) == ask(f"a cat {preferred}")


@pytest.mark.parametrize("typed", ["--iw 2", "--sw 300", "--ow 50", "--lora-steps c:0..0.5=1", "--mine"])
def test_what_has_nothing_to_act_on_is_refused_where_it_stands_in_the_prompt(typed: str) -> None:
    with pytest.raises(prompts.Needless):
        ask(f"a cat {typed}", mine={"mine": "--iw 1"}, suffix="--lora d --lora-steps d:0..1=1 --iw 1")


@pytest.mark.parametrize(
    ("typed", "preferred", "heard"),
    [
        ("--raw", "--s 200", "--raw"),
        ("--s 200", "--raw", "--s 200"),
        ("--steps 10", "--q 4", "--steps 10"),
        ("--steps 10", "--draft", "--steps 10"),
        ("--q 2", "--steps 40", "--q 2"),
        ("--draft", "--steps 40 --q 2", "--draft"),
        ("--draft", "--hd", "--draft"),
        ("--draft", "--size 64x64", "--draft"),
        ("--size 64x64", "--ar 3:2 --hd", "--size 64x64"),
        ("--ar 3:2", "--size 64x64", "--ar 3:2"),
        ("--relax", "--fast", "--relax"),
        # What goes together in one prompt and decides different things goes together here too.
        ("--hd", "--ar 3:2 --steps 9", "--hd --ar 3:2 --steps 9"),
        ("--ar 3:2", "--draft --q 2", "--ar 3:2 --draft --q 2"),
        ("--chaos 3", "--raw --s 200 --steps 9 --q 2", "--chaos 3 --raw --s 200 --steps 9 --q 2"),
    ],
)
def test_of_parameters_that_decide_the_same_only_the_nearest_layers_are_heard(
    typed: str, preferred: str, heard: str
) -> None:
    expected = ask(f"a cat {heard}")
    assert ask(f"a cat {typed}", suffix=preferred) == expected
    assert ask("a cat", suffix=typed, own=preferred) == expected
    assert ask("a cat", own=typed, guild=preferred) == expected


def test_an_option_of_the_command_stands_between_the_prompt_and_what_is_preferred() -> None:
    assert ask("a cat", options=Options(steps=10), suffix="--q 4 --draft") == ask("a cat --steps 10")
    assert ask("a cat --draft", options=Options(steps=10)) == ask("a cat --draft")
    assert ask("a cat", options=Options(aspect="3:2"), suffix="--size 64x64") == ask("a cat --ar 3:2")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("a cat --phone", "a cat --ar 9:16 --s 50"),
        ("a cat --PHONE, by night", "a cat --ar 9:16, --s 50, by night"),
        ("--phone, a cat", "--ar 9:16 --s 50 a cat"),
        ("a cat,--phone", "a cat --ar 9:16 --s 50"),
        ("a cat —phone", "a cat --ar 9:16 --s 50"),
        ("a cat,--phone,--tile", "a cat --ar 9:16 --s 50 --tile"),
        ('a sign "x --phone y"', 'a sign "x --phone y"'),
        ('a sign "x,--phone" --phone', 'a sign "x,--phone" --ar 9:16 --s 50'),
        ("a “--phone” sign", 'a "--phone" sign'),
        ("a -- phone", "a -- phone"),
        ('a 5" nail --phone 6" long', 'a 5" nail 6" long --ar 9:16 --s 50'),
    ],
)
def test_a_parameter_of_ones_own_is_found_where_any_other_would_be(typed: str, meant: str) -> None:
    assert ask(typed, mine={"phone": "--ar 9:16 --s 50"}) == ask(meant)


def test_a_parameter_of_ones_own_may_be_one_of_several_and_bring_several() -> None:
    own = Habits(options={"phone": "--ar 9:16 --no a, b", "both": "--no {cats, dogs}"})
    aspects = [prompt.aspect for prompt in read("a {--phone, --ar 1:1} house", Options(), own)]
    assert aspects == [(9, 16), (1, 1)]
    # The commas of what it stands for are not those of the braces it stands in.
    assert [prompt.no for prompt in read("a house {--phone, --both}", Options(), own)] == [
        ("a", "b"),
        ("cats",),
        ("dogs",),
    ]
    assert [prompt.text for prompt in read('a "{a, b}" --phone', Options(), own)] == ['a "{a, b}"']


def test_many_of_ones_own_that_bring_many_are_too_many_at_once() -> None:
    own = Habits(options={"both": "--no {a, b, c, d, e, f, g}"})
    with pytest.raises(prompts.TooMany):
        read("a {b, c, d, e, f, g} house --both", Options(), own)
    with pytest.raises(prompts.PromptError):
        read("a " + "--both " * 500, Options(), own)
