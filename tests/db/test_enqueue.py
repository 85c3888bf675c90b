import asyncio
from itertools import count

import pytest
from sqlalchemy.exc import IntegrityError

from db import jobs, ledger, users
from db.database import Database
from db.errors import Overdrawn, QueueFull, TooManyWaiting
from db.jobs import Enqueued, NewJob, QueueLimits
from db.models import Job, JobStatus, Route
from tests.db.people import ADA, BEN, FAIR, NOON, WIDE, claimed, enqueue, job, meet, wish


async def attempt(database: Database, new: NewJob, limits: QueueLimits = WIDE) -> Enqueued | Exception:
    try:
        async with database.writing() as session:
            return await jobs.enqueue(session, new, limits)
    except (TooManyWaiting, QueueFull, Overdrawn) as error:
        return error


async def test_an_accepted_job_holds_everything_that_was_wished(database: Database) -> None:
    await meet(database)
    new = wish(
        kind="variation", route="token", parent_message_id=2**62, parent_image_id=5, nsfw=True, upload_limit=25 * 2**20
    )
    accepted = await enqueue(database, new)
    found = await job(database, accepted.id)
    # The row that enqueue gave out is whole too, though its session is closed.
    for row in (accepted, found):
        values = {column.key: getattr(row, column.key) for column in Job.__table__.columns}
        assert values | {"id": 0} == {
            "id": 0,
            "interaction_id": new.interaction_id,
            "part": 0,
            "upload_limit": 25 * 2**20,
            "kind": "variation",
            "status": JobStatus.QUEUED,
            "author_id": ADA,
            "guild_id": None,
            "channel_id": 7,
            "card_message_id": None,
            "route": Route.TOKEN,
            "parent_image_id": 5,
            "parent_message_id": 2**62,
            "prompt": "a red house",
            "request": new.request,
            "nsfw": True,
            "relaxed": False,
            "turn": 0,
            "work": 16,
            "cost": 0,
            "attempts": 0,
            "fence": 0,
            "worker": None,
            "lease_until": None,
            "cancel_requested": False,
            "created_at": NOON,
            "started_at": None,
            "finished_at": None,
            "delivered_at": None,
            "outdated_at": None,
            "error_code": None,
            "error_detail": None,
            "repeat_key": None,
            "repeats_id": None,
        }


async def test_a_replayed_interaction_makes_no_second_job(database: Database) -> None:
    await meet(database)
    new = wish()
    first = await attempt(database, new)
    again = await attempt(database, new)
    assert isinstance(first, Enqueued)
    assert isinstance(again, Enqueued)
    assert (first.created, again.created) == (True, False)
    assert first.job.id == again.job.id


async def test_an_interaction_replayed_ten_times_at_once_makes_one_job(database: Database) -> None:
    await meet(database)
    new = wish()
    tries = await asyncio.gather(*(attempt(database, new) for _ in range(10)))
    accepted = [tried for tried in tries if isinstance(tried, Enqueued)]
    assert len(accepted) == 10
    assert sum(tried.created for tried in accepted) == 1
    assert len({tried.job.id for tried in accepted}) == 1


async def test_a_replay_is_answered_with_its_job_even_when_the_queue_is_full_or_the_job_has_ended(
    database: Database,
) -> None:
    await meet(database)
    new, tight = wish(), QueueLimits(waiting_per_person=1, waiting_total=1)
    accepted = await enqueue(database, new, tight)
    again = await attempt(database, new, tight)
    assert isinstance(again, Enqueued)
    assert again.job.id == accepted.id
    running = await claimed(database)
    async with database.writing() as session:
        await jobs.fail(session, running.id, running.fence, "gone")
    ended = await attempt(database, new, tight)
    assert isinstance(ended, Enqueued)
    assert (ended.created, ended.job.status) == (False, "failed")


async def test_the_parts_of_one_interaction_are_jobs_of_their_own(database: Database) -> None:
    await meet(database)
    first = wish()
    async with database.writing() as session:
        made = [
            await jobs.enqueue(session, wish(interaction_id=first.interaction_id, part=part), WIDE) for part in range(3)
        ]
    assert [part.job.part for part in made] == [0, 1, 2]
    assert len({part.job.id for part in made}) == 3
    async with database.reading() as session:
        found = await jobs.by_interaction(session, first.interaction_id, 2)
    assert found is not None
    assert found.id == made[2].job.id


