"""From a scene to pixels: ground or landscape, things, style. The same scene at any size is the same picture."""

import random

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from .landscape import Land, paint_rain, paint_sky
from .objects import draw_object
from .pen import PALETTE, PAPER, Pen, Rgb
from .scene import COLORS, KINDS, SHAPES, Scene, Thing
from .shapes import draw_shape

CELL = 8
"""Side in pixels of one cell of a label map."""


def paint(scene: Scene, width: int = 256, height: int = 256) -> Image.Image:
    """Paint a scene, RGB, `width` x `height` pixels, anti-aliased by drawing it larger."""
    rng = random.Random(scene.detail)
    scale = 2 if min(width, height) >= 160 else 3
    w, h = width * scale, height * scale
    line = scene.style == "line"
    if scene.time is not None:
        image, draw = paint_sky(w, h, scene.time, rng)
        Land(draw, w, h, scene.time, rng).paint(scene.place)
        if line:
            image = Image.blend(image, Image.new("RGB", image.size, PAPER), 0.62)
            draw = ImageDraw.Draw(image)
        behind = image.getpixel((w // 2, h // 2))
        assert isinstance(behind, tuple)
        ground: Rgb = (int(behind[0]), int(behind[1]), int(behind[2]))
    else:
        ground = _shaken(PALETTE[scene.ground or "white"], rng, 5)
        if line and scene.ground is None:
            ground = PAPER
        image = Image.new("RGB", (w, h), ground)
        draw = ImageDraw.Draw(image)
    for thing in scene.things:
        _draw_thing(draw, thing, w, h, rng, ground, line=line, night=scene.time == "night")
    if scene.time == "rain":
        paint_rain(draw, w, h, rng)
    image = image.reduce(scale)
    if scene.style == "pixel":
        small = image.reduce(CELL // 2 if min(width, height) < 160 else CELL)
        small = small.point([min(255, (v + 8) // 16 * 16) for v in range(256)] * 3)
        return small.resize((width, height), Image.Resampling.NEAREST)
    if scene.style == "watercolour":
        return _watercolour(image, scene.detail)
    return image


def labels(scene: Scene, width: int, height: int) -> np.ndarray:
    """Map which thing covers each 8-pixel cell.

    uint8 (height / 8, width / 8, 2) of kind and colour: 0 for none, else the index in KINDS or COLORS plus 1.
    """
    kind, color = (Image.new("L", (width // CELL, height // CELL), 0) for _ in range(2))
    for thing in scene.things:
        for image, value in ((kind, KINDS.index(thing.kind) + 1), (color, COLORS.index(thing.color) + 1)):
            draw = ImageDraw.Draw(image)
            _draw_thing(draw, thing, *image.size, random.Random(0), (0, 0, 0), line=False, night=False, mask=value)
    return np.stack([np.asarray(kind), np.asarray(color)], axis=-1)


def _draw_thing(
    draw: ImageDraw.ImageDraw,
    thing: Thing,
    w: int,
    h: int,
    rng: random.Random,
    ground: Rgb,
    *,
    line: bool,
    night: bool,
    mask: int | None = None,
) -> None:
    r = thing.size * min(w, h) / 2
    x, y = thing.x * w, thing.y * h
    pen = Pen(draw, x, y, r, turn=thing.turn, flip=thing.flip, line=line, mask=mask)
    color = _shaken(PALETTE[thing.color], rng, 7)
    if thing.kind in SHAPES:
        draw_shape(pen, thing.kind, color, ground)
    else:
        draw_object(pen, thing.kind, color, rng, night=night)


def _shaken(color: Rgb, rng: random.Random, amount: int) -> Rgb:
    r, g, b = (min(255, max(0, v + rng.randint(-amount, amount))) for v in color)
    return r, g, b


def _watercolour(image: Image.Image, detail: int) -> Image.Image:
    """Soften, let pigment gather at edges and vary over the paper."""
    width, height = image.size
    soft = image.filter(ImageFilter.ModeFilter(5)).filter(ImageFilter.GaussianBlur(1.1))
    base = np.asarray(soft, np.float32)
    edge = np.abs(base - np.asarray(image.filter(ImageFilter.GaussianBlur(3)), np.float32)).mean(-1, keepdims=True)
    noise = np.random.default_rng(detail).random((height // 24 + 2, width // 24 + 2), np.float32)
    cloud = np.asarray(Image.fromarray(noise).resize((width, height), Image.Resampling.BICUBIC))[..., None]
    wash = base + (np.array(PAPER, np.float32) - base) * (0.12 + 0.34 * cloud)
    return Image.fromarray(np.clip(wash - 0.7 * edge, 0, 255).astype(np.uint8))
