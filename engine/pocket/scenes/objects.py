"""The twenty objects, each drawn into the pen's box in one main colour with a few fixed details; feet at the bottom."""

import math
import random

from .pen import PALETTE, Pen, Rgb, dark, light, mix

TRUNK: Rgb = (116, 76, 48)
STONE: Rgb = (196, 192, 186)
GLASS: Rgb = (190, 226, 244)
LIT: Rgb = (255, 226, 120)
CREAM: Rgb = (252, 244, 226)
LEAF: Rgb = (62, 150, 70)
INKY: Rgb = (34, 32, 40)
PINKISH: Rgb = (246, 150, 160)


def draw_object(pen: Pen, kind: str, color: Rgb, rng: random.Random, *, night: bool = False) -> None:
    """Draw one object; small details (windows, spots) come from `rng`; at night windows are lit."""
    _DRAWN[kind](pen, color, rng, LIT if night else GLASS)


def _accent(color: Rgb) -> Rgb:
    """A detail colour that shows on `color`: pale on dark, dark on pale."""
    return dark(color, 0.4) if sum(color) > 560 else light(color, 0.55)


def _house(pen: Pen, c: Rgb, rng: random.Random, glass: Rgb) -> None:
    if rng.random() < 0.6:
        pen.rect(0.3, -0.85, 0.52, -0.3, dark(c, 0.45))
    pen.rect(-0.72, -0.12, 0.72, 1, c)
    pen.polygon([(-0.95, -0.1), (0, -0.95), (0.95, -0.1)], dark(c, 0.35))
    door = rng.choice((-0.36, 0.0, 0.36))
    pen.rect(door - 0.16, 0.42, door + 0.16, 1, dark(TRUNK, 0.1) if c != TRUNK else CREAM)
    for x in (-0.42, 0.0, 0.42):
        if abs(x - door) > 0.3:
            pen.rect(x - 0.15, 0.14, x + 0.15, 0.46, glass)


def _tree(pen: Pen, c: Rgb, rng: random.Random, glass: Rgb) -> None:
    pen.polygon([(-0.13, 0.2), (0.13, 0.2), (0.18, 1), (-0.18, 1)], TRUNK if sum(c) > 200 else light(TRUNK, 0.2))
    w = rng.uniform(0.42, 0.52)
    pen.ellipse(-0.36, 0.0, w, 0.46, dark(c, 0.12))
    pen.ellipse(0.36, 0.0, w, 0.46, dark(c, 0.12))
    pen.ellipse(0, -0.36, 0.62, 0.6, c)
    pen.ellipse(-0.18, -0.52, 0.2, 0.16, light(c, 0.18))


def _pine(pen: Pen, c: Rgb, rng: random.Random, glass: Rgb) -> None:
    pen.rect(-0.12, 0.6, 0.12, 1, TRUNK)
    for i, (top, bottom, w) in enumerate(((-0.05, 0.72, 0.74), (-0.5, 0.3, 0.58), (-0.98, -0.14, 0.42))):
        pen.polygon([(0, top), (w, bottom), (-w, bottom)], dark(c, 0.2 - 0.1 * i))


def _palm(pen: Pen, c: Rgb, rng: random.Random, glass: Rgb) -> None:
    pen.stripe([(0.12, 0.98), (0.0, 0.5), (-0.06, 0.1), (-0.05, -0.38)], 0.17, light(TRUNK, 0.12))
    leaves = (((-0.95, -0.1), (-0.55, -0.75)), ((0.9, -0.1), (0.5, -0.75)), ((-0.72, -0.8), (-0.4, -0.85)),
              ((0.68, -0.8), (0.4, -0.85)), ((-0.5, 0.28), (-0.5, -0.35)), ((0.45, 0.28), (0.46, -0.35)))  # fmt: skip
    for tip, bend in leaves:
        pen.blob([(-0.05, -0.46), bend, tip, ((bend[0] + tip[0]) / 2 * 0.8, bend[1] + 0.34)], c)
    pen.ellipse(-0.02, -0.34, 0.11, 0.11, dark(TRUNK, 0.2))


