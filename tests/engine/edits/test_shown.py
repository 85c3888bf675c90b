"""What a plan says that its pictures show, for rows that had no words of their own; and the picture it begins with."""

from typing import Any

import numpy as np

from engine.edits.plan import Editor, Plan
from engine.models import POCKET, Catalogue
from engine.requests import ImageRequest, Reference
from tests.engine.edits.test_plan import Reader, asked, noisy, pixels

SCENE = "a red house in the snow at night"
TWO = (Reference(kind="image", image=noisy()), Reference(kind="image", image=noisy(seed=1)))


def planned(edit: dict[str, Any], request: ImageRequest, **entries: Any) -> Plan:
    return Editor(catalogue=Catalogue.of(entries), reader=Reader()).plan(edit, request)


def test_a_blend_says_what_its_pictures_were_read_as() -> None:
    plan = planned({"kind": "blend"}, asked(prompt="", references=TWO))
    assert plan.shown == plan.requests[0].prompt == f"{SCENE} and {SCENE}"


def test_an_edit_in_words_says_the_changed_scene() -> None:
    edit = {"kind": "words", "instruction": "make the house blue"}
    assert planned(edit, asked(prompt="", image=noisy())).shown == "a blue house in the snow at night"


def test_a_model_that_is_instructed_shows_its_instruction_as_far_as_words_go() -> None:
    own = {"folder": str(POCKET.folder), "instructed": True}
    edit = {"kind": "words", "instruction": "make it night"}
    assert planned(edit, asked(model="own", prompt="", image=noisy()), own=own).shown == "make it night"


def test_what_has_words_of_its_own_needs_no_others() -> None:
    assert planned({"kind": "zoom", "factor": 2.0}, asked(image=noisy())).shown == ""


def test_a_picture_to_start_from_is_cut_to_the_middle_of_another_shape() -> None:
    wide = noisy((256, 128))
    plan = Editor(reader=Reader()).plan(None, asked(image=wide, strength=0.5, width=128, height=128))
    start = plan.requests[0].image
    assert start is not None
    assert np.array_equal(pixels(start), pixels(wide)[:, 64:192])
    plan = Editor(reader=Reader()).plan(None, asked(image=wide, strength=0.5, width=256, height=128))
    assert plan.requests[0].image == wide
