"""The model seam: what a family of models must be able to do so that its pictures can be drawn in lanes.

A family is one module: encode a text, make latents and their positions, predict a velocity for any rows, decode. It
knows nothing of requests, queues and steps; the denoiser knows nothing of text encoders, autoencoders and transformers.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from engine.requests import LoraMix

if TYPE_CHECKING:
    from pathlib import Path

    import torch
    from PIL import Image

    from engine.models import ModelEntry
    from engine.plans import Plan
    from engine.stepcache import StepMemory


@dataclass(frozen=True, kw_only=True)
class Beside:
    """Pictures that a model sees beside the one it draws: their tokens, (1, tokens, channels), and their grids."""

    latents: "torch.Tensor"
    grids: tuple[tuple[int, int], ...]


@dataclass(frozen=True, kw_only=True)
class Conditioning:
    """What a text and the pictures that belong to it became, for one row.

    Attributes:
        text: (1, tokens, width).
        pooled: (1, width), or None where none is used.
        shown: how many of the text's tokens, the last ones, stand for pictures instead of words.
        beside: pictures in the model's own latents, or None.
    """

    text: "torch.Tensor"
    pooled: "torch.Tensor | None"
    shown: int = 0
    beside: Beside | None = None

    @property
    def words(self) -> "torch.Tensor":
        """The tokens of the text that stand for words."""
        return self.text[:, : self.text.shape[1] - self.shown]

    @property
    def shape(self) -> tuple[object, ...]:
        """The same for rows that can share a forward, as far as it is up to this."""
        return self.text.shape[1], None if self.beside is None else self.beside.grids


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of a forward: everything in it may differ from its neighbours', except the size and what has a length.

    Attributes:
        width, height: of the picture, pixels.
        latents: (1, tokens, channels), as the transformer takes them.
        timestep: 0..1000, without dimensions.
        guidance: the value the model was distilled for.
        loras: this row's own mix.
        share: how much of the schedule lies behind it, 0..1, for mixes that change with the steps.
        memory: of step caching; None computes every block at every step.
    """

    width: int
    height: int
    latents: "torch.Tensor"
    timestep: "torch.Tensor"
    guidance: float
    conditioning: Conditioning
    loras: LoraMix = ()
    share: float = 0.0
    memory: "StepMemory | None" = None

    @property
    def tokens(self) -> int:
        """Text and image tokens together, those of pictures beside it among them."""
        beside = self.conditioning.beside
        own = self.latents.shape[1] + self.conditioning.text.shape[1]
        return own + (0 if beside is None else beside.latents.shape[1])


Adapted = Callable[[Sequence[Row]], AbstractContextManager[Any]]
"""Under what it returns, a forward of exactly these rows applies each row's own LoRAs."""


Sampler = Callable[["torch.Generator"], "torch.Tensor"]
"""An encoded picture: gives latents (1, tokens, channels) for each generator it is called with."""


class Family(Protocol):
    """One loaded model. Every method runs on the thread that owns the device, under `torch.inference_mode`.

    Attributes:
        parts: the modules whose layers LoRAs change, by diffusers' names of the components.
        scheduler_settings: of the model's own scheduler.
    """

    entry: "ModelEntry"
    device: "torch.device"
    parts: "dict[str, torch.nn.Module]"
    scheduler_settings: dict[str, Any]

    def encode(self, text: str) -> Conditioning:
        """A prompt, or a negative one."""
        ...

    def grid(self, width: int, height: int) -> tuple[int, int]:
        """How many rows and columns of image tokens a picture of this size in pixels has; tokens go row by row."""
        ...

    def noise(self, width: int, height: int, generator: "torch.Generator") -> "torch.Tensor":
        """Pure noise, (1, tokens, channels); drawn where the generator is: a seed is one picture anywhere."""
        ...

    def encode_image(
        self, image: "Image.Image", width: int, height: int
    ) -> "Callable[[torch.Generator], torch.Tensor]":
        """The picture as latents of that size: a sample (1, tokens, channels) for each generator it is called with."""
        ...

    def show(self, image: "Image.Image", *, coarse: bool) -> "torch.Tensor":
        """A picture as tokens of a text, (1, tokens, width); `coarse` says its manner and hardly what is where in it.

        For models whose entry names a `redux`.
        """
        ...

    def beside(self, images: "Sequence[Image.Image]") -> Beside:
        """Pictures for the model to see while it draws, for models that are `instructed`."""
        ...

    def encode_mask(self, mask: "Image.Image", width: int, height: int) -> "torch.Tensor":
        """(1, tokens, channels): 1 where the mask is white and latents are drawn anew, 0 where they are kept."""
        ...

    def predict(self, rows: Sequence[Row], adapted: Adapted) -> "torch.Tensor":
        """The velocities of rows of one size, text length and grids beside in one forward, (rows, tokens, channels)."""
        ...

    def decode(
        self, latents: "torch.Tensor", width: int, height: int, *, tile: bool = False, pieces: bool = False
    ) -> "Image.Image":
        """The picture of latents (1, tokens, channels), RGB; with `tile` each edge goes on at the opposite one.

        In `pieces` it takes a part of the memory, and tones differ a little from piece to piece; not with `tile`.
        """
        ...

    def previews(self, latents: "torch.Tensor", width: int, height: int) -> "tuple[Image.Image, ...]":
        """Small pictures of latents (n, tokens, channels), for a thousandth of the work."""
        ...


IN_LANES = frozenset({"flux1"})
"""Families with code of their own; what else diffusers knows is run by `engine.exclusive`, one request at a time."""


def load(entry: "ModelEntry", folder: "Path", *, plan: "Plan", device: "torch.device", dtype: "torch.dtype") -> Family:
    """Read a model of a family in IN_LANES; the first one of a family imports its code, which takes seconds.

    Raises ModelDamaged, ModelQuantised, or what the device raises.
    """
    match entry.family:
        case "flux1":
            from engine.families.flux1 import Flux1

            return Flux1.load(entry, folder, plan=plan, device=device, dtype=dtype)
        case _:
            raise AssertionError(entry.family)
