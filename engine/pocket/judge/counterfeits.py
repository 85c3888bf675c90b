"""Counterfeits that the judge must not believe: blobs, nameless polygons, halves, mangled objects, noise."""

import math
import random

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from engine.pocket.scenes import KINDS, PLACES, SHAPES, TIMES, Scene, Thing, labels, paint
from engine.pocket.scenes.pen import PALETTE

from .sample import Sample, answered, untold


def blobs(rng: random.Random, scene: Scene, width: int, height: int) -> Sample:
    """Replace some or all things of a plain picture by closed curves and polygons that are no shape."""
    everything = rng.random() < 0.6
    fakes = frozenset(i for i in range(len(scene.things)) if everything or rng.random() < 0.5) or frozenset({0})
    kept = Scene(
        category=scene.category, ground=scene.ground, style=scene.style, detail=scene.detail,
        things=tuple(thing for i, thing in enumerate(scene.things) if i not in fakes),
    )  # fmt: skip
    scale = 3
    image = paint(kept, width, height).resize((width * scale, height * scale), Image.Resampling.NEAREST)
    mask = Image.new("L", image.size, 0)
    draw, draw_mask = ImageDraw.Draw(image), ImageDraw.Draw(mask)
    for i in fakes:
        thing = scene.things[i]
        for outline, color in _nothing(rng, thing, *image.size):
            draw.polygon(outline, fill=color)
            draw_mask.polygon(outline, fill=255)
    picture = np.asarray(image.reduce(scale))
    cover = np.asarray(mask.reduce(scale * 8)) > 90
    return answered(scene, picture, cover | (labels(kept, width, height)[..., 0] > 0), fakes)


