"""The effects of one lane: made from its request when it begins, asked at every call of the model.

Imports torch: for the device thread only. Knows no batches.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch

from engine.effects import mixing, steering, straying, tiling
from engine.families import Conditioning, Family
from engine.requests import ImageRequest

_WEIRD = 0.55  # the oddity's largest share: much beyond it the prompt would be the odd thing
_CHAOS = 0.85  # the largest share of the seed's own wording
_EASE = 0.7  # exponent of both: small shares hardly show
_FREE = 0.5  # of the steps, in which chaos also loosens the prompt itself
_LOOSE = 0.6

Encode = Callable[[str], Conditioning]
"""A text as the model understands it."""


@dataclass(frozen=True, kw_only=True)
class Effects:
    """What is special about a lane.

    Attributes:
        grid: rows and columns of its tokens.
        elsewhere: with chaos, the prompt in the seed's own wording; `nothing` is the empty prompt.
    """

    grid: tuple[int, int]
    chaos: float = 0.0
    elsewhere: Conditioning | None = None
    nothing: Conditioning | None = None
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
        """The prompt at this share of the steps: with chaos partly in this seed's own words, and loosely at first."""
        if self.elsewhere is None or self.nothing is None:
            return conditioning
        own = self.chaos**_EASE * _CHAOS
        loose = self.chaos * _LOOSE * max(0.0, 1 - share / _FREE)
        parts = [(conditioning, (1 - own) * (1 - loose)), (self.elsewhere, own * (1 - loose)), (self.nothing, loose)]
        return mixing.mixed(parts)

    def steered(
        self, velocity: torch.Tensor, latents: torch.Tensor, sigma: torch.Tensor | float, share: float
    ) -> torch.Tensor:
        """The velocity with every correction in it."""
        if not self.corrections:
            return velocity
        return steering.steered(velocity, latents, sigma, share, *self.corrections)


def prompt_of(request: ImageRequest, encode: Encode) -> Conditioning:
    """What the model is told: the request's `texts` by their weights, or its prompt alone, and something weird."""
    parts = list(request.texts) or [(request.prompt, 1.0)]
    if request.weird > 0:
        total = sum(weight for _, weight in parts)
        odd = request.weird**_EASE * _WEIRD
        parts = [(text, weight / total * (1 - odd)) for text, weight in parts] + [
            (straying.oddity(request.prompt), odd)
        ]
    return mixing.mixed([(encode(text), weight) for text, weight in parts])


def corrections_of(request: ImageRequest, model: Family) -> tuple[steering.Correction, ...]:
    """The same for all pictures of a request; encodes its references."""
    size = (request.width, request.height)
    corrections: list[steering.Correction] = []
    for reference in request.references:
        if reference.kind == "subject" or reference.weight <= 0 or model.entry.looks_at(reference.kind):
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
    request: ImageRequest, model: Family, seed: int, corrections: tuple[steering.Correction, ...], encode: Encode
) -> Effects | None:
    """None for a lane with nothing special about it."""
    if not (corrections or request.tile or request.chaos > 0):
        return None
    return Effects(
        grid=model.grid(request.width, request.height),
        chaos=request.chaos,
        elsewhere=encode(straying.elsewhere(request.prompt, seed)) if request.chaos > 0 else None,
        nothing=encode("") if request.chaos > 0 else None,
        tile=request.tile,
        corrections=corrections,
    )
