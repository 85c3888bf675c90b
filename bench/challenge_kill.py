"""`kill -9` while contests close, are counted, rewarded and announced: same winners, each reward and each post once.

`python -m bench.challenge_kill` makes many contests that are due, and lets a process drive them that dies at a random
moment, again and again, until one life finishes what is left. The expected places are counted before the first kill.
"""

import argparse
import asyncio
import contextlib
import os
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

import migrations
from bench.report import Report, Table
from db import guilds, jobs, times, users
from db.challenges import announcing, ballots, counting, entries, finding, phases, results
from db.challenges.terms import NewChallenge, Reward, Terms
from db.database import Database, default_url
from db.models import Account, Award, AwardKind, Challenge, LedgerEntry, Phase
from playground import Playground, permissions, seed

CREDIT = 10
ENTRIES, VOTERS = 3, 4
LONGEST_LIFE = 66
"""Moments after which a life ends at the latest; about a third of them are one contest's."""
SETTLING = 240.0
CHANNELS = ("challenges", "general", "studio")
"""In turn: a channel holds fifty pins."""


@dataclass
class Findings:
    """What came of it; `broken` names every broken promise."""

    contests: int = 0
    kills: int = 0
    moments: Counter[str] = field(default_factory=Counter)
    phases: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    broken: list[str] = field(default_factory=list)


