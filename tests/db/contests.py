"""Short ways to say what contest tests are about: a contest, who enters, who votes, and how the day goes on."""

from datetime import datetime, timedelta
from typing import Any

from db import guilds, images, users
from db.challenges import ballots, entries, finding, phases, results
from db.challenges.terms import NewChallenge, Reward, Rules, Terms
from db.database import Database
from db.models import Ballot, Challenge, Entry, Phase
from tests.db.people import NOON, claimed, enqueue, finish, wish

GUILD = 900
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
VOTES_AT, CLOSES_AT = NOON + DAY, NOON + 2 * DAY


def plan(**values: Any) -> NewChallenge:
    """Open from NOON, voting a day later, closed two days later; ten entries each, and a reward of every kind."""
    terms = {"rules": Rules(entries=10), "reward": Reward(credit=5, role_id=70, pin=True)}
    terms |= {name: values.pop(name) for name in ("description", "mode", "rules", "reward") if name in values}
    planned: dict[str, Any] = {
        "guild_id": GUILD,
        "channel_id": 8,
        "created_by": 1,
        "theme": "Lighthouses",
        "terms": Terms(**terms),
        "opens_at": NOON,
        "votes_at": VOTES_AT,
        "closes_at": CLOSES_AT,
    }
    return NewChallenge(**planned | values)


async def contest(database: Database, **values: Any) -> int:
    async with database.writing() as session:
        await guilds.touch(session, values.get("guild_id", GUILD), "somewhere", now=NOON)
        return (await phases.create(session, plan(**values), now=NOON)).id


async def picture_of(database: Database, author: int) -> int:
    """A new picture by this person; its image id."""
    async with database.writing() as session:
        await users.touch(session, author, f"person {author}", now=NOON)
    job = await enqueue(database, wish(author))
    held = await claimed(database)
    assert held.id == job.id
    await finish(database, held)
    async with database.reading() as session:
        return (await images.of_job(session, job.id))[0].id


async def enter(database: Database, challenge_id: int, author: int, at: datetime = NOON) -> Entry:
    image_id = await picture_of(database, author)
    async with database.writing() as session:
        return await entries.enter(session, challenge_id, author, image_id, now=at)


async def voting(database: Database, *authors: int, **values: Any) -> tuple[int, list[Entry]]:
    """A contest in which these people have an entry each and voting has begun."""
    challenge_id = await contest(database, **values)
    entered = [await enter(database, challenge_id, author) for author in authors]
    assert await advance(database, challenge_id, VOTES_AT) is Phase.VOTING
    return challenge_id, entered


async def advance(database: Database, challenge_id: int, at: datetime) -> Phase | None:
    async with database.writing() as session:
        return await phases.advance(session, challenge_id, now=at)


async def deal(database: Database, challenge_id: int, voter: int, *questions: tuple[int, int]) -> list[Ballot]:
    async with database.writing() as session:
        return list(await ballots.deal(session, challenge_id, voter, questions, now=VOTES_AT))


async def say(database: Database, ballot: Ballot, value: int, at: datetime = VOTES_AT) -> Ballot:
    async with database.writing() as session:
        return await ballots.cast(session, ballot.id, ballot.voter_id, GUILD, value, now=at)


async def prefer(database: Database, challenge_id: int, voter: int, winner: Entry, loser: Entry) -> None:
    low, high = sorted((winner.id, loser.id))
    (ballot,) = await deal(database, challenge_id, voter, (low, high))
    await say(database, ballot, 1 if winner.id == low else -1)


async def count(database: Database, challenge_id: int, at: datetime = CLOSES_AT) -> bool:
    """Close if that has not happened, tally, and finish; False when it was finished before."""
    await advance(database, challenge_id, at)
    async with database.reading() as session:
        tally = await results.count(session, await finding.get(session, challenge_id))
    async with database.writing() as session:
        return await results.finish(session, challenge_id, tally, now=at)


async def found(database: Database, challenge_id: int) -> Challenge:
    async with database.reading() as session:
        return await finding.get(session, challenge_id)
