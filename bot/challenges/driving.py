"""What drives contests: due changes of phase, owed messages, owed rewards. The rows say what is due.

Whatever stops the process, the next one goes on from the rows: phases change in transactions, messages are found again
before they are sent again, and a role or a pin given twice is given once.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

import discord
from sqlalchemy.ext.asyncio import AsyncSession

from bot.challenges.pictures import BlindPictures
from bot.challenges.posting import Posting
from bot.delivery.line import TryAgain
from bot.delivery.post import UNKNOWN_CHANNEL, Stopped, Unreachable, named
from db import times
from db.challenges import announcing, finding, phases, results, rotas
from db.database import Database
from db.models import Announcement, AnnouncementKind, Award, AwardKind, Phase
from engine.storage import Storage

log = logging.getLogger(__name__)

POLL = 10.0
"""Seconds between looks when nothing is due sooner and nobody calls: a lost wake-up costs no more."""
SOON = 0.05


class Challenges:
    """Run it with `run`; `wake` after something changed.

    Args:
        clock: says what time it is; the database does when it is None.
    """

    def __init__(self, *, database: Database, storage: Storage, clock: Callable[[], datetime] | None = None) -> None:
        self.database = database
        self.pictures = BlindPictures(storage)
        self.posting = Posting(database, storage)
        self._clock = clock
        self._woken = asyncio.Event()

    async def now(self, session: AsyncSession) -> datetime:
        """The time by which contests go."""
        return self._clock() if self._clock is not None else await times.of_database(session)

    @property
    def moment(self) -> datetime | None:
        """What queries are told as the time; None lets the database read its clock once it holds the contest's row."""
        return self._clock() if self._clock is not None else None

    def wake(self) -> None:
        self._woken.set()

    async def run(self, client: discord.Client) -> None:
        """Until cancelled; `client` is logged in."""
        await client.wait_until_ready()
        while True:
            self._woken.clear()
            pause = POLL
            try:
                await self._change_phases()
                await self._bring_messages(client)
                await self._give_awards(client)
                pause = await self._pause()
            except Exception:
                log.exception("the contests stumbled")
            try:
                async with asyncio.timeout(pause):
                    await self._woken.wait()
            except TimeoutError:
                continue

    async def _change_phases(self) -> None:
        async with self.database.reading() as session:
            now = await self.now(session)
            opening = await rotas.next_opening(session)
        if opening is not None and opening <= now:
            async with self.database.writing() as session:
                for made in await rotas.open_due(session, now=now):
                    log.info("contest %s began by its rota", made.id)
        async with self.database.reading() as session:
            due = await finding.due(session, now=now)
        for challenge_id in due:
            await self._drive(challenge_id)

    async def _drive(self, challenge_id: int) -> None:
        """Take every step that is due, the tally last."""
        while True:
            async with self.database.writing() as session:
                phase = await phases.advance(session, challenge_id, now=self.moment)
            if phase is None:
                break
            log.info("contest %s is %s", challenge_id, phase.value)
        async with self.database.reading() as session:
            challenge = await finding.get(session, challenge_id)
            tally = await results.count(session, challenge) if challenge.phase is Phase.TALLYING else None
        if tally is not None:
            async with self.database.writing() as session:
                done = await results.finish(session, challenge_id, tally, now=self.moment)
            log.info("contest %s is done: %d voters%s", challenge_id, tally.voters, "" if done else ", counted before")

    async def _bring_messages(self, client: discord.Client) -> None:
        async with self.database.reading() as session:
            now = await self.now(session)
            behind = await announcing.behind(session, now=now)
        for announcement in behind:
            try:
                message_id, version = await self.posting.bring(client, announcement)
            except TryAgain as problem:
                log.info("a message of contest %s waits: %s", announcement.challenge_id, problem)
                continue
            except Stopped as problem:
                waits = await self._put_off(announcement, problem, now)
                how = "is tried again" if waits else "is given up"
                log.warning("a message of contest %s %s: %s", announcement.challenge_id, how, problem)
                continue
            async with self.database.writing() as session:
                await announcing.stands(session, announcement.id, message_id, version)

    async def _put_off(self, announcement: Announcement, problem: Stopped, now: datetime) -> bool:
        """A permission may come back: whether it is waited for. What is deleted or was never possible does not."""
        may_pass = isinstance(problem, Unreachable) and getattr(problem.__cause__, "code", None) != UNKNOWN_CHANNEL
        reason = type(problem).__name__
        async with self.database.writing() as session:
            if may_pass:
                return await announcing.put_off(session, announcement.id, reason, now=now)
            await announcing.give_up(session, announcement.id, reason)
        return False

    async def _give_awards(self, client: discord.Client) -> None:
        async with self.database.reading() as session:
            owed = await results.owed(session)
        for award in owed:
            try:
                given = await self._give(client, award)
                failed_for = None
            except Exception as error:
                problem = named(error)
                if isinstance(problem, TryAgain):
                    continue
                if not isinstance(problem, Stopped):
                    raise
                log.warning("an award of contest %s cannot be given: %s", award.challenge_id, problem)
                given, failed_for = True, str(problem)[:32]
            if given:
                async with self.database.writing() as session:
                    await results.settle(session, award.id, failed_for=failed_for, now=self.moment)

    async def _give(self, client: discord.Client, award: Award) -> bool:
        """Both are the same when done again; False while it has to wait for the podium."""
        async with self.database.reading() as session:
            challenge = await finding.get(session, award.challenge_id)
            podium = (await announcing.of_challenge(session, challenge.id)).get(AnnouncementKind.PODIUM)
        if award.kind is AwardKind.ROLE:
            if award.user_id is None:
                raise Stopped("the winner was forgotten")
            reason = "won a challenge"
            await client.http.add_role(challenge.guild_id, award.user_id, award.amount, reason=reason)
            return True
        if podium is None or (podium.message_id is None and podium.given_up_for is None):
            return False
        if podium.message_id is None:
            raise Stopped("no podium")
        channel = client.get_partial_messageable(challenge.channel_id)
        await channel.get_partial_message(podium.message_id).pin()
        return True

    async def _pause(self) -> float:
        """Seconds until something is due, at most `POLL`."""
        async with self.database.reading() as session:
            now = await self.now(session)
            known = [await finding.next_change(session), await rotas.next_opening(session)]
            busy = bool(await announcing.behind(session, 1, now=now))
        if busy:
            return min(POLL, 1.0)
        upcoming = [moment for moment in known if moment is not None]
        left = min(upcoming, default=now + timedelta(seconds=POLL)) - now
        return min(POLL, max(SOON, left.total_seconds()))