class Trial:
    def __init__(self, folder: Path, *, contests: int, kills: int, seed: int, longest_life: int = LONGEST_LIFE) -> None:
        self.longest_life = longest_life
        self.folder = folder
        self.contests, self.kills = contests, kills
        self.dice = Random(seed)
        self.findings = Findings(contests=contests)
        self.expected: dict[int, list[int]] = {}

    async def run(self) -> Findings:
        began = time.perf_counter()
        self.url = default_url(self.folder)
        async with Playground(rate_limits=False) as pg:
            self.role = _laurel(pg)
            async with Database.open(self.url) as database:
                await migrations.upgrade(database)
                await self._make(database, pg)
            deaths = self.folder / "deaths"
            for _ in range(self.kills):
                code = await self._live(pg, self.dice.randint(1, self.longest_life), deaths)
                if code == 0:
                    break
                self.findings.kills += 1
                print(f"\r{self.findings.kills}/{self.kills} kills   ", end="", file=sys.stderr, flush=True)
                self.findings.phases[await self._at()] += 1
            await self._live(pg, 0, deaths)
            self.findings.moments.update(deaths.read_text().split("\n")[:-1] if deaths.exists() else [])
            await self._look(pg)
        self.findings.seconds = time.perf_counter() - began
        return self.findings

    async def _make(self, database: Database, pg: Playground) -> None:
        guild_id = int(pg.channel("challenges")["guild_id"])
        makers = [int(pg.person(name).id) for name in ("Ada", "Ben", "Cleo")]
        now = times.now()
        for number in range(self.contests):
            channel_id = int(pg.channel(CHANNELS[number % len(CHANNELS)])["id"])
            async with database.writing() as session:
                await guilds.touch(session, guild_id, "Atelier")
                challenge = await phases.create(
                    session,
                    NewChallenge(
                        guild_id=guild_id,
                        channel_id=channel_id,
                        created_by=None,
                        theme=f"Contest {number}",
                        terms=Terms(reward=Reward(credit=CREDIT, role_id=self.role, pin=True)),
                        opens_at=now,
                        votes_at=now + timedelta(hours=1),
                        closes_at=now + timedelta(hours=2),
                    ),
                    now=now,
                )
                for maker in makers:
                    await users.touch(session, maker, str(maker))
                    new = jobs.NewJob(
                        interaction_id=number * ENTRIES + makers.index(maker) + 1,
                        author_id=maker,
                        guild_id=guild_id,
                        channel_id=channel_id,
                        prompt="a house",
                        request={"model": "pocket", "prompt": "a house", "seeds": [1], "steps": 1},
                        work=1,
                    )
                    limits = jobs.QueueLimits(waiting_per_person=10, waiting_total=100)
                    await jobs.enqueue(session, new, limits)
                    job = await jobs.claim_next(session, worker="bench", lease=timedelta(hours=1))
                    assert job is not None
                    picture = jobs.NewImage(digest=f"{job.id:064x}", width=64, height=64, seed=1, bytes=1)
                    (image,) = await jobs.finish(session, job.id, job.fence, [picture])
                    await entries.enter(session, challenge.id, maker, image.id, now=now)
                await phases.advance(session, challenge.id, now=now + timedelta(hours=1))
                await self._vote(session, challenge.id, now + timedelta(hours=1))
                # Due now, by the database's clock.
                past = {"opens_at": now - timedelta(hours=3), "votes_at": now - timedelta(hours=2), "closes_at": now}
                await session.execute(update(Challenge).where(Challenge.id == challenge.id).values(**past))

    async def _vote(self, session: AsyncSession, challenge_id: int, at: datetime) -> None:
        standing = [one.id for one in await entries.standing(session, challenge_id)]
        pairs = [(one, other) for one in standing for other in standing if one < other]
        for voter in range(1, VOTERS + 1):
            dealt = await ballots.deal(session, challenge_id, voter, pairs, now=at)
            for ballot in dealt:
                value = self.dice.choice((-1, 1))
                await ballots.cast(session, ballot.id, voter, await self._guild(session, challenge_id), value, now=at)
        votes = await ballots.votes(session, challenge_id)
        mode = (await finding.get(session, challenge_id)).mode
        self.expected[challenge_id] = [place.entry_id for place in counting.tally(mode, standing, votes)]

    async def _guild(self, session: AsyncSession, challenge_id: int) -> int:
        return (await finding.get(session, challenge_id)).guild_id

    async def _live(self, pg: Playground, moments: int, deaths: Path) -> int | None:
        """One life; 0 when nothing was left to do before its death, else how it ended."""
        environment = {
            **os.environ,
            "ATELIER_DISCORD__TOKEN": pg.token,
            "ATELIER_DISCORD__API": pg.api,
            "ATELIER_STORAGE__FOLDER": str(self.folder),
        }
        with (self.folder / "bot.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bench.mortal_contests", str(moments), str(deaths)),
                stdout=log,
                stderr=log,
                env=environment,
            )
        ended, until = asyncio.create_task(process.wait()), time.monotonic() + SETTLING
        is_settled = False
        while not ended.done() and not is_settled and time.monotonic() < until:
            await asyncio.wait((ended,), timeout=0.3)
            is_settled = not ended.done() and not await self._left()
        if not ended.done():
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        code = await ended
        with contextlib.suppress(TimeoutError):
            await pg.wait_for(lambda: not pg.gateway.bot_online, 10)
        return 0 if is_settled else code

    async def _left(self) -> bool:
        async with Database.open(self.url, read_only=True) as database, database.reading() as session:
            running = await finding.due(session)
            return bool(running or await announcing.behind(session) or await results.owed(session))

    async def _at(self) -> str:
        """What the rows say was going on at a kill."""
        async with Database.open(self.url, read_only=True) as database, database.reading() as session:
            found = set(await session.scalars(select(Challenge.phase)))
            if Phase.TALLYING in found:
                return "a contest closed and not counted"
            if Phase.VOTING in found:
                return "between two contests"
            if await announcing.behind(session, 1):
                return "messages owed"
            return "awards owed" if await results.owed(session) else "nothing owed"

    async def _look(self, pg: Playground) -> None:
        broken = self.findings.broken
        async with Database.open(self.url, read_only=True) as database, database.reading() as session:
            for challenge_id, expected in self.expected.items():
                challenge = await finding.get(session, challenge_id)
                written, again = (
                    await results.verify(session, challenge) if challenge.phase is Phase.DONE else ([], None)
                )
                if [place.entry_id for place in written] != expected or written != again:
                    broken.append(
                        f"contest {challenge_id} is {challenge.phase} with other places than its ballots give"
                    )
                given = await session.scalar(select(func.count()).where(LedgerEntry.key == f"challenge:{challenge_id}"))
                if given != 1:
                    broken.append(f"contest {challenge_id} gave its credits {given} times")
                for award in await results.awards(session, challenge_id):
                    if award.settled_at is None or award.failed_for is not None:
                        broken.append(f"contest {challenge_id}: {award.kind} is {award.failed_for or 'owed'}")
            total = await session.scalar(select(func.sum(LedgerEntry.amount)))
            balance = await session.scalar(select(func.sum(Account.balance)))
            if not total == balance == CREDIT * self.contests:
                broken.append(f"{total} credits in the lines, {balance} in the accounts")
            winners = set(await session.scalars(select(Award.user_id).where(Award.kind == AwardKind.ROLE)))
            await self._look_at_posts(pg, session)
        channel = pg.channel("challenges")
        for user_id, member in pg.world.members[channel["guild_id"]].items():
            if (str(self.role) in member["roles"]) != (int(user_id) in winners):
                broken.append(f"{user_id} has the role wrongly, or lacks it")

    async def _look_at_posts(self, pg: Playground, session: AsyncSession) -> None:
        known = {
            one.message_id
            for challenge_id in self.expected
            for one in (await announcing.of_challenge(session, challenge_id)).values()
        }
        posts = [message for channel in CHANNELS for message in pg.messages(channel)]
        posted = [int(message["id"]) for message in posts]
        if len(posted) != 3 * self.contests or set(posted) != known:
            self.findings.broken.append(f"{len(posted)} messages of {3 * self.contests}; {len(known)} are known")
        pinned = sum(bool(message.get("pinned")) for message in posts)
        if pinned != self.contests:
            self.findings.broken.append(f"{pinned} podiums are pinned")


