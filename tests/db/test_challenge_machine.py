"""Whatever people and the clock do, a contest agrees with a plain model of it: stateful, on both databases."""

import asyncio
import random
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from db import ledger
from db.challenges import ballots, entries, finding, phases, results
from db.challenges.errors import EntryLimit, NoSuchEntry, NotYourBallot, OwnEntry, WrongPhase
from db.challenges.terms import Reward, Rules
from db.database import Database, default_url
from db.models import AwardKind, Ballot, Entry, LedgerEntry, Phase
from tests.databases import Postgres
from tests.db.contests import GUILD, HOUR, contest, picture_of
from tests.db.people import NOON

PEOPLE = (301, 302, 303, 304)
LIMIT = 2


@dataclass(frozen=True)
class Move:
    """One thing that happens; `who` acts, `pick` chooses among what there is, `hours` lets time pass."""

    verb: str
    who: int = PEOPLE[0]
    pick: int = 0
    hours: int = 0


@dataclass
class Model:
    """What the contest must look like, in the plainest words."""

    now: timedelta = timedelta()
    phase: Phase = Phase.OPEN
    standing: dict[int, int] = field(default_factory=dict)  # entry to author
    said: dict[tuple[int, int, int], int] = field(default_factory=dict)  # voter and pair to value
    votes_at: timedelta = 24 * HOUR
    closes_at: timedelta = 48 * HOUR

    def advance(self) -> None:
        late = max(timedelta(), self.now - self.votes_at)
        if self.phase is Phase.OPEN and self.now >= self.votes_at:
            self.phase = Phase.VOTING if len(self.standing) >= 2 else Phase.CANCELLED
            if late > phases.GRACE and self.phase is Phase.VOTING:
                self.votes_at, self.closes_at = self.votes_at + late, self.closes_at + late
        elif self.phase is Phase.VOTING and self.now >= self.closes_at:
            self.phase = Phase.TALLYING


MOVES = st.one_of(
    st.builds(Move, st.sampled_from(["enter", "enter", "withdraw"]), st.sampled_from(PEOPLE), st.integers(0, 99)),
    st.builds(Move, st.sampled_from(["vote", "vote", "vote", "steal"]), st.sampled_from(PEOPLE), st.integers(0, 99)),
    st.builds(Move, st.just("pass"), hours=st.integers(1, 30)),
    st.builds(Move, st.sampled_from(["advance", "advance", "finish", "finish", "cancel"])),
)


async def play(database: Database, moves: Sequence[Move]) -> None:
    challenge_id = await contest(database, rules=Rules(entries=LIMIT), reward=Reward(credit=7))
    pictures = {who: [await picture_of(database, who) for _ in range(LIMIT + 1)] for who in PEOPLE}
    model, tally = Model(), None
    for move in moves:
        now = NOON + model.now
        if move.verb == "pass":
            model.now += move.hours * HOUR
        elif move.verb == "advance":
            async with database.writing() as session:
                await phases.advance(session, challenge_id, now=now)
            model.advance()
        elif move.verb == "enter":
            await _enter(database, challenge_id, move, model, pictures[move.who])
        elif move.verb == "withdraw" and model.standing:
            await _withdraw(database, move, model)
        elif move.verb in ("vote", "steal") and len(model.standing) >= 2:
            await _vote(database, challenge_id, move, model)
        elif move.verb == "cancel":
            allowed = model.phase in (Phase.OPEN, Phase.VOTING)
            async with database.writing() as session:
                if allowed:
                    await phases.cancel(session, challenge_id, now=now)
                    model.phase = Phase.CANCELLED
                else:
                    with pytest.raises(WrongPhase):
                        await phases.cancel(session, challenge_id, now=now)
        elif move.verb == "finish":
            tally = await _finish(database, challenge_id, model) or tally
        await _agrees(database, challenge_id, model, tally)


async def _enter(database: Database, challenge_id: int, move: Move, model: Model, pictures: list[int]) -> None:
    now, mine = NOON + model.now, [entry for entry, author in model.standing.items() if author == move.who]
    async with database.reading() as session:
        used = {(await entries.get(session, entry)).image_id for entry in mine}
    free = [image for image in pictures if image not in used]
    async with database.writing() as session:
        if model.phase is not Phase.OPEN or model.now >= model.votes_at:
            with pytest.raises(WrongPhase):
                await entries.enter(session, challenge_id, move.who, free[0], now=now)
        elif len(mine) == LIMIT:
            with pytest.raises(EntryLimit):
                await entries.enter(session, challenge_id, move.who, free[0], now=now)
        else:
            entry = await entries.enter(session, challenge_id, move.who, free[0], now=now)
            model.standing[entry.id] = move.who


async def _withdraw(database: Database, move: Move, model: Model) -> None:
    entry = sorted(model.standing)[move.pick % len(model.standing)]
    async with database.writing() as session:
        if model.phase not in (Phase.OPEN, Phase.VOTING) or model.now >= model.closes_at:
            with pytest.raises(WrongPhase):
                await entries.withdraw(session, entry, now=NOON + model.now)
        else:
            await entries.withdraw(session, entry, now=NOON + model.now)
            del model.standing[entry]
            with pytest.raises(NoSuchEntry):
                await entries.withdraw(session, entry, now=NOON + model.now)


