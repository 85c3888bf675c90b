"""The eight shapes, each filling the pen's box."""

import math

from .pen import Pen, Point, Rgb


def draw_shape(pen: Pen, kind: str, color: Rgb, behind: Rgb) -> None:
    """Draw one shape; `behind` is what shows through a ring."""
    match kind:
        case "circle":
            pen.ellipse(0, 0, 0.95, 0.95, color)
        case "square":
            pen.rect(-0.84, -0.84, 0.84, 0.84, color)
        case "triangle":
            pen.polygon([(0, -0.92), (0.98, 0.8), (-0.98, 0.8)], color)
        case "diamond":
            pen.polygon([(0, -1.0), (0.72, 0), (0, 1.0), (-0.72, 0)], color)
        case "star":
            pen.polygon([_polar(1.0 if i % 2 == 0 else 0.42, i * 36 - 90) for i in range(10)], color)
        case "cross":
            a, b = 0.3, 0.92
            pen.polygon(
                [
                    (-a, -b),
                    (a, -b),
                    (a, -a),
                    (b, -a),
                    (b, a),
                    (a, a),
                    (a, b),
                    (-a, b),
                    (-a, a),
                    (-b, a),
                    (-b, -a),
                    (-a, -a),
                ],
                color,
            )
        case "ring":
            if pen.line and pen.mask is None:
                pen.polygon([_polar(0.96, i * 6) for i in range(60)], color)
                pen.line = False
                inner = [_polar(0.52, i * 6) for i in range(61)]
                pen.polygon(inner, behind)
                pen.line = True
                pen.stripe(inner, 0.05, color)
            else:
                (x, y), r = pen.at((0, 0)), 0.96 * pen.r
                fill = color if pen.mask is None else pen.mask
                pen.draw.ellipse((x - r, y - r, x + r, y + r), outline=fill, width=max(1, round(0.44 * pen.r)))
        case "heart":
            pen.polygon([_heart(2 * math.pi * i / 48) for i in range(48)], color)
        case _:
            raise KeyError(kind)


def _polar(radius: float, degrees: float) -> Point:
    return radius * math.cos(math.radians(degrees)), radius * math.sin(math.radians(degrees))


def _heart(t: float) -> Point:
    x = 16 * math.sin(t) ** 3
    y = 13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t)
    return x / 17, -(y + 2.5) / 16