def _laurel(pg: Playground) -> int:
    (guild,) = pg.world.guilds.values()
    made = seed.role(pg.ids.new(), "Laurel", 0, position=1)
    guild["roles"].append(made)
    own = next(one for one in guild["roles"] if one.get("tags"))
    own["permissions"] = str(int(own["permissions"]) | permissions.MANAGE_ROLES)
    own["position"] = 5
    return int(made["id"])


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m bench.challenge_kill", description=__doc__)
    arguments.add_argument("--kills", type=int, default=100)
    arguments.add_argument("--contests", type=int, default=100)
    arguments.add_argument("--seed", type=int, default=7)
    given = arguments.parse_args()

    async def measure() -> Findings:
        with tempfile.TemporaryDirectory(prefix="atelier-contests-") as folder:
            return await Trial(Path(folder), contests=given.contests, kills=given.kills, seed=given.seed).run()

    findings = asyncio.run(measure())
    Report(
        name="challenge_kill",
        claim="Killed while contests close, are counted, rewarded and announced: the same winners, each reward and "
        "each post once.",
        command="python -m bench.challenge_kill",
        tables=[
            Table(
                "Outcome",
                ["", "count"],
                [
                    ["contests", findings.contests],
                    ["kills", findings.kills],
                    ["broken promises", len(findings.broken)],
                    ["seconds", findings.seconds],
                ],
            ),
            Table("Where it died", ["moment", "kills"], findings.moments.most_common()),
            Table("What the rows said then", ["", "kills"], findings.phases.most_common()),
        ],
        notes=[f"seed {given.seed}", *findings.broken[:20]],
        packages=["discord.py", "SQLAlchemy", "aiosqlite"],
        passed=not findings.broken and findings.kills >= given.kills,
    ).publish()
    sys.exit(1 if findings.broken else 0)


if __name__ == "__main__":
    main()
