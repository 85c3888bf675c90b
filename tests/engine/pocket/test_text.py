"""The tokenisers, before and after a visit to the disk, and the attributes that captions are schooled on."""

import random
from pathlib import Path

import pytest
from transformers import PreTrainedTokenizerFast

from engine.pocket.scenes import KINDS, Scene, Thing, sample_scene, vocabulary
from engine.pocket.text import ATTRIBUTES, attributes, build_tokenizer


@pytest.fixture(params=["fresh", "reloaded"])
def tokenizer(request: pytest.FixtureRequest, tmp_path: Path) -> PreTrainedTokenizerFast:
    made = build_tokenizer(clip=False)
    if request.param == "fresh":
        return made
    made.save_pretrained(tmp_path)
    return PreTrainedTokenizerFast.from_pretrained(tmp_path)


def test_case_articles_and_punctuation_make_no_difference(tokenizer: PreTrainedTokenizerFast) -> None:
    assert tokenizer("A Red House, under the STARRY night sky!").input_ids == (
        tokenizer("red house under starry night sky").input_ids
    )


def test_every_word_of_the_grammar_is_one_token(tokenizer: PreTrainedTokenizerFast) -> None:
    for word in vocabulary():
        if word not in ("a", "an", "the"):
            assert len(tokenizer(word).input_ids) == 2, word


def test_unknown_words_fall_into_pieces_and_differ(tokenizer: PreTrainedTokenizerFast) -> None:
    zorb, sks = tokenizer("zorb").input_ids, tokenizer("sks").input_ids
    assert zorb != sks
    assert tokenizer.unk_token_id not in zorb + sks


def test_nothing_to_say_is_just_an_end(tokenizer: PreTrainedTokenizerFast) -> None:
    assert tokenizer("").input_ids == tokenizer("?!").input_ids == [tokenizer.eos_token_id]


def test_attributes_fit_their_ranges() -> None:
    rng = random.Random(0)
    for _ in range(300):
        for answer, count in zip(attributes(sample_scene(rng)), ATTRIBUTES.values(), strict=True):
            assert 0 <= answer < count


def test_the_first_of_two_things_is_the_left_one_whatever_the_order() -> None:
    star = Thing(kind="star", color="red", x=0.7, y=0.5, size=0.3)
    ring = Thing(kind="ring", color="blue", x=0.3, y=0.5, size=0.3)
    for things, relation in (((star, ring), "right"), ((ring, star), "left")):
        scene = Scene(category="pair", things=things, ground="white", relation=relation)  # type: ignore[arg-type]
        assert attributes(scene)[0] == KINDS.index("ring") + 1
