"""The worker between rows, engine and storage.

Over 300 lines because its promises are one list: each test is a moment at which a job can be taken away, fail or end.
"""

import asyncio
import contextlib
import errno
import os
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from db import images, jobs, pace, users
from db.database import Database
from db.jobs import NewImage, NewJob, QueueLimits
from db.models import Job, JobStatus
from engine.errors import DeviceFailed, DiskFull, OutOfMemory
from engine.metadata import PictureMetadata
from engine.requests import Event, ImageRequest, Progress
from engine.storage import Storage, Stored
from engine.worker import Worker
from tests.fakes import FakeEngine

LIMITS = QueueLimits(waiting_per_person=100, waiting_total=100)
ADA = 101
WITHIN = 60.0  # seconds after which a wait of these tests gives up


async def becomes_true(condition: Callable[[], Awaitable[bool]]) -> None:
    """For what nobody announces."""
    async with asyncio.timeout(WITHIN):
        while not await condition():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


class Diary:
    """A listener that remembers, and can be waited on."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, int]] = []
        self._changed = asyncio.Event()

    def started(self, job_id: int) -> None:
        self._write("started", job_id)

    def progress(self, job_id: int, progress: Progress) -> None:
        self._write(f"step {progress.step}", job_id)

    def ended(self, job_id: int) -> None:
        self._write("ended", job_id)

    async def until(self, *line: Any) -> None:
        async with asyncio.timeout(WITHIN):
            while line not in self.lines:
                self._changed.clear()
                await self._changed.wait()

    def _write(self, word: str, job_id: int) -> None:
        self.lines.append((word, job_id))
        self._changed.set()


class Studio:
    """A database, a storage, a fake engine, and workers over them."""

    def __init__(self, database: Database, storage: Storage, engine: FakeEngine) -> None:
        self.database = database
        self.storage = storage
        self.engine = engine
        self.diary = Diary()
        self._interactions = 0

    def worker(self, **settings: Any) -> Worker:
        values = {"listener": self.diary, "name": "ours", "poll_seconds": 0.05} | settings
        return Worker(self.database, self.engine, self.storage, **values)

    @contextlib.asynccontextmanager
    async def working(self, **settings: Any) -> AsyncIterator[Worker]:
        worker = self.worker(**settings)
        task = asyncio.create_task(worker.run())
        try:
            yield worker
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def wish(self, **changes: Any) -> int:
        """Enqueue a job of two pictures in three steps; its id."""
        request = {
            "model": "pocket",
            "prompt": "a red house",
            "negative_prompt": "",
            "width": 64,
            "height": 96,
            "steps": 3,
            "guidance": 3.5,
            "seeds": [1, 2],
            "image": None,
            "strength": None,
        } | changes
        self._interactions += 1
        async with self.database.writing() as session:
            await users.touch(session, ADA, "Ada")
            wished = NewJob(
                interaction_id=self._interactions,
                author_id=ADA,
                channel_id=7,
                prompt=request["prompt"],
                request=request,
                work=request["steps"] * len(request["seeds"]),
            )
            return (await jobs.enqueue(session, wished, LIMITS)).job.id

    async def job(self, job_id: int) -> Job:
        async with self.database.reading() as session:
            found = await jobs.get(session, job_id)
        assert found is not None
        return found

    async def digests(self, job_id: int) -> list[str]:
        async with self.database.reading() as session:
            return [image.digest for image in await images.of_job(session, job_id)]

    async def cancel(self, job_id: int) -> str:
        async with self.database.writing() as session:
            return await jobs.cancel(session, job_id)

    def files(self) -> list[Path]:
        return [path for path in self.storage.folder.rglob("*") if path.is_file()]


@pytest.fixture
async def studio(database: Database, tmp_path: Path) -> AsyncIterator[Studio]:
    async with FakeEngine() as engine:
        yield Studio(database, Storage(tmp_path / "pictures"), engine)


async def test_a_job_becomes_rows_and_files(studio: Studio) -> None:
    job_id = await studio.wish(strength=None)
    async with studio.working():
        await studio.diary.until("ended", job_id)
    job = await studio.job(job_id)
    assert job.status == JobStatus.SUCCEEDED
    async with studio.database.reading() as session:
        rows = await images.of_job(session, job_id)
    assert [(row.index, row.seed, row.width, row.height) for row in rows] == [(0, 1, 64, 96), (1, 2, 64, 96)]
    for row in rows:
        assert len(studio.storage.read(row.digest)) == row.bytes
        metadata = studio.storage.metadata(row.digest)
        assert metadata is not None
        assert (metadata.prompt, metadata.seed, metadata.model) == ("a red house", row.seed, "pocket")


async def test_who_listens_hears_start_steps_and_end_in_order(studio: Studio) -> None:
    job_id = await studio.wish()
    async with studio.working():
        await studio.diary.until("ended", job_id)
    assert [word for word, _ in studio.diary.lines] == ["started", "step 0", "step 1", "step 2", "step 3", "ended"]


async def test_jobs_are_worked_in_their_order(studio: Studio) -> None:
    wished = [await studio.wish(seeds=[seed]) for seed in range(4)]
    async with studio.working():
        await studio.diary.until("ended", wished[-1])
    assert [job_id for word, job_id in studio.diary.lines if word == "ended"] == wished


class Fetches(FakeEngine):
    """One for which the model of prompts that are "far" is on its way from the hub until `here` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.here = asyncio.Event()

    async def generate(self, request: ImageRequest) -> AsyncGenerator[Event, None]:
        if request.prompt == "far":
            yield Progress(step=0, steps=request.steps_run, fetching=True)
            await self.here.wait()
        async with contextlib.aclosing(super().generate(request)) as events:
            async for event in events:
                yield event


