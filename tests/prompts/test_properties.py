"""What holds for every text and every prompt. `python -m bench.fuzz` asks the same much longer."""

import random
import time

from hypothesis import example, given, settings
from hypothesis import strategies as st

from prompts import LIMIT, Prompt, PromptError, clean, expand, format, parse
from tests.prompts.texts import pieces, prompts, texts


@settings(max_examples=1_000, deadline=None)
@given(prompts)
def test_what_is_written_is_read_back(prompt: Prompt):
    written = format(prompt)
    if len(written) <= LIMIT:
        assert parse(written) == prompt
        assert expand(written, 1) == [written]


@settings(max_examples=17_000, deadline=None)
@given(texts)
@example("a --no x,--y")
@example("a --model=--x")
@example("a --guidance 0.00001")
@example('"a --model x" "b')
@example("a \\{b\\} --no \\{c")
@example("a::2 , b: ::1")
@example("a –tile,")
@example('a --model "4--c"')
@example('a --no "x--ar"')
@example("a <lora:> b")
def test_any_text_is_a_prompt_or_a_prompt_error_and_survives_the_round_trip(text: str):
    check_round_trip(text)


def check_round_trip(text: str) -> None:
    try:
        each = expand(text, 8)
    except PromptError:
        each = [text]
    for one in each:
        try:
            prompt = parse(one)
        except PromptError:
            continue
        assert prompt.text
        written = format(prompt)
        # A multi-prompt is written with all its weights, which may not fit any more.
        if len(written) <= LIMIT:
            assert parse(written) == prompt
            assert expand(written, 1) == [written]


@settings(max_examples=2_000, deadline=None)
@given(st.text())
def test_cleaning_twice_is_cleaning_once_and_fits_any_database(text: str):
    cleaned = clean(text)
    assert clean(cleaned) == cleaned
    assert "\x00" not in cleaned
    cleaned.encode("utf-8")


# What makes careless parsers slow: everything nested, everything unfinished, everything repeated.
_LONG = [
    "a" * LIMIT,
    "a " * (LIMIT // 2),
    "-" * LIMIT,
    "--no " * (LIMIT // 5),
    '"' * LIMIT,
    ' "a' * (LIMIT // 3),
    "{" * LIMIT,
    "{a," * (LIMIT // 3),
    "{a,b}" * (LIMIT // 5),
    "{" * (LIMIT // 2) + "}" * (LIMIT // 2),
    "a::" * (LIMIT // 3),
    "<lora:" * (LIMIT // 6),
    "<lora:a>" * (LIMIT // 8),
    "—seed" * (LIMIT // 5),
    "x--ar" * (LIMIT // 5),
    "\\{" * (LIMIT // 2),
    "https://a " * (LIMIT // 10),
    "a --no " + "," * (LIMIT - 7),
    "--lora-steps a:" + "0..1=1," * 500,
    "a --" + "q" * (LIMIT - 4),
]


def test_four_thousand_characters_take_less_than_ten_milliseconds():
    chance = random.Random(5)
    names = ["--seed 5", "--no", "cat", "{a, b}", "::2", '"red', 'house"', "<lora:x:1>", "\\,", "https://a.example"]
    mixed = [" ".join(chance.choices(names, k=LIMIT // 5))[:LIMIT] for _ in range(20)]
    for text in [*_LONG, *mixed]:
        # The best of five: this machine may be busy, the parser may not be slow.
        assert min(_seconds(text) for _ in range(5)) < 0.010, text[:40]


def _seconds(text: str) -> float:
    begin = time.process_time()
    try:
        for one in expand(text, 40)[:1]:
            parse(one)
    except PromptError:
        pass
    return time.process_time() - begin


def test_the_pieces_hit_the_grammar():
    """The texts above would prove nothing if nearly all of them were refused for the same reason."""
    outcomes: dict[str, int] = {}

    @settings(max_examples=300, deadline=None, database=None, derandomize=True)
    @given(st.lists(pieces, max_size=6).map(" ".join))
    def collect(text: str) -> None:
        try:
            parse(text)
            outcome = "read"
        except PromptError as error:
            outcome = type(error).__name__
        outcomes[outcome] = outcomes.get(outcome, 0) + 1

    collect()
    assert len(outcomes) >= 6
    assert outcomes["read"] >= 30