def _cactus(pen: Pen, c: Rgb, rng: random.Random, glass: Rgb) -> None:
    pen.stripe([(0, 0.96), (0, -0.72)], 0.44, c)
    left, right = rng.uniform(0.0, 0.35), rng.uniform(-0.15, 0.2)
    pen.stripe([(-0.1, left), (-0.58, left), (-0.58, left - 0.52)], 0.25, c)
    pen.stripe([(0.1, right), (0.58, right), (0.58, right - 0.5)], 0.25, c)
    for y in (-0.6, -0.2, 0.2, 0.6):
        pen.stripe([(-0.05, y), (-0.05, y + 0.14)], 0.05, _accent(c))
    if rng.random() < 0.5:
        pen.ellipse(0, -0.95, 0.14, 0.12, PINKISH)


def _car(pen: Pen, c: Rgb, rng: random.Random, glass: Rgb) -> None:
    pen.polygon([(-0.6, 0.2), (-0.42, -0.28), (0.3, -0.28), (0.62, 0.2)], dark(c, 0.12))
    pen.polygon([(-0.47, 0.16), (-0.35, -0.17), (-0.07, -0.17), (-0.07, 0.16)], glass)
    pen.polygon([(0.03, 0.16), (0.03, -0.17), (0.25, -0.17), (0.46, 0.16)], glass)
    pen.blob(
        [
            (-0.98, 0.62),
            (-0.96, 0.26),
            (-0.6, 0.12),
            (0.55, 0.12),
            (0.9, 0.26),
            (0.98, 0.62),
            (0.6, 0.68),
            (-0.6, 0.68),
        ],
        c,
    )
    for x in (-0.54, 0.54):
        pen.ellipse(x, 0.66, 0.25, 0.25, INKY)
        pen.ellipse(x, 0.66, 0.11, 0.11, STONE)
    pen.ellipse(0.88, 0.36, 0.08, 0.08, LIT)


def _boat(pen: Pen, c: Rgb, rng: random.Random, glass: Rgb) -> None:
    pen.rect(-0.05, -0.95, 0.04, 0.4, TRUNK)
    sail = rng.choice((CREAM, light(c, 0.7)))
    sail = sail if sum(c) < 690 else PINKISH
    pen.polygon([(0.1, -0.9), (0.1, 0.22), (0.78, 0.22)], sail)
    pen.polygon([(-0.1, -0.7), (-0.1, 0.22), (-0.62, 0.22)], dark(sail, 0.08))
    pen.polygon([(-0.98, 0.36), (0.98, 0.36), (0.62, 0.92), (-0.62, 0.92)], c)
    pen.rect(-0.9, 0.36, 0.9, 0.47, dark(c, 0.3))


def _cat(pen: Pen, c: Rgb, rng: random.Random, glass: Rgb) -> None:
    pen.stripe([(0.45, 0.85), (0.85, 0.7), (0.85, 0.25), (0.68, 0.05)], 0.16, dark(c, 0.15))
    pen.blob([(-0.3, 0.0), (0.3, 0.0), (0.58, 0.7), (0.5, 1.0), (-0.5, 1.0), (-0.58, 0.7)], c)
    pen.polygon([(-0.56, -0.35), (-0.54, -0.98), (-0.08, -0.66)], c)
    pen.polygon([(0.56, -0.35), (0.54, -0.98), (0.08, -0.66)], c)
    pen.ellipse(0, -0.36, 0.6, 0.46, c)
    pale = sum(c) < 200
    for x in (-0.24, 0.24):
        pen.ellipse(x, -0.4, 0.1, 0.13, LIT if pale else INKY)
    pen.polygon([(-0.07, -0.22), (0.07, -0.22), (0, -0.13)], PINKISH)
    for x in (-0.2, 0.2):
        pen.stripe([(x, 0.7), (x, 0.98)], 0.04, dark(c, 0.35) if not pale else light(c, 0.3))


