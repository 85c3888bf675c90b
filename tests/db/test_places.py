"""Places and claims against the plain model, with stretches so short that few jobs cross all levels of the counters."""

import asyncio
import random
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from db import backlog, guilds, jobs
from db.database import Database, default_url
from db.jobs import line
from db.models import Backlog, Job, Queue
from tests.db.people import ADA, BEN, CAT, FAIR, LEASE, NOON, WIDE, claimed, enqueue, meet, wish
from tests.db.queue_model import QueueModel

PEOPLE = (ADA, BEN, CAT)
SERVERS = (91, 92)
RELAXED_AFTER = 2


@pytest.fixture(autouse=True)
def short_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backlog, "SPAN", 3)
    monkeypatch.setattr(line, "RELAXED_AFTER", RELAXED_AFTER)


@dataclass(frozen=True)
class Move:
    """One thing that happens to the queue; `pick` chooses the job where one is needed."""

    verb: str
    author: int = ADA
    relaxed: bool = False
    fair: bool = False
    work: int = 1
    limit: int | None = None
    pick: int = 0
    guild: int | None = None


MOVES = st.one_of(
    st.builds(
        Move,
        st.just("enqueue"),
        st.sampled_from(PEOPLE),
        st.booleans(),
        st.booleans(),
        st.integers(1, 9),
        st.none(),
        guild=st.sampled_from([None, *SERVERS]),
    ),
    st.builds(Move, st.just("pause"), guild=st.sampled_from(SERVERS)),
    st.builds(Move, st.just("claim"), limit=st.sampled_from([None, None, 1, 2])),
    st.builds(Move, st.sampled_from(["cancel", "finish"]), pick=st.integers(0, 99)),
    st.just(Move("lose")),
)


async def play(database: Database, moves: Sequence[Move]) -> None:
    """Do the same with the database and with the model, and compare after every move."""
    model = QueueModel(RELAXED_AFTER)
    await meet(database, *PEOPLE)
    async with database.writing() as session:
        for guild in SERVERS:
            await guilds.touch(session, guild, "a server")
    for number, move in enumerate(moves):
        async with database.writing() as session:
            if move.verb == "enqueue":
                new = wish(move.author, relaxed=move.relaxed, work=move.work, guild_id=move.guild)
                made = await jobs.enqueue(session, new, FAIR if move.fair else WIDE)
                model.enqueue(
                    made.job.id, move.author, relaxed=move.relaxed, work=move.work, fair=move.fair, guild=move.guild
                )
            elif move.verb == "claim":
                held = await jobs.claim_next(session, worker="w", lease=LEASE, running_per_person=move.limit, now=NOON)
                expected = model.claim(move.limit)
                assert (held and held.id) == (expected and expected.id)
            elif move.verb == "cancel" and (known := model.waiting + model.running):
                unwanted = known[move.pick % len(known)]
                model.cancel(unwanted)
                await jobs.cancel(session, unwanted.id)
            elif move.verb == "finish" and model.running:
                done = model.running[move.pick % len(model.running)]
                model.finish(done)
                row = await jobs.get(session, done.id)
                assert row is not None
                await jobs.finish(session, done.id, row.fence, [])
            elif move.verb == "pause" and move.guild is not None:
                model.paused ^= {move.guild}
                await guilds.pause(session, move.guild, paused=move.guild in model.paused)
            elif move.verb == "lose":
                model.lose_all()
                await jobs.requeue_worker(session, "w", 1000)
        async with database.reading() as session:
            order = model.order()
            assert [job.id for job in await jobs.waiting(session, 1000)] == [job.id for job in order]
            # Everyone at the end, one in turn before: each look costs some milliseconds.
            looked_at = order if number == len(moves) - 1 else order[number % (len(order) or 1) :][:1]
            for job in looked_at:
                place = await jobs.position(session, job.id), await jobs.work_ahead(session, job.id)
                assert place == model.place(job)
    await audit(database)


