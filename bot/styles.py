"""Styles by number: `--sref 1234` is a small picture of nothing but colours and manner, painted from the number.

Knows no storage and no request; the picture is then a style reference like any other.
"""

import colorsys
import random

from PIL import Image, ImageDraw


def swatch(number: int, side: int = 256) -> Image.Image:
    """A style by number: a palette in brush strokes that says nothing but colours and manner; the same every time."""
    chance = random.Random(number)
    first, spread = chance.random(), chance.choice((0.08, 0.2, 0.33, 0.5))
    light, full = chance.uniform(0.25, 0.8), chance.uniform(0.2, 1.0)
    palette = [_colour((first + spread * step) % 1, full, light * chance.uniform(0.6, 1.25)) for step in range(5)]
    picture = Image.new("RGB", (side, side), palette[0])
    brush = ImageDraw.Draw(picture)
    thick, long = chance.choice((2, 5, 11, 24)), chance.choice((8, 40, 120))
    manner = chance.choice(("strokes", "dots", "blocks"))
    for _ in range(60_000 // (thick * long + 40)):
        x, y, colour = chance.randrange(side), chance.randrange(side), chance.choice(palette[1:])
        if manner == "strokes":
            slope = chance.uniform(-0.6, 0.6)
            brush.line((x, y, x + long, y + round(long * slope)), colour, thick)
        elif manner == "dots":
            brush.ellipse((x, y, x + thick, y + thick), colour)
        else:
            brush.rectangle((x, y, x + long // 2, y + thick), colour)
    return picture


def _colour(hue: float, saturation: float, value: float) -> tuple[int, int, int]:
    red, green, blue = colorsys.hsv_to_rgb(hue, saturation, min(1.0, value))
    return round(red * 255), round(green * 255), round(blue * 255)
