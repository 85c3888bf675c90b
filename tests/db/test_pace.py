from datetime import timedelta

import pytest

from db import jobs, pace
from db.database import Database
from tests.db.people import NOON, claimed, enqueue, meet, wish


async def measure(database: Database, model: str, seconds: float, work: int) -> None:
    async with database.writing() as session:
        await pace.record(session, model, seconds=seconds, work=work)


async def test_nothing_measured_means_no_guess(database: Database) -> None:
    await meet(database)
    wished = await enqueue(database, wish())
    async with database.reading() as session:
        assert await pace.seconds_per_step(session, "pocket") is None
        assert await pace.eta(session, wished.id) is None


async def test_the_first_measurement_counts_whole_and_later_ones_move_the_average(database: Database) -> None:
    await measure(database, "pocket", seconds=8, work=16)
    async with database.reading() as session:
        assert await pace.seconds_per_step(session, "pocket") == pytest.approx(0.5)
    await measure(database, "flux", seconds=40, work=20)
    async with database.reading() as session:
        assert await pace.seconds_per_step(session, "pocket") == pytest.approx(0.5)
        assert await pace.seconds_per_step(session, "flux") == pytest.approx(2)
        assert await pace.seconds_per_step(session) == pytest.approx(0.5 + pace.WEIGHT * 1.5)


async def test_a_lasting_change_is_learned(database: Database) -> None:
    await measure(database, "pocket", seconds=1, work=1)
    for _ in range(20):
        await measure(database, "pocket", seconds=3, work=1)
    async with database.reading() as session:
        assert await pace.seconds_per_step(session, "pocket") == pytest.approx(3, rel=0.02)


async def test_the_eta_is_the_work_ahead_and_what_is_left_of_the_running_jobs(database: Database) -> None:
    await meet(database)
    await measure(database, "pocket", seconds=2, work=1)
    for work in (10, 20, 30):
        last = await enqueue(database, wish(work=work))
    running = await claimed(database)
    for elapsed, expected in ((0, 20 + 40), (15, 5 + 40), (60, 40)):
        async with database.reading() as session:
            eta = await pace.eta(session, last.id, now=NOON + timedelta(seconds=elapsed))
        assert eta == pytest.approx(expected)
    async with database.reading() as session:
        assert await pace.eta(session, running.id) is None
        assert await jobs.work_ahead(session, last.id) == 20


async def test_of_jobs_that_share_the_device_the_first_to_end_makes_room(database: Database) -> None:
    await meet(database)
    await measure(database, "pocket", seconds=2, work=1)
    for work in (10, 4, 30):
        last = await enqueue(database, wish(work=work))
    await claimed(database)
    await claimed(database)
    for elapsed, expected in ((0, 16), (6, 10), (60, 0)):
        async with database.reading() as session:
            eta = await pace.eta(session, last.id, now=NOON + timedelta(seconds=elapsed))
        assert eta == pytest.approx(expected)
