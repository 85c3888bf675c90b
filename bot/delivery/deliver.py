"""One card, one step: see the job as it is, draw it, put it where it belongs, and remember that it arrived.

Safe to be killed between any two lines: what was posted is found again by its buttons, files or interaction, and what
was not remembered is posted again onto the same message. Knows no order and no budget.
"""

import asyncio
import logging
import time
from dataclasses import dataclass, replace
from functools import partial

import discord
from discord.utils import DEFAULT_FILE_SIZE_LIMIT_BYTES

from bot.delivery.drawing import Moment, draw_running, draw_waiting, look, show_ended
from bot.delivery.line import TryAgain
from bot.delivery.place import TOKEN_LIFE
from bot.delivery.post import Archived, ChannelGone, Drawing, MessageGone, Post, Stopped, Unreachable
from bot.ui import cards
from db import jobs, retries, times
from db.database import Database
from db.models import Job, JobStatus, Route
from engine.requests import Progress
from engine.storage import Storage

log = logging.getLogger(__name__)

DRIFT = 20.0
"""Seconds by which an estimated start must move before a card is edited for that alone."""

OPEN_PATIENCE = 10.0
"""Seconds for one edit of a card without a result."""


@dataclass
class _Token:
    """An interaction's own way to its messages, good until `dies` (monotonic seconds)."""

    webhook: discord.Webhook
    message_id: int
    dies: float


class OutOfReach(TryAgain):
    """A card that shows what it should not any more cannot be edited; tried as seldom as what is to be taken away."""

    first, longest = retries.FIRST.total_seconds(), retries.LONGEST.total_seconds()