async def test_a_person_at_the_limit_is_told_it_and_others_are_not_bothered(database: Database) -> None:
    await meet(database)
    tight = QueueLimits(waiting_per_person=2, waiting_total=100)
    for _ in range(2):
        await enqueue(database, wish(ADA), tight)
    refused = await attempt(database, wish(ADA), tight)
    assert isinstance(refused, TooManyWaiting)
    assert refused.limit == 2
    await enqueue(database, wish(BEN), tight)
    # What runs no longer waits.
    await claimed(database)
    await enqueue(database, wish(ADA), tight)


async def test_a_full_queue_refuses_everyone(database: Database) -> None:
    await meet(database)
    tight = QueueLimits(waiting_per_person=10, waiting_total=2)
    await enqueue(database, wish(ADA), tight)
    await enqueue(database, wish(ADA, relaxed=True), tight)
    refused = await attempt(database, wish(BEN), tight)
    assert isinstance(refused, QueueFull)
    assert refused.limit == 2
    await claimed(database)
    await enqueue(database, wish(BEN), tight)


async def test_of_twenty_at_once_exactly_the_limit_is_accepted(database: Database) -> None:
    await meet(database)
    tight = QueueLimits(waiting_per_person=3, waiting_total=100)
    tries = await asyncio.gather(*(attempt(database, wish(), tight) for _ in range(20)))
    assert sum(isinstance(tried, Enqueued) for tried in tries) == 3
    assert sum(isinstance(tried, TooManyWaiting) for tried in tries) == 17
    async with database.reading() as session:
        assert await jobs.load(session) == jobs.Load(waiting=3, running=0)
        assert await jobs.load(session, ADA) == jobs.Load(waiting=3, running=0)


async def test_ten_credits_buy_ten_of_sixty_jobs_asked_for_at_once(database: Database) -> None:
    await meet(database)
    async with database.writing() as session:
        await ledger.grant(session, ADA, 10)
    tries = await asyncio.gather(*(attempt(database, wish(cost=1)) for _ in range(60)))
    assert sum(isinstance(tried, Enqueued) for tried in tries) == 10
    assert sum(isinstance(tried, Overdrawn) for tried in tries) == 50
    async with database.reading() as session:
        assert await ledger.balance(session, ADA) == 0
        assert (await jobs.load(session)).waiting == 10


async def test_two_ways_to_accept_a_persons_jobs_do_not_wait_for_each_other(database: Database) -> None:
    await meet(database)
    for _ in range(5):
        begun = asyncio.Event()

        async def command(begun: asyncio.Event = begun) -> None:
            async with database.writing() as session:
                await users.touch(session, ADA, "Ada")
                begun.set()
                await asyncio.sleep(0.2)
                await jobs.enqueue(session, wish(), FAIR)

        async def allowed_by_a_moderator(begun: asyncio.Event = begun) -> None:
            await begun.wait()
            async with database.writing() as session:
                await jobs.enqueue(session, wish(), FAIR)

        await asyncio.gather(command(), allowed_by_a_moderator())
    async with database.reading() as session:
        assert (await jobs.load(session, ADA)).waiting == 10


async def test_a_refusal_leaves_nothing_behind_even_when_the_caller_commits(database: Database) -> None:
    await meet(database)
    async with database.writing() as session:
        with pytest.raises(Overdrawn) as refused:
            await jobs.enqueue(session, wish(cost=3), WIDE)
        await ledger.grant(session, ADA, 2)
    assert (refused.value.balance, refused.value.cost) == (0, 3)
    async with database.reading() as session:
        assert await jobs.load(session) == jobs.Load(0, 0)
        assert await ledger.balance(session, ADA) == 2


async def test_a_job_of_somebody_unknown_is_refused_by_the_tables(database: Database) -> None:
    with pytest.raises(IntegrityError):
        await enqueue(database, wish(author_id=999))
    async with database.reading() as session:
        assert await jobs.load(session) == jobs.Load(0, 0)


async def test_jobs_of_all_kinds_get_growing_ids(database: Database) -> None:
    await meet(database)
    relaxed = (number % 2 == 0 for number in count())
    ids = [(await enqueue(database, wish(relaxed=next(relaxed)))).id for _ in range(6)]
    assert ids == sorted(set(ids))
