import asyncio
from datetime import timedelta

import pytest

from db import images, jobs, ledger
from db.database import Database
from db.errors import LostClaim
from db.jobs import Requeued
from tests.db.people import ADA, BEN, FAIR, LEASE, NOON, accept, claimed, enqueue, finish, job, meet, picture, wish

AFTER = NOON + LEASE + timedelta(seconds=1)


async def expire(database: Database, *, max_attempts: int = 3) -> Requeued:
    async with database.writing() as session:
        return await jobs.requeue_expired(session, max_attempts=max_attempts, now=AFTER)


async def test_a_lease_that_holds_is_left_alone(database: Database) -> None:
    await meet(database)
    await enqueue(database, wish())
    held = await claimed(database)
    async with database.writing() as session:
        assert await jobs.requeue_expired(session, max_attempts=1, now=NOON + LEASE) == Requeued()
    assert (await job(database, held.id)).status == "running"


async def test_what_the_caller_holds_itself_is_left_alone(database: Database) -> None:
    await meet(database)
    for _ in range(2):
        await enqueue(database, wish())
    held, lost = await claimed(database), await claimed(database)
    async with database.writing() as session:
        done = await jobs.requeue_expired(session, max_attempts=3, held=[held.id], now=AFTER)
    assert done == Requeued(requeued=(lost.id,))
    assert (await job(database, held.id)).status == "running"


async def test_a_dead_workers_job_is_refunded_while_its_authors_next_one_is_being_accepted(database: Database) -> None:
    await meet(database)
    async with database.writing() as session:
        await ledger.grant(session, ADA, 10)
    for _ in range(3):
        await enqueue(database, wish(cost=1))
        await claimed(database)
        begun = asyncio.Event()

        async def requeue(begun: asyncio.Event = begun) -> Requeued:
            await begun.wait()
            return await expire(database, max_attempts=1)

        _, done = await asyncio.gather(accept(database, wish(BEN), renewal=5, begun=begun), requeue())
        assert len(done.failed) == 1
        async with database.writing() as session:
            (waiting,) = await jobs.waiting(session, 2)
            await jobs.cancel(session, waiting.id)
    async with database.reading() as session:
        assert await ledger.balance(session, ADA) == 10


@pytest.mark.parametrize("relaxed", [False, True])
async def test_after_a_crash_a_job_goes_back_to_its_old_place(database: Database, relaxed: bool) -> None:
    await meet(database)
    wished = [(await enqueue(database, wish(person, relaxed=relaxed), FAIR)).id for person in (ADA, BEN, ADA)]
    order = [wished[0], wished[1], wished[2]]
    lost = [await claimed(database), await claimed(database)]
    assert await expire(database) == Requeued(requeued=(lost[0].id, lost[1].id))
    async with database.reading() as session:
        assert [await jobs.position(session, one) for one in order] == [1, 2, 3]
    again = [await claimed(database) for _ in range(3)]
    assert [one.id for one in again] == order
    assert [(one.attempts, one.fence) for one in again] == [(2, 2), (2, 2), (1, 1)]


async def test_a_zombies_late_result_is_refused(database: Database) -> None:
    await meet(database)
    await enqueue(database, wish())
    zombie = await claimed(database, "zombie")
    await expire(database)
    with pytest.raises(LostClaim):  # while the job waits again
        await finish(database, zombie)
    heir = await claimed(database, "heir", AFTER)
    assert heir.id == zombie.id
    with pytest.raises(LostClaim):  # while another runs it
        await finish(database, zombie)
    async with database.writing() as session:
        assert not await jobs.renew(session, zombie.id, zombie.fence, LEASE)
        made = await jobs.finish(session, heir.id, heir.fence, [picture(1)])
    with pytest.raises(LostClaim):  # and after it ended
        await finish(database, zombie)
    async with database.reading() as session:
        assert [image.id for image in await images.of_job(session, heir.id)] == [made[0].id]


async def test_the_same_worker_name_does_not_revive_a_lost_claim(database: Database) -> None:
    await meet(database)
    await enqueue(database, wish())
    before = await claimed(database, "main")
    async with database.writing() as session:
        assert (await jobs.requeue_worker(session, "main", 3)).requeued == (before.id,)
    after = await claimed(database, "main")
    with pytest.raises(LostClaim):
        await finish(database, before)
    await finish(database, after)


async def test_out_of_attempts_a_job_fails_and_is_refunded(database: Database) -> None:
    await meet(database)
    async with database.writing() as session:
        await ledger.grant(session, ADA, 5)
    wished = await enqueue(database, wish(cost=5))
    await claimed(database)
    assert await expire(database, max_attempts=2) == Requeued(requeued=(wished.id,))
    await claimed(database)
    assert await expire(database, max_attempts=2) == Requeued(failed=(wished.id,))
    ended = await job(database, wished.id)
    assert (ended.status, ended.error_code, ended.error_detail) == ("failed", "attempts", {"attempts": 2})
    assert (ended.finished_at, ended.lease_until) == (AFTER, None)
    async with database.reading() as session:
        assert await ledger.balance(session, ADA) == 5
        assert [one.id for one in await jobs.undelivered(session, 10)] == [wished.id]


async def test_a_job_asked_to_stop_is_not_started_again(database: Database) -> None:
    await meet(database)
    wished = await enqueue(database, wish())
    await claimed(database)
    async with database.writing() as session:
        await jobs.cancel(session, wished.id)
    assert await expire(database) == Requeued(cancelled=(wished.id,))
    assert (await job(database, wished.id)).status == "cancelled"


async def test_only_the_dead_workers_jobs_are_requeued(database: Database) -> None:
    await meet(database)
    for _ in range(3):
        await enqueue(database, wish())
    dead, alive, dead_too = [await claimed(database, name) for name in ("dead", "alive", "dead")]
    async with database.writing() as session:
        assert (await jobs.requeue_worker(session, "dead", 3)).requeued == (dead.id, dead_too.id)
    async with database.reading() as session:
        assert [one.id for one in await jobs.running(session)] == [alive.id]


async def test_a_claim_given_back_at_a_clean_stop_costs_no_attempt(database: Database) -> None:
    await meet(database)
    first, second = [await enqueue(database, wish()) for _ in range(2)]
    held = await claimed(database)
    async with database.writing() as session:
        assert await jobs.release(session, held.id, held.fence)
        assert await jobs.position(session, first.id) == 1
        assert await jobs.position(session, second.id) == 2
    again = await claimed(database)
    assert (again.id, again.attempts, again.fence) == (first.id, 1, 2)
    async with database.writing() as session:
        await jobs.cancel(session, again.id)
        assert await jobs.release(session, again.id, again.fence)
    assert (await job(database, first.id)).status == "cancelled"
