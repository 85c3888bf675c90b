import asyncio

import pytest

from db import images, jobs, ledger
from db.database import Database
from db.errors import LostClaim
from db.models import JobStatus
from tests.db.people import ADA, FAIR, LEASE, NOON, accept, claim, claimed, enqueue, finish, job, meet, picture, wish


async def credited(database: Database, amount: int) -> None:
    await meet(database)
    async with database.writing() as session:
        await ledger.grant(session, ADA, amount)


async def balance(database: Database) -> int:
    async with database.reading() as session:
        return await ledger.balance(session, ADA)


async def test_a_finished_job_has_its_pictures_in_order_with_their_lineage(database: Database) -> None:
    await meet(database)
    await enqueue(database, wish())
    await finish(database, await claimed(database))
    async with database.reading() as session:
        (parent,) = await images.of_job(session, 1)
    child = await enqueue(database, wish(parent_image_id=parent.id))
    held = await claimed(database)
    async with database.writing() as session:
        made = await jobs.finish(session, held.id, held.fence, [picture(n) for n in range(4)], now=NOON)
    assert [(image.index, image.seed, image.author_id, image.deleted_at) for image in made] == [
        (n, n, ADA, None) for n in range(4)
    ]
    ended = await job(database, child.id)
    assert (ended.status, ended.finished_at, ended.lease_until) == (JobStatus.SUCCEEDED, NOON, None)
    async with database.reading() as session:
        assert [image.id for image in await images.children(session, parent.id)] == [image.id for image in made]


async def test_a_failed_job_keeps_its_reason_and_is_refunded_once(database: Database) -> None:
    await credited(database, 10)
    await enqueue(database, wish(cost=4))
    assert await balance(database) == 6
    held = await claimed(database)
    async with database.writing() as session:
        await jobs.fail(session, held.id, held.fence, "out_of_memory", {"free": 12})
        assert await ledger.refund(session, held.id) == 0
    ended = await job(database, held.id)
    assert (ended.status, ended.error_code, ended.error_detail) == ("failed", "out_of_memory", {"free": 12})
    assert await balance(database) == 10


async def test_a_blocked_job_is_refunded(database: Database) -> None:
    await credited(database, 10)
    await enqueue(database, wish(cost=4))
    held = await claimed(database)
    async with database.writing() as session:
        await jobs.block(session, held.id, held.fence, "filter")
    assert (await job(database, held.id)).status == "blocked"
    assert await balance(database) == 10


async def test_a_job_cancelled_before_it_starts_is_refunded(database: Database) -> None:
    await credited(database, 10)
    wished = await enqueue(database, wish(cost=4))
    async with database.writing() as session:
        assert await jobs.cancel(session, wished.id, now=NOON) == "cancelled"
        assert await jobs.cancel(session, wished.id) == "ended"
    ended = await job(database, wished.id)
    assert (ended.status, ended.finished_at) == ("cancelled", NOON)
    assert await balance(database) == 10
    assert await claim(database) is None


async def test_a_running_job_is_asked_to_stop_and_keeps_its_price(database: Database) -> None:
    await credited(database, 10)
    await enqueue(database, wish(cost=4))
    held = await claimed(database)
    async with database.writing() as session:
        assert await jobs.cancel(session, held.id) == "requested"
    assert (await job(database, held.id)).cancel_requested
    async with database.writing() as session:
        await jobs.finish_cancelled(session, held.id, held.fence)
        assert await jobs.cancel(session, held.id) == "ended"
    assert (await job(database, held.id)).status == "cancelled"
    assert await balance(database) == 6


async def test_cancelling_what_never_was_changes_nothing(database: Database) -> None:
    async with database.writing() as session:
        assert await jobs.cancel(session, 404) == "ended"


