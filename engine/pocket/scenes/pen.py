"""A pen with its own coordinate system on a picture: fills in flat style, outlines in line style; knows no objects."""

import math
from collections.abc import Sequence

from PIL import ImageDraw

Rgb = tuple[int, int, int]
Point = tuple[float, float]

PALETTE: dict[str, Rgb] = {
    "red": (218, 38, 42), "orange": (246, 136, 28), "yellow": (252, 218, 52), "green": (46, 158, 66),
    "teal": (18, 168, 168), "blue": (40, 84, 214), "purple": (126, 52, 178), "pink": (250, 142, 192),
    "brown": (128, 78, 42), "black": (26, 26, 30), "white": (250, 250, 246), "gray": (142, 144, 150),
}  # fmt: skip
PAPER: Rgb = (250, 247, 238)


def mix(a: Rgb, b: Rgb, share: float) -> Rgb:
    """Go from `a` (share 0) to `b` (share 1)."""
    return (
        round(a[0] + (b[0] - a[0]) * share),
        round(a[1] + (b[1] - a[1]) * share),
        round(a[2] + (b[2] - a[2]) * share),
    )


def dark(color: Rgb, share: float = 0.25) -> Rgb:
    return mix(color, (12, 10, 30), share)


def light(color: Rgb, share: float = 0.3) -> Rgb:
    return mix(color, (255, 255, 255), share)


class Pen:
    """Draws in a box from (-1, -1) top left to (1, 1) bottom right, centred at `x`, `y` pixels, half-side `r` pixels.

    `line` draws outlines with a pale fill; `mask` (a single value) draws everything in that value, for label maps.
    """

    def __init__(
        self,
        draw: ImageDraw.ImageDraw,
        x: float,
        y: float,
        r: float,
        *,
        turn: float = 0.0,
        flip: bool = False,
        line: bool = False,
        mask: int | None = None,
        stretch: float = 1.0,
    ) -> None:
        self.draw, self.x, self.y, self.r, self.line, self.mask = draw, x, y, r, line, mask
        self.sign = -1.0 if flip else 1.0
        self.stretch = stretch
        self.cos, self.sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
        self.stroke = max(2, round(r * 0.055))

    def at(self, point: Point) -> Point:
        px, py = point[0] * self.sign * self.stretch, point[1]
        return (
            self.x + self.r * (px * self.cos - py * self.sin),
            self.y + self.r * (px * self.sin + py * self.cos),
        )

    def polygon(self, points: Sequence[Point], fill: Rgb) -> None:
        placed = [self.at(point) for point in points]
        if self.mask is not None:
            self.draw.polygon(placed, fill=self.mask)
        elif self.line:
            self.draw.polygon(placed, fill=mix(PAPER, fill, 0.22))
            self.draw.line([*placed, placed[0], placed[1]], fill=dark(fill, 0.45), width=self.stroke, joint="curve")
        else:
            self.draw.polygon(placed, fill=fill)

    def ellipse(self, x: float, y: float, rx: float, ry: float, fill: Rgb) -> None:
        if self.line or self.sin:
            steps = 36
            self.polygon(
                [
                    (x + rx * math.cos(2 * math.pi * i / steps), y + ry * math.sin(2 * math.pi * i / steps))
                    for i in range(steps)
                ],
                fill,
            )
            return
        cx, cy = self.at((x, y))
        rx, ry = rx * self.r * self.stretch, ry * self.r
        self.draw.ellipse((cx - rx, cy - ry, cx + rx, cy + ry), fill=fill if self.mask is None else self.mask)

    def rect(self, x0: float, y0: float, x1: float, y1: float, fill: Rgb) -> None:
        self.polygon([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], fill)

    def stripe(self, points: Sequence[Point], width: float, fill: Rgb) -> None:
        """Draw a thick line with round ends; `width` in box units."""
        placed = [self.at(point) for point in points]
        pixels = max(1, round(width * self.r))
        ink = self.mask if self.mask is not None else dark(fill, 0.45) if self.line else fill
        if self.line and self.mask is None:
            pixels = max(self.stroke, pixels // 2)
        self.draw.line(placed, fill=ink, width=pixels, joint="curve")
        half = pixels / 2 - 0.5
        for px, py in (placed[0], placed[-1]):
            self.draw.ellipse((px - half, py - half, px + half, py + half), fill=ink)

    def blob(self, points: Sequence[Point], fill: Rgb, *, steps: int = 6) -> None:
        """Fill a smooth closed curve through the points (Catmull-Rom)."""
        n = len(points)
        curve: list[Point] = []
        for i in range(n):
            a, b, c, d = (points[(i + k - 1) % n] for k in range(4))
            for step in range(steps):
                t = step / steps
                curve.append(
                    tuple(  # type: ignore[arg-type]
                        0.5
                        * (
                            2 * b[k]
                            + (c[k] - a[k]) * t
                            + (2 * a[k] - 5 * b[k] + 4 * c[k] - d[k]) * t * t
                            + (3 * b[k] - a[k] - 3 * c[k] + d[k]) * t * t * t
                        )
                        for k in (0, 1)
                    )
                )
        self.polygon(curve, fill)