async def _vote(database: Database, challenge_id: int, move: Move, model: Model) -> None:
    """Vote on a pair, one's own entry perhaps among it; or (`steal`) answer with somebody else's ballot."""
    dice = random.Random(move.pick)
    one, other = sorted(dice.sample(sorted(model.standing), 2))
    value, now = dice.choice([-1, 0, 1]), NOON + model.now
    async with database.writing() as session:
        if model.phase is not Phase.VOTING or model.now >= model.closes_at:
            with pytest.raises(WrongPhase):
                await ballots.deal(session, challenge_id, move.who, [(one, other)], now=now)
            old = (await session.scalars(select(Ballot).where(Ballot.voter_id == move.who).limit(1))).one_or_none()
            if old is not None:
                with pytest.raises(WrongPhase):
                    await ballots.cast(session, old.id, move.who, GUILD, 1, now=now)
            return
        if move.who in (model.standing[one], model.standing[other]):
            with pytest.raises(OwnEntry):
                await ballots.deal(session, challenge_id, move.who, [(one, other)], now=now)
            return
        (ballot,) = await ballots.deal(session, challenge_id, move.who, [(one, other)], now=now)
        if move.verb == "steal":
            with pytest.raises(NotYourBallot):
                await ballots.cast(session, ballot.id, move.who + 1, GUILD, value, now=now)
            return
        await ballots.cast(session, ballot.id, move.who, GUILD, value, now=now)
        model.said[move.who, one, other] = value


async def _finish(database: Database, challenge_id: int, model: Model) -> results.Tally | None:
    """Count and finish, three at once, as restarts could."""
    async with database.reading() as session:
        tally = await results.count(session, await finding.get(session, challenge_id))

    async def once() -> bool | None:
        try:
            async with database.writing() as session:
                return await results.finish(session, challenge_id, tally, now=NOON + model.now)
        except WrongPhase:
            return None

    done = await asyncio.gather(once(), once(), once())
    if model.phase is Phase.TALLYING:
        assert sorted(done, key=str) == [False, False, True]
        model.phase = Phase.DONE
        return tally
    assert set(done) == ({False} if model.phase is Phase.DONE else {None})
    return None


async def _agrees(database: Database, challenge_id: int, model: Model, tally: results.Tally | None) -> None:
    async with database.reading() as session:
        challenge = await finding.get(session, challenge_id)
        assert challenge.phase is model.phase
        assert {one.id: one.author_id for one in await entries.standing(session, challenge_id)} == model.standing
        votes = await ballots.votes(session, challenge_id)
        assert {(vote.voter_id, vote.entry_id, vote.other_id): vote.value for vote in votes} == model.said
        # Nobody has said anything about their own, whatever was dealt.
        own = select(func.count()).select_from(Ballot).join(Entry, Entry.id.in_((Ballot.entry_id, Ballot.other_id)))
        assert await session.scalar(own.where(Entry.author_id == Ballot.voter_id)) == 0
        rewards = (await session.scalars(select(LedgerEntry))).all()
        places = await results.places(session, challenge_id)
        if model.phase is not Phase.DONE or tally is None or not tally.voters or not model.standing:
            assert (rewards, places) == ([], [])
            return
        assert places == tally.places
        assert await results.verify(session, challenge) == (places, places)
        winner = model.standing[places[0].entry_id]
        assert [(line.user_id, line.amount) for line in rewards] == [(winner, 7)]
        assert await ledger.balance(session, winner, GUILD) == 7
        assert [award.kind for award in await results.awards(session, challenge_id)] == [AwardKind.CREDIT]


# The template is only ever copied.
@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(moves=st.lists(MOVES, min_size=5, max_size=30))
def test_whatever_happens_a_contest_agrees_with_the_model(sqlite_template: Path, moves: list[Move]) -> None:
    async def run(folder: Path) -> None:
        async with Database.open(default_url(folder)) as database:
            await play(database, moves)

    with TemporaryDirectory() as folder:
        shutil.copyfile(sqlite_template, Path(folder) / "atelier.db")
        asyncio.run(run(Path(folder)))


@pytest.mark.postgres
@settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(moves=st.lists(MOVES, min_size=10, max_size=30))
def test_the_same_on_postgresql(postgres: Postgres, moves: list[Move]) -> None:
    async def run() -> None:
        async with Database.open(await postgres.clean()) as database:
            await play(database, moves)

    asyncio.run(run())


async def test_a_whole_contest_with_every_kind_of_move_agrees_with_the_model(database: Database) -> None:
    dice = random.Random(20260517)
    moves = [Move("enter", who, dice.randrange(99)) for who in PEOPLE for _ in range(2)]
    moves += [Move("withdraw", pick=3), Move("enter", PEOPLE[0]), Move("pass", hours=24), Move("advance")]
    moves += [Move(dice.choice(["vote", "steal"]), dice.choice(PEOPLE), dice.randrange(99)) for _ in range(40)]
    moves += [Move("withdraw", pick=2), Move("pass", hours=24), Move("vote", PEOPLE[1], 5), Move("advance")]
    moves += [Move("cancel"), Move("finish"), Move("finish"), Move("advance"), Move("withdraw"), Move("vote", pick=4)]
    await play(database, moves)
