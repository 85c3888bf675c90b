"""What a model believes the finished picture to be, bent a little at each step: references, style, contrast.

Imports torch. Latents are (1, tokens, channels) as the transformer takes them, tokens row by row over a grid.
"""

from collections.abc import Callable

import torch
from torch.nn import functional

Correction = Callable[[torch.Tensor, float], torch.Tensor]
"""From the believed clean latents and the share of steps done, 0..1, to what to believe instead."""

_COARSE = 2  # tokens a side of what counts as a large form
_FULL_PULL, _LAST_PULL = 0.6, 0.9  # shares of the steps until which a picture pulls with all its strength, and at all
_NEUTRAL = 0.1
_CONTRAST = 0.5


def steered(
    velocity: torch.Tensor, latents: torch.Tensor, sigma: torch.Tensor | float, share: float, *corrections: Correction
) -> torch.Tensor:
    """The velocity that leads where the corrections want; latents are mixed linearly with noise (flow matching)."""
    clean = latents - sigma * velocity
    for correct in corrections:
        clean = correct(clean, share)
    return (latents - clean) / sigma


def like_image(reference: torch.Tensor, weight: float, grid: tuple[int, int]) -> Correction:
    """Pull the large forms towards those of `reference` (1, tokens, channels); after Choi et al., arXiv:2108.02938."""
    wanted = _low(reference, grid)
    strength = 1 - 0.5**weight

    def correct(clean: torch.Tensor, share: float) -> torch.Tensor:
        pull = strength * min(1.0, max(0.0, (_LAST_PULL - share) / (_LAST_PULL - _FULL_PULL)))
        return clean + pull * (wanted - _low(clean, grid))

    return correct


def like_style(reference: torch.Tensor, weight: float) -> Correction:
    """Bring mean and spread of every channel to those of `reference` (AdaIN, arXiv:1703.06868): no place is known."""
    mean, spread = reference.mean(1, keepdim=True), reference.std(1, keepdim=True)
    strength = 1 - 0.5**weight

    def correct(clean: torch.Tensor, share: float) -> torch.Tensor:
        own, own_spread = clean.mean(1, keepdim=True), clean.std(1, keepdim=True).clamp_min(1e-4)
        restyled = mean + (clean - own) / own_spread * spread
        return torch.lerp(clean, restyled, strength)

    return correct


def stylized(stylize: float) -> Correction:
    """More or less contrast around the picture's mean; at 0.1 nothing changes."""
    gain = 1 + _CONTRAST * (stylize - _NEUTRAL)

    def correct(clean: torch.Tensor, share: float) -> torch.Tensor:
        mean = clean.mean(1, keepdim=True)
        return mean + (clean - mean) * gain

    return correct


def _low(latents: torch.Tensor, grid: tuple[int, int]) -> torch.Tensor:
    """The latents without anything finer than _COARSE tokens."""
    height, width = grid
    image = latents.transpose(1, 2).unflatten(2, grid)
    small = functional.adaptive_avg_pool2d(image, (max(1, height // _COARSE), max(1, width // _COARSE)))
    smooth = functional.interpolate(small, size=grid, mode="bilinear", align_corners=False)
    return smooth.flatten(2).transpose(1, 2)
