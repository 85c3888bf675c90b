"""Verdicts on readings made by hand: when a picture counts as right."""

from dataclasses import replace

import pytest

from engine.pocket.judge import Reading, Seen, related, relation, verdict
from engine.pocket.scenes import Scene, Thing
from engine.pocket.scenes.scene import Color, Relation


def _thing(kind: str, color: Color, x: float = 0.5, y: float = 0.5) -> Thing:
    return Thing(kind=kind, color=color, x=x, y=y, size=0.4)


def _seen(kind: str | None, color: Color, x: float = 0.5, y: float = 0.5, size: float = 0.4) -> Seen:
    return Seen(kind=kind, color=color, x=x, y=y, size=size, sure=0.9)


def _plain(*things: Seen) -> Reading:
    return Reading(things=things, ground="white", place=None, time=None, style="flat")


STAR = Scene(category="shape", things=(_thing("star", "red"),), ground="white")
PAIR = Scene(
    category="pair", things=(_thing("star", "red", 0.3), _thing("cat", "blue", 0.7)), ground="white", relation="left"
)


def test_the_right_thing_on_the_right_ground_is_all_right() -> None:
    assert verdict(STAR, _plain(_seen("star", "red"))).all


def test_an_unnamed_blob_of_the_right_colour_has_its_colour_right_only() -> None:
    seen = verdict(STAR, _plain(_seen(None, "red")))
    assert seen.color
    assert not seen.kind
    assert not seen.all


def test_a_second_thing_that_nobody_asked_for_spoils_all_but_not_the_kind() -> None:
    seen = verdict(STAR, _plain(_seen("star", "red"), _seen("heart", "red", 0.8)))
    assert seen.kind
    assert not seen.count
    assert not seen.all


def test_a_landscape_is_no_plain_ground() -> None:
    landscape = Reading(things=(_seen("star", "red"),), ground=None, place="snow", time="day", style="flat")
    assert not verdict(STAR, landscape).ground
    assert not verdict(STAR, landscape).time


def test_an_empty_picture_has_nothing_right_about_things() -> None:
    seen = verdict(STAR, _plain())
    assert not any((seen.kind, seen.color, seen.count))


def test_swapped_colours_are_wrong() -> None:
    assert verdict(PAIR, _plain(_seen("star", "red", 0.3), _seen("cat", "blue", 0.7))).all
    assert not verdict(PAIR, _plain(_seen("star", "blue", 0.3), _seen("cat", "red", 0.7))).things


def test_swapped_places_are_wrong() -> None:
    seen = verdict(PAIR, _plain(_seen("star", "red", 0.7), _seen("cat", "blue", 0.3)))
    assert seen.things
    assert not seen.relation


def test_a_relation_with_one_thing_missing_is_wrong() -> None:
    assert not verdict(PAIR, _plain(_seen("star", "red", 0.3))).relation


@pytest.mark.parametrize(
    ("dx", "dy", "said"), [(-0.4, 0.1, "left"), (0.4, -0.1, "right"), (0.1, -0.4, "above"), (-0.1, 0.4, "below")]
)
def test_a_relation_goes_by_the_longer_way(dx: float, dy: float, said: Relation) -> None:
    first, second = _seen("star", "red", 0.5 + dx, 0.5 + dy), _seen("cat", "blue")
    assert relation(first, second) == said
    assert related(first, second, said)
    assert related(first, second, "beside") == (said in ("left", "right"))


def test_describing_says_kind_colour_and_ground() -> None:
    words = _plain(_seen("star", "red")).describe()
    assert "red star" in words
    assert "white" in words


def test_describing_counts_things_that_are_alike() -> None:
    words = _plain(_seen("fish", "pink", 0.2), _seen("fish", "pink", 0.8)).describe()
    assert "fish" in words
    assert any(number in words for number in ("two", "2"))


def test_describing_an_unsure_picture_says_nothing() -> None:
    unsure = replace(_plain(), ground=None)
    assert unsure.describe() == ""
    assert _plain(_seen(None, "red")).describe() == ""
