"""From the networks' numbers to a reading: where things stand, what they are called, what the whole picture shows."""

import math
from dataclasses import dataclass
from typing import Any, Self, cast

import torch.nn.functional as F
from torch import Tensor

from engine.pocket.scenes import COLORS
from engine.pocket.scenes.scene import Color

from .network import GROUND_CLASSES, KIND_CLASSES, PLACE_CLASSES, STYLE_CLASSES, TIME_CLASSES, UNSURE, Maps
from .reading import Reading, Seen

THERE = 0.4
"""A thing stands where the network is surer than this."""
NAMED = 0.7
"""A thing has a name when the namer is surer than this."""

Spot = tuple[float, float, float]
"""Centre as fractions of width and height, side as a fraction of the shorter side."""


@dataclass(frozen=True)
class Name:
    """What the namer says of one thing."""

    kind: str | None
    color: Color
    sure: float
    off: tuple[float, float, float]
    """How far the place was off, see Namer."""

    @classmethod
    def of(cls, kinds: Tensor, colors: Tensor, off: Tensor) -> Self:
        """From the probabilities of the kinds, any scores of the colours, and the place's error."""
        sure, index = (float(value) for value in kinds.max(0))
        kind = KIND_CLASSES[int(index)]
        return cls(
            kind if kind != UNSURE and sure >= NAMED else None,
            COLORS[int(colors.argmax())],
            sure,
            (float(off[0]), float(off[1]), float(off[2])),
        )

    def corrected(self, x: float, y: float, size: float, picture: tuple[int, int]) -> Spot:
        """Return the place with its error taken off; `picture` is width and height."""
        side = size * min(picture)
        dx, dy, growth = self.off
        size = min(1.2, max(0.05, size * math.exp(min(0.7, max(-0.7, growth)))))
        return x + dx * side / picture[0], y + dy * side / picture[1], size

    def at(self, x: float, y: float, size: float) -> Seen:
        return Seen(kind=self.kind, color=self.color, x=x, y=y, size=size, sure=self.sure)


def find(maps: Maps) -> list[list[Spot]]:
    """Return the spots of each picture's things: peaks of the centre map, of two inside one thing the surer."""
    heat = maps.centre.sigmoid()
    peaks = (heat == F.max_pool2d(heat[:, None], 3, 1, 1)[:, 0]) & (heat > THERE)
    height, width = heat.shape[1:]
    across, down = width / min(height, width), height / min(height, width)  # to units of the shorter side
    found: list[list[Spot]] = []
    for i in range(len(heat)):
        kept: list[Spot] = []
        for y, x in sorted(peaks[i].nonzero().tolist(), key=lambda at: -float(heat[i, at[0], at[1]])):
            spot = ((x + 0.5) / width, (y + 0.5) / height, float(maps.size[i, y, x].exp()))
            gaps = ((max(abs(spot[0] - o[0]) * across, abs(spot[1] - o[1]) * down), max(spot[2], o[2])) for o in kept)
            if all(gap > 0.42 * size for gap, size in gaps):
                kept.append(spot)
        found.append(kept or _covered(maps.cover[i]))
    return found


def _covered(cover: Tensor) -> list[Spot]:
    """Return the box around all covered cells, for a thing too large to have one clear middle."""
    cells = (cover > 0).nonzero()
    if len(cells) < 3:
        return []
    (top, left), (bottom, right) = cells.min(0).values.tolist(), (cells.max(0).values + 1).tolist()
    height, width = cover.shape
    side = max(right - left, bottom - top) / min(height, width)
    return [((left + right) / 2 / width, (top + bottom) / 2 / height, side)]


def told(maps: Maps, i: int, things: list[Seen]) -> Reading:
    """Put together the reading of picture `i` of the batch."""
    ground, place, time, style = (
        classes[int(logits[i].argmax())]
        for logits, classes in (
            (maps.ground, GROUND_CLASSES),
            (maps.place, PLACE_CLASSES),
            (maps.time, TIME_CLASSES),
            (maps.style, STYLE_CLASSES),
        )
    )
    return Reading(
        things=tuple(sorted(things, key=lambda seen: -seen.size)),
        ground=cast(Any, None if ground == "none" or time != "none" else ground),
        place=cast(Any, None if place in ("bare", "none", UNSURE) else place),
        time=cast(Any, None if time in ("none", UNSURE) else time),
        style=cast(Any, style),
    )
