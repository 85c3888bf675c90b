"""Drawing scenes at random: what stands where, so that nothing overlaps and the captions' words hold."""

import random
from collections.abc import Sequence
from dataclasses import replace

from .scene import (
    COLORS,
    KINDS,
    OBJECTS,
    PLACES,
    SHAPES,
    TIMES,
    Category,
    Color,
    Object,
    Place,
    Relation,
    Scene,
    Style,
    Thing,
    Time,
    held_out,
)

WEIGHTS: dict[Category, float] = {"shape": 20, "object": 32, "count": 17, "pair": 16, "place": 4, "scene": 11}
"""How often training meets each category."""

SIZES = {"small": (0.2, 0.28), "large": (0.68, 0.84)}
SPOTS: dict[str, tuple[float, float]] = {
    "left": (0.22, 0.5), "right": (0.78, 0.5), "top": (0.5, 0.22), "bottom": (0.5, 0.78), "middle": (0.5, 0.5),
    "top left": (0.24, 0.24), "top right": (0.76, 0.24), "bottom left": (0.24, 0.76), "bottom right": (0.76, 0.76),
}  # fmt: skip
_FLYING: tuple[Object, ...] = ("bird", "balloon", "rocket")
_AT_SEA: tuple[Object, ...] = ("boat", "fish", "bird", "balloon", "rocket", "lighthouse", "boat")


def sample_scene(
    rng: random.Random,
    category: Category | None = None,
    *,
    style: Style | None = None,
    held: bool | None = False,
    spread: float = 1.0,
) -> Scene:
    """Draw a scene; `held` False gives training scenes, True held-out ones only, None both.

    `spread` from 0 to 1 scales how far places, sizes and turns stray from each layout's middle: what captions say holds
    at any spread, and a model learns shapes sooner from little of it.
    """
    chosen = category or rng.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
    while True:
        scene = replace(_SAMPLERS[chosen](rng, spread), detail=rng.getrandbits(31))
        if style is not None:
            scene = replace(scene, style=style)
        elif rng.random() < 0.1:
            scene = replace(scene, style=rng.choice(("line", "watercolour", "pixel")))
        if held is None or held_out(scene) == held or (held and chosen == "place"):
            return scene


def _color(rng: random.Random, *, but: Sequence[Color | None] = ()) -> Color:
    return rng.choice([color for color in COLORS if color not in but])


def _stray(rng: random.Random, low: float, high: float, spread: float) -> float:
    """Draw from the middle part of a range, `spread` of its width."""
    return (low + high) / 2 + (high - low) * spread * (rng.random() - 0.5)


def _thing(rng: random.Random, kind: str, color: Color, x: float, y: float, size: float, spread: float) -> Thing:
    turn = _stray(rng, -7, 7, spread) if kind in SHAPES and kind != "circle" else 0.0
    return Thing(kind=kind, color=color, x=x, y=y, size=size, turn=turn, flip=rng.random() < 0.5 * spread)


def _inside(rng: random.Random, size: float, spread: float = 1.0) -> float:
    edge = size / 2 + 0.03
    return _stray(rng, edge, 1 - edge, spread) if edge < 0.5 else 0.5


def _alone(rng: random.Random, kinds: Sequence[str], category: Category, spread: float) -> Scene:
    ground = _color(rng)
    kind, color = rng.choice(kinds), _color(rng, but=(ground,))
    said_size = rng.choice(("small", "large")) if rng.random() < 0.16 else None
    said_spot = rng.choice(list(SPOTS)) if said_size != "large" and rng.random() < 0.16 else None
    low, high = SIZES[said_size] if said_size else (0.28, 0.46) if said_spot else (0.4, 0.66)
    if kind in OBJECTS and said_size is None:
        low, high = low * 1.1, high * 1.15
    size = _stray(rng, low, high, spread)
    if said_spot:
        x, y = (min(1 - size / 2, max(size / 2, at + _stray(rng, -0.05, 0.05, spread))) for at in SPOTS[said_spot])
    else:
        x, y = (0.5 + (_inside(rng, size, spread) - 0.5) * 0.8 for _ in range(2))
    thing = _thing(rng, kind, color, x, y, size, spread)
    return Scene(category=category, things=(thing,), ground=ground, said_size=said_size, said_spot=said_spot)


def _shape(rng: random.Random, spread: float) -> Scene:
    return _alone(rng, SHAPES, "shape", spread)


def _object(rng: random.Random, spread: float) -> Scene:
    if rng.random() < 0.3:
        return replace(_standing(rng, rng.choice(OBJECTS), spread), category="object")
    return _alone(rng, OBJECTS, "object", spread)


def _count(rng: random.Random, spread: float) -> Scene:
    ground = _color(rng)
    kind = rng.choice(SHAPES if rng.random() < 0.6 else OBJECTS)
    color, n = _color(rng, but=(ground,)), rng.choice((1, 2, 2, 3, 3, 4, 4))
    size = _stray(rng, *{1: (0.36, 0.55), 2: (0.3, 0.42), 3: (0.26, 0.36), 4: (0.24, 0.34)}[n], spread)
    spots = _apart(rng, n, size) if rng.random() < spread else _rowed(rng, n, spread)
    things = tuple(_thing(rng, kind, color, x, y, size, spread) for x, y in spots)
    return Scene(category="count", things=things, ground=ground)


