"""Spoiling pictures the way a small generator does: blur, wobbly edges, stains, noise, wrong brightness.

It knows no answers.
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def degrade(pictures: Tensor, generator: torch.Generator, *, strength: float = 1.0) -> Tensor:
    """Degrade a batch (n, 3, height, width) in [-1, 1], each in its own mixture; `strength` 0 spoils nothing."""
    if not strength:
        return pictures
    out = pictures.clone()
    n, _, height, width = out.shape

    def some(chance: float) -> Tensor:
        return (torch.rand(n, generator=generator) < chance).nonzero()[:, 0]

    def uniform(count: int, low: float, high: float, channels: int = 1) -> Tensor:
        return low + (high - low) * torch.rand(count, channels, 1, 1, generator=generator)

    def clouds(count: int, channels: int, cells: int) -> Tensor:
        coarse = torch.randn(count, channels, cells, cells, generator=generator)
        return F.interpolate(coarse, size=(height, width), mode="bilinear", align_corners=False)

    def pick(*choices: int) -> int:
        return choices[int(torch.randint(len(choices), (), generator=generator))]

    rows = some(0.4)
    if len(rows):  # edges wobble by up to about two pixels
        amount = uniform(len(rows), 0.2, 1.5) * strength * 2 / torch.tensor([width, height]).view(1, 2, 1, 1)
        shift = clouds(len(rows), 2, pick(6, 9, 14)) * amount
        straight = F.affine_grid(
            torch.eye(2, 3).expand(len(rows), 2, 3), [len(rows), 3, height, width], align_corners=False
        )
        bent = straight + shift.permute(0, 2, 3, 1)
        out[rows] = F.grid_sample(out[rows], bent, padding_mode="border", align_corners=False)
    for chance, factor in ((0.4, 2), (0.12, 3)):  # detail is lost
        rows = some(chance)
        if len(rows):
            coarse = F.avg_pool2d(out[rows], factor)
            soft = F.interpolate(coarse, size=(height, width), mode="bilinear", align_corners=False)
            out[rows] = out[rows].lerp(soft, uniform(len(rows), 0.3, 1.0) * min(1.0, strength))
    rows = some(0.45)
    if len(rows):
        out[rows] += clouds(len(rows), 3, pick(4, 8, 16, 32)) * uniform(len(rows), 0.0, 0.09) * strength
    rows = some(0.3)
    if len(rows):
        noise = torch.randn(len(rows), *out.shape[1:], generator=generator)
        out[rows] += noise * uniform(len(rows), 0.0, 0.07) * strength
    rows = some(0.6)
    if len(rows):
        m = len(rows)
        gain = 1 + (uniform(m, -0.07, 0.07) + uniform(m, -0.035, 0.035, 3)) * strength
        out[rows] = out[rows] * gain + (uniform(m, -0.06, 0.06) + uniform(m, -0.03, 0.03, 3)) * strength
    return out.clamp_(-1, 1)
