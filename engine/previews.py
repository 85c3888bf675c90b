"""Cheap previews: a linear map from latents to pixels, fitted to a model's own autoencoder when the model loads.

For each latent it predicts its block of pixels, at half the picture's resolution, from the latents around it: one
small convolution instead of a decode, about a thousandth of the work. Imported on the device thread only; knows no
requests and no schedulers.
"""

import math
import random

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch.nn import functional

SIDE = 256  # previews are drawn as small as this on their longer side

_RIDGE = 1e-3


class Projection:
    """Turns latents of the shape (n, channels, h, w), as the autoencoder takes them, into n small RGB pictures."""

    def __init__(self, kernel: torch.Tensor, bias: torch.Tensor) -> None:
        self._kernel = kernel  # (3 * block * block, channels, 3, 3)
        self._bias = bias  # (3 * block * block,)
        self._block = math.isqrt(len(bias) // 3)

    @classmethod
    def fit(cls, pixels: torch.Tensor, latents: torch.Tensor) -> "Projection":
        """Least squares over example pictures, (n, 3, H, W) in -1..1, and their latents, (n, channels, h, w)."""
        small = functional.avg_pool2d(pixels, 2)
        targets = (
            functional.pixel_unshuffle(small, small.shape[2] // latents.shape[2])
            .permute(0, 2, 3, 1)
            .flatten(0, 2)
            .double()
        )
        around = functional.unfold(_padded(latents), 3).transpose(1, 2).flatten(0, 1).double()
        mean, centre = around.mean(0), targets.mean(0)
        around = around - mean
        square = around.T @ around
        ridge = _RIDGE * square.diagonal().mean().clamp_min(1e-6) * torch.eye(len(square), dtype=square.dtype)
        weights = torch.linalg.solve(square + ridge, around.T @ (targets - centre))
        bias = centre - mean @ weights
        return cls(weights.T.reshape(-1, latents.shape[1], 3, 3).float(), bias.float())

    def draw(self, latents: torch.Tensor) -> tuple[Image.Image, ...]:
        """One RGB picture per row, at most SIDE pixels on its longer side. Values that are no numbers turn black."""
        blocks = functional.conv2d(_padded(latents.float().cpu()), self._kernel, self._bias)
        pixels = functional.pixel_shuffle(blocks, self._block).permute(0, 2, 3, 1)
        bytes_ = (pixels * 127.5 + 127.5).nan_to_num(0.0).clamp(0, 255).to(torch.uint8).numpy()
        return tuple(_at_most(Image.fromarray(array), SIDE) for array in bytes_)


def example_pictures(size: int, count: int) -> torch.Tensor:
    """Discs of bold colours over smooth grounds: edges and plain surfaces, which every autoencoder has learned to keep.

    Always the same ones; (count, 3, size, size) in -1..1.
    """
    dice = random.Random(0)
    slope = Image.linear_gradient("L").resize((size, size))
    arrays = []
    for _ in range(count):
        upper, lower = (Image.new("RGB", (size, size), _colour(dice)) for _ in range(2))
        picture = Image.composite(lower, upper, slope)
        brush = ImageDraw.Draw(picture)
        for _ in range(dice.randrange(14)):
            radius = min(size / 2.5, size / 16 / (1 - dice.random()) ** 0.7)
            x, y = dice.uniform(0, size), dice.uniform(0, size)
            brush.ellipse((x - radius, y - radius, x + radius, y + radius), fill=_colour(dice))
        arrays.append(np.asarray(picture))
    return torch.from_numpy(np.stack(arrays)).permute(0, 3, 1, 2).float() / 127.5 - 1


def _colour(dice: random.Random) -> tuple[int, int, int]:
    return dice.randrange(256), dice.randrange(256), dice.randrange(256)


def _padded(latents: torch.Tensor) -> torch.Tensor:
    """One more latent around the edge, so that the picture's border has neighbours."""
    return functional.pad(latents, (1, 1, 1, 1), mode="replicate")


def _at_most(image: Image.Image, side: int) -> Image.Image:
    if max(image.size) > side:
        image.thumbnail((side, side))
    return image
