"""What is asked of the engine and what comes back: small frozen records.

Knows nothing of devices, models' weights, rows or Discord.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from PIL import Image

from engine.errors import BadRequest

LARGEST_SEED = 2**32 - 1
MOST_STEPS = 100


@dataclass(frozen=True, kw_only=True)
class ImageRequest:
    """One job: one prompt, one size, one picture per seed.

    Attributes:
        model: a name in the catalogue.
        prompt: what to draw, in the model's language.
        negative_prompt: what to keep out; "" for nothing. Doubles the cost of a step.
        width, height: pixels, multiples of the model's `multiple`.
        steps: denoising steps from pure noise, at least 1.
        guidance: the guidance value the model was distilled for, 0 and more.
        seeds: 0..4294967295 each; a seed gives the same picture alone or in company.
        image: the picture to start from, or None to start from noise; resized to width x height.
        strength: 0 < strength <= 1, how far to leave `image`; given exactly when `image` is.
    """

    model: str
    prompt: str
    negative_prompt: str = ""
    width: int
    height: int
    steps: int
    guidance: float
    seeds: tuple[int, ...]
    image: Image.Image | None = None
    strength: float | None = None

    def check(self) -> None:
        """Raises BadRequest for a value that no model could serve."""
        if not 1 <= self.steps <= MOST_STEPS:
            raise BadRequest("steps", str(self.steps), f"1..{MOST_STEPS}")
        if not (math.isfinite(self.guidance) and self.guidance >= 0):
            raise BadRequest("guidance", str(self.guidance), "0..")
        if not self.seeds or any(not 0 <= seed <= LARGEST_SEED for seed in self.seeds):
            raise BadRequest("seeds", str(self.seeds), f"0..{LARGEST_SEED}")
        if (self.image is None) != (self.strength is None):
            raise BadRequest("strength", str(self.strength), "given exactly when image is")
        if self.strength is not None and not 0 < self.strength <= 1:
            raise BadRequest("strength", str(self.strength), "0..1")

    @property
    def steps_run(self) -> int:
        """The denoising steps that run: from an image, only the part of the schedule that `strength` leaves."""
        if self.strength is None:
            return self.steps
        # diffusers skips int(steps - steps * strength) of them; the same arithmetic, so that rounding agrees.
        return self.steps - int(max(self.steps - min(self.steps * self.strength, self.steps), 0))

    @property
    def work(self) -> int:
        """Steps times pictures: what the estimate of the waiting time counts in."""
        return self.steps_run * len(self.seeds)


@dataclass(frozen=True, kw_only=True)
class Progress:
    """`step` of `steps` is done, 0 when the request begins; `previews` has one small picture per seed, or is None."""

    step: int
    steps: int
    previews: tuple[Image.Image, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class Pictures:
    """The finished pictures, in the order of the seeds, RGB.

    Attributes:
        timings: seconds by part: `wait` in the engine's queue, `denoise` (with the text encoding), `decode`, `total`.
    """

    images: tuple[Image.Image, ...]
    timings: Mapping[str, float] = field(default_factory=dict)


Event: TypeAlias = Progress | Pictures
