"""The life of every card, from "queued" to its result: which one is shown when, and that each result arrives once.

A result is delivered when its row says so. Until then it is posted again after every failure and every restart, always
by editing the same message, so that repeating is harmless. Knows rows and channels; not how drawings are made or sent.
"""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable

import discord

from bot.delivery.deliver import Deliverer
from bot.delivery.drawing import Moment
from bot.delivery.line import Line, TryAgain, Urgency
from bot.delivery.post import Post
from bot.ui.press import with_mark
from db import jobs
from db.database import Database
from db.models import Job, Route
from engine.requests import Progress
from engine.storage import Storage

log = logging.getLogger(__name__)

POLL = 5.0
"""Seconds between looks at the rows; a lost wake-up costs this much, never a job."""
IDLE = 3600.0
"""Seconds after which a channel in which nothing happens has no line any more."""
BATCH = 500
MARKS = 1000


class Delivery:
    """Listens to the worker, is told of accepted and changed jobs, and keeps a line per channel. Run it with `run`."""

    def __init__(self, *, database: Database, storage: Storage, web_address: str | None = None) -> None:
        self._database = database
        self._deliverer = Deliverer(database=database, storage=storage, web_address=web_address)
        self._lines: dict[Hashable, Line] = {}
        self._line_of: dict[int, Line] = {}
        self._asked: dict[int, Urgency] = {}
        self._wake = asyncio.Event()
        self._next_look = 0.0
        self._runners: asyncio.TaskGroup | None = None
        self._marked: OrderedDict[int, set[str]] = OrderedDict()
        self._marking: dict[int, discord.Message] = {}

    # What the worker tells; called on the loop, returns at once.

    def started(self, job_id: int) -> None:
        self._ask(job_id, Urgency.CHANGE)
        self._everyone_moves_up()

    def progress(self, job_id: int, progress: Progress) -> None:
        self._deliverer.progress[job_id] = progress
        self._ask(job_id, Urgency.PREVIEW)

    def ended(self, job_id: int) -> None:
        self._ask(job_id, Urgency.RESULT)

    # What orders and buttons tell.

    def expect(self, job: Job, *, apart: bool = False) -> None:
        """The answer to the interaction is about to post this job's card; until `stands`, nothing else does.

        A card that stands `apart` from the answer has not been posted by anybody then.
        """
        line = self._line_for(job)
        line.hold(job.id)
        self._deliverer.accepted(job, apart=apart)

    def drew(self, moment: Moment) -> None:
        """The answer's card shows this moment."""
        self._deliverer.drew(moment)

    async def card_stands(self, job: Job, message_id: int, interaction: discord.Interaction) -> None:
        """The job's card is this message."""
        self._line_for(job).just_shown(job.id)
        self._deliverer.reach(job, message_id, interaction)
        async with self._database.writing() as session:
            await jobs.set_card(session, job.id, message_id)

    def stands(self, job_id: int) -> None:
        """The answer was given, or failed: from here on the card is delivery's."""
        if (line := self._line_of.get(job_id)) is not None:
            line.release(job_id)
        self._ask(job_id, Urgency.CHANGE)

    def changed(self, job: Job) -> None:
        """Somebody changed this job's row, perhaps to its end."""
        self._ask(job.id, Urgency.RESULT)
        self._everyone_moves_up()

    def redraw(self, job: Job) -> None:
        """Some of a delivered job's pictures are gone, as its row says: do not wait for the next look."""
        self._ask(job.id, Urgency.CHANGE)

    def mark(self, message: discord.Message | None, custom_id: str) -> None:
        """Show on a message of ours that this button was taken. A courtesy: tried once, in the channel's order."""
        if message is None or message.flags.ephemeral:
            return
        taken = self._marked.setdefault(message.id, set())
        taken.add(custom_id)
        self._marked.move_to_end(message.id)
        if len(self._marked) > MARKS:
            self._marked.popitem(last=False)
        self._marking[message.id] = message
        self._line(message.channel.id).ask(("marks", message.id), Urgency.CHANGE)

    def unmark(self, message: discord.Message | None) -> None:
        """The message is about to be deleted."""
        if message is not None:
            self._marking.pop(message.id, None)

    async def run(self, client: discord.Client) -> None:
        """Deliver until cancelled, beginning with what the previous process left; `client` is logged in."""
        post = Post(client)
        self._deliverer.post = post
        async with asyncio.TaskGroup() as runners:
            self._runners = runners
            try:
                for key, line in self._lines.items():
                    runners.create_task(self._serve(key, line))
                await self._persist(self._resume)
                while True:
                    await self._persist(self._take_asked)
                    await self._persist(self._wait)
            finally:
                self._runners = None

    async def _persist(self, step: Callable[[], Awaitable[None]]) -> None:
        """A database that fails for a moment must not end all deliveries."""
        try:
            await step()
        except Exception:
            log.exception("delivery stumbled")
            await asyncio.sleep(1)

    async def _resume(self) -> None:
        """Every job without a last word gets its card back."""
        async with self._database.reading() as session:
            open_jobs = [*await jobs.running(session), *await jobs.waiting(session, BATCH)]
        for job in open_jobs:
            self._line_for(job).ask(job.id, Urgency.POSITION)
        await self._look_for_results()

    async def _look_for_results(self) -> None:
        async with self._database.reading() as session:
            results = await jobs.undelivered(session, BATCH)
            outdated = await jobs.outdated(session, BATCH)
        for job in results:
            self._line_for(job).ask(job.id, Urgency.RESULT)
        for job in outdated:
            self._line_for(job).ask(job.id, Urgency.CHANGE)

    async def _wait(self) -> None:
        left = self._next_look - time.monotonic()
        if left > 0:
            try:
                async with asyncio.timeout(left):
                    await self._wake.wait()
                return
            except TimeoutError:
                pass
        self._next_look = time.monotonic() + POLL
        await self._look_for_results()

    async def _take_asked(self) -> None:
        self._wake.clear()
        asked, self._asked = self._asked, {}
        for job_id, urgency in asked.items():
            line = self._line_of.get(job_id)
            if line is None:
                async with self._database.reading() as session:
                    job = await jobs.get(session, job_id)
                if job is None:
                    continue
                line = self._line_for(job)
            line.ask(job_id, urgency)

    def _ask(self, job_id: int, urgency: Urgency) -> None:
        self._asked[job_id] = min(urgency, self._asked.get(job_id, urgency))
        self._wake.set()

    def _everyone_moves_up(self) -> None:
        for job_id in self._deliverer.waiting:
            self._ask(job_id, Urgency.POSITION)

    async def _show(self, card: Hashable, urgency: Urgency) -> None:
        if isinstance(card, tuple):
            await self._show_marks(card[1])
            return
        assert isinstance(card, int)
        try:
            done = await self._deliverer.deliver(card)
        except TryAgain:
            raise
        except Exception:
            # A bug must not stop the channel's other cards, nor lose this result: it is tried again, slowly.
            log.exception("job %s could not be shown", card)
            raise TryAgain from None
        if done and (line := self._line_of.pop(card, None)) is not None:
            line.forget(card)

    async def _show_marks(self, message_id: int) -> None:
        message = self._marking.pop(message_id, None)
        view = message and with_mark(message, self._marked.get(message_id, set()))
        if message is None or view is None:
            return
        try:
            await self._deliverer.post.dress(message.channel.id, message.id, view)
        except Exception as error:
            log.debug("message %s was not marked: %s", message_id, error)

    def _line_for(self, job: Job) -> Line:
        # Edits by token are counted apart from the channel's.
        line = self._line(job.channel_id if job.route is Route.CHANNEL else Route.TOKEN)
        self._line_of[job.id] = line
        return line

    def _line(self, key: Hashable) -> Line:
        line = self._lines.get(key)
        if line is None:
            line = self._lines[key] = Line(self._show)
            if self._runners is not None:
                self._runners.create_task(self._serve(key, line))
        return line

    async def _serve(self, key: Hashable, line: Line) -> None:
        """Run a channel's line until it ends; the next card there gets a new one."""
        await line.run(idle=IDLE)
        del self._lines[key]
        self._line_of = {job_id: its for job_id, its in self._line_of.items() if its is not line}
