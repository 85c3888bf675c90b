"""The judge's second look: a thing cut out of its picture and scaled to one size, to say its kind and colour."""

from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from engine.pocket.scenes import COLORS

from .network import KIND_CLASSES, Block, Conv

SIDE = 40
"""Side of a cutting in pixels."""
MARGIN = 1.3
"""Side of what is cut out, against the thing's own."""


class Namer(nn.Module):
    """From cuttings (n, 3, SIDE, SIDE) in [-1, 1] to the logits of kind (n, len(KIND_CLASSES)) and colour (n, 12), and
    how far the cutting is off (n, 3): the way to the thing's centre right and down, in sides of the place that was
    given, and the logarithm of its true side against that one."""

    def __init__(self) -> None:
        super().__init__()
        self.look = nn.Sequential(
            Conv(3, 24, stride=2), Conv(24, 48, stride=2), Block(48), Conv(48, 72, stride=2), Conv(72, 72)
        )
        self.say = nn.Linear(2 * 72, len(KIND_CLASSES) + len(COLORS))
        self.off = nn.Sequential(Conv(72, 8, kernel=1), nn.Flatten(), nn.Linear(8 * (SIDE // 8) ** 2, 3))

    def forward(self, cuttings: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        seen = self.look(cuttings)
        said = self.say(torch.cat([seen.mean((2, 3)), seen.amax((2, 3))], dim=1)).float()
        return said[:, : len(KIND_CLASSES)], said[:, len(KIND_CLASSES) :], self.off(seen).float()


def cut(picture: Image.Image, places: Sequence[tuple[float, float, float]]) -> list[np.ndarray]:
    """Cut (x, y, size) out of an RGB picture, each to uint8 (SIDE, SIDE, 3); beyond its edge the edge goes on.

    `x`, `y` are fractions of width and height, `size` of the shorter side.
    """
    width, height = picture.size
    pad = min(width, height) // 2
    wide = Image.fromarray(np.pad(np.asarray(picture), ((pad, pad), (pad, pad), (0, 0)), mode="edge"))
    cuttings = []
    for x, y, size in places:
        half = max(4.0, size * MARGIN * min(width, height) / 2)
        cx, cy = pad + x * width, pad + y * height
        right, bottom = min(float(wide.width), cx + half), min(float(wide.height), cy + half)
        box = max(0.0, cx - half), max(0.0, cy - half), right, bottom
        cuttings.append(np.asarray(wide.resize((SIDE, SIDE), Image.Resampling.BILINEAR, box=box)))
    return cuttings


def to_tensor(cuttings: Sequence[np.ndarray]) -> Tensor:
    """Stack cuttings to (n, 3, SIDE, SIDE) in [-1, 1]."""
    return torch.from_numpy(np.stack(cuttings)).permute(0, 3, 1, 2).float() / 127.5 - 1
