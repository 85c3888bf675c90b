"""The fixed prompts of `bench.pocket`, and when a picture passes. It knows no model.

Prompts are of held-out combinations, which training never saw, in the flat style and the grammar's plain words.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace

from engine.pocket.judge import Reading, verdict
from engine.pocket.scenes import Category, Scene, caption, sample_scene

MIXED: tuple[Category, ...] = ("shape", "object", "count", "pair", "scene")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One picture to be: what it should show, in which words, from which seed."""

    scene: Scene
    prompt: str
    seed: int


@dataclass(frozen=True)
class Claim:
    """One line of the table in per cent: the bounds, whose prompts it takes, and what a picture must pass."""

    name: str
    must: float
    aim: float
    category: Category
    passes: Callable[[Scene, Reading], bool]


CLAIMS = (
    Claim("shape's colour right", 95, 99, "shape", lambda s, r: verdict(s, r).color),
    Claim("ground's colour right", 95, 99, "shape", lambda s, r: verdict(s, r).ground),
    Claim("shape right", 80, 97, "shape", lambda s, r: verdict(s, r).kind),
    Claim("colour + shape + ground all right, nothing else there", 75, 95, "shape", lambda s, r: verdict(s, r).all),
    Claim("object right in its colour", 70, 92, "object", lambda s, r: verdict(s, r).kind and verdict(s, r).color),
    Claim("place and time of day right", 90, 97, "place", lambda s, r: verdict(s, r).place and verdict(s, r).time),
    Claim("count (1-4) right", 65, 85, "count", lambda s, r: verdict(s, r).count),
    Claim(
        "two things, each its colour, relation right", 40, 80, "pair",
        lambda s, r: verdict(s, r).things and verdict(s, r).relation,
    ),
)  # fmt: skip


def right(scene: Scene, reading: Reading) -> bool:
    """Tell whether a picture passes what its own category is about: what the lines on filler and sizes count."""
    seen = verdict(scene, reading)
    match scene.category:
        case "shape":
            return seen.all
        case "object":
            return seen.kind and seen.color
        case "count":
            return seen.count
        case "pair":
            return seen.things and seen.relation
        case _:
            return seen.place and seen.time


def asked_for(category: Category | None, count: int) -> list[Asked]:
    """Return the fixed prompts of a category, of all in turn for None; every second of "place" has things in it."""
    rng = random.Random(f"bench-{category or 'mixed'}")
    asked: list[Asked] = []
    while len(asked) < count:
        i = len(asked)
        one: Category = category or MIXED[i % len(MIXED)]
        if category == "place" and i % 2:
            one = "scene"
        scene = sample_scene(rng, one, style="flat", held=True)
        if one == "scene" and scene.place is None:
            continue
        asked.append(Asked(scene=scene, prompt=caption(scene, rng, plain=True), seed=1_000 + i))
    return asked


def relaid(scene: Scene, rng: random.Random) -> Scene:
    """Return the same words' scene as the painter might lay it out another time."""
    while True:
        other = sample_scene(rng, scene.category, style="flat", held=None)
        if _frame(other) == _frame(scene):
            pairs = zip(other.things, scene.things, strict=True)
            things = tuple(replace(new, kind=old.kind, color=old.color) for new, old in pairs)
            return replace(scene, things=things, detail=other.detail)


def _frame(scene: Scene) -> tuple[object, ...]:
    """What the painter's layout depends on beside chance."""
    flying = bool(scene.things) and scene.things[0].kind in ("bird", "balloon", "rocket")
    alike = len({thing.kind for thing in scene.things}) == 1
    where = None if scene.time is None else (scene.place == "sea", flying)
    return len(scene.things), alike, scene.relation, scene.said_size, scene.said_spot, where