async def test_jobs_whose_model_is_fetched_take_nobodys_place(studio: Studio) -> None:
    async with Fetches() as engine:
        studio.engine = engine
        far = [await studio.wish(prompt="far") for _ in range(3)]
        async with studio.working(lanes=2, poll_seconds=3600):
            await studio.diary.until("ended", await studio.wish())
            assert {(await studio.job(job_id)).status for job_id in far} == {JobStatus.RUNNING}
            engine.here.set()
            for job_id in far:
                await studio.diary.until("ended", job_id)


async def test_a_lost_wake_up_costs_a_poll_not_a_job(studio: Studio) -> None:
    async with studio.working():
        await asyncio.sleep(0.02)
        await studio.diary.until("ended", await studio.wish())


async def test_a_wake_up_comes_before_the_poll(studio: Studio) -> None:
    async with studio.working(poll_seconds=3600) as worker:
        await asyncio.sleep(0.05)
        job_id = await studio.wish()
        worker.wake()
        await studio.diary.until("ended", job_id)


async def test_files_lie_in_the_storage_before_the_rows_say_so(studio: Studio, database: Database) -> None:
    seen: list[str] = []

    class Watching(Storage):
        def put(self, image: Image.Image, picture: PictureMetadata | None) -> Stored:
            future = asyncio.run_coroutine_threadsafe(studio.job(job_id), loop)
            seen.append(future.result(WITHIN).status)
            return super().put(image, picture)

    loop = asyncio.get_running_loop()
    studio.storage = Watching(studio.storage.folder)
    job_id = await studio.wish()
    async with studio.working():
        await studio.diary.until("ended", job_id)
    assert seen == ["running", "running"]


async def test_a_running_job_is_cancelled_at_its_next_step(studio: Studio) -> None:
    studio.engine.hold()
    job_id, next_id = await studio.wish(), await studio.wish()
    async with studio.working() as worker:
        await studio.diary.until("step 0", job_id)
        assert await studio.cancel(job_id) == "requested"
        worker.cancel(job_id)
        await studio.diary.until("ended", job_id)
        studio.engine.release()
        await studio.diary.until("ended", next_id)
    assert (await studio.job(job_id)).status == JobStatus.CANCELLED
    assert (await studio.job(next_id)).status == JobStatus.SUCCEEDED
    assert studio.engine.cancelled == 1
    assert await studio.digests(job_id) == []


