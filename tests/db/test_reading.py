from datetime import timedelta

from db import jobs
from db.database import Database
from tests.db.people import ADA, BEN, NOON, claim, claimed, enqueue, finish, job, meet, wish


async def test_a_persons_jobs_come_newest_first_page_by_page(database: Database) -> None:
    await meet(database)
    mine = [(await enqueue(database, wish(ADA))).id for _ in range(4)]
    await enqueue(database, wish(BEN))
    async with database.reading() as session:
        page = [one.id for one in await jobs.of_author(session, ADA, limit=3)]
        rest = [one.id for one in await jobs.of_author(session, ADA, limit=3, before=page[-1])]
    assert page + rest == mine[::-1]


async def test_what_ended_waits_for_delivery_until_it_is_marked_once(database: Database) -> None:
    await meet(database)
    for _ in range(3):
        await enqueue(database, wish())
    first, second = await claimed(database), await claimed(database)
    async with database.writing() as session:
        await jobs.fail(session, second.id, second.fence, "gone", now=NOON - timedelta(seconds=5))
    await finish(database, first)
    async with database.reading() as session:
        assert [one.id for one in await jobs.undelivered(session, 10)] == [second.id, first.id]
        assert [one.id for one in await jobs.undelivered(session, 1)] == [second.id]
    running = await claimed(database)
    async with database.writing() as session:
        assert await jobs.mark_delivered(session, first.id, now=NOON)
        assert not await jobs.mark_delivered(session, first.id)
        assert not await jobs.mark_delivered(session, running.id), "it has not ended"
        assert not await jobs.mark_delivered(session, 404)
    assert (await job(database, first.id)).delivered_at == NOON
    async with database.reading() as session:
        assert [one.id for one in await jobs.undelivered(session, 10)] == [second.id]


async def test_a_card_is_remembered_while_the_job_waits_and_runs(database: Database) -> None:
    await meet(database)
    wished = await enqueue(database, wish())
    async with database.writing() as session:
        assert await jobs.set_card(session, wished.id, 5)
        assert not await jobs.set_card(session, 404, 5)
    held = await claim(database)
    assert held is not None
    assert held.card_message_id == 5


async def test_the_load_counts_what_waits_and_runs(database: Database) -> None:
    await meet(database)
    for person, relaxed in ((ADA, False), (ADA, True), (BEN, False), (BEN, True)):
        await enqueue(database, wish(person, relaxed=relaxed))
    await claimed(database)
    async with database.reading() as session:
        assert await jobs.load(session) == jobs.Load(waiting=3, running=1)
        assert await jobs.load(session, ADA) == jobs.Load(waiting=1, running=1)
        assert await jobs.load(session, BEN) == jobs.Load(waiting=2, running=0)
        assert [one.author_id for one in await jobs.running(session)] == [ADA]