class Deliverer:
    """`deliver(job_id)` is the whole of it. The rest is memory that a restart may lose.

    Attributes:
        post: set before the first `deliver`.
        progress: the latest of each running job.
        waiting: jobs whose cards show a place in the queue.
    """

    post: Post

    def __init__(self, *, database: Database, storage: Storage, web_address: str | None) -> None:
        self._database = database
        self._show_ended = partial(show_ended, storage=storage, web_address=web_address)
        self.progress: dict[int, Progress] = {}
        self.waiting: set[int] = set()
        self._tokens: dict[int, _Token] = {}
        self._unposted: set[int] = set()
        self._cardless: set[int] = set()
        self._places: dict[int, tuple[int | None, float | None]] = {}
        self._previewed: dict[int, Progress] = {}

    def accepted(self, job: Job, *, apart: bool) -> None:
        """The job is of this process; only the first part's message may be there already, and none that is `apart`."""
        self.waiting.add(job.id)
        if (job.part > 0 or apart) and job.card_message_id is None:
            self._unposted.add(job.id)

    def drew(self, moment: Moment) -> None:
        """A card with this place in the queue stands, or is about to."""
        starts = None if moment.starts_at is None else moment.starts_at.timestamp()
        self._places[moment.job.id] = (moment.position, starts)

    def reach(self, job: Job, message_id: int, interaction: discord.Interaction) -> None:
        """The job's card stands; by route "token" only this interaction can edit it."""
        self._unposted.discard(job.id)
        if job.route is Route.TOKEN:
            age = (discord.utils.utcnow() - interaction.created_at).total_seconds()
            dies = time.monotonic() + TOKEN_LIFE - max(0.0, age)
            self._tokens[job.id] = _Token(interaction.followup, message_id, dies)

    async def deliver(self, job_id: int) -> bool:
        """Show the job as it is now; True when there is nothing more to come.

        Raises:
            TryAgain: Discord did not answer, or does not let us for now; nothing is lost, ask again.
        """
        moment = await look(self._database, job_id)
        if moment is None:
            return True
        job = moment.job
        if job.delivered_at is not None:
            done = await self._redraw(moment)
            self._forget(job_id)
            return done
        if job.status.ended:
            await self._last_word(moment)
            self._forget(job_id)
            return True
        if job.route is Route.HISTORY:
            return False
        drawing = await self._draw_open(moment)
        if drawing is not None:
            # A preview that hangs must not stand in the way of the channel's results.
            try:
                async with asyncio.timeout(OPEN_PATIENCE):
                    await self._show_open(job, drawing)
            except TimeoutError:
                self._not_shown(job.id)
                raise TryAgain("slow") from None
        return False

    async def _draw_open(self, moment: Moment) -> Drawing | None:
        """The card of a job without a result, or None when it shows just that already."""
        job = moment.job
        if job.status is JobStatus.QUEUED:
            self.waiting.add(job.id)
            starts = None if moment.starts_at is None else moment.starts_at.timestamp()
            before = self._places.get(job.id)
            self._places[job.id] = (moment.position, starts)
            if job.card_message_id is not None and before is not None and before[0] == moment.position:
                # Discord counts the time down by itself.
                known = before[1]
                if starts == known or (starts is not None and known is not None and abs(starts - known) < DRIFT):
                    self._places[job.id] = before
                    return None
            return draw_waiting(moment)
        self.waiting.discard(job.id)
        self._places.pop(job.id, None)
        progress = self.progress.get(job.id)
        if progress is not None and progress is self._previewed.get(job.id) and not job.cancel_requested:
            return None
        if progress is not None:
            self._previewed[job.id] = progress
        return await draw_running(moment, progress)

    async def _show_open(self, job: Job, drawing: Drawing) -> None:
        """Queued or running. A card that somebody deleted is left alone until there is a result."""
        if job.id in self._cardless:
            return
        try:
            if job.route is Route.TOKEN:
                await self._edit_by_token(job, drawing)
                return
            message_id = await self._card(job)
            if message_id is not None:
                await self.post.edit(job.channel_id, message_id, drawing)
            else:
                sent = await self.post.send(job.channel_id, drawing, nonce=f"c{job.id}", reply_to=job.parent_message_id)
                await self._remember(job, sent)
        except Stopped as problem:
            log.info("the card of job %s cannot be shown: %s", job.id, problem)
            self._cardless.add(job.id)
        except Exception:
            self._not_shown(job.id)
            raise

    def _not_shown(self, job_id: int) -> None:
        self._places.pop(job_id, None)
        self._previewed.pop(job_id, None)
        # A send without an answer may have made a message: from now on it is looked for.
        self._unposted.discard(job_id)

    async def _last_word(self, moment: Moment) -> None:
        """The result, to wherever it can be brought; then the row says that it is delivered."""
        job = moment.job
        message_id: int | None = None
        if job.route is not Route.HISTORY:
            try:
                message_id = await self._bring(moment)
            except Stopped as problem:
                log.info("the result of job %s stays in its author's history: %s", job.id, problem)
        async with self._database.writing() as session:
            if message_id is not None and message_id != job.card_message_id:
                await jobs.set_card(session, job.id, message_id)
            await jobs.mark_delivered(session, job.id)

    async def _bring(self, moment: Moment) -> int | None:
        """By the job's route; where that is closed, by DM. The message's id, None for one outside of the channel.

        Raises Stopped when the DM is closed too.
        """
        job = moment.job
        by_route = self._edit_by_token if job.route is Route.TOKEN else self._bring_to_channel
        try:
            return await self._show_ended(partial(by_route, job), moment, job.upload_limit)
        except Stopped as problem:
            log.info("the result of job %s goes by DM: %s", job.id, problem)
        await self._bring_by_dm(moment)
        return None

    async def _bring_to_channel(self, job: Job, drawing: Drawing) -> int:
        message_id = await self._card(job)
        if message_id is not None:
            try:
                return await self._edit(job, message_id, drawing)
            except MessageGone:
                # A result may stand already in a message that the row does not know.
                found = await self._find(job, job.channel_id)
                if found is not None and found != message_id:
                    try:
                        return await self._edit(job, found, drawing)
                    except MessageGone:
                        pass
        return await self.post.send(job.channel_id, drawing, nonce=f"r{job.id}", reply_to=job.parent_message_id)

    async def _edit(self, job: Job, message_id: int, drawing: Drawing) -> int:
        """As `post.edit`, also in a thread that was archived; the message's id."""
        try:
            await self.post.edit(job.channel_id, message_id, drawing)
        except Archived:
            await self.post.reopen(job.channel_id)
            await self.post.edit(job.channel_id, message_id, drawing)
        return message_id

    async def _bring_by_dm(self, moment: Moment) -> None:
        job = moment.job
        if job.guild_id is None and job.route is Route.CHANNEL:
            raise Unreachable("the channel was the DM")
        channel_id = await self.post.direct(job.author_id)
        if await self._find(job, channel_id) is not None:
            return

        async def send(drawing: Drawing) -> int:
            there = replace(drawing, content=f"{cards.elsewhere(job)}\n{drawing.content}")
            return await self.post.send(channel_id, there, nonce=f"d{job.id}")

        # The channel's limit may have been that of a boosted server.
        await self._show_ended(send, moment, min(job.upload_limit, DEFAULT_FILE_SIZE_LIMIT_BYTES))

    async def _redraw(self, moment: Moment) -> bool:
        """Show what became of delivered pictures; False when something happened to them meanwhile.

        Raises OutOfReach: the card stands and cannot be edited for now.
        """
        job = moment.job
        if job.outdated_at is None:
            return True
        if job.card_message_id is not None and job.route is Route.CHANNEL:
            try:
                await self._show_ended(partial(self._edit, job, job.card_message_id), moment, job.upload_limit)
            except (MessageGone, ChannelGone):
                log.info("the card of job %s is gone", job.id)
            except Stopped as problem:
                log.info("the card of job %s cannot be drawn again: %s", job.id, problem)
                if times.now() - job.outdated_at <= retries.GIVE_UP_AFTER:
                    raise OutOfReach(str(problem)) from problem
        async with self._database.writing() as session:
            return await jobs.mark_drawn(session, job.id, since=job.outdated_at)

    async def _edit_by_token(self, job: Job, drawing: Drawing) -> None:
        """Raises Unreachable, Stopped."""
        token = self._tokens.get(job.id)
        if token is None or time.monotonic() > token.dies:
            raise Unreachable("the interaction is over")
        await self.post.edit_by_token(token.webhook, token.message_id, drawing)

    async def _card(self, job: Job) -> int | None:
        """The message that shows the job: as the row says, or found in the channel after a crash."""
        if job.card_message_id is not None:
            return job.card_message_id
        if job.id in self._unposted:
            return None
        found = await self._find(job, job.channel_id)
        if found is not None:
            await self._remember(job, found)
        return found

    async def _find(self, job: Job, channel_id: int) -> int | None:
        return await self.post.find(
            channel_id,
            interaction_id=job.interaction_id,
            # Later parts of one interaction are messages of their own; only the first is its answer.
            is_answer=job.part == 0,
            custom_ids=frozenset({f"a:cancel:{job.id}", f"a:again:{job.id}"}),
        )

    async def _remember(self, job: Job, message_id: int) -> None:
        self._unposted.discard(job.id)
        async with self._database.writing() as session:
            await jobs.set_card(session, job.id, message_id)

    def _forget(self, job_id: int) -> None:
        for memory in (self.progress, self._tokens, self._places, self._previewed):
            memory.pop(job_id, None)
        for known in (self.waiting, self._unposted, self._cardless):
            known.discard(job_id)