async def test_a_cancel_that_only_the_row_knows_of_is_obeyed(studio: Studio) -> None:
    studio.engine.hold()
    job_id = await studio.wish()
    async with studio.working(lease=timedelta(seconds=0.3)):
        await studio.diary.until("step 0", job_id)
        await studio.cancel(job_id)
        await studio.diary.until("ended", job_id)
    assert (await studio.job(job_id)).status == JobStatus.CANCELLED


async def test_a_job_the_engine_cannot_do_fails_with_its_reason_and_the_next_one_works(studio: Studio) -> None:
    studio.engine.fail_next(OutOfMemory("cuda:0"))
    failing, working = await studio.wish(), await studio.wish()
    async with studio.working():
        await studio.diary.until("ended", working)
    job = await studio.job(failing)
    assert (job.status, job.error_code, job.error_detail) == (
        JobStatus.FAILED,
        "out_of_memory",
        {"device": "cuda:0"},
    )
    assert (await studio.job(working)).status == JobStatus.SUCCEEDED


async def test_a_job_nobody_can_read_fails_alone(studio: Studio) -> None:
    failing, working = await studio.wish(nonsense=1), await studio.wish()
    async with studio.working():
        await studio.diary.until("ended", working)
    job = await studio.job(failing)
    assert (job.status, job.error_code, job.error_detail) == (
        JobStatus.FAILED,
        "bad_request",
        {"field": "nonsense", "given": "", "allowed": "a field of a request"},
    )


async def test_a_full_disk_fails_the_job_and_leaves_nothing(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each picture takes four syncs: file and folder, for the thumbnail and the original. The sixth fails."""
    real, calls = os.fsync, 0

    def fsync(descriptor: int) -> None:
        nonlocal calls
        calls += 1
        if calls == 6:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    full, later = await studio.wish(), await studio.wish()
    async with studio.working():
        await studio.diary.until("ended", later)
    job = await studio.job(full)
    assert (job.status, job.error_code) == (JobStatus.FAILED, "disk_full")
    assert await studio.digests(full) == []
    assert len(studio.files()) == 2 * len(await studio.digests(later)) == 4


async def test_a_full_disk_takes_no_file_that_an_equal_job_has_by_now(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another lane found the first picture there, and finished, before the second did not fit."""
    await studio.wish()
    async with studio.database.writing() as session:
        equal = await jobs.claim_next(session, worker="theirs", lease=timedelta(hours=1))
    assert equal is not None
    full, loop, real = await studio.wish(), asyncio.get_running_loop(), Storage.put
    stored: list[Stored] = []

    async def finish(kept: Stored) -> None:
        rows = [NewImage(digest=kept.digest, width=kept.width, height=kept.height, seed=1, bytes=kept.bytes)]
        async with studio.database.writing() as session:
            await jobs.finish(session, equal.id, equal.fence, rows)

    def put(self: Storage, image: Image.Image, picture: PictureMetadata | None) -> Stored:
        if not stored:
            stored.append(real(self, image, picture))
            return stored[0]
        asyncio.run_coroutine_threadsafe(finish(stored[0]), loop).result()
        raise DiskFull(str(self.folder))

    monkeypatch.setattr(Storage, "put", put)
    async with studio.working():
        await studio.diary.until("ended", full)
    assert (await studio.job(full)).error_code == "disk_full"
    assert studio.storage.open(stored[0].digest)


async def test_a_stopped_worker_puts_its_job_back_and_the_attempt_does_not_count(studio: Studio) -> None:
    studio.engine.hold()
    job_id = await studio.wish()
    async with studio.working():
        await studio.diary.until("step 0", job_id)
    job = await studio.job(job_id)
    assert (job.status, job.attempts, job.worker) == (JobStatus.QUEUED, 0, None)
    assert ("ended", job_id) not in studio.diary.lines
    assert studio.engine.cancelled == 1
    studio.engine.release()
    async with studio.working():
        await studio.diary.until("ended", job_id)
    assert (await studio.job(job_id)).status == JobStatus.SUCCEEDED


async def test_a_worker_stopped_while_it_stores_still_finishes_the_job(studio: Studio) -> None:
    storing, go_on = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    class Slow(Storage):
        def put(self, image: Image.Image, picture: PictureMetadata | None) -> Stored:
            loop.call_soon_threadsafe(storing.set)
            asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result(WITHIN)
            return super().put(image, picture)

    studio.storage = Slow(studio.storage.folder)
    job_id = await studio.wish()
    task = asyncio.create_task(studio.worker().run())
    await storing.wait()
    task.cancel()
    await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await studio.job(job_id)).status == JobStatus.SUCCEEDED
    assert len(await studio.digests(job_id)) == 2