async def test_every_end_needs_the_fence_of_the_current_claim(database: Database) -> None:
    await meet(database)
    await enqueue(database, wish())
    held = await claimed(database)
    for fence in (held.fence - 1, held.fence + 1):
        async with database.writing() as session:
            with pytest.raises(LostClaim):
                await jobs.finish(session, held.id, fence, [picture()])
            with pytest.raises(LostClaim):
                await jobs.fail(session, held.id, fence, "late")
            with pytest.raises(LostClaim):
                await jobs.block(session, held.id, fence, "late")
            with pytest.raises(LostClaim):
                await jobs.finish_cancelled(session, held.id, fence)
            assert not await jobs.release(session, held.id, fence)
    assert (await job(database, held.id)).status == "running"
    async with database.reading() as session:
        assert list(await images.of_job(session, held.id)) == []


async def test_a_job_ends_once(database: Database) -> None:
    await meet(database)
    await enqueue(database, wish())
    held = await claimed(database)
    await finish(database, held, pictures=2)
    with pytest.raises(LostClaim):
        await finish(database, held, pictures=2)
    async with database.writing() as session:
        with pytest.raises(LostClaim):
            await jobs.fail(session, held.id, held.fence, "late")
    async with database.reading() as session:
        assert len(await images.of_job(session, held.id)) == 2


async def test_who_cancels_a_job_while_another_is_being_accepted_gets_both(database: Database) -> None:
    await credited(database, 100)
    for _ in range(5):
        doomed = (await enqueue(database, wish(cost=1), FAIR)).id
        begun = asyncio.Event()

        async def cancel(begun: asyncio.Event = begun, doomed: int = doomed) -> str:
            await begun.wait()
            async with database.writing() as session:
                return await jobs.cancel(session, doomed)

        _, answer = await asyncio.gather(accept(database, wish(cost=1), renewal=50, begun=begun), cancel())
        assert answer == "cancelled"
    async with database.reading() as session:
        assert (await jobs.load(session, ADA)).waiting == 5
    assert await balance(database) == 95


async def test_cancel_against_start_has_one_winner(database: Database) -> None:
    await credited(database, 100)
    wished = [(await enqueue(database, wish(cost=1))).id for _ in range(30)]

    async def cancel(job_id: int) -> str:
        async with database.writing() as session:
            return await jobs.cancel(session, job_id)

    results = await asyncio.gather(*(race for one in wished for race in (claim(database), cancel(one))))
    started = {held.id for held in results[::2] if held is not None}  # pyright: ignore[reportAttributeAccessIssue]
    for one, answer in zip(wished, results[1::2], strict=True):
        found = await job(database, one)
        if answer == "cancelled":
            assert (found.status, found.attempts) == ("cancelled", 0)
            assert one not in started
        else:
            assert answer == "requested"
            assert (found.status, found.cancel_requested) == ("running", True)
            assert one in started
    assert await balance(database) == 100 - len(started)
    async with database.reading() as session:
        assert (await jobs.load(session)).waiting == 0


async def test_cancel_against_finish_never_hides_a_finished_picture(database: Database) -> None:
    await meet(database)
    for _ in range(20):
        await enqueue(database, wish())
    held = [await claimed(database) for _ in range(20)]

    async def cancel(job_id: int) -> str:
        async with database.writing() as session:
            return await jobs.cancel(session, job_id)

    answers = await asyncio.gather(*(race for one in held for race in (cancel(one.id), finish(database, one))))
    assert set(answers[::2]) <= {"requested", "ended"}
    for one in held:
        assert (await job(database, one.id)).status == "succeeded"
        async with database.reading() as session:
            assert len(await images.of_job(session, one.id)) == 1


async def test_two_results_of_one_claim_leave_one(database: Database) -> None:
    await meet(database)
    await enqueue(database, wish())
    held = await claimed(database)
    tried = await asyncio.gather(*(finish(database, held) for _ in range(5)), return_exceptions=True)
    assert sum(isinstance(one, LostClaim) for one in tried) == 4
    async with database.reading() as session:
        assert len(await images.of_job(session, held.id)) == 1


async def test_a_claim_is_still_good_after_its_lease_ran_out_as_long_as_nobody_took_the_job(database: Database) -> None:
    await meet(database)
    await enqueue(database, wish())
    held = await claimed(database)
    async with database.writing() as session:
        await jobs.finish(session, held.id, held.fence, [picture()], now=NOON + 10 * LEASE)
    assert (await job(database, held.id)).status == "succeeded"