def _bird(pen: Pen, c: Rgb, rng: random.Random, glass: Rgb) -> None:
    pen.polygon([(-0.5, 0.1), (-0.98, -0.22), (-0.92, 0.3)], dark(c, 0.2))
    pen.stripe([(-0.05, 0.5), (-0.05, 0.95)], 0.06, PALETTE["orange"])
    pen.stripe([(0.18, 0.5), (0.18, 0.95)], 0.06, PALETTE["orange"])
    pen.ellipse(-0.04, 0.16, 0.62, 0.46, c)
    pen.ellipse(0.46, -0.3, 0.36, 0.35, c)
    pen.polygon([(0.76, -0.4), (0.99, -0.24), (0.76, -0.13)], PALETTE["orange"])
    pen.ellipse(0.54, -0.36, 0.09, 0.09, INKY if sum(c) > 200 else CREAM)
    lift = rng.uniform(-0.5, 0.05)
    pen.blob(
        [(0.18, 0.05), (-0.2, lift), (-0.62, lift - 0.08), (-0.3, 0.36)],
        dark(c, 0.3) if sum(c) > 200 else light(c, 0.3),
    )


def _fish(pen: Pen, c: Rgb, rng: random.Random, glass: Rgb) -> None:
    pen.polygon([(-0.45, 0.0), (-0.98, -0.5), (-0.84, 0.0), (-0.98, 0.5)], dark(c, 0.2))
    pen.polygon([(-0.25, -0.35), (0.05, -0.75), (0.3, -0.35)], dark(c, 0.2))
    pen.ellipse(0.18, 0, 0.78, 0.5, c)
    for x in (-0.25, 0.05):
        pen.stripe([(x, -0.3), (x + 0.06, 0.0), (x, 0.3)], 0.09, _accent(c))
    pen.ellipse(0.62, -0.12, 0.13, 0.13, CREAM)
    pen.ellipse(0.65, -0.12, 0.07, 0.07, INKY)


def _flower(pen: Pen, c: Rgb, rng: random.Random, glass: Rgb) -> None:
    pen.stripe([(0, 0.0), (0.03, 0.95)], 0.1, dark(LEAF, 0.1))
    pen.blob([(0.03, 0.75), (0.3, 0.42), (0.55, 0.42), (0.35, 0.72)], LEAF)
    pen.blob([(0.03, 0.85), (-0.28, 0.55), (-0.5, 0.58), (-0.3, 0.84)], LEAF)
    turn = rng.choice((0.0, 0.5))
    for i in range(6):
        a = (i + turn) * math.pi / 3
        pen.ellipse(0.36 * math.cos(a), -0.36 + 0.36 * math.sin(a), 0.27, 0.27, c)
    pen.ellipse(0, -0.36, 0.22, 0.22, PALETTE["yellow"] if c[0] < 225 or c[1] < 180 or c[2] > 150 else TRUNK)


def _castle(pen: Pen, c: Rgb, rng: random.Random, glass: Rgb) -> None:
    pen.rect(-0.5, 0.0, 0.5, 1, c)
    for x in (-0.5, -0.17, 0.16):
        pen.rect(x, -0.16, x + 0.2, 0.04, c)
    for x in (-0.72, 0.72):
        pen.rect(x - 0.24, -0.32, x + 0.24, 1, dark(c, 0.1))
        pen.polygon([(x - 0.3, -0.3), (x, -0.9), (x + 0.3, -0.3)], dark(c, 0.45))
        pen.rect(x - 0.08, 0.0, x + 0.08, 0.26, glass)
    pen.rect(-0.2, 0.5, 0.2, 1, dark(TRUNK, 0.2))
    pen.ellipse(0, 0.5, 0.2, 0.2, dark(TRUNK, 0.2))


