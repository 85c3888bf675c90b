"""Whatever people and the clock do, a contest agrees with a plain model of it: stateful, on both databases."""

import asyncio
import random
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import func, select

from db import ledger
from db.challenges import ballots, entries, finding, phases, results
from db.challenges.errors import EntryLimit, NoSuchEntry, NotYourBallot, OwnEntry, WrongPhase
from db.challenges.terms import Reward, Rules
from db.database import Database
from db.models import AwardKind, Ballot, Entry, LedgerEntry, Phase
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


@dataclass
class Play:
    """A contest in the database, and the model it must agree with."""

    database: Database
    challenge_id: int
    pictures: dict[int, list[int]]
    model: Model = field(default_factory=Model)
    tally: results.Tally | None = None

    @classmethod
    async def begin(cls, database: Database) -> "Play":
        challenge_id = await contest(database, rules=Rules(entries=LIMIT), reward=Reward(credit=7))
        pictures = {who: [await picture_of(database, who) for _ in range(LIMIT + 1)] for who in PEOPLE}
        return cls(database, challenge_id, pictures)

    async def move(self, move: Move) -> None:
        model, now = self.model, NOON + self.model.now
        if move.verb == "pass":
            model.now += move.hours * HOUR
        elif move.verb == "advance":
            async with self.database.writing() as session:
                await phases.advance(session, self.challenge_id, now=now)
            model.advance()
        elif move.verb == "enter":
            await _enter(self.database, self.challenge_id, move, model, self.pictures[move.who])
        elif move.verb == "withdraw" and model.standing:
            await _withdraw(self.database, move, model)
        elif move.verb in ("vote", "steal") and len(model.standing) >= 2:
            await _vote(self.database, self.challenge_id, move, model)
        elif move.verb == "cancel":
            allowed = model.phase in (Phase.OPEN, Phase.VOTING)
            async with self.database.writing() as session:
                if allowed:
                    await phases.cancel(session, self.challenge_id, now=now)
                    model.phase = Phase.CANCELLED
                else:
                    with pytest.raises(WrongPhase):
                        await phases.cancel(session, self.challenge_id, now=now)
        elif move.verb == "finish":
            self.tally = await _finish(self.database, self.challenge_id, model) or self.tally

    async def agrees(self) -> None:
        await _agrees(self.database, self.challenge_id, self.model, self.tally)


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
            theirs = select(Ballot).where(Ballot.challenge_id == challenge_id, Ballot.voter_id == move.who)
            old = (await session.scalars(theirs.limit(1))).one_or_none()
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
        own = own.where(Entry.author_id == Ballot.voter_id, Ballot.challenge_id == challenge_id)
        assert await session.scalar(own) == 0
        lines = select(LedgerEntry).where(LedgerEntry.key == f"challenge:{challenge_id}")
        rewards = (await session.scalars(lines)).all()
        places = await results.places(session, challenge_id)
        if model.phase is not Phase.DONE or tally is None or not tally.voters or not model.standing:
            assert (rewards, places) == ([], [])
            return
        assert places == tally.places
        assert await results.verify(session, challenge) == (places, places)
        winner = model.standing[places[0].entry_id]
        assert [(line.user_id, line.amount) for line in rewards] == [(winner, 7)]
        held, lines_of = await ledger.balance(session, winner, GUILD), await ledger.total(session, winner, GUILD)
        assert held == lines_of >= 7
        assert [award.kind for award in await results.awards(session, challenge_id)] == [AwardKind.CREDIT]


async def test_whatever_happens_a_contest_agrees_with_the_model(database: Database) -> None:
    """Stateful: entries, votes, stolen ballots, time, restarts of the count, in any order."""
    loop = asyncio.get_running_loop()
    picks, who = st.integers(0, 99), st.sampled_from(PEOPLE)

    def here(coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result(60)

    class Contest(RuleBasedStateMachine):
        @initialize()
        def begin(self) -> None:
            self.play = here(Play.begin(database))
            # Most examples have somebody to vote on.
            for author in PEOPLE[:3]:
                here(self.play.move(Move("enter", author)))

        @rule(verb=st.sampled_from(["enter", "withdraw"]), who=who, pick=picks)
        def take_part(self, verb: str, who: int, pick: int) -> None:
            here(self.play.move(Move(verb, who, pick)))

        @rule(verb=st.sampled_from(["vote", "vote", "vote", "steal"]), who=who, pick=picks)
        def vote(self, verb: str, who: int, pick: int) -> None:
            here(self.play.move(Move(verb, who, pick)))

        @rule(hours=st.integers(1, 30), then=st.booleans())
        def pass_time(self, hours: int, then: bool) -> None:
            here(self.play.move(Move("pass", hours=hours)))
            if then:
                here(self.play.move(Move("advance")))

        @rule(verb=st.sampled_from(["advance", "finish", "finish"]))
        def drive(self, verb: str) -> None:
            here(self.play.move(Move(verb)))

        @rule(verb=st.sampled_from([*["finish"] * 5, "cancel"]))
        def end(self, verb: str) -> None:
            here(self.play.move(Move(verb)))

        @invariant()
        def agrees(self) -> None:
            if hasattr(self, "play"):
                here(self.play.agrees())

    quick = settings(
        max_examples=12,
        stateful_step_count=25,
        deadline=None,
        suppress_health_check=list(HealthCheck),  # pyright: ignore[reportArgumentType]  its metaclass has no types
        database=None,
    )
    await asyncio.to_thread(run_state_machine_as_test, Contest, settings=quick)


async def test_a_whole_contest_with_every_kind_of_move_agrees_with_the_model(database: Database) -> None:
    dice = random.Random(20260517)
    moves = [Move("enter", who, dice.randrange(99)) for who in PEOPLE for _ in range(2)]
    moves += [Move("withdraw", pick=3), Move("enter", PEOPLE[0]), Move("pass", hours=24), Move("advance")]
    moves += [Move(dice.choice(["vote", "steal"]), dice.choice(PEOPLE), dice.randrange(99)) for _ in range(40)]
    moves += [Move("withdraw", pick=2), Move("pass", hours=24), Move("vote", PEOPLE[1], 5), Move("advance")]
    moves += [Move("cancel"), Move("finish"), Move("finish"), Move("advance"), Move("withdraw"), Move("vote", pick=4)]
    play = await Play.begin(database)
    for move in moves:
        await play.move(move)
        await play.agrees()
    assert play.model.phase is Phase.DONE