def _nothing(
    rng: random.Random, thing: Thing, width: int, height: int
) -> list[tuple[list[tuple[float, float]], tuple[int, int, int]]]:
    """Outline something nameless in the place of `thing`: a blob, a random polygon, an ellipse, a bar, a patchwork."""
    r = thing.size * min(width, height) / 2
    cx, cy = thing.x * width, thing.y * height
    r0, g0, b0 = (min(255, max(0, v + rng.randint(-9, 9))) for v in PALETTE[thing.color])
    color = (r0, g0, b0)

    def ring(radii: list[float], turn: float, flat: float = 1.0, *, smooth: bool) -> list[tuple[float, float]]:
        n = len(radii)
        steps = 8 if smooth else 1
        points = []
        for k in range(n * steps):
            i, t = divmod(k, steps)
            t /= steps
            t = t * t * (3 - 2 * t)
            radius = radii[i] * (1 - t) + radii[(i + 1) % n] * t
            a = turn + 2 * math.pi * k / (n * steps)
            x, y = radius * math.cos(a), radius * math.sin(a) * flat
            points.append(
                (cx + r * (x * math.cos(turn) - y * math.sin(turn)), cy + r * (x * math.sin(turn) + y * math.cos(turn)))
            )
        return points

    kind = rng.choice(("blob", "blob", "blob", "polygon", "ellipse", "bar", "patchwork", "spiky"))
    turn = rng.random() * 6.3
    match kind:
        case "blob":
            n = rng.randint(4, 9)
            radii = [rng.uniform(0.45, 1.0) for _ in range(n)]
            if max(radii) - min(radii) < 0.25:  # nearly a circle would be a circle
                radii[0], radii[n // 2] = 1.0, 0.5
            parts = [ring(radii, turn, smooth=True)]
        case "polygon":
            n = rng.choice((5, 6, 7, 8))
            parts = [ring([rng.uniform(0.4, 1.0) for _ in range(n)], turn, smooth=False)]
        case "ellipse":
            parts = [ring([1.0] * 24, rng.choice((0.0, math.pi / 2, turn)), rng.uniform(0.35, 0.68), smooth=False)]
        case "bar":
            a, b = rng.choice((1.0, rng.uniform(0.25, 0.55))), 1.0
            a, b = (a, b) if a < 1 else (1.0, rng.uniform(0.25, 0.55))
            corners = [(-a, -b), (a, -b), (a, b), (-a, b)]
            if rng.random() < 0.5:  # an L or a T
                corners = [(-1, -1), (-0.3, -1), (-0.3, 0.4), (1, 0.4), (1, 1), (-1, 1)]
            parts = [[(cx + r * x, cy + r * y) for x, y in corners]]
        case "spiky":
            n = rng.choice((7, 9, 12))
            parts = [
                ring(
                    [rng.uniform(0.75, 1.0) if i % 2 else rng.uniform(0.3, 0.8) for i in range(2 * n)],
                    turn,
                    smooth=False,
                )
            ]
        case _:
            parts = []
            for _ in range(rng.randint(3, 6)):
                x, y, s = rng.uniform(-0.6, 0.6), rng.uniform(-0.6, 0.6), rng.uniform(0.2, 0.45)
                parts.append(
                    [(cx + r * (x + s * math.cos(a * 1.05)), cy + r * (y + s * math.sin(a * 1.05))) for a in range(6)]
                )
    outlines = [(part, color) for part in parts]
    if thing.kind not in SHAPES and rng.random() < 0.7:  # speckles, as a failed object has
        for _ in range(rng.randint(1, 4)):
            x, y, s = rng.uniform(-0.4, 0.4), rng.uniform(-0.4, 0.4), rng.uniform(0.06, 0.2)
            tone = rng.choice(((34, 32, 40), (252, 244, 226), (116, 76, 48), (190, 226, 244)))
            outlines.append(
                ([(cx + r * (x + s * math.cos(a)), cy + r * (y + s * math.sin(a))) for a in range(6)], tone)
            )
    return outlines


def mangled(rng: random.Random, scene: Scene, width: int, height: int) -> Sample:
    """Spoil some things of a sound picture: half wiped out, shuffled, melted, blurred, overlaid with another."""
    image = paint(scene, width, height)
    everything = rng.random() < 0.6
    fakes = frozenset(i for i in range(len(scene.things)) if everything or rng.random() < 0.5) or frozenset({0})
    for i in fakes:
        thing = scene.things[i]
        r = thing.size * min(width, height) / 2
        box = tuple(
            round(v) for v in (thing.x * width - r, thing.y * height - r, thing.x * width + r, thing.y * height + r)
        )
        _spoil(rng, image, box, scene, thing)
    return answered(scene, np.asarray(image), labels(scene, width, height)[..., 0] > 0, fakes)


def _spoil(rng: random.Random, image: Image.Image, box: tuple[int, ...], scene: Scene, thing: Thing) -> None:
    left, top, right, bottom = box
    w, h = right - left, bottom - top
    patch = image.crop((left, top, right, bottom))
    ways = ["shuffle", "melt", "melt", "blur"]
    if scene.ground is not None:
        ways.append("overlay")
        if thing.kind not in ("diamond", "triangle"):  # their halves are triangles
            ways += ["half", "half"]
    match rng.choice(ways):
        case "half":
            ground = image.crop((1, 1, 2, 2)).resize(patch.size)
            cut = rng.uniform(0.42, 0.58)
            side = rng.choice(
                ((0, 0, w, int(h * cut)), (0, int(h * cut), w, h), (0, 0, int(w * cut), h), (int(w * cut), 0, w, h))
            )
            patch.paste(ground.crop(side), side)
        case "shuffle":
            a, b = w // 2, h // 2
            quarters = [patch.crop((x, y, x + a, y + b)) for x in (0, a) for y in (0, b)]
            order = rng.choice(((3, 2, 1, 0), (1, 0, 3, 2), (2, 3, 0, 1), (1, 2, 3, 0), (2, 0, 3, 1)))
            for k, (x, y) in zip(order, [(x, y) for x in (0, a) for y in (0, b)], strict=True):
                patch.paste(quarters[k], (x, y))
        case "blur":
            patch = image.crop((left - w // 3, top - h // 3, right + w // 3, bottom + h // 3))
            patch = patch.filter(ImageFilter.GaussianBlur(w * rng.uniform(0.16, 0.26)))
            left, top = left - w // 3, top - h // 3
        case "melt":
            amount = rng.uniform(0.14, 0.24) * w
            noise = np.random.default_rng(rng.getrandbits(32)).normal(size=(2, 5, 5)).astype(np.float32)
            shift = [
                np.asarray(Image.fromarray(part).resize((w, h), Image.Resampling.BICUBIC)) * amount for part in noise
            ]
            ys, xs = np.mgrid[0:h, 0:w]
            pixels = np.asarray(patch)
            patch = Image.fromarray(
                pixels[np.clip(ys + shift[0], 0, h - 1).astype(int), np.clip(xs + shift[1], 0, w - 1).astype(int)]
            )
        case _:
            other = rng.choice([kind for kind in KINDS if kind != thing.kind])
            two = Scene(
                category="shape", ground=scene.ground, style=scene.style, detail=rng.getrandbits(31),
                things=(Thing(kind=other, color=thing.color, x=0.5, y=0.5, size=0.97, flip=rng.random() < 0.5),),
            )  # fmt: skip
            patch = Image.blend(patch, paint(two, w, h), rng.uniform(0.4, 0.6))
    soft = Image.new("L", patch.size, 0)  # no hard border may give the counterfeit away
    rim = patch.width * 0.04
    ImageDraw.Draw(soft).rectangle((rim, rim, patch.width - rim, patch.height - rim), fill=255)
    image.paste(patch, (left, top), soft.filter(ImageFilter.GaussianBlur(rim)))


def two_in_one(rng: random.Random, width: int, height: int) -> Sample:
    """Blend two landscapes of different place and time: neither can be told."""
    places, times = rng.sample(PLACES, 2), rng.sample(TIMES, 2)
    first, second = (
        paint(Scene(category="place", place=place, time=time, detail=rng.getrandbits(31)), width, height)
        for place, time in zip(places, times, strict=True)
    )
    return untold(np.asarray(Image.blend(first, second, rng.uniform(0.42, 0.58))))


def mush(rng: random.Random, width: int, height: int) -> Sample:
    """Colour noise, coarse or fine."""
    cells = rng.choice((2, 4, 8, 24, 64))
    noise = np.random.default_rng(rng.getrandbits(32)).integers(0, 256, (cells, cells, 3), np.uint8)
    image = Image.fromarray(noise).resize(
        (width, height), rng.choice((Image.Resampling.BICUBIC, Image.Resampling.NEAREST))
    )
    return untold(np.asarray(image))