async def claimed_by(studio: Studio, worker: str, *, lease: timedelta = timedelta(hours=1)) -> Job:
    async with studio.database.writing() as session:
        job = await jobs.claim_next(session, worker=worker, lease=lease)
    assert job is not None
    return job


async def test_what_a_killed_process_was_running_is_run_again(studio: Studio) -> None:
    job_id = await studio.wish()
    await claimed_by(studio, "ours")
    async with studio.working():
        await studio.diary.until("ended", job_id)
    job = await studio.job(job_id)
    assert (job.status, job.attempts) == (JobStatus.SUCCEEDED, 2)


async def test_a_job_that_was_running_at_every_crash_fails_and_it_is_said(studio: Studio) -> None:
    job_id = await studio.wish()
    await claimed_by(studio, "ours")
    async with studio.working(max_attempts=1):
        await studio.diary.until("ended", job_id)
    job = await studio.job(job_id)
    assert (job.status, job.error_code) == (JobStatus.FAILED, "attempts")
    assert studio.engine.requests == []


async def test_another_workers_job_is_taken_over_when_its_lease_has_run_out(studio: Studio) -> None:
    held, silent = await studio.wish(), await studio.wish()
    await claimed_by(studio, "theirs")
    await claimed_by(studio, "theirs too", lease=timedelta(seconds=-1))
    async with studio.working():
        await studio.diary.until("ended", silent)
    assert (await studio.job(held)).worker == "theirs"


async def test_the_lease_is_renewed_while_the_job_runs(studio: Studio) -> None:
    studio.engine.hold()
    job_id = await studio.wish()
    async with studio.working(lease=timedelta(seconds=0.3)):
        await studio.diary.until("step 0", job_id)
        first = (await studio.job(job_id)).lease_until
        assert first is not None

        async def renewed() -> bool:
            return ((await studio.job(job_id)).lease_until or first) > first

        await becomes_true(renewed)
        studio.engine.release()
        await studio.diary.until("ended", job_id)
    assert (await studio.job(job_id)).attempts == 1


async def test_a_job_taken_away_is_let_go_without_a_trace(studio: Studio) -> None:
    studio.engine.hold()
    job_id = await studio.wish()
    async with studio.working(lease=timedelta(seconds=0.3)) as worker:
        await studio.diary.until("step 0", job_id)
        worker.pause()
        async with studio.database.writing() as session:
            await jobs.requeue_worker(session, "ours", 9)

        async def let_go() -> bool:
            return studio.engine.cancelled == 1

        await becomes_true(let_go)
    job = await studio.job(job_id)
    assert (job.status, job.attempts) == (JobStatus.QUEUED, 1)
    assert ("ended", job_id) not in studio.diary.lines
    assert studio.files() == []


async def test_a_late_result_of_a_lost_claim_is_dropped(studio: Studio) -> None:
    class Thief(Storage):
        def put(self, image: Image.Image, picture: PictureMetadata | None) -> Stored:
            if not stolen:
                stolen.append(asyncio.run_coroutine_threadsafe(steal(), loop).result(WITHIN))
            return super().put(image, picture)

    async def steal() -> int:
        worker.pause()
        async with studio.database.writing() as session:
            await jobs.requeue_worker(session, "ours", 9)
        return (await claimed_by(studio, "theirs")).fence

    stolen: list[int] = []
    loop = asyncio.get_running_loop()
    studio.storage = Thief(studio.storage.folder)
    job_id = await studio.wish()

    async def dropped() -> bool:
        return bool(stolen) and not worker._running

    async with studio.working() as worker:
        await becomes_true(dropped)
    job = await studio.job(job_id)
    assert (job.status, job.worker, job.fence) == (JobStatus.RUNNING, "theirs", stolen[0])
    assert await studio.digests(job_id) == []


