"""How alike two renderings are: decibels between pictures, and requests with what an engine made of them.

Knows nothing of who drew what.
"""

import asyncio
import contextlib
import random
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from PIL import Image

from engine.engine import Engine
from engine.lora.bank import Bank
from engine.requests import ImageRequest, Pictures, Progress
from engine.residents import InLanes

PROMPTS = (
    "a red house under a starry night sky",
    "a blue boat on the sea at sunset",
    "a yellow circle above a green square",
    "three purple triangles",
    "a snowy mountain behind a small lake",
    "an orange cat beside a tree",
    "a white lighthouse in the fog",
    "two clouds over a field of flowers",
)


def psnr(first: Image.Image, second: Image.Image) -> float:
    """Decibels between two pictures of the same size; infinite for equal ones."""
    difference = np.asarray(first, dtype=np.float64) - np.asarray(second, dtype=np.float64)
    square = float((difference**2).mean())
    return float("inf") if square == 0 else 10 * np.log10(255**2 / square)


def family_of(engine: Engine, name: str = "pocket") -> Any:
    """A loaded model, to look at or to put a spy in."""
    return _resident(engine, name).family


def bank_of(engine: Engine, name: str = "pocket") -> Bank:
    """The bank of a loaded model's LoRAs, to look at."""
    return _resident(engine, name).bank


def _resident(engine: Engine, name: str) -> InLanes:
    resident = engine._residents.held(name)
    assert isinstance(resident, InLanes)
    return resident


class Latents:
    """The final latents of every picture that an engine hands out, by the picture itself."""

    def __init__(self) -> None:
        self._of: dict[int, tuple[Image.Image, torch.Tensor]] = {}

    def of(self, image: Image.Image) -> torch.Tensor:
        return self._of[id(image)][1]

    @contextlib.contextmanager
    def kept(self, engine: Engine) -> Iterator[None]:
        """While this lasts, of the engine's first model."""
        model: Any = family_of(engine)
        real = model.decode

        def decode(latents: torch.Tensor, width: int, height: int, **how: bool) -> Image.Image:
            image = real(latents, width, height, **how)
            self._of[id(image)] = (image, latents)
            return image

        model.decode = decode
        try:
            yield
        finally:
            del model.decode


async def drawn(engine: Engine, request: ImageRequest, *, cancel_at: int | None = None) -> Pictures | None:
    """The pictures; None when the request was cancelled at the step `cancel_at`."""
    async with contextlib.aclosing(engine.generate(request)) as events:
        async for event in events:
            if isinstance(event, Pictures):
                return event
            assert isinstance(event, Progress)
            if cancel_at is not None and event.step >= cancel_at:
                return None
    raise AssertionError("no pictures and no error")


async def in_company(
    engine: Engine, requests: Sequence[ImageRequest], *, cancelled: Sequence[int] = (), within: float, seed: int = 0
) -> list[Pictures | None]:
    """All of them, arriving at random within so many seconds; those at the indices `cancelled` are given up midway."""
    dice = random.Random(seed)

    async def later(index: int, request: ImageRequest) -> Pictures | None:
        await asyncio.sleep(dice.uniform(0, within))
        return await drawn(engine, request, cancel_at=request.steps_run // 2 if index in cancelled else None)

    return await asyncio.gather(*(later(index, request) for index, request in enumerate(requests)))
