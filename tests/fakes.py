"""Hand-written stand-ins with the faces of the real parts. They know no torch and start in no time."""

import asyncio
import hashlib
import time
from collections.abc import AsyncGenerator
from types import TracebackType
from typing import Literal, Self

from PIL import Image, ImageDraw

from engine.errors import EngineClosed, EngineError
from engine.requests import Event, ImageRequest, Pictures, Progress


class FakeEngine:
    """An engine that draws a coloured card per seed, deterministic in the request, and counts what it did.

    Requests run one after another, first come, first served; the real engine draws several at a time.

    Args:
        seconds_per_step: how long each step takes; 0 gives way to the loop once per step.
        loading: True makes the engine start in the state "loading" until `finish_loading` is called.
    """

    def __init__(self, *, seconds_per_step: float = 0.0, loading: bool = False, preview_every: int = 1) -> None:
        self.seconds_per_step = seconds_per_step
        self.preview_every = preview_every
        self.state: Literal["loading", "ready", "failed"] = "loading" if loading else "ready"
        self.requests: list[ImageRequest] = []
        self.steps_done = 0
        self.finished = 0
        self.cancelled = 0
        self._failures: list[EngineError] = []
        self.failure: EngineError | None = None
        self._loaded = asyncio.Event()
        self._turn = asyncio.Lock()
        self._may_step = asyncio.Event()
        self._may_step.set()
        self._closed = False
        if not loading:
            self._loaded.set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed = True
        self._may_step.set()
        self._loaded.set()

    async def ready(self) -> None:
        """Wait for the model. Raises what loading failed with."""
        await self._loaded.wait()
        if self.failure is not None:
            raise self.failure

    def finish_loading(self, failure: EngineError | None = None) -> None:
        """Test verb: the model is there, or could not be loaded."""
        self.failure = failure
        self.state = "ready" if failure is None else "failed"
        self._loaded.set()

    def fail_next(self, *errors: EngineError) -> None:
        """Test verb: the next requests end with these errors after their first step."""
        self._failures.extend(errors)

    def hold(self) -> None:
        """Test verb: no step from now on is finished until `release`."""
        self._may_step.clear()

    def release(self) -> None:
        self._may_step.set()

    async def generate(self, request: ImageRequest) -> AsyncGenerator[Event, None]:
        """As `Engine.generate`: progress from step 0 to the last, then the pictures."""
        if self._closed:
            raise EngineClosed
        asked = time.perf_counter()
        self.requests.append(request)
        steps = request.steps_run
        try:
            async with self._turn:
                await self.ready()
                began = time.perf_counter()
                failure = self._failures.pop(0) if self._failures else None
                yield Progress(step=0, steps=steps)
                for step in range(1, steps + 1):
                    await asyncio.sleep(self.seconds_per_step)
                    await self._may_step.wait()
                    if self._closed:
                        raise EngineClosed
                    if failure is not None:
                        raise failure
                    self.steps_done += 1
                    show = self.preview_every > 0 and step % self.preview_every == 0
                    previews = tuple(draw(request, seed, done=step / steps) for seed in request.seeds)
                    yield Progress(step=step, steps=steps, previews=previews if show else None)
                ended = time.perf_counter()
        except (GeneratorExit, asyncio.CancelledError):
            self.cancelled += 1
            raise
        self.finished += 1
        yield Pictures(
            images=tuple(draw(request, seed).resize((request.width, request.height)) for seed in request.seeds),
            timings={"wait": began - asked, "denoise": ended - began, "decode": 0.0, "total": ended - asked},
        )


def draw(request: ImageRequest, seed: int, *, done: float = 1.0) -> Image.Image:
    """A 64 x 64 RGB card: ground from the prompt, a square from the seed; as `done` goes 0..1 grey turns to colour."""
    ground = hashlib.sha256(f"{request.model} {request.prompt} {request.negative_prompt}".encode()).digest()
    square = hashlib.sha256(f"{seed} {request.steps} {request.guidance} {request.strength}".encode()).digest()
    picture = Image.new("RGB", (64, 64), (ground[0], ground[1], ground[2]))
    left, top = square[3] % 40, square[4] % 40
    ImageDraw.Draw(picture).rectangle((left, top, left + 24, top + 24), fill=(square[0], square[1], square[2]))
    return picture if done >= 1 else Image.blend(Image.new("RGB", picture.size, (128, 128, 128)), picture, done)
