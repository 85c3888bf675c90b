"""Measuring the judge itself: on fresh held-out pictures of the painter, clean and degraded, and on counterfeits."""

import random
from collections.abc import Callable
from dataclasses import dataclass

import torch
from PIL import Image

from engine.pocket.scenes import Scene, paint, sample_scene
from engine.pocket.scenes.scene import Category

from .degrade import degrade
from .judging import Judge, to_batch
from .reading import Reading, verdict
from .samples import make_sample

SIZES = ((128, 128), (256, 256), (208, 312), (312, 208), (336, 192), (192, 336))
"""The sizes measured, (width, height) in pixels."""


@dataclass(frozen=True, kw_only=True)
class Accuracy:
    """How often the judge is right about `name`: shares of clean and degraded pictures, of `count` each."""

    name: str
    clean: float
    degraded: float
    count: int


_LINES: tuple[tuple[str, Category, Callable[[Scene, Reading], bool]], ...] = (
    ("shape", "shape", lambda s, r: verdict(s, r).kind),
    ("shape's colour", "shape", lambda s, r: verdict(s, r).color),
    ("ground's colour", "shape", lambda s, r: verdict(s, r).ground),
    ("colour + shape + ground", "shape", lambda s, r: verdict(s, r).all),
    ("object in its colour", "object", lambda s, r: verdict(s, r).kind and verdict(s, r).color),
    ("count", "count", lambda s, r: verdict(s, r).count),
    ("two things, colours, relation", "pair", lambda s, r: verdict(s, r).things and verdict(s, r).relation),
    ("place and time", "place", lambda s, r: verdict(s, r).place and verdict(s, r).time),
    ("place and time behind things", "scene", lambda s, r: verdict(s, r).place and verdict(s, r).time),
    ("things in a landscape", "scene", lambda s, r: verdict(s, r).things),
)

_CATEGORIES: tuple[Category, ...] = ("shape", "object", "count", "pair", "place", "scene")


def validate(judge: Judge, *, count: int = 240, seed: int = 1) -> list[Accuracy]:
    """Judge `count` held-out flat pictures per category, each clean and degraded, and as many counterfeits."""
    results = []
    for category in _CATEGORIES:
        rng = random.Random(f"judge-validation-{seed}-{category}")
        scenes = [sample_scene(rng, category, style="flat", held=True) for _ in range(count)]
        clean = [paint(scene, *SIZES[i % len(SIZES)]) for i, scene in enumerate(scenes)]
        readings = (
            judge.read_all(clean),
            judge.read_all([degraded(picture, i + seed) for i, picture in enumerate(clean)]),
        )
        for name, of, right in _LINES:
            if of == category:
                shares = [sum(right(s, r) for s, r in zip(scenes, some, strict=True)) / count for some in readings]
                results.append(Accuracy(name=name, clean=shares[0], degraded=shares[1], count=count))
    rng = random.Random(f"judge-validation-{seed}-style")
    scenes = [sample_scene(rng, held=True) for _ in range(count)]
    pictures = [paint(scene, 256, 256) for scene in scenes]
    shares = []
    for some in (pictures, [degraded(picture, i + seed) for i, picture in enumerate(pictures)]):
        shares.append(sum(r.style == s.style for s, r in zip(scenes, judge.read_all(some), strict=True)) / count)
    results.append(Accuracy(name="style", clean=shares[0], degraded=shares[1], count=count))
    results.append(_counterfeits(judge, count, seed))
    return results


def _counterfeits(judge: Judge, count: int, seed: int) -> Accuracy:
    """Of single blobs, nameless polygons, halves and mangled things: the share to which the judge gives no name."""
    pictures: list[Image.Image] = []
    i = 0
    while len(pictures) < count:
        sample = make_sample(f"validation-{seed}-{i}", 128, 128)
        i += 1
        if len(sample.things) == 1 and not sample.whole:
            pictures.append(Image.fromarray(sample.picture))
    shares = []
    for some in (pictures, [degraded(picture, i + seed) for i, picture in enumerate(pictures)]):
        shares.append(sum(all(seen.kind is None for seen in r.things) for r in judge.read_all(some)) / count)
    return Accuracy(name="counterfeits given no name", clean=shares[0], degraded=shares[1], count=count)


def degraded(picture: Image.Image, seed: int) -> Image.Image:
    """Return the picture spoiled like a small generator's, at 128 pixels' detail; the same for the same seed."""
    batch = to_batch([picture], picture.size)
    out = degrade(batch, torch.Generator().manual_seed(seed), strength=1.0)
    return Image.fromarray(((out[0] + 1) * 127.5).byte().permute(1, 2, 0).numpy())
