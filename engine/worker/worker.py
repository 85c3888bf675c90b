"""The worker: claims jobs, has the engine draw them, stores the pictures and ends the rows, in this order.

Knows no Discord, and the device only through the engine's face.
Over 300 lines because a job's way from claim to end is told in one place.
"""

import asyncio
import contextlib
import logging
import socket
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Literal, Protocol, TypeVar

from PIL import Image

from db.database import Database
from db.jobs import NewImage
from db.models import Job
from engine.edits.drawing import drawn
from engine.edits.plan import Editor, Plan
from engine.errors import DeviceFailed, EngineClosed, EngineError, FilterFailed, FilterMissing, PictureMissing
from engine.metadata import PictureMetadata
from engine.requests import Event, ImageRequest, Pictures, Progress
from engine.screen import Screen, Verdict
from engine.storage import Storage, Stored
from engine.worker.asking import request_of
from engine.worker.claims import Claims
from engine.worker.repeats import key_of

log = logging.getLogger(__name__)

T = TypeVar("T")

POLL_SECONDS = 1.0  # what a lost wake-up costs
PICTURE_FILTER = "picture_filter"  # the error code of a job whose pictures the filter refused
STOP_SECONDS = 10.0  # for storing what is drawn already when the worker is stopped


class Draws(Protocol):
    """The engine's face, as far as the worker needs it."""

    @property
    def state(self) -> Literal["loading", "ready", "failed"]: ...

    async def ready(self) -> None: ...

    def generate(self, request: ImageRequest) -> AsyncGenerator[Event, None]: ...


class Listener(Protocol):
    """Who wants to know; called on the loop, must neither block nor raise."""

    def started(self, job_id: int) -> None: ...

    def progress(self, job_id: int, progress: Progress) -> None: ...

    def ended(self, job_id: int) -> None: ...


@dataclass(eq=False)
class _Running:
    """A job in work.

    Attributes:
        drawing: gives the pictures, or None when earlier ones served.
        interrupted: why the drawing was cancelled.
        fetching: whether it waits for its model's files from the hub.
        began: when the device took the job up.
        key: what it is a drawing of, None where that does not matter.
        shown: what the pictures show, where the row has no words.
    """

    job: Job
    drawing: "asyncio.Task[Pictures | None]" = field(init=False)
    interrupted: Literal["cancelled", "lost"] | None = None
    fetching: bool = False
    began: float = 0.0
    key: str | None = None
    shown: str | None = None

    def interrupt(self, why: Literal["cancelled", "lost"]) -> None:
        if self.drawing.cancel():
            self.interrupted = self.interrupted or why


