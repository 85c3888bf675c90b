"""Which pictures the judge learns from: the painter's scenes, crowds of unlike things, and counterfeits.

Every sample is a pure function of its seed and size.
"""

import random

from engine.pocket.scenes import COLORS, KINDS, PLACES, SHAPES, STYLES, TIMES, Scene, Thing, sample_scene
from engine.pocket.scenes.scene import Color

from .counterfeits import blobs, mangled, mush, two_in_one
from .sample import Sample, sound


def make_sample(seed: str, width: int, height: int) -> Sample:
    """Make the sample of this seed: three in four are sound pictures, the rest hold a counterfeit or nothing."""
    rng = random.Random(f"judge-{seed}")
    roll = rng.random()
    if roll < 0.74:
        return sound(
            _crowd(rng, width, height) if rng.random() < 0.35 else sample_scene(rng, held=False), width, height
        )
    if roll < 0.84:
        return blobs(rng, _plain_scene(rng, width, height), width, height)
    if roll < 0.94:
        plain = rng.random() < 0.7
        scene = _plain_scene(rng, width, height) if plain else sample_scene(rng, "scene", held=False)
        return mangled(rng, scene, width, height)
    if roll < 0.98:
        return two_in_one(rng, width, height)
    return mush(rng, width, height)


def _crowd(rng: random.Random, width: int, height: int) -> Scene:
    """Scatter one to seven unlike things over a plain ground or a landscape: more to learn from per picture."""
    short = min(width, height)
    landscape, large = rng.random() < 0.35, rng.random() < 0.35
    ground = None if landscape else rng.choice(COLORS)
    free: list[Color] = [color for color in COLORS if color != ground]
    things: list[Thing] = []
    for _ in range(40):
        size = rng.uniform(0.45, 0.8) if not things and large else rng.uniform(0.24, 0.44)
        edge_x, edge_y = size * short / width / 2, size * short / height / 2
        x, y = rng.uniform(edge_x, 1 - edge_x), rng.uniform(edge_y, 1 - edge_y)
        gaps = (max(abs(x - o.x) * width, abs(y - o.y) * height) / short - (size + o.size) / 2 for o in things)
        if min(gaps, default=1.0) < 0.02:
            continue
        kind, color = rng.choice(KINDS), rng.choice(free)
        turn = rng.uniform(-7, 7) if kind in SHAPES else 0.0
        things.append(Thing(kind=kind, color=color, x=x, y=y, size=size, turn=turn, flip=rng.random() < 0.5))
        if len(things) == 7:
            break
    return Scene(
        category="scene" if landscape else "pair", things=tuple(things), ground=ground,
        place=rng.choice((*PLACES, None)) if landscape else None, time=rng.choice(TIMES) if landscape else None,
        style=rng.choice(STYLES) if rng.random() < 0.1 else "flat", detail=rng.getrandbits(31),
    )  # fmt: skip


def _plain_scene(rng: random.Random, width: int, height: int) -> Scene:
    """Draw a crowd or one of the painter's own scenes, on a plain ground."""
    while True:
        if rng.random() < 0.5 and (crowd := _crowd(rng, width, height)).time is None:
            return crowd
        scene = sample_scene(rng, rng.choice(("shape", "object", "count", "pair")), held=False)
        if scene.time is None:
            return scene
