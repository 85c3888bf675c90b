"""What is asked of the engine and what comes back: small frozen records.

Knows nothing of devices, models' weights, rows or Discord.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from PIL import Image

from engine.errors import BadRequest

LARGEST_SEED = 2**32 - 1
MOST_STEPS = 100
SCHEDULERS = ("euler", "heun", "dpm++", "unipc", "ddim")
MOST_LORAS = 8
LARGEST_WEIGHT = 10.0
MOST_TEXTS = 16
MOST_REFERENCES = 5


@dataclass(frozen=True, kw_only=True)
class Ramp:
    """From the share `start` to the share `end` of a job's steps, a factor that goes in a line from `first` to `last`.

    Shares are 0..1 of the full schedule, `start` < `end`; a step belongs to the ramp when start <= share < end, and the
    last ramp also holds its own end.
    """

    start: float
    end: float
    first: float
    last: float


@dataclass(frozen=True, kw_only=True)
class BlockWeight:
    """A factor for the transformer's blocks of one kind, from index `first` to `last` inclusive; None: to the end."""

    kind: Literal["double", "single"]
    first: int = 0
    last: int | None = None
    weight: float


@dataclass(frozen=True, kw_only=True)
class LoraUse:
    """One LoRA in a job: its weight is multiplied by the ramp that holds at the step and by the factor of the block.

    Attributes:
        name: key in the studio's LoRA registry, the file's digest.
        weight: -10..10.
        steps: factors over the steps; where ramps are given, outside of all of them the factor is 0. () is 1 always.
        blocks: factors for blocks, the last one that names a block counts; blocks that nobody names have 1.
    """

    name: str
    weight: float
    steps: tuple[Ramp, ...] = ()
    blocks: tuple[BlockWeight, ...] = ()


LoraMix: TypeAlias = tuple[LoraUse, ...]


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A picture that shows what is meant: `kind` "image" (its content), "style" or "subject"; `weight` 0..3."""

    kind: Literal["image", "style", "subject"]
    image: Image.Image
    weight: float = 1.0


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
        scheduler: one of SCHEDULERS; "heun" calls the model twice a step, "ddim" is the same as "euler" here.
        loras: at most MOST_LORAS.
        mask: mode "L", white is redrawn and black is kept; only with `image`; resized to width x height.
        tile: the picture's borders fit each other.
        stop: 0 < stop <= 1, the share of the steps that run; what is drawn then is what the model believes in so far.
        texts: a prompt of several texts with weights that add up to 1 in size; () for `prompt` alone. `prompt` then
            holds them joined.
        references: at most MOST_REFERENCES.
        chaos: 0..1, how much the pictures of one job differ. weird: 0..1. stylize: 0..1, or None for the model's own.
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
    scheduler: str = "euler"
    loras: LoraMix = ()
    mask: Image.Image | None = None
    tile: bool = False
    stop: float = 1.0
    texts: tuple[tuple[str, float], ...] = ()
    references: tuple[Reference, ...] = ()
    chaos: float = 0.0
    weird: float = 0.0
    stylize: float | None = None

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
        if self.scheduler not in SCHEDULERS:
            raise BadRequest("scheduler", self.scheduler, ", ".join(SCHEDULERS))
        if self.mask is not None and (self.image is None or self.mask.mode != "L"):
            raise BadRequest("mask", self.mask.mode, "mode L, with an image")
        if not 0 < self.stop <= 1:
            raise BadRequest("stop", str(self.stop), "0..1")
        for name, share in (("chaos", self.chaos), ("weird", self.weird), ("stylize", self.stylize or 0.0)):
            if not 0 <= share <= 1:
                raise BadRequest(name, str(share), "0..1")
        if len(self.texts) > MOST_TEXTS or any(not math.isfinite(weight) for _, weight in self.texts):
            raise BadRequest("texts", str(len(self.texts)), f"0..{MOST_TEXTS}, finite weights")
        if len(self.references) > MOST_REFERENCES or any(not 0 <= one.weight <= 3 for one in self.references):
            raise BadRequest("references", str(len(self.references)), f"0..{MOST_REFERENCES}, weights 0..3")
        _check_loras(self.loras)

    @property
    def skipped(self) -> int:
        """The steps at the beginning of the schedule that do not run, because `image` stands for their result."""
        if self.strength is None:
            return 0
        # diffusers skips int(steps - steps * strength) of them; the same arithmetic, so that rounding agrees.
        return int(max(self.steps - min(self.steps * self.strength, self.steps), 0))

    @property
    def steps_run(self) -> int:
        """The denoising steps that run: what `strength` leaves of the schedule, and of that the share `stop`."""
        return max(1, int((self.steps - self.skipped) * self.stop + 0.5))

    @property
    def work(self) -> int:
        """Steps times pictures: what the estimate of the waiting time counts in."""
        return self.steps_run * len(self.seeds)


@dataclass(frozen=True, kw_only=True)
class Progress:
    """`step` of `steps` is done, 0 when the request begins; `previews` has one small picture per seed, or is None.

    Before that, with `fetching`, the model's files are on their way from the hub, which may take half an hour.
    """

    step: int
    steps: int
    previews: tuple[Image.Image, ...] | None = None
    fetching: bool = False


@dataclass(frozen=True, kw_only=True)
class Pictures:
    """The finished pictures, in the order of the seeds, RGB.

    Attributes:
        timings: seconds by part: `wait` in the engine's queue, `denoise` (from there, with the text encoding and while
            others shared the device), `decode`, `total`; and `device`, its own part of the device's time.
    """

    images: tuple[Image.Image, ...]
    timings: Mapping[str, float] = field(default_factory=dict)


Event: TypeAlias = Progress | Pictures


def _check_loras(loras: LoraMix) -> None:
    """Raises BadRequest."""
    if len(loras) > MOST_LORAS:
        raise BadRequest("loras", str(len(loras)), f"0..{MOST_LORAS}")
    for use in loras:
        factors = [use.weight, *(factor for ramp in use.steps for factor in (ramp.first, ramp.last))]
        factors += [block.weight for block in use.blocks]
        if not all(abs(factor) <= LARGEST_WEIGHT for factor in factors):
            raise BadRequest("loras", f"{use.name}: {factors}", f"weights -{LARGEST_WEIGHT:g}..{LARGEST_WEIGHT:g}")
        if any(not 0 <= ramp.start < ramp.end <= 1 for ramp in use.steps):
            raise BadRequest("loras", f"{use.name}: {use.steps}", "ramps within 0..1, each forward")
        if any(block.kind not in ("double", "single") for block in use.blocks):
            raise BadRequest("loras", f"{use.name}: {use.blocks}", "blocks double or single")
