"""Skies and places: the landscape behind the things, tinted by the time of day. It knows no things and no words."""

import math
import random

import numpy as np
from PIL import Image, ImageDraw

from .pen import PALETTE, Rgb, light, mix
from .scene import Place, Time

SKIES: dict[Time, tuple[Rgb, Rgb]] = {
    "day": ((96, 176, 244), (206, 236, 252)),
    "sunset": ((238, 96, 84), (255, 206, 112)),
    "night": ((10, 14, 48), (36, 46, 104)),
    "rain": ((112, 124, 140), (172, 182, 192)),
}
_TINT: dict[Time, tuple[Rgb, float]] = {
    "day": ((255, 255, 255), 0.0),
    "sunset": ((190, 70, 50), 0.28),
    "night": ((10, 14, 52), 0.55),
    "rain": ((96, 108, 122), 0.38),
}


def tinted(color: Rgb, time: Time) -> Rgb:
    """Return the colour of the land at this time of day."""
    return mix(color, *_TINT[time])


def paint_sky(width: int, height: int, time: Time, rng: random.Random) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    """Paint a sky with its sun, moon, stars, clouds; pixels are those of the supersampled picture."""
    top, low = SKIES[time]
    ramp = np.clip(np.linspace(0, 1.35, height), 0, 1)[:, None]
    rows = (np.array(top) * (1 - ramp) + np.array(low) * ramp).astype(np.uint8)
    image = Image.fromarray(np.repeat(rows[:, None, :], width, axis=1))
    draw = ImageDraw.Draw(image)
    unit = min(width, height)
    if time == "night":
        for _ in range(rng.randint(26, 46)):
            x, y, r = (
                rng.random() * width,
                rng.random() ** 1.2 * height * 0.62,
                unit * rng.choice((0.006, 0.008, 0.012)),
            )
            if r > unit * 0.011:
                draw.polygon([(x - r * 2, y), (x, y - r * 0.5), (x + r * 2, y), (x, y + r * 0.5)], fill=(255, 246, 196))
                draw.polygon([(x, y - r * 2), (x + r * 0.5, y), (x, y + r * 2), (x - r * 0.5, y)], fill=(255, 246, 196))
            else:
                draw.ellipse((x - r, y - r, x + r, y + r), fill=(250, 246, 226))
        x, y, r = (
            rng.choice((rng.uniform(0.1, 0.3), rng.uniform(0.7, 0.9))) * width,
            rng.uniform(0.11, 0.22) * height,
            unit * 0.085,
        )
        draw.ellipse((x - r, y - r, x + r, y + r), fill=(255, 244, 190))
        if rng.random() < 0.6:
            shift = r * rng.choice((-0.55, 0.55))
            share = min(1.0, 1.35 * y / height)
            draw.ellipse((x - r + shift, y - 1.1 * r, x + r + shift, y + 0.9 * r), fill=mix(top, low, share))
    elif time == "sunset":
        x, y, r = rng.uniform(0.15, 0.85) * width, rng.uniform(0.46, 0.56) * height, unit * 0.13
        for grow, share in ((1.7, 0.25), (1.35, 0.5), (1.0, 1.0)):
            color = mix(mix(top, low, min(1.0, 1.35 * y / height)), (255, 240, 150), share)
            draw.ellipse((x - r * grow, y - r * grow, x + r * grow, y + r * grow), fill=color)
        for _ in range(rng.randint(1, 3)):
            _cloud(draw, rng.random() * width, rng.uniform(0.08, 0.3) * height, unit * 0.1, (250, 150, 120))
    elif time == "day":
        if rng.random() < 0.75:
            x, y, r = (
                rng.choice((rng.uniform(0.1, 0.28), rng.uniform(0.72, 0.9))) * width,
                rng.uniform(0.11, 0.2) * height,
                unit * 0.085,
            )
            if rng.random() < 0.5:
                for i in range(10):
                    a = i * math.pi / 5
                    draw.line(
                        (x, y, x + 1.6 * r * math.cos(a), y + 1.6 * r * math.sin(a)),
                        fill=(255, 224, 92),
                        width=max(2, round(r * 0.18)),
                    )
            draw.ellipse((x - r, y - r, x + r, y + r), fill=(255, 218, 72))
        for _ in range(rng.randint(1, 3)):
            _cloud(
                draw,
                rng.random() * width,
                rng.uniform(0.08, 0.34) * height,
                unit * rng.uniform(0.08, 0.12),
                (255, 255, 255),
            )
    else:
        for _ in range(rng.randint(3, 5)):
            _cloud(draw, rng.random() * width, rng.uniform(0.04, 0.2) * height, unit * 0.13, (92, 102, 118))
    return image, draw


