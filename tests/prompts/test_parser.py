"""Reading prompts: what is text, what is a parameter, and what each mistake is called."""

import pytest

from prompts import (
    BadValue,
    EmptyPrompt,
    MissingValue,
    Prompt,
    PromptError,
    PromptTooLong,
    RepeatedParameter,
    UnknownParameter,
    clean,
    parse,
)


def test_a_prompt_without_parameters_is_its_text():
    assert parse("a red house") == Prompt(text="a red house")


def test_every_parameter_is_read():
    text = "a red house --ar 16:9 --seed 7 --steps 12 --guidance 3.5 --repeat 2 --model pocket --no trees, a blue sky"
    assert parse(text) == Prompt(
        text="a red house",
        aspect=(16, 9),
        seed=7,
        steps=12,
        guidance=3.5,
        repeat=2,
        model="pocket",
        no=("trees", "a blue sky"),
    )


@pytest.mark.parametrize(
    "text",
    [
        "a house --seed 5 --ar 3:2",
        "a house —seed 5 —ar 3:2",
        "a house --SEED 5 --Aspect 3:2",
        "--ar 3:2 a house --seed 5",
        "a --ar 3:2 house --seed=5",
        "a\nhouse\t--seed\n5   --ar\u00a03:2",
    ],
)
def test_dashes_case_order_aliases_and_white_space_do_not_matter(text: str):
    assert parse(text) == Prompt(text="a house", seed=5, aspect=(3, 2))


@pytest.mark.parametrize(
    "text", ["a house -- red", "a house — red", "minus --5 degrees", "well--known", "a --- b", "--"]
)
def test_a_dash_that_names_nothing_is_text(text: str):
    assert parse(text) == Prompt(text=text)


def test_no_takes_all_words_up_to_the_next_parameter_and_may_come_twice():
    assert parse("a house --no red cars, , dogs --seed 1 --no cats").no == ("red cars", "dogs", "cats")


def test_the_edges_of_the_ranges_are_inside():
    parsed = parse("x --seed 4294967295 --steps 100 --guidance 30 --repeat 10 --ar 1:4")
    assert (parsed.seed, parsed.steps, parsed.guidance, parsed.repeat, parsed.aspect) == (
        4294967295,
        100,
        30,
        10,
        (1, 4),
    )
    parsed = parse("x --seed 0 --steps 1 --guidance 0 --repeat 1 --ar 4:1")
    assert (parsed.seed, parsed.steps, parsed.guidance, parsed.repeat, parsed.aspect) == (0, 1, 0, 1, (4, 1))


@pytest.mark.parametrize("text", ["", "  \n", "--seed 5", "--no red", "\x00", "\ud800"])
def test_a_prompt_without_text_is_empty(text: str):
    with pytest.raises(EmptyPrompt):
        parse(text)


def test_six_thousand_characters_are_too_many():
    with pytest.raises(PromptTooLong) as caught:
        parse("a" * 6000)
    assert (caught.value.length, caught.value.limit) == (6000, 4000)


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("sed", "seed"),
        ("step", "steps"),
        ("guidence", "guidance"),
        ("aspct", "ar"),
        ("xyzzy", None),
        ("modell", "model"),
    ],
)
def test_an_unknown_parameter_names_the_nearest(name: str, nearest: str | None):
    with pytest.raises(UnknownParameter) as caught:
        parse(f"a house --{name} 5")
    assert (caught.value.name, caught.value.nearest) == (name, nearest)


@pytest.mark.parametrize(
    ("parameter", "given", "allowed"),
    [
        ("seed", "cat", "0..4294967295"),
        ("seed", "-1", "0..4294967295"),
        ("seed", "4294967296", "0..4294967295"),
        ("seed", "٣", "0..4294967295"),
        ("seed", "²", "0..4294967295"),
        ("seed", "9" * 3000, "0..4294967295"),
        ("steps", "0", "1..100"),
        ("steps", "101", "1..100"),
        ("steps", "7.5", "1..100"),
        ("guidance", "31", "0..30"),
        ("guidance", "nan", "0..30"),
        ("guidance", "1e1", "0..30"),
        ("guidance", ".", "0..30"),
        ("guidance", "3,5", "0..30"),
        ("repeat", "11", "1..10"),
        ("ar", "0:1", "1:4..4:1"),
        ("ar", "100:1", "1:4..4:1"),
        ("ar", "1:5", "1:4..4:1"),
        ("ar", "16x9", "1:4..4:1"),
        ("ar", "wide", "1:4..4:1"),
        ("ar", "1:1:1", "1:4..4:1"),
    ],
)
def test_a_bad_value_is_refused_with_what_is_allowed(parameter: str, given: str, allowed: str):
    with pytest.raises(BadValue) as caught:
        parse(f"a house --{parameter} {given}")
    error = caught.value
    assert (error.parameter, error.given, error.allowed) == (parameter, given[:100], allowed)


@pytest.mark.parametrize(
    "text", ["a --seed", "a --seed --steps 4", "a --no", "a --no ,", "a --seed=", "a --model=--x", "a <lora:> b"]
)
def test_a_parameter_without_a_value_is_refused(text: str):
    with pytest.raises(MissingValue):
        parse(text)


def test_a_parameter_given_twice_is_refused_also_by_its_alias():
    with pytest.raises(RepeatedParameter) as caught:
        parse("a house --ar 1:1 --aspect 3:2")
    assert (caught.value.parameter, caught.value.aliases) == ("ar", ("aspect",))


def test_every_error_is_a_prompt_error_without_words_for_people():
    for text in ("", "a --seed cat", "a --sed 1", "a --seed", "a" * 5000):
        with pytest.raises(PromptError) as caught:
            parse(text)
        assert " " not in "".join(str(argument) for argument in caught.value.args if argument)


def test_cleaning_takes_out_what_databases_refuse():
    assert clean(" a\x00b\ud800c \u2028 d\x1b[31m ") == "a b c d [31m"