class Worker:
    """Works through the queue while `run()` runs; cancelling it puts back what was not drawn yet.

    Args:
        name: of this worker, the same after a restart; by default made of the host and the storage folder, whose lock
            sees to it that there is only one.
        editor: plans the jobs that are edits.
        screen: judges finished pictures before anybody sees them; None lets all through.
        lanes: how many pictures are handed to the engine at once; a job is claimed while there are fewer in work,
            those whose model is still being fetched not counted.
        identity: of a model by its name, changing with everything that decides its pixels. With it the same request
            again is served from the storage.
        lease: how long a job stays claimed without being renewed; it is renewed three times in that time.
        max_attempts: how often a job is begun, after crashes, before it counts as failed.
        running_per_person: None for no limit.
    """

    def __init__(
        self,
        database: Database,
        engine: Draws,
        storage: Storage,
        *,
        listener: Listener,
        editor: Editor | None = None,
        screen: Screen | None = None,
        name: str | None = None,
        lanes: int = 1,
        identity: Callable[[str], str] | None = None,
        lease: timedelta = timedelta(seconds=60),
        max_attempts: int = 3,
        running_per_person: int | None = None,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self._engine = engine
        self._storage = storage
        self._listener = listener
        self._editor = editor or Editor()
        self._screen = screen
        self._lanes = lanes
        self._identity = identity
        self._third_of_lease = lease.total_seconds() / 3
        self._poll_seconds = poll_seconds
        self._claims = Claims(
            database,
            worker=(name or f"{socket.gethostname()}:{storage.folder.absolute()}")[-100:],
            lease=lease,
            max_attempts=max_attempts,
            running_per_person=running_per_person,
            retry_seconds=poll_seconds,
        )
        # No dict by job: one that was taken away may be claimed again before its first drawing is let go.
        self._running: set[_Running] = set()
        self._woken = asyncio.Event()
        self._paused = False

    async def run(self) -> None:
        """Work until cancelled. Raises DeviceFailed, in a group, when the device is lost and only a restart helps."""
        self._tell_ended(await self._claims.recover_own())
        with contextlib.suppress(EngineError):  # with an engine that failed, each job is told why it fails
            await self._engine.ready()
        look = 0.0
        async with asyncio.TaskGroup() as group:
            while True:
                self._woken.clear()
                if time.monotonic() >= look:
                    look = time.monotonic() + self._third_of_lease
                    self._tell_ended(await self._claims.recover_expired([one.job.id for one in self._running]))
                while self._pictures() < self._lanes and not self._paused:
                    if (job := await self._claims.take()) is None:
                        break
                    self._listener.started(job.id)
                    running = _Running(job)
                    running.drawing = asyncio.create_task(self._draw(running))
                    self._running.add(running)
                    group.create_task(self._work(running))
                # Not asyncio.wait_for: before Python 3.12 it loses a cancellation that comes with the wake-up.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._poll_seconds):
                        await self._woken.wait()

    def wake(self) -> None:
        """There may be something to claim."""
        self._woken.set()

    def cancel(self, job_id: int) -> None:
        """Stop the job at its next step, after its row asks for it (`jobs.cancel` gave "requested")."""
        for running in self._running:
            if running.job.id == job_id:
                running.interrupt("cancelled")

    def pause(self) -> None:
        """Claim nothing more; what runs goes on."""
        self._paused = True

    def resume(self) -> None:
        self._paused = False
        self.wake()

    def _pictures(self) -> int:
        return sum(len(running.job.request["seeds"]) for running in self._running if not running.fetching)

    async def _work(self, running: _Running) -> None:
        """One claimed job, from the engine to its end in the row."""
        job, ended = running.job, False
        holding = asyncio.create_task(self._hold(running))
        try:
            ended = await self._outcome(running)
        finally:
            holding.cancel()
            self._running.remove(running)
            self.wake()
            if ended:
                self._listener.ended(job.id)

    async def _outcome(self, running: _Running) -> bool:
        """Wait for the drawing and write what came of it; whether the row has its end."""
        job = running.job
        try:
            made = await running.drawing
        except asyncio.CancelledError:
            if running.interrupted == "cancelled":
                return await self._claims.cancelled(job)
            if running.interrupted == "lost":
                log.warning("Job %d was taken away from this worker", job.id)
                return False
            await _finished(running.drawing)  # this task was cancelled, and the drawing with it
            await self._claims.give_back(job)
            raise
        except EngineClosed:
            self.pause()  # it will not open again
            await self._claims.give_back(job)
            return False
        except EngineError as error:
            if isinstance(error, DeviceFailed) and self._engine.state == "failed":
                # The row stays as it is: the next process counts the attempt, so that a job that kills the device
                # every time ends some day.
                raise
            return await self._claims.fail(job, error.code, error.detail)
        except Exception as error:
            log.exception("Job %d failed for a reason nobody foresaw", job.id)
            return await self._claims.fail(job, "internal", {"error": type(error).__name__})
        ended = await _completed(self._judged(running, made), STOP_SECONDS)
        if ended is None:  # the earlier pictures were deleted just now
            running.drawing = asyncio.create_task(self._draw(running, anew=True))
            return await self._outcome(running)
        return ended

    async def _draw(self, running: _Running, *, anew: bool = False) -> Pictures | None:
        """The pictures; None when those of an earlier job may serve, unless it must be drawn `anew`."""
        job = running.job
        if self._screen is not None:
            self._screen.check(job.request["model"])
        if self._identity is not None and not anew:
            running.key = await asyncio.to_thread(self._key, job.request)
            if running.key is not None and await self._is_stored(running.key):
                return None
        plan = await asyncio.to_thread(self._plan, job.request)
        running.shown = None if job.request["prompt"] else plan.shown or None
        async with contextlib.aclosing(drawn(self._engine, plan)) as events:
            async for event in events:
                if isinstance(event, Pictures):
                    return event
                if event.step == 0:
                    running.began = time.perf_counter()
                if event.fetching and not running.fetching:
                    self.wake()  # its place is free for others
                running.fetching = event.fetching
                hides = self._screen is not None and self._screen.hides_previews
                self._listener.progress(job.id, replace(event, previews=None) if hides else event)
        raise EngineClosed

    def _key(self, row: Mapping[str, Any]) -> str | None:
        assert self._identity is not None
        try:
            return key_of(row, self._identity(row["model"]))
        except (EngineError, OSError, TypeError, ValueError):
            return None  # a model that is not here, or a row that is no request: drawing it will tell

    async def _is_stored(self, key: str) -> bool:
        paths = [self._storage.path(one.digest) for one in await self._claims.drawn_before(key)]
        return bool(paths) and await asyncio.to_thread(lambda: all(path.exists() for path in paths))

    def _plan(self, row: Mapping[str, Any]) -> Plan:
        request = request_of(row, self._storage.open)
        return self._editor.plan(row.get("edit"), request)

    async def _judged(self, running: _Running, made: Pictures | None) -> bool | None:
        """Give the job these pictures, or those of an earlier one, unless the filter refuses them.

        Whether the row has its end; None when the earlier pictures are gone.
        """
        job, key = running.job, running.key or ""
        earlier = await self._stored(key) if made is None else {}
        images = tuple(earlier.values()) if made is None else made.images
        if made is None and not earlier:
            return None
        try:
            verdicts = await self._judge(job, images)
        except (FilterFailed, FilterMissing) as error:
            return await self._claims.block(job, error.code, error.detail)
        if "blocked" in verdicts:
            return await self._claims.block(job, PICTURE_FILTER, {"pictures": verdicts.count("blocked")})
        if made is not None:
            return await self._keep(running, made, verdicts)
        judged = {digest: verdict == "unsure" for digest, verdict in zip(earlier, verdicts, strict=True)}
        return await self._claims.repeat(job, key, judged)

    async def _stored(self, key: str) -> dict[str, Image.Image]:
        """The pictures of an earlier job with this key by their digests; none where one is gone."""
        digests = [picture.digest for picture in await self._claims.drawn_before(key)]
        try:
            return {digest: await asyncio.to_thread(self._storage.open, digest) for digest in digests}
        except PictureMissing:
            return {}

    async def _keep(self, running: _Running, pictures: Pictures, verdicts: list[Verdict]) -> bool:
        """Files first, then the rows: a row without a file never exists, a file without a row is swept."""
        job, seeds = running.job, running.job.request["seeds"]
        row = job.request | ({"shown": running.shown} if running.shown else {})
        stored: list[Stored] = []
        try:
            for seed, image in zip(seeds, pictures.images, strict=True):
                about = PictureMetadata.of(row, seed, size=image.size)
                stored.append(await asyncio.to_thread(self._storage.put, image, about))
        except EngineError as error:
            # Another lane may have drawn the same, found these files there and finished.
            await self._claims.drop([picture.digest for picture in stored if picture.created], self._storage.delete)
            return await self._claims.fail(job, error.code, error.detail)
        rows = [
            NewImage(
                digest=kept.digest,
                width=kept.width,
                height=kept.height,
                seed=seed,
                bytes=kept.bytes,
                unsure=verdict == "unsure",
            )
            for kept, seed, verdict in zip(stored, seeds, verdicts, strict=True)
        ]

        async def put_back() -> None:
            # Somebody may have deleted an equal picture, and its file, since this one was stored.
            for kept, seed, image in zip(stored, seeds, pictures.images, strict=True):
                if not self._storage.path(kept.digest).exists():
                    about = PictureMetadata.of(row, seed, size=image.size)
                    await asyncio.to_thread(self._storage.put, image, about)

        # What the device spent on this job alone; an engine that does not say so draws one job at a time.
        seconds = pictures.timings.get("device", time.perf_counter() - running.began)
        return await self._claims.finish(
            job, rows, seconds=seconds, put_back=put_back, repeat_key=running.key, shown=running.shown
        )

    async def _judge(self, job: Job, images: Sequence[Image.Image]) -> list[Verdict]:
        if self._screen is None:
            return ["safe"] * len(images)
        return await self._screen.judge(job.request["model"], images)

    async def _hold(self, running: _Running) -> None:
        """Keep the claim alive. The first look is at once, for a cancel that came between claim and start."""
        state = await self._claims.look(running.job)
        while True:
            if state != "held":
                running.interrupt(state)
            await asyncio.sleep(self._third_of_lease)
            state = await self._claims.hold(running.job)

    def _tell_ended(self, job_ids: list[int]) -> None:
        for job_id in job_ids:
            self._listener.ended(job_id)


async def _finished(task: "asyncio.Task[Any]") -> None:
    """Wait until a cancelled task has cleaned up behind itself."""
    task.cancel()
    await asyncio.wait([task])


async def _completed(work: Coroutine[Any, Any, T], seconds: float) -> T:
    """The result of `work`, which a cancellation does not stop unless it takes more than `seconds` from then on."""
    task = asyncio.create_task(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task], timeout=seconds)
        await _finished(task)
        raise