def paint_rain(draw: ImageDraw.ImageDraw, width: int, height: int, rng: random.Random) -> None:
    """Draw falling drops over everything."""
    unit = min(width, height)
    for _ in range(round(58 * width * height / unit**2)):
        x, y, length = rng.random() * width, rng.random() * height, unit * rng.uniform(0.04, 0.07)
        draw.line((x, y, x - length * 0.25, y + length), fill=(206, 226, 244), width=max(2, round(unit * 0.007)))


def _cloud(draw: ImageDraw.ImageDraw, x: float, y: float, r: float, color: Rgb) -> None:
    draw.rounded_rectangle((x - 1.9 * r, y - 0.1 * r, x + 1.9 * r, y + 0.6 * r), radius=0.35 * r, fill=color)
    draw.ellipse((x - 1.2 * r, y - 0.7 * r, x + 0.1 * r, y + 0.6 * r), fill=color)
    draw.ellipse((x - 0.4 * r, y - 1.0 * r, x + 1.1 * r, y + 0.5 * r), fill=color)


class Land:
    """The ground of a landscape: `horizon` in pixels, and what grows or stands there. Painted far to near."""

    def __init__(self, draw: ImageDraw.ImageDraw, width: int, height: int, time: Time, rng: random.Random) -> None:
        self.draw, self.width, self.height, self.rng = draw, width, height, rng
        self.time: Time = time
        self.unit = min(width, height)
        self.horizon = rng.uniform(0.56, 0.66) * height

    def paint(self, place: Place | None) -> None:
        match place:
            case None:
                self._hill(self.horizon + 0.04 * self.height, (104, 178, 84), 0.02)
            case "meadow":
                self._hill(self.horizon - 0.04 * self.height, (140, 200, 96), 0.05)
                self._hill(self.horizon + 0.1 * self.height, (112, 186, 82), 0.04)
                self._flowers()
            case "forest":
                self._trees()
            case "sea":
                self._sea()
            case "beach":
                self._beach()
            case "desert":
                self._hill(self.horizon - 0.05 * self.height, (240, 196, 116), 0.06)
                self._hill(self.horizon + 0.08 * self.height, (230, 176, 92), 0.06)
                self._hill(self.horizon + 0.24 * self.height, (218, 160, 78), 0.03)
            case "mountains":
                self._mountains()
            case "city":
                self._city()
            case "snow":
                self._snow()

    def _tone(self, color: Rgb) -> Rgb:
        return tinted(color, self.time)

    def _hill(self, y: float, color: Rgb, wave: float) -> None:
        phase, turns = self.rng.random() * 6.3, self.rng.uniform(0.6, 1.3) * self.width / self.unit
        points = [
            (self.width * i / 24, y - wave * self.height * math.sin(phase + turns * 6.3 * i / 24)) for i in range(25)
        ]
        self.draw.polygon([*points, (self.width, self.height), (0, self.height)], fill=self._tone(color))

    def _spread(self, count: int, low: float, high: float) -> list[tuple[float, float]]:
        return sorted(
            ((self.rng.random() * self.width, self.rng.uniform(low, high) * self.height) for _ in range(count)),
            key=lambda spot: spot[1],
        )

    def _flowers(self) -> None:
        for x, y in self._spread(round(16 * self.width / self.unit), 0.76, 0.97):
            r = self.unit * 0.013
            color = self._tone(self.rng.choice(((255, 255, 255), (255, 216, 80), (250, 130, 170), (232, 84, 84))))
            self.draw.ellipse((x - r, y - r, x + r, y + r), fill=color)

    def _pine(self, x: float, y: float, h: float, color: Rgb) -> None:
        self.draw.rectangle((x - h * 0.06, y - h * 0.2, x + h * 0.06, y), fill=self._tone((104, 72, 48)))
        for low, high, w in ((0.15, 0.6, 0.3), (0.4, 0.82, 0.24), (0.65, 1.0, 0.17)):
            self.draw.polygon([(x, y - h * high), (x + h * w, y - h * low), (x - h * w, y - h * low)], fill=color)

    def _trees(self) -> None:
        self._hill(self.horizon, (70, 128, 66), 0.02)
        count = round(7 * self.width / self.unit)
        for row, (foot, tall, color) in enumerate(((0.62, 0.38, (52, 110, 66)), (0.72, 0.5, (34, 88, 54)))):
            for i in range(count):
                if row and self.rng.random() < 0.3:
                    continue
                x = (i + self.rng.uniform(0.1, 0.9)) / count * self.width
                h = self.rng.uniform(0.85, 1.15) * tall * self.unit
                self._pine(x, foot * self.height + self.rng.uniform(0, 0.03) * self.height, h, self._tone(color))
        self._hill(0.78 * self.height, (88, 148, 72), 0.02)

    def _sea(self) -> None:
        y = self.horizon
        self.draw.rectangle((0, y, self.width, self.height), fill=self._tone((44, 130, 206)))
        self._waves(y, 18)

    def _waves(self, top: float, count: int) -> None:
        for x, y in self._spread(round(count * self.width / self.unit), top / self.height + 0.03, 0.97):
            w = self.unit * (0.03 + 0.05 * (y - top) / max(1.0, self.height - top))
            color = self._tone((156, 210, 240))
            self.draw.arc(
                (x - w, y - w * 0.4, x, y + w * 0.4), 180, 360, fill=color, width=max(2, round(self.unit * 0.008))
            )
            self.draw.arc(
                (x, y - w * 0.4, x + w, y + w * 0.4), 180, 360, fill=color, width=max(2, round(self.unit * 0.008))
            )

    def _beach(self) -> None:
        y = self.horizon - 0.04 * self.height
        self.draw.rectangle((0, y, self.width, self.height), fill=self._tone((60, 158, 214)))
        self._hill(0.735 * self.height, (238, 250, 252), 0.014)
        self._hill(0.755 * self.height, (246, 220, 158), 0.014)
        for x, y in self._spread(6, 0.82, 0.97):
            r = self.unit * 0.012
            self.draw.ellipse((x - r, y - r * 0.7, x + r, y + r * 0.7), fill=self._tone((255, 240, 224)))

    def _mountains(self) -> None:
        base = self.horizon + 0.06 * self.height
        for row, (tall, color) in enumerate(((0.42, (132, 146, 176)), (0.3, (100, 114, 146)))):
            x = self.rng.uniform(-0.2, 0.05) * self.unit
            while x < self.width:
                w = self.rng.uniform(0.5, 0.75) * self.unit
                h = self.rng.uniform(0.8, 1.15) * tall * self.height
                peak = (x + w / 2, base - h)
                self.draw.polygon([(x, base), peak, (x + w, base)], fill=self._tone(color))
                if row == 0:
                    a, b = 0.28, 0.25
                    cap = [peak, (peak[0] + w / 2 * a, peak[1] + h * a), (peak[0] + w * 0.05, peak[1] + h * b * 0.7),
                           (peak[0] - w * 0.04, peak[1] + h * a), (peak[0] - w / 2 * b, peak[1] + h * b)]  # fmt: skip
                    self.draw.polygon(cap, fill=self._tone((252, 252, 255)))
                x += w * self.rng.uniform(0.55, 0.8)
        self._hill(base - 0.01 * self.height, (106, 166, 98), 0.015)

    def _city(self) -> None:
        base = 0.78 * self.height
        x = -0.02 * self.unit
        lit = self.time in ("night", "sunset", "rain")
        while x < self.width:
            w, h = self.rng.uniform(0.13, 0.21) * self.unit, self.rng.uniform(0.26, 0.56) * self.height
            wall = self.rng.choice(((126, 134, 154), (164, 150, 146), (104, 118, 146), (150, 160, 170)))
            self.draw.rectangle((x, base - h, x + w, base), fill=self._tone(wall))
            step = 0.052 * self.unit
            glow = (255, 222, 120) if lit else light(PALETTE["blue"], 0.72)
            for i in range(int((w - 0.02 * self.unit) / step)):
                for j in range(int((h - 0.03 * self.unit) / step)):
                    if self.rng.random() < 0.72:
                        left, top = x + 0.02 * self.unit + i * step, base - h + 0.03 * self.unit + j * step
                        self.draw.rectangle((left, top, left + step * 0.5, top + step * 0.55), fill=glow)
            x += w + self.rng.uniform(0.0, 0.015) * self.unit
        self.draw.rectangle((0, base, self.width, self.height), fill=self._tone((110, 112, 120)))
        for i in range(round(6 * self.width / self.unit)):
            left = (i + 0.25) * self.unit / 6
            self.draw.rectangle(
                (left, 0.885 * self.height, left + self.unit * 0.08, 0.9 * self.height),
                fill=self._tone((240, 240, 236)),
            )

    def _snow(self) -> None:
        self._hill(self.horizon - 0.03 * self.height, (214, 228, 244), 0.05)
        for _ in range(round(4 * self.width / self.unit)):
            x, h = self.rng.random() * self.width, self.rng.uniform(0.16, 0.26) * self.unit
            self._pine(x, self.horizon + 0.06 * self.height, h, self._tone((66, 118, 104)))
            self._pine(x, self.horizon + 0.015 * self.height, h * 0.72, self._tone((240, 246, 252)))
        self._hill(self.horizon + 0.09 * self.height, (244, 249, 255), 0.03)
        for _ in range(round(34 * self.width / self.unit)):
            x, y, r = (
                self.rng.random() * self.width,
                self.rng.random() * self.height,
                self.unit * self.rng.uniform(0.005, 0.01),
            )
            self.draw.ellipse((x - r, y - r, x + r, y + r), fill=(255, 255, 255))
