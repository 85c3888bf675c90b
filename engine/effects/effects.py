"""The effects of one lane: made from its request when it begins, asked at every call of the model.

Imports torch: for the device thread only. Knows no batches.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from engine.effects import mixing, steering, tiling
from engine.families import Conditioning, Family
from engine.requests import ImageRequest

_WEIRD = 0.6  # of a quarter circle, at most: beyond it nothing of the prompt is left
_CHAOS = 0.9
_ODD = 20261  # the direction of what is weird; any number, as long as it stays the same


@dataclass(frozen=True, kw_only=True)
class Effects:
    """What is special about a lane. `grid` is its tokens' rows and columns."""

    grid: tuple[int, int]
    chaos: float = 0.0
    seed: int = 0
    tile: bool = False
    corrections: tuple[steering.Correction, ...] = ()

    def before(self, latents: torch.Tensor, call: int) -> torch.Tensor:
        """The latents as the model is to see them at this call."""
        return tiling.rolled(latents, tiling.offset(call, self.grid), self.grid) if self.tile else latents

    def after(self, velocity: torch.Tensor, call: int) -> torch.Tensor:
        """A velocity as it belongs to the latents that `before` was given."""
        if not self.tile:
            return velocity
        down, right = tiling.offset(call, self.grid)
        return tiling.rolled(velocity, (-down, -right), self.grid)

    def said(self, conditioning: Conditioning, share: float) -> Conditioning:
        """The prompt at this share of the steps: while chaos lasts, partly this seed's own noise."""
        amount = self.chaos * _CHAOS * max(0.0, 1 - share / mixing.ANNEALED)
        if amount <= 0:
            return conditioning
        return mixing.turned(conditioning, amount, torch.Generator("cpu").manual_seed(self.seed))

    def steered(
        self, velocity: torch.Tensor, latents: torch.Tensor, sigma: torch.Tensor | float, share: float
    ) -> torch.Tensor:
        """The velocity with every correction in it."""
        if not self.corrections:
            return velocity
        return steering.steered(velocity, latents, sigma, share, *self.corrections)


def prompt_of(request: ImageRequest, encoded: Sequence[Conditioning]) -> Conditioning:
    """What the model is told: `encoded` are the request's `texts`, or its prompt alone."""
    weights = [weight for _, weight in request.texts] or [1.0]
    told = mixing.mixed(list(zip(encoded, weights, strict=True))) if request.texts else encoded[0]
    if request.weird > 0:
        told = mixing.turned(told, request.weird * _WEIRD, torch.Generator("cpu").manual_seed(_ODD))
    return told


def corrections_of(request: ImageRequest, model: Family) -> tuple[steering.Correction, ...]:
    """The same for all pictures of a request; encodes its references."""
    size = (request.width, request.height)
    corrections: list[steering.Correction] = []
    for reference in request.references:
        if reference.kind == "subject" or reference.weight <= 0:
            continue
        latents = model.encode_image(reference.image, *size)(torch.Generator("cpu").manual_seed(0))
        if reference.kind == "style":
            corrections.append(steering.like_style(latents, reference.weight))
        else:
            corrections.append(steering.like_image(latents, reference.weight, model.grid(*size)))
    if request.stylize is not None:
        corrections.append(steering.stylized(request.stylize))
    return tuple(corrections)


def effects_of(
    request: ImageRequest, model: Family, seed: int, corrections: tuple[steering.Correction, ...]
) -> Effects | None:
    """None for a lane with nothing special about it."""
    if not (corrections or request.tile or request.chaos > 0):
        return None
    return Effects(
        grid=model.grid(request.width, request.height),
        chaos=request.chaos,
        seed=seed,
        tile=request.tile,
        corrections=corrections,
    )