def _rowed(rng: random.Random, n: int, spread: float) -> list[tuple[float, float]]:
    """Place `n` centres plainly: one in the middle, two side by side, three in a triangle, four in a square."""
    a, b = 0.27, 0.73
    spots = {
        1: [(0.5, 0.5)],
        2: [(a, 0.5), (b, 0.5)],
        3: [(0.5, a), (a, b), (b, b)],
        4: [(a, a), (b, a), (a, b), (b, b)],
    }[n]
    return [(x + _stray(rng, -0.05, 0.05, spread), y + _stray(rng, -0.05, 0.05, spread)) for x, y in spots]


def _apart(rng: random.Random, n: int, size: float) -> list[tuple[float, float]]:
    """Scatter `n` centres that keep a gap; falls back on a shaken grid when chance does not find room."""
    gap = size * 1.14
    for _ in range(60):
        spots: list[tuple[float, float]] = []
        for _ in range(n):
            spot = _inside(rng, size), _inside(rng, size)
            if all(max(abs(spot[0] - x), abs(spot[1] - y)) > gap for x, y in spots):
                spots.append(spot)
        if len(spots) == n:
            return spots
    return _rowed(rng, n, 0.8)


def _pair(rng: random.Random, spread: float) -> Scene:
    ground = _color(rng)
    first = _color(rng, but=(ground,))
    second = _color(rng, but=(ground, first))
    kinds = SHAPES if rng.random() < 0.6 else OBJECTS if rng.random() < 0.6 else KINDS
    a, b = rng.sample(list(kinds), 2)
    relation: Relation = rng.choices(("left", "right", "above", "below", "beside"), (3, 3, 3, 3, 2))[0]
    actual: Relation = rng.choice(("left", "right")) if relation == "beside" else relation
    s, t = _stray(rng, 0.3, 0.42, spread), _stray(rng, 0.3, 0.42, spread)
    gap = (s + t) / 2 + _stray(rng, 0.05, 0.14, spread)
    slack = 1 - gap - (s + t) / 2 - 0.04
    start = s / 2 + 0.02 + max(0.0, slack) * _stray(rng, 0, 1, spread)
    off = 0.5 + _stray(rng, -0.1, 0.1, spread)
    drift = _stray(rng, -0.07, 0.07, spread)
    if actual in ("left", "above"):
        p, q = start, start + gap
    else:
        p, q = 1 - start, 1 - start - gap
    first_at, second_at = (p, off), (q, off + drift)
    if actual in ("above", "below"):
        first_at, second_at = (off, p), (off + drift, q)
    things = (
        _thing(rng, a, first, first_at[0], first_at[1], s, spread),
        _thing(rng, b, second, second_at[0], second_at[1], t, spread),
    )
    return Scene(category="pair", things=things, ground=ground, relation=relation)


def _place(rng: random.Random, spread: float) -> Scene:
    return Scene(category="place", place=rng.choice(PLACES), time=rng.choice(TIMES))


def _standing(rng: random.Random, kind: str, spread: float, *, count: int = 1) -> Scene:
    time: Time = rng.choices(TIMES, (4, 2, 3, 2))[0]
    place: Place | None = rng.choice((*PLACES, None, None))
    if place == "sea" and rng.random() < 0.75 and kind in OBJECTS:
        kind = rng.choice(_AT_SEA)
    color = _color(rng, but=("black",) if time == "night" else ())
    size = _stray(rng, 0.4, 0.6, spread) if count == 1 else _stray(rng, 0.26, 0.34, spread)
    things: list[Thing] = []
    for i in range(count):
        x = (i + 0.5) / count + _stray(rng, -0.5, 0.5, spread) * max(0.0, 1 / count - size - 0.02)
        if kind in _FLYING and rng.random() < 0.8:
            y = _stray(rng, size / 2 + 0.04, 0.48, spread)
        elif place == "sea" and kind != "lighthouse":
            y = _stray(rng, 0.6, 0.74, spread)
        else:
            y = _stray(rng, 0.78, 0.94, spread) - size / 2
        things.append(_thing(rng, kind, color, x, y, size, spread))
    things.sort(key=lambda thing: thing.y + thing.size / 2)
    return Scene(category="scene", things=tuple(things), place=place, time=time)


def _scene(rng: random.Random, spread: float) -> Scene:
    kind = rng.choice(OBJECTS if rng.random() < 0.9 else SHAPES)
    if rng.random() < 0.22:
        return _standing(rng, kind, spread, count=rng.choice((2, 3)))
    scene = _standing(rng, kind, spread)
    if rng.random() < 0.3:
        first = replace(scene.things[0], x=_stray(rng, 0.24, 0.3, spread), size=_stray(rng, 0.34, 0.44, spread))
        other = rng.choice([kind for kind in OBJECTS if kind != first.kind])
        color = _color(rng, but=(first.color, "black"))
        size = _stray(rng, 0.34, 0.44, spread)
        x, y = _stray(rng, 0.7, 0.76, spread), _stray(rng, 0.8, 0.92, spread) - size / 2
        pair = (first, _thing(rng, other, color, x, y, size, spread))
        if rng.random() < 0.5:
            pair = (replace(pair[1], x=1 - x), replace(first, x=1 - first.x))
        return replace(scene, things=pair, relation="beside")
    return scene


_SAMPLERS = {"shape": _shape, "object": _object, "count": _count, "pair": _pair, "place": _place, "scene": _scene}
