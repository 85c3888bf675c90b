"""Measuring the judge itself: on fresh held-out pictures of the painter, clean and spoiled, and on counterfeits."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
import torch.nn.functional as F
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from PIL import Image

from engine.pocket.scenes import Scene, paint, sample_scene
from engine.pocket.scenes.scene import Category

from .degrade import degrade
from .judging import Judge, to_batch, working_size
from .reading import Reading, verdict
from .samples import make_sample

Spoil = Callable[[Image.Image, int], Image.Image]
"""From a picture and a seed to a worse picture of the same size."""
SIZES = ((128, 128), (256, 256), (208, 312), (312, 208), (336, 192), (192, 336))
"""The sizes measured, (width, height) in pixels."""


@dataclass(frozen=True, kw_only=True)
class Accuracy:
    """How often the judge is right about `name`: shares of clean and spoiled pictures, of `count` each."""

    name: str
    clean: float
    spoiled: float
    count: int


def degraded(picture: Image.Image, seed: int) -> Image.Image:
    """Return the picture spoiled at the scale at which it is judged; the same for the same seed."""
    small = to_batch([picture], working_size(*picture.size))
    out = degrade(small, torch.Generator().manual_seed(seed))
    back = F.interpolate(out, size=(picture.height, picture.width), mode="bilinear", align_corners=False)
    return Image.fromarray(((back[0] + 1) * 127.5).byte().permute(1, 2, 0).numpy())


def through(folder: Path) -> Spoil:
    """Return what an autoencoder's folder (diffusers) makes of a picture, its latents a little noisy."""
    model = AutoencoderKL.from_pretrained(folder)
    assert isinstance(model, AutoencoderKL)

    @torch.inference_mode()
    def spoil(picture: Image.Image, seed: int) -> Image.Image:
        side = 2 ** (len(model.config["block_out_channels"]) - 1)
        width, height = (round(v / side) * side for v in picture.size)
        latents = model.encode(to_batch([picture], (width, height)), return_dict=False)[0].mode()
        noise = torch.randn(latents.shape, generator=torch.Generator().manual_seed(seed))
        out = model.decode(cast(Any, latents + 0.1 * latents.std() * noise), return_dict=False)[0].clamp(-1, 1)
        return Image.fromarray(((out[0] + 1) * 127.5).byte().permute(1, 2, 0).numpy())

    return spoil


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


def validate(judge: Judge, *, count: int = 240, seed: int = 1, spoil: Spoil = degraded) -> list[Accuracy]:
    """Judge `count` held-out flat pictures per category, each clean and spoiled, and as many counterfeits."""
    results = []
    for category in _CATEGORIES:
        rng = random.Random(f"judge-validation-{seed}-{category}")
        scenes = [sample_scene(rng, category, style="flat", held=True) for _ in range(count)]
        clean = [paint(scene, *SIZES[i % len(SIZES)]) for i, scene in enumerate(scenes)]
        readings = (
            judge.read_all(clean),
            judge.read_all([spoil(picture, i + seed) for i, picture in enumerate(clean)]),
        )
        for name, of, right in _LINES:
            if of == category:
                shares = [sum(right(s, r) for s, r in zip(scenes, some, strict=True)) / count for some in readings]
                results.append(Accuracy(name=name, clean=shares[0], spoiled=shares[1], count=count))
    rng = random.Random(f"judge-validation-{seed}-style")
    scenes = [sample_scene(rng, held=True) for _ in range(count)]
    pictures = [paint(scene, 256, 256) for scene in scenes]
    shares = []
    for some in (pictures, [spoil(picture, i + seed) for i, picture in enumerate(pictures)]):
        shares.append(sum(r.style == s.style for s, r in zip(scenes, judge.read_all(some), strict=True)) / count)
    results.append(Accuracy(name="style", clean=shares[0], spoiled=shares[1], count=count))
    results.append(_counterfeits(judge, count, seed, spoil))
    return results


def _counterfeits(judge: Judge, count: int, seed: int, spoil: Spoil) -> Accuracy:
    """Of single blobs, nameless polygons, halves and mangled things: the share to which the judge gives no name."""
    pictures: list[Image.Image] = []
    i = 0
    while len(pictures) < count:
        sample = make_sample(f"validation-{seed}-{i}", 128, 128)
        i += 1
        if len(sample.things) == 1 and not sample.whole:
            pictures.append(Image.fromarray(sample.picture))
    shares = []
    for some in (pictures, [spoil(picture, i + seed) for i, picture in enumerate(pictures)]):
        shares.append(sum(all(seen.kind is None for seen in r.things) for r in judge.read_all(some)) / count)
    return Accuracy(name="counterfeits given no name", clean=shares[0], spoiled=shares[1], count=count)
