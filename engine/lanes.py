"""Lanes: one picture in flight each, with everything that is its own, and the request whose pictures they become.

Imports torch: for the device thread only. Knows no queue, no batches and no models' insides.
"""

import logging
import time
from dataclasses import dataclass, field

import torch
from PIL import Image

from engine.effects.effects import Effects
from engine.errors import NotFinite
from engine.families import Conditioning, Family, Row
from engine.requests import ImageRequest, Pictures, Progress
from engine.schedulers import Walk
from engine.stepcache import StepMemory
from engine.tickets import Ticket

log = logging.getLogger(__name__)

_PREVIEW_SECONDS = 0.2  # cards are edited every two seconds, no eye follows more than a few a second


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What of a picture is kept while the rest is drawn anew; all (1, tokens, channels)."""

    latents: torch.Tensor
    noise: torch.Tensor
    mask: torch.Tensor  # 1 is drawn anew

    def put_back(self, latents: torch.Tensor, sigma: torch.Tensor | float) -> torch.Tensor:
        """`latents`, which have the share `sigma` of noise, with the kept part as noisy as they are."""
        return (1 - self.mask) * (sigma * self.noise + (1.0 - sigma) * self.latents) + self.mask * latents


@dataclass(eq=False, kw_only=True)
class Lane:
    """One picture in flight. `conditionings` holds the prompt's, and the negative prompt's where there is one."""

    drawing: "Drawing"
    index: int
    walk: Walk
    latents: torch.Tensor
    conditionings: tuple[Conditioning, ...]
    memories: tuple[StepMemory | None, ...]
    kept: Kept | None = None
    effects: Effects | None = None
    turn: int = -1

    @property
    def key(self) -> tuple[object, ...]:
        """Lanes with the same key can share a forward: model, size, lengths of the texts, pictures beside."""
        request = self.drawing.request
        shapes = tuple(one.shape for one in self.conditionings)
        return id(self.drawing.model), request.width, request.height, shapes

    def rows(self) -> list[Row]:
        """What the transformer must be asked for the next call: one row, or two with a negative prompt."""
        request = self.drawing.request
        latents, (prompt, *others) = self.latents, self.conditionings
        if self.effects is not None:
            latents = self.effects.before(latents, self.walk.call)
            prompt = self.effects.said(prompt, self.walk.share)
        return [
            Row(
                width=request.width,
                height=request.height,
                latents=latents,
                timestep=self.walk.timestep,
                guidance=request.guidance,
                conditioning=conditioning,
                loras=request.loras,
                share=self.walk.share,
                memory=memory,
            )
            for conditioning, memory in zip((prompt, *others), self.memories, strict=True)
        ]

    def advance(self, velocities: list[torch.Tensor]) -> None:
        """Take the call's answer, one velocity (1, tokens, channels) for each row. Raises NotFinite at the end."""
        velocity, *negative = velocities
        if negative:  # true classifier-free guidance (arXiv:2207.12598)
            velocity = negative[0] + self.drawing.model.entry.negative_scale * (velocity - negative[0])
        if self.effects is not None:
            velocity = self.effects.after(velocity, self.walk.call)
            velocity = self.effects.steered(velocity, self.latents, self.walk.sigma, self.walk.share)
        latents = self.walk.advance(velocity, self.latents)
        if self.walk.done:
            latents = self.walk.finished(latents)
        if self.kept is not None:
            latents = self.kept.put_back(latents, 0.0 if self.walk.done else self.walk.sigma)
        self.latents = latents
        # A row cannot spoil its neighbours, so it is enough to look when it is done.
        if self.walk.done and not bool(latents.isfinite().all()):
            raise NotFinite([self.index])


@dataclass(eq=False, kw_only=True)
class Drawing:
    """A request in work: its lanes, and the pictures that are done already.

    Attributes:
        loras: its LoRAs, which are not read again while they are held here.
        began: when it was taken up, seconds of `time.perf_counter`.
        device_seconds: what its rows took of the turns that they moved in.
        decode_seconds: what its decoding took.
    """

    ticket: Ticket
    model: Family
    began: float
    lanes: list[Lane] = field(default_factory=list)
    loras: tuple[object, ...] = ()
    images: dict[int, Image.Image] = field(default_factory=dict)
    device_seconds: float = 0.0
    decode_seconds: float = 0.0
    _told: int = 0
    _previewed: float = 0.0
    _unshown: bool = False  # a preview failed

    @property
    def request(self) -> ImageRequest:
        return self.ticket.request

    def report(self, preview_every: int) -> None:
        """Tell of the step that all pictures have reached, if that is news; without a preview where that fails.

        Raises torch.AcceleratorError when the device is lost.
        """
        step = min(lane.walk.step for lane in self.lanes)
        if step <= self._told:
            return
        self._told = step
        self.ticket.report(
            Progress(step=step, steps=self.request.steps_run, previews=self._previews(step, preview_every))
        )

    def _previews(self, step: int, every: int) -> tuple[Image.Image, ...] | None:
        now = time.perf_counter()
        if not every or step % every or step >= self.request.steps_run or now - self._previewed < _PREVIEW_SECONDS:
            return None
        self._previewed = now
        clean = [lane.walk.clean for lane in self.lanes]
        try:
            return self.model.previews(torch.cat(clean), self.request.width, self.request.height)  # type: ignore[arg-type]
        except torch.AcceleratorError:
            raise
        except Exception as error:
            if not self._unshown:
                log.warning("a preview failed", exc_info=error)
            self._unshown = True
            return None

    def finish(self) -> None:
        """Hand out the pictures, all of which are there."""
        ended = time.perf_counter()
        images = tuple(self.images[index] for index in range(len(self.request.seeds)))
        timings = {
            "wait": self.began - self.ticket.asked,
            "denoise": ended - self.began - self.decode_seconds,
            "decode": self.decode_seconds,
            "device": self.device_seconds + self.decode_seconds,
            "total": ended - self.ticket.asked,
        }
        self.ticket.finish(Pictures(images=images, timings=timings))
