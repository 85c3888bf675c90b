"""Pictures larger than a model draws, in overlapping tiles: where they lie, cutting them, and putting them together.

Arrays and Pillow only; knows no models.
"""

import math
from collections.abc import Sequence

import numpy as np
from PIL import Image

OVERLAP = 0.25
"""Of a tile's side, at least, shared with its neighbour."""

Box = tuple[int, int, int, int]


def boxes(size: tuple[int, int], *, side: int, multiple: int) -> list[Box]:
    """(left, top, right, bottom) of the tiles that cover a picture, row by row.

    All of one size in multiples of `multiple`, at most `side`, a picture that fits being one tile; where that does not
    come out even, tiles reach beyond the picture's right and bottom edge.
    """
    columns, rows = (_spans(length, side, multiple) for length in size)
    return [(left, top, right, bottom) for top, bottom in rows for left, right in columns]


def cut(picture: Image.Image, box: Box) -> Image.Image:
    """The pixels of a tile; beyond the picture its edge goes on."""
    left, top, right, bottom = box
    piece = np.asarray(picture.convert("RGB").crop((left, top, min(right, picture.width), min(bottom, picture.height))))
    beyond = ((0, bottom - top - piece.shape[0]), (0, right - left - piece.shape[1]), (0, 0))
    return Image.fromarray(np.pad(piece, beyond, mode="edge"))


def joined(tiles: Sequence[Image.Image], places: Sequence[Box], size: tuple[int, int]) -> Image.Image:
    """One picture of `size`; where tiles overlap they pass into each other smoothly."""
    width, height = max(box[2] for box in places), max(box[3] for box in places)
    total = np.zeros((height, width, 3), np.float32)
    weights = np.zeros((height, width, 1), np.float32)
    for tile, (left, top, right, bottom) in zip(tiles, places, strict=True):
        weight = _slope(bottom - top)[:, None, None] * _slope(right - left)[None, :, None]
        total[top:bottom, left:right] += np.asarray(tile, dtype=np.float32) * weight
        weights[top:bottom, left:right] += weight
    pixels = np.clip(total / weights + 0.5, 0, 255).astype(np.uint8)
    return Image.fromarray(pixels).crop((0, 0, *size))


def _spans(length: int, side: int, multiple: int) -> list[tuple[int, int]]:
    for count in range(1, length + 1):
        tile = math.ceil(length / (count - (count - 1) * OVERLAP) / multiple) * multiple
        if tile <= side:
            step = (length - tile) / max(1, count - 1)
            return [(start, start + tile) for start in (max(0, round(i * step)) for i in range(count))]
    raise ValueError("a tile must be at least one multiple long")


def _slope(length: int) -> np.ndarray:
    """Rises over the overlap and falls again, never quite 0, so that every pixel has a weight."""
    ramp = max(1, int(length * OVERLAP))
    near = np.minimum(np.arange(length) + 0.5, length - np.arange(length) - 0.5)
    return (np.sin(np.clip(near / ramp, 0, 1) * math.pi / 2) ** 2 + 1e-4).astype(np.float32)
