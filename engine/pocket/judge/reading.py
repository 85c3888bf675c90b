"""What the judge saw, as data, and whether that is what a scene asked for. It knows no pixels and no network."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from engine.pocket.scenes import Scene, Thing, caption
from engine.pocket.scenes.scene import Color, Place, Relation, Style, Time


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One thing in a picture: centre as fractions of width and height, side as a fraction of the shorter side."""

    kind: str | None
    """None where something stands that is no shape or object the judge would name."""
    color: Color
    x: float
    y: float
    size: float
    sure: float
    """Probability of the kind, 0 to 1 (of being unsure, where `kind` is None)."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """Everything the judge tells of a picture; None is "none there, or unsure". Things go from largest to smallest."""

    things: tuple[Seen, ...]
    ground: Color | None
    """The colour of a plain ground; None in a landscape."""
    place: Place | None
    time: Time | None
    """None on a plain ground."""
    style: Style

    def find(self, thing: Thing) -> Seen | None:
        """Return the largest seen thing of this kind and colour."""
        return next((seen for seen in self.things if (seen.kind, seen.color) == (thing.kind, thing.color)), None)

    def describe(self) -> str:
        """Say the picture in plain words, as a prompt could: "a red house in the snow at night"; "" when unsure."""
        scene = self.scene()
        return caption(scene, random.Random(0), plain=True) if scene is not None else ""

    def scene(self) -> Scene | None:
        """Return what was seen as a scene with as many things as captions can say; None when unsure."""
        named = [seen for seen in self.things if seen.kind is not None]
        if self.time is None and self.ground is None:
            return None
        things = tuple(
            Thing(kind=str(seen.kind), color=seen.color, x=seen.x, y=seen.y, size=seen.size) for seen in named[:4]
        )
        alike = len({(thing.kind, thing.color) for thing in things}) == 1
        related: Relation | None = None
        if len(things) > 1 and not alike:
            things = things[:2]
            related = relation(named[0], named[1])
        if not things and self.place is None:
            return None
        return Scene(
            category="place" if not things else "count" if alike and len(things) > 1 else "scene", things=things,
            ground=self.ground, place=self.place, time=self.time, style=self.style, relation=related,
        )  # fmt: skip


def relation(first: Seen, second: Seen) -> Relation:
    """Tell where the first stands, seen from the second, by the longer way between their centres."""
    dx, dy = first.x - second.x, first.y - second.y
    if abs(dx) >= abs(dy):
        return "left" if dx < 0 else "right"
    return "above" if dy < 0 else "below"


def related(first: Seen, second: Seen, wanted: Relation) -> bool:
    """Tell whether the relation holds; "beside" is left or right."""
    actual = relation(first, second)
    return actual in ("left", "right") if wanted == "beside" else actual == wanted


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Which parts of a scene a picture shows; a part that the scene does not ask for is True.

    `color` and `kind` are those of the main thing (the largest); `things` asks for every thing in its kind and colour
    and no thing more; `relation` for two things in the places the words give them.
    """

    kind: bool
    color: bool
    ground: bool
    count: bool
    things: bool
    relation: bool
    place: bool
    time: bool
    style: bool

    @property
    def all(self) -> bool:
        """Everything but the style."""
        return self.things and self.ground and self.relation and self.place and self.time


def verdict(scene: Scene, reading: Reading) -> Verdict:
    """Compare what was asked for with what was seen; for several things `kind` and `color` go by any of them."""
    main = reading.things[0] if reading.things else None
    return Verdict(
        kind=not scene.things or (main is not None and main.kind in {thing.kind for thing in scene.things}),
        color=not scene.things or (main is not None and main.color in {thing.color for thing in scene.things}),
        ground=scene.time is not None or (reading.time is None and reading.ground == scene.ground),
        count=len(reading.things) == len(scene.things),
        things=_multiset(scene.things) == _multiset(reading.things),
        relation=_relation_holds(scene, reading),
        place=scene.time is None or (reading.time is not None and reading.place == scene.place),
        time=reading.time == scene.time,
        style=reading.style == scene.style,
    )


def _multiset(things: Sequence[Thing] | Sequence[Seen]) -> list[tuple[str, str]]:
    return sorted((thing.kind or "", thing.color) for thing in things)


def _relation_holds(scene: Scene, reading: Reading) -> bool:
    if scene.relation is None:
        return True
    first, second = (reading.find(thing) for thing in scene.things[:2])
    return first is not None and second is not None and related(first, second, scene.relation)