def _robot(pen: Pen, c: Rgb, rng: random.Random, glass: Rgb) -> None:
    pen.stripe([(0, -0.7), (0, -0.92)], 0.06, STONE)
    pen.ellipse(0, -0.92, 0.08, 0.08, PALETTE["red"] if c != PALETTE["red"] else LIT)
    pen.rect(-0.82, 0.05, -0.6, 0.6, dark(c, 0.25))
    pen.rect(0.6, 0.05, 0.82, 0.6, dark(c, 0.25))
    pen.rect(-0.38, 0.6, -0.1, 1, dark(c, 0.25))
    pen.rect(0.1, 0.6, 0.38, 1, dark(c, 0.25))
    pen.rect(-0.54, -0.72, 0.54, -0.08, c)
    pen.rect(-0.6, 0.0, 0.6, 0.7, c)
    for x in (-0.24, 0.24):
        pen.ellipse(x, -0.45, 0.14, 0.14, CREAM)
        pen.ellipse(x, -0.45, 0.07, 0.07, INKY)
    pen.rect(-0.24, -0.24, 0.24, -0.16, INKY if sum(c) > 200 else STONE)
    pen.rect(-0.3, 0.18, 0.3, 0.48, _accent(c))


def _rocket(pen: Pen, c: Rgb, rng: random.Random, glass: Rgb) -> None:
    f = rng.uniform(0.8, 0.98)
    pen.polygon([(-0.2, 0.5), (0, f), (0.2, 0.5)], PALETTE["orange"])
    pen.polygon([(-0.1, 0.5), (0, f - 0.18), (0.1, 0.5)], PALETTE["yellow"])
    pen.polygon([(-0.3, 0.05), (-0.66, 0.66), (-0.24, 0.5)], dark(c, 0.35))
    pen.polygon([(0.3, 0.05), (0.66, 0.66), (0.24, 0.5)], dark(c, 0.35))
    pen.blob([(0, -1.0), (0.26, -0.55), (0.34, 0.05), (0.22, 0.55), (-0.22, 0.55), (-0.34, 0.05), (-0.26, -0.55)], c)
    pen.ellipse(0, -0.3, 0.19, 0.19, CREAM if sum(c) < 600 else STONE)
    pen.ellipse(0, -0.3, 0.13, 0.13, mix(GLASS, PALETTE["blue"], 0.4))


def _balloon(pen: Pen, c: Rgb, rng: random.Random, glass: Rgb) -> None:
    pen.blob([(0, -1.0), (0.55, -0.75), (0.68, -0.25), (0.2, 0.42), (-0.2, 0.42), (-0.68, -0.25), (-0.55, -0.75)], c)
    pen.blob(
        [(0, -0.97), (0.22, -0.6), (0.24, -0.2), (0.1, 0.38), (-0.1, 0.38), (-0.24, -0.2), (-0.22, -0.6)], _accent(c)
    )
    pen.stripe([(-0.16, 0.42), (-0.14, 0.7)], 0.03, dark(TRUNK, 0.3))
    pen.stripe([(0.16, 0.42), (0.14, 0.7)], 0.03, dark(TRUNK, 0.3))
    pen.rect(-0.2, 0.66, 0.2, 0.98, TRUNK)


def _mushroom(pen: Pen, c: Rgb, rng: random.Random, glass: Rgb) -> None:
    pen.blob(
        [(-0.24, 0.0), (0.24, 0.0), (0.32, 0.9), (0.2, 1.0), (-0.2, 1.0), (-0.32, 0.9)],
        CREAM if sum(c) < 690 else STONE,
    )
    pen.blob([(-0.95, 0.12), (-0.8, -0.45), (0, -0.9), (0.8, -0.45), (0.95, 0.12), (0, 0.24)], c)
    spots = CREAM if sum(c) < 600 else PALETTE["red"]
    for x, y, r in ((-0.45, -0.22, 0.16), (0.1, -0.5, 0.17), (0.5, -0.12, 0.14), (0.02, 0.0, 0.1)):
        pen.ellipse(x + rng.uniform(-0.06, 0.06), y, r, r * 0.9, spots)