async def audit(database: Database) -> None:
    """The counters are what counting would find."""
    async with database.reading() as session:
        queue = await session.get_one(Queue, 1)
        rows = (await session.execute(select(Job.relaxed, Job.turn, Job.id, Job.work).where(line.QUEUED))).all()
        assert (queue.fast, queue.relaxed) == (sum(not row[0] for row in rows), sum(row[0] for row in rows))
        counted: Counter[tuple[object, ...]] = Counter()
        worked: Counter[tuple[object, ...]] = Counter()
        for relaxed, turn, job_id, work in rows:
            for stretch in ((2, turn // 3, 0), (1, turn, 0), (0, turn, job_id // 3)):
                counted[relaxed, *stretch] += 1
                worked[relaxed, *stretch] += work
        kept = (await session.scalars(select(Backlog))).all()
        assert {(row.relaxed, row.level, row.turn, row.bucket): row.jobs for row in kept} == dict(counted)
        assert {(row.relaxed, row.level, row.turn, row.bucket): row.work for row in kept} == dict(worked)


# The template is only ever copied, and the patched numbers are the same for every example.
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(moves=st.lists(MOVES, min_size=1, max_size=25))
def test_whatever_happens_the_queue_agrees_with_the_model(sqlite_template: Path, moves: list[Move]) -> None:
    async def run(folder: Path) -> None:
        async with Database.open(default_url(folder)) as database:
            await play(database, moves)

    with TemporaryDirectory() as folder:
        shutil.copyfile(sqlite_template, Path(folder) / "atelier.db")
        asyncio.run(run(Path(folder)))


async def test_a_long_day_agrees_with_the_model(database: Database) -> None:
    dice = random.Random(20260517)
    verbs = ["enqueue"] * 6 + ["claim"] * 3 + ["cancel", "finish", "finish", "lose", "pause"]
    moves = [
        Move(
            dice.choice(verbs),
            dice.choice(PEOPLE),
            relaxed=dice.random() < 0.3,
            fair=dice.random() < 0.7,
            work=dice.randint(1, 9),
            limit=dice.choice([None, 1, 2]),
            pick=dice.randrange(100),
            guild=dice.choice(SERVERS),
        )
        for _ in range(80)
    ]
    await play(database, moves)


@given(
    moves=st.lists(
        st.one_of(
            st.builds(Move, st.just("enqueue"), st.sampled_from(PEOPLE)),
            st.just(Move("claim")),
            st.builds(Move, st.just("cancel"), pick=st.integers(0, 99)),
        ),
        max_size=60,
    )
)
def test_among_people_who_keep_waiting_nobody_gets_two_jobs_more_than_a_round(moves: list[Move]) -> None:
    model, history = QueueModel(RELAXED_AFTER), list[tuple[set[int], int]]()
    for number, move in enumerate(moves):
        if move.verb == "enqueue":
            model.enqueue(number, move.author, relaxed=False, work=1, fair=True)
        elif move.verb == "cancel" and model.waiting:
            model.cancel(model.waiting[move.pick % len(model.waiting)])
        elif move.verb == "claim":
            waiting = {job.author for job in model.waiting}
            if (claim := model.claim(None)) is not None:
                history.append((waiting, claim.author))
    for start in range(len(history)):
        together, served = set(PEOPLE), Counter[int]()
        for waiting, author in history[start:]:
            together &= waiting
            served[author] += 1
            if len(together) > 1:
                counts = [served[person] for person in together]
                assert max(counts) - min(counts) <= 2


async def test_a_place_is_none_once_the_job_no_longer_waits(database: Database) -> None:
    await meet(database)
    await enqueue(database, wish())
    held = await claimed(database)
    async with database.reading() as session:
        assert await jobs.position(session, held.id) is None
        assert await jobs.work_ahead(session, held.id) is None
        assert await jobs.position(session, 404) is None


async def test_a_paused_servers_jobs_are_in_nobodys_way_but_their_own(database: Database) -> None:
    await meet(database)
    async with database.writing() as session:
        for guild in SERVERS:
            await guilds.touch(session, guild, "a server")
        await guilds.pause(session, SERVERS[0], paused=True)
    held = [(await enqueue(database, wish(ADA, guild_id=SERVERS[0]))).id for _ in range(5)]
    free = (await enqueue(database, wish(BEN, guild_id=SERVERS[1]))).id
    async with database.reading() as session:
        assert (await jobs.position(session, free), await jobs.work_ahead(session, free)) == (1, 0)
        assert [await jobs.position(session, one) for one in held] == [1, 2, 3, 4, 5]
    assert (await claimed(database)).id == free


async def test_what_a_new_job_waits_for_leaves_out_what_other_paused_servers_keep(database: Database) -> None:
    await meet(database)
    async with database.writing() as session:
        for guild in SERVERS:
            await guilds.touch(session, guild, "a server")
    for relaxed in (False, True):
        await enqueue(database, wish(ADA, guild_id=SERVERS[0], work=10, relaxed=relaxed))
        await enqueue(database, wish(BEN, guild_id=SERVERS[1], work=200, relaxed=relaxed))
        await enqueue(database, wish(BEN, work=3000, relaxed=relaxed))
    for paused, expected in ((False, (6420, 6420, 6420)), (True, (6420, 6400, 6400))):
        async with database.writing() as session:
            await guilds.pause(session, SERVERS[0], paused=paused)
            assert tuple([await jobs.work_waiting(session, one) for one in (*SERVERS, None)]) == expected


async def test_waiting_shows_only_as_many_as_asked_for(database: Database) -> None:
    await meet(database)
    wished = [(await enqueue(database, wish())).id for _ in range(4)]
    async with database.reading() as session:
        assert [job.id for job in await jobs.waiting(session, 3)] == wished[:3]


async def test_an_empty_queue_keeps_no_counters(database: Database) -> None:
    await meet(database)
    for relaxed in (False, True, False):
        await enqueue(database, wish(relaxed=relaxed), FAIR)
    for _ in range(3):
        await claimed(database)
    async with database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Backlog)) == 0
