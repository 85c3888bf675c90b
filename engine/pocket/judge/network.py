"""The judge's network: a small convolutional net that looks at every cell of a picture and at the whole."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.pocket.scenes import COLORS, KINDS, PLACES, STYLES, TIMES

STRIDE = 8
"""Pixels of the working picture per cell of the maps."""
EMBEDDING = 128
"""Width of the embedding."""

UNSURE = "unsure"
KIND_CLASSES: tuple[str, ...] = (*KINDS, UNSURE)
GROUND_CLASSES: tuple[str, ...] = (*COLORS, "none")
PLACE_CLASSES: tuple[str, ...] = (*PLACES, "bare", "none", UNSURE)
"""`bare` is a hill without a place, `none` a plain ground."""
TIME_CLASSES: tuple[str, ...] = (*TIMES, "none", UNSURE)
STYLE_CLASSES: tuple[str, ...] = STYLES


@dataclass(frozen=True, kw_only=True)
class Maps:
    """What the network says about a batch of n pictures; all values are logits but `size` and `embedding`."""

    centre: Tensor
    """(n, h, w): is the middle of a thing here?"""
    cover: Tensor
    """(n, h, w): is this cell part of a thing?"""
    size: Tensor
    """(n, h, w): natural logarithm of the thing's side as a fraction of the picture's shorter one."""
    kind: Tensor
    """(n, len(KIND_CLASSES), h, w)"""
    color: Tensor
    """(n, len(COLORS), h, w)"""
    ground: Tensor
    place: Tensor
    time: Tensor
    style: Tensor
    """(n, number of classes) each"""
    content: Tensor
    """(n, len(KINDS) + len(COLORS)): does the picture hold this kind, a thing of this colour?"""
    embedding: Tensor
    """(n, EMBEDDING), of length 1"""


class Conv(nn.Module):
    def __init__(self, inputs: int, outputs: int, *, kernel: int = 3, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.norm(self.conv(x)))


class Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = Conv(width, width), Conv(width, width)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(self.first(x))


class JudgeNetwork(nn.Module):
    """Down to a 32nd of the side and back up to an 8th, so that a cell sees the whole thing it belongs to."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(Conv(3, 24, stride=2), Conv(24, 40, stride=2), Block(40))
        self.eighth = nn.Sequential(Conv(40, 72, stride=2), Block(72))
        self.sixteenth = nn.Sequential(Conv(72, 96, stride=2), Block(96))
        self.thirtysecond = nn.Sequential(Conv(96, 96, stride=2), Conv(96, 96))
        self.up_sixteenth = Conv(96, 96, kernel=1)
        self.up_eighth = Conv(96, 72, kernel=1)
        self.merged = Block(72)
        self.cells = nn.Conv2d(72, 3 + len(KIND_CLASSES) + len(COLORS), 1)
        self.embed = nn.Linear(72 + 96 + 96, EMBEDDING)
        self.wholes = nn.ModuleList(
            nn.Linear(EMBEDDING, width)
            for width in (
                len(GROUND_CLASSES), len(PLACE_CLASSES), len(TIME_CLASSES), len(STYLE_CLASSES), len(KINDS) + len(COLORS)
            )
        )  # fmt: skip

    def forward(self, pictures: Tensor) -> Maps:
        """Judge pictures (n, 3, height, width) in [-1, 1]; sides are multiples of STRIDE."""
        eighth = self.eighth(self.stem(pictures))
        sixteenth = self.sixteenth(eighth)
        deep = self.thirtysecond(sixteenth)
        middle = sixteenth + F.interpolate(self.up_sixteenth(deep), size=sixteenth.shape[-2:], mode="nearest")
        cells = self.merged(eighth + F.interpolate(self.up_eighth(middle), size=eighth.shape[-2:], mode="nearest"))
        raw = self.cells(cells).float()
        pooled = torch.cat([cells.mean((2, 3)), middle.mean((2, 3)), middle.amax((2, 3))], dim=1)
        embedding = self.embed(pooled).float()
        ground, place, time, style, content = (whole(embedding).float() for whole in self.wholes)
        kinds = 3 + len(KIND_CLASSES)
        return Maps(
            centre=raw[:, 0], cover=raw[:, 1], size=raw[:, 2], kind=raw[:, 3:kinds], color=raw[:, kinds:],
            ground=ground, place=place, time=time, style=style, content=content,
            embedding=F.normalize(embedding, dim=1),
        )  # fmt: skip
