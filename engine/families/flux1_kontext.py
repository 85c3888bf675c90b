"""FLUX.1 Kontext: how large the pictures are that it sees, and where they stand beside the one that it draws.

Imports torch: for the device thread only. Knows no autoencoder and no transformer.
"""

from collections.abc import Callable, Sequence

import torch
from diffusers.pipelines.flux.pipeline_flux_kontext import PREFERRED_KONTEXT_RESOLUTIONS

Grid = tuple[int, int]
Size = tuple[int, int]


def preferred(size: Size, *, pixels: int, multiple: int) -> Size:
    """The (width, height) nearest in shape that Kontext was trained on, at the scale of a model of so many pixels."""
    across, down = (
        max(1, side // multiple) for side in size
    )  # first, as the stock pipeline does: it may tip the scale
    _, *sides = min((abs(across / down - w / h), w, h) for w, h in PREFERRED_KONTEXT_RESOLUTIONS)
    scale = (pixels / 1024**2) ** 0.5
    width, height = (max(1, int(side * scale) // multiple) * multiple for side in sides)
    return width, height


def placed(grids: Sequence[Grid], ids: Callable[[Grid], torch.Tensor]) -> list[torch.Tensor]:
    """Position ids (tokens, 3) of pictures: on a sheet of their own, beside or below each other as it stays shorter.

    Args:
        ids: gives those of a picture that stands alone.
    """
    places, rows, columns = [], 0, 0
    for height, width in grids:
        place = ids((height, width))
        place[:, 0] = 1  # the sheet; what is drawn is on 0
        if rows + height > columns + width:
            place[:, 2] += columns
            rows, columns = max(rows, height), columns + width
        else:
            place[:, 1] += rows
            rows, columns = rows + height, max(columns, width)
        places.append(place)
    return places