async def test_an_end_that_cannot_be_written_is_written_later(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    real, failures = jobs.finish, [OSError("the database is away"), OSError("still")]

    async def finish(*args: Any, **kwargs: Any) -> Any:
        if failures:
            raise failures.pop()
        return await real(*args, **kwargs)

    monkeypatch.setattr(jobs, "finish", finish)
    job_id = await studio.wish()
    async with studio.working():
        await studio.diary.until("ended", job_id)
    assert (await studio.job(job_id)).status == JobStatus.SUCCEEDED
    assert studio.engine.finished == 1


async def test_a_variation_starts_from_the_stored_parent_and_names_it(studio: Studio) -> None:
    about = PictureMetadata(prompt="", model="pocket", steps=1, guidance=0, seed=0, width=8, height=8)
    parent = studio.storage.put(Image.new("RGB", (8, 8), "teal"), about).digest
    job_id = await studio.wish(image=parent, strength=0.5)
    async with studio.working():
        await studio.diary.until("ended", job_id)
    request = studio.engine.requests[0]
    assert request.image is not None
    assert request.image.getpixel((0, 0)) == (0, 128, 128)
    metadata = studio.storage.metadata((await studio.digests(job_id))[0])
    assert metadata is not None
    assert (metadata.parent, metadata.strength) == (parent, 0.5)


async def test_a_variation_of_a_picture_that_is_gone_fails_with_that_reason(studio: Studio) -> None:
    job_id = await studio.wish(image="0" * 64, strength=0.5)
    async with studio.working():
        await studio.diary.until("ended", job_id)
    assert (await studio.job(job_id)).error_code == "picture_missing"


async def test_a_paused_worker_claims_nothing_until_it_resumes(studio: Studio) -> None:
    async with studio.working() as worker:
        worker.pause()
        job_id = await studio.wish()
        worker.wake()
        await asyncio.sleep(0.15)
        assert (await studio.job(job_id)).status == JobStatus.QUEUED
        worker.resume()
        await studio.diary.until("ended", job_id)


async def test_nothing_is_claimed_before_the_model_is_there(database: Database, tmp_path: Path) -> None:
    async with FakeEngine(loading=True) as engine:
        studio = Studio(database, Storage(tmp_path / "pictures"), engine)
        job_id = await studio.wish()
        async with studio.working():
            await asyncio.sleep(0.15)
            assert (await studio.job(job_id)).status == JobStatus.QUEUED
            engine.finish_loading()
            await studio.diary.until("ended", job_id)


async def test_a_lost_device_ends_the_worker_and_counts_the_attempt(studio: Studio) -> None:
    lost = DeviceFailed("cuda", "AcceleratorError")
    studio.engine.fail_next(lost)
    studio.engine.hold()
    job_id = await studio.wish()
    task = asyncio.create_task(studio.worker().run())
    await studio.diary.until("step 0", job_id)
    studio.engine.finish_loading(lost)
    studio.engine.release()
    with pytest.RaisesGroup(DeviceFailed):
        await task
    job = await studio.job(job_id)
    assert (job.status, job.attempts) == (JobStatus.RUNNING, 1)


async def test_the_pace_is_measured(studio: Studio) -> None:
    job_id = await studio.wish()
    async with studio.working():
        await studio.diary.until("ended", job_id)
    async with studio.database.reading() as session:
        measured = await pace.seconds_per_step(session, "pocket")
    assert measured is not None
    assert 0 < measured < WITHIN


async def test_jobs_are_handed_to_the_engine_while_it_has_fewer_pictures_than_lanes(studio: Studio) -> None:
    studio.engine.hold()
    wished = [await studio.wish() for _ in range(5)]
    async with studio.working(lanes=6):
        await studio.diary.until("started", wished[2])
        await asyncio.sleep(0.15)
        assert [job_id for word, job_id in studio.diary.lines if word == "started"] == wished[:3]
        studio.engine.release()
        await studio.diary.until("ended", wished[-1])
    assert {(await studio.job(job_id)).status for job_id in wished} == {JobStatus.SUCCEEDED}


async def test_the_same_request_again_is_served_from_storage_without_a_step(studio: Studio) -> None:
    first, again, other = await studio.wish(), await studio.wish(), await studio.wish(seeds=[1, 3])
    async with studio.working(identity=str):
        await studio.diary.until("ended", other)
    made = [await studio.job(job_id) for job_id in (first, again, other)]
    assert [job.status for job in made] == [JobStatus.SUCCEEDED] * 3
    assert [job.repeats_id for job in made] == [None, first, None]
    assert len(studio.engine.requests) == 2
    async with studio.database.reading() as session:
        pictures = [await images.of_job(session, job_id) for job_id in (first, again)]
    assert [one.digest for one in pictures[0]] == [one.digest for one in pictures[1]]
    assert [(one.index, one.seed) for one in pictures[1]] == [(0, 1), (1, 2)]


async def test_a_model_with_other_weights_draws_again(studio: Studio) -> None:
    for identity in ("old", "new"):
        wished = await studio.wish()
        async with studio.working(identity=lambda name, weights=identity: f"{name} {weights}"):
            await studio.diary.until("ended", wished)
    assert len(studio.engine.requests) == 2


@pytest.mark.parametrize("gone", ["row", "file"])
async def test_what_is_no_longer_there_is_drawn_again(studio: Studio, gone: str) -> None:
    first = await studio.wish()
    async with studio.working(identity=str):
        await studio.diary.until("ended", first)
        async with studio.database.writing() as session:
            picture = (await images.of_job(session, first))[1]
            if gone == "row":
                await images.delete(session, picture.id)
        studio.storage.delete(picture.digest)
        again = await studio.wish()
        await studio.diary.until("ended", again)
    job = await studio.job(again)
    assert (job.status, job.repeats_id) == (JobStatus.SUCCEEDED, None)
    assert len(studio.engine.requests) == 2
    assert studio.storage.path(picture.digest).exists()


def test_two_folders_on_one_host_have_two_workers_names(studio: Studio, tmp_path: Path) -> None:
    def name(folder: Path) -> str:
        worker = Worker(studio.database, studio.engine, Storage(folder), listener=studio.diary)
        return worker._claims._worker

    assert name(tmp_path / "a") == name(tmp_path / "a") != name(tmp_path / "b")


async def test_an_edit_is_planned_drawn_and_kept_with_its_whole_row(studio: Studio) -> None:
    parent = studio.storage.put(Image.linear_gradient("L").convert("RGB"), None)
    edit = {"kind": "pan", "direction": "right"}
    job_id = await studio.wish(width=384, height=256, image=parent.digest, edit=edit, seeds=[5])
    async with studio.working():
        await studio.diary.until("ended", job_id)
    [digest] = await studio.digests(job_id)
    assert studio.storage.open(digest).size == (384, 256)
    old, new = studio.storage.open(parent.digest), studio.storage.open(digest)
    assert new.crop((0, 0, 240, 256)).tobytes() == old.crop((0, 0, 240, 256)).tobytes()
    about = studio.storage.metadata(digest)
    assert about is not None
    assert about.recipe == (await studio.job(job_id)).request
    assert about.parent == parent.digest


async def test_an_edit_that_cannot_be_done_fails_with_its_reason(studio: Studio) -> None:
    parent = studio.storage.put(Image.linear_gradient("L").convert("RGB"), None)
    job_id = await studio.wish(image=parent.digest, edit={"kind": "square"})
    async with studio.working():
        await studio.diary.until("ended", job_id)
    job = await studio.job(job_id)
    assert (job.status, job.error_code) == (JobStatus.FAILED, "bad_request")
