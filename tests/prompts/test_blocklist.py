import time

import pytest

from bench.filter import CAUGHT, LISTED, WRONG, clean, evasions
from prompts.blocklist import Blocklist

SOME = Blocklist(["gore", "naked lady", "blood*", "ass", "hell", "god", "裸"])


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("a gore scene", "gore"),
        ("GORE!", "gore"),
        ("g o r e", "gore"),
        ("g.o-r/e", "gore"),
        ("go.re", "gore"),
        ("go\u200bre", "gore"),
        ("g\u043ere", "gore"),  # a Cyrillic o
        ("ｇｏｒｅ", "gore"),
        ("🅶🅾🆁🅴", "gore"),
        ("gøṟé", "gore"),
        ("g0r3", "gore"),
        ("gooooore", "gore"),
        ("g*re", "gore"),
        ("nude+gore", "gore"),
        ("@$$", "ass"),
        ("a  n4ked\nLady", "naked lady"),
        ("bloodbath", "blood*"),
        ("女の裸", "裸"),
    ],
)
def test_a_listed_word_is_found_however_it_is_written(text: str, entry: str) -> None:
    assert SOME.find(text) == entry


@pytest.mark.parametrize(
    "text",
    [
        *(
            "category",
            "gorge",
            "class",
            "bass hit",
            "a shell",
            "he'll wait",
            "good",
            "the lady is naked",
            "455",
            "8008",
        ),
        *("as soon", "go read", "lifeblood", "assassin", "hello", "a $ sign", "", "*", "+ + +"),
    ],
)
def test_a_word_that_only_holds_a_listed_one_passes(text: str) -> None:
    assert SOME.find(text) is None


def test_scunthorpe_and_the_pen_that_is_red_pass() -> None:
    rude = Blocklist(["cunt", "penis", "tit", "rape"])
    for text in ("Scunthorpe", "the pen is red", "a title", "grapes", "a skyscraper", "it is hit"):
        assert rude.find(text) is None


def test_an_empty_list_finds_nothing() -> None:
    assert not Blocklist(["", " ", "...", "*"])
    assert Blocklist([]).find("anything") is None


def test_evasions_are_caught_and_clean_prompts_pass() -> None:
    """The short form of bench/filter.py."""
    listed = Blocklist(LISTED)
    missed = [prompt for _, word, prompt in evasions(400, seed=7) if listed.find(prompt) != word]
    assert len(missed) <= 400 * (1 - CAUGHT), missed
    wrong = [prompt for prompt in clean(2000, seed=7) if listed.find(prompt)]
    assert len(wrong) <= 2000 * WRONG, wrong


@pytest.mark.parametrize(
    "text", ["f_" * 3000, "a*" * 3000, "go " * 2000, "g o r " * 1000, "\u0301" * 6000, "+!" * 3000]
)
def test_no_text_makes_it_slow(text: str) -> None:
    SOME.find("é")
    began = time.process_time()
    SOME.find(text)
    assert time.process_time() - began < 0.5
