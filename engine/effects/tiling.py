"""Pictures whose edges fit each other: latents rolled from call to call, and a decoder that wraps around.

Rotary positions do not wrap, so the model never sees the first column beside the last; rolled by another distance at
every call, the picture's own edge always lies inside of what the model sees. Imports torch.
"""

import contextlib
import math
from collections.abc import Iterator
from typing import Any

import torch

_GOLDEN = 0.6180339887
_PATCH = 2
"""A token of the FLUX models covers so many cells of the latents each way."""


def offset(call: int, grid: tuple[int, int]) -> tuple[int, int]:
    """By how many cells (down, right) to roll at this call, or back if negative, so that the own edge is never outside.

    Multiples of the golden ratio, which do not come back near an earlier place soon; half tokens too, or the borders
    of tokens would always lie on the edge.
    """
    rows, columns = grid
    return _part(call * _GOLDEN + 0.5, rows), _part(call * _GOLDEN + 0.25, columns)


def _part(share: float, length: int) -> int:
    """Between 6 and 25 hundredths of the length, forth or back.

    Nearer to the model's edge a seam was seen to stay; farther, things came to lie at the tile's edge, for what the
    model puts in the middle of a picture it then puts there.
    """
    if length < 2:
        return 0
    there = 2 * (share % 1) - 1
    return round(_PATCH * length * (math.copysign(0.06, there) + 0.19 * there)) or 1


def rolled(latents: torch.Tensor, by: tuple[int, int], grid: tuple[int, int]) -> torch.Tensor:
    """(1, tokens, channels), the cells of their grid rolled down and right; channels as FluxPipeline packs them."""
    rows, columns = grid
    cells = latents.unflatten(1, grid).unflatten(3, (-1, _PATCH, _PATCH)).permute(0, 3, 1, 4, 2, 5)
    moved = cells.reshape(1, -1, _PATCH * rows, _PATCH * columns).roll(by, dims=(2, 3))
    packed = moved.unflatten(3, (columns, _PATCH)).unflatten(2, (rows, _PATCH)).permute(0, 2, 4, 1, 3, 5)
    return packed.flatten(3).flatten(1, 2)


@contextlib.contextmanager
def wrapping(module: torch.nn.Module) -> Iterator[None]:
    """Within it, every convolution of the module sees the opposite edge beyond an edge."""
    convolutions: list[Any] = [
        part for part in module.modules() if isinstance(part, torch.nn.Conv2d) and any(side for side in part.padding)
    ]
    before = [convolution.padding_mode for convolution in convolutions]
    for convolution in convolutions:
        convolution.padding_mode = "circular"
    try:
        yield
    finally:
        for convolution, mode in zip(convolutions, before, strict=True):
            convolution.padding_mode = mode
