"""A worker and jobs that it holds itself, when their rows say that nobody does."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from db import jobs, times
from db.database import Database
from db.models import JobStatus
from engine.storage import Storage
from tests.engine.test_worker import Studio, becomes_true
from tests.fakes import FakeEngine


@pytest.fixture
async def studio(database: Database, tmp_path: Path) -> AsyncIterator[Studio]:
    async with FakeEngine() as engine:
        yield Studio(database, Storage(tmp_path / "pictures"), engine)


async def test_a_worker_does_not_take_its_own_job_for_a_dead_ones_after_the_database_was_away(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, away = jobs.renew, True

    async def renew(*args: Any, **kwargs: Any) -> bool:
        if away:
            raise OSError("the database is away")
        return await real(*args, **kwargs)

    monkeypatch.setattr(jobs, "renew", renew)
    studio.engine.hold()
    job_id = await studio.wish()

    async def long_expired() -> bool:
        lease = (await studio.job(job_id)).lease_until
        return lease is None or lease < times.now() - timedelta(seconds=0.3)

    async def renewed() -> bool:
        lease = (await studio.job(job_id)).lease_until
        return lease is not None and lease > times.now()

    async with studio.working(lease=timedelta(seconds=0.3), lanes=4):
        await studio.diary.until("step 0", job_id)
        await becomes_true(long_expired)
        away = False
        await becomes_true(renewed)
        studio.engine.release()
        await studio.diary.until("ended", job_id)
        await studio.diary.until("ended", await studio.wish(seeds=[3]))
    job = await studio.job(job_id)
    assert (job.status, job.attempts) == (JobStatus.SUCCEEDED, 1)
    assert [word for word, one in studio.diary.lines if one == job_id and "step" not in word] == ["started", "ended"]
    assert len(studio.engine.requests) == 2


async def test_a_job_that_was_taken_away_and_comes_back_to_the_same_worker_ends_once(studio: Studio) -> None:
    studio.engine.hold()
    job_id = await studio.wish()
    async with studio.working(lanes=4) as worker:
        await studio.diary.until("step 0", job_id)
        async with studio.database.writing() as session:
            await jobs.requeue_worker(session, "ours", 9)
        worker.wake()

        async def claimed_again() -> bool:
            return studio.diary.lines.count(("started", job_id)) == 2

        await becomes_true(claimed_again)
        studio.engine.release()
        await studio.diary.until("ended", job_id)
        await studio.diary.until("ended", await studio.wish(seeds=[3]))
    job = await studio.job(job_id)
    assert (job.status, job.attempts) == (JobStatus.SUCCEEDED, 2)
    assert studio.diary.lines.count(("ended", job_id)) == 1
    assert len(await studio.digests(job_id)) == 2
