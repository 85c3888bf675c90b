"""Instructions applied to scenes."""

import time

import pytest

from engine.edits.words import placed, rewritten, scenery, settled

NIGHT = "a red house in the snow at night"
PAIR = "a red house to the left of a blue cat on a white background"


@pytest.mark.parametrize(
    ("scene", "instruction", "prompt", "thing"),
    [
        (NIGHT, "make the house blue", "a blue house in the snow at night", "red house"),
        (NIGHT, "Please turn the house orange.", "an orange house in the snow at night", "red house"),
        (NIGHT, "make it blue", "a blue house in the snow at night", "red house"),
        (NIGHT, "change the house to a castle", "a red castle in the snow at night", "red house"),
        (NIGHT, "replace the home with a green tree", "a green tree in the snow at night", "red house"),
        (NIGHT, "make it sunset", "a red house in the snow at sunset", None),
        (NIGHT, "put it on a beach", "a red house on a beach at night", None),
        (NIGHT, "add a black cat", "a red house and a black cat in the snow at night", None),
        (NIGHT, "as pixel art", "a red house in the snow at night, pixel art", None),
        (NIGHT, "remove the house", "the snow at night", "red house"),
        (PAIR, "remove the cat", "a red house on a white background", "blue cat"),
        (PAIR, "remove the house", "a blue cat on a white background", "red house"),
        (PAIR, "make the background orange", "a red house to the left of a blue cat on an orange background", None),
        (PAIR, "paint the cat pink", "a red house to the left of a pink cat on a white background", "blue cat"),
        ("a red circle on white", "at night", "a red circle at night", None),
        ("3 red cats in a forest", "make the cats green", "3 green cats in a forest", "red cats"),
        ("a portrait of an old man", "make him smile", "a portrait of an old man, make him smile", None),
        (NIGHT, "remove the dragon", NIGHT, None),
    ],
)
def test_an_instruction_changes_what_it_names(scene: str, instruction: str, prompt: str, thing: str | None) -> None:
    changed = rewritten(scene, instruction)
    assert (changed.prompt, changed.thing) == (prompt, thing)


@pytest.mark.parametrize(
    ("scene", "around"),
    [
        (NIGHT, "the snow at night"),
        (PAIR, "a white background"),
        ("skyscrapers at sunset", "skyscrapers at sunset"),
        ("a portrait of an old man", "a portrait of an old man"),
    ],
)
def test_what_is_around_the_things_can_be_told_apart(scene: str, around: str) -> None:
    assert scenery(scene) == around


@pytest.mark.parametrize("text", ["make the " * 500, "replace " + "a " * 500, "a" * 4000, "remove " + "the " * 400])
def test_no_instruction_takes_long(text: str) -> None:
    began = time.process_time()
    rewritten(text, text)
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize(
    ("scene", "said"),
    [
        ("a red circle on a white background", "a teal square on a white background"),
        ("a red house in the snow at night", "a teal square in the snow at night"),
        ("two birds on the sea", "a teal square on the sea"),
        ("a red circle", "a teal square"),
        ("", "a teal square"),
    ],
)
def test_a_thing_is_put_where_a_scene_has_its_things(scene: str, said: str) -> None:
    assert placed("a teal square", scene) == said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("a teal square", "a teal square in the snow at night"),
        ("a teal square on a white background", "a teal square on a white background"),
        ("a teal square by day", "a teal square by day"),
    ],
)
def test_words_for_a_part_of_a_scene_are_about_that_scene_unless_they_name_another(words: str, said: str) -> None:
    assert settled(words, NIGHT) == said
