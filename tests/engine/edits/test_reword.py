"""Edits in words, as the engine is asked for them."""

import pytest

from engine.edits.plan import Editor
from engine.errors import NothingLeft
from engine.requests import ImageRequest
from tests.engine.edits.test_plan import Reader, asked, noisy


def planned(instruction: str, scene: str = "", **changes: str) -> ImageRequest:
    edit = {"kind": "words", "instruction": instruction} | ({"scene": scene} if scene else {})
    (one,) = Editor(reader=Reader()).plan(edit, asked(image=noisy(), **changes)).requests
    return one


def test_what_is_taken_away_without_being_named_is_kept_out_beside_what_was_kept_out_before() -> None:
    assert planned("remove the dragon").negative_prompt == "dragon"
    assert planned("remove the dragon", negative_prompt="rain").negative_prompt == "rain, dragon"
    assert planned("remove the snow", negative_prompt="rain").negative_prompt == "rain"


def test_what_the_reader_sees_is_drawn_anew_alone_though_the_words_do_not_name_it() -> None:
    one = planned("remove the house", scene="the snow at night")
    assert (one.prompt, one.negative_prompt) == ("the snow at night", "house")
    assert one.mask is not None


def test_nothing_is_drawn_of_no_words() -> None:
    with pytest.raises(NothingLeft):
        planned("remove the cat", scene="a cat")