def _umbrella(pen: Pen, c: Rgb, rng: random.Random, glass: Rgb) -> None:
    pen.stripe([(0, -0.9), (0, 0.78), (0.1, 0.92), (0.26, 0.88), (0.3, 0.72)], 0.09, TRUNK)
    pen.polygon([(-0.98, 0.06), (-0.88, -0.34), (-0.55, -0.68), (0, -0.84), (0.55, -0.68), (0.88, -0.34), (0.98, 0.06),
                 (0.66, -0.08), (0.33, 0.06), (0, -0.08), (-0.33, 0.06), (-0.66, -0.08)], c)  # fmt: skip
    pen.polygon(
        [(0, -0.84), (0.22, -0.5), (0.33, 0.06), (0, -0.08), (-0.33, 0.06), (-0.22, -0.5)],
        dark(c, 0.16) if sum(c) > 200 else light(c, 0.2),
    )


def _lighthouse(pen: Pen, c: Rgb, rng: random.Random, glass: Rgb) -> None:
    def at(y: float) -> float:
        return 0.24 + (y + 0.5) / 1.5 * 0.2

    other = CREAM if sum(c) < 690 else PALETTE["red"]
    pen.polygon([(-at(-0.5), -0.5), (at(-0.5), -0.5), (at(1), 1), (-at(1), 1)], c)
    for y in (-0.2, 0.4):
        pen.polygon([(-at(y), y), (at(y), y), (at(y + 0.28), y + 0.28), (-at(y + 0.28), y + 0.28)], other)
    pen.rect(-0.36, -0.56, 0.36, -0.46, INKY)
    pen.rect(-0.2, -0.78, 0.2, -0.56, LIT)
    pen.polygon([(-0.3, -0.76), (0, -1.0), (0.3, -0.76)], dark(c, 0.3))


def _snowman(pen: Pen, c: Rgb, rng: random.Random, glass: Rgb) -> None:
    snow = mix(c, (238, 244, 252), 0.0)
    pen.ellipse(0, 0.58, 0.5, 0.42, snow)
    pen.ellipse(0, 0.06, 0.38, 0.34, snow if sum(c) < 690 else (236, 240, 246))
    pen.ellipse(0, -0.4, 0.28, 0.27, snow)
    pen.rect(-0.36, -0.66, 0.36, -0.58, INKY if sum(c) > 200 else PALETTE["red"])
    pen.rect(-0.22, -0.98, 0.22, -0.62, INKY if sum(c) > 200 else PALETTE["red"])
    ink = INKY if sum(c) > 200 else CREAM
    for x in (-0.1, 0.1):
        pen.ellipse(x, -0.46, 0.04, 0.04, ink)
    pen.polygon([(0, -0.4), (0.3, -0.34), (0, -0.3)], PALETTE["orange"])
    for y in (-0.02, 0.16):
        pen.ellipse(0, y, 0.05, 0.05, ink)
    pen.stripe([(-0.34, 0.0), (-0.78, -0.26)], 0.06, TRUNK)
    pen.stripe([(0.34, 0.0), (0.78, -0.26)], 0.06, TRUNK)


def _apple(pen: Pen, c: Rgb, rng: random.Random, glass: Rgb) -> None:
    pen.stripe([(0, -0.45), (0.08, -0.92)], 0.1, TRUNK)
    pen.blob([(0.1, -0.66), (0.32, -0.95), (0.7, -0.88), (0.42, -0.6)], LEAF)
    pen.blob(
        [
            (0, -0.48),
            (0.42, -0.62),
            (0.82, -0.3),
            (0.78, 0.35),
            (0.4, 0.92),
            (0, 0.82),
            (-0.4, 0.92),
            (-0.78, 0.35),
            (-0.82, -0.3),
            (-0.42, -0.62),
        ],
        c,
    )
    pen.ellipse(-0.45, -0.18, 0.13, 0.2, light(c, 0.45) if sum(c) < 690 else (222, 224, 230))


_DRAWN = {
    "house": _house, "tree": _tree, "pine": _pine, "palm": _palm, "cactus": _cactus, "car": _car, "boat": _boat,
    "cat": _cat, "bird": _bird, "fish": _fish, "flower": _flower, "castle": _castle, "robot": _robot,
    "rocket": _rocket, "balloon": _balloon, "mushroom": _mushroom, "umbrella": _umbrella,
    "lighthouse": _lighthouse, "snowman": _snowman, "apple": _apple,
}  # fmt: skip
