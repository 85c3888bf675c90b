"""Accepting wishes: checked, enqueued in one transaction, shown as cards; and cancelling them.

After the transaction a job is a promise. Whatever fails later (the answer, the process), delivery finds the job in the
rows and its card in the channel, or makes one.
"""

import contextlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

import discord

from bot.answering import UNANSWERED, change, in_time, writing
from bot.config import Config
from bot.delivery.delivery import Delivery
from bot.delivery.drawing import draw_accepted, look
from bot.delivery.place import TOKEN_LIFE, Place, place_of
from bot.delivery.post import Drawing
from bot.errors import ALREADY_ANSWERED, tell
from bot.house.door import Asker, Door
from bot.refusals import Closing, NothingToCancel
from bot.wishes import Wish
from db import audit, guilds, jobs, pace, preferences, reviews, state, users
from db.database import Database
from db.models import Job, JobRequest, Route

if TYPE_CHECKING:
    from bot.client import Studio

log = logging.getLogger(__name__)


class Worker(Protocol):
    """What orders need of the engine's worker; both calls return at once."""

    def wake(self) -> None: ...
    def cancel(self, job_id: int) -> object: ...


class Orders:
    """Takes wishes from interactions. `closing` makes it refuse new ones, on the way down."""

    def __init__(
        self,
        *,
        config: Config,
        database: Database,
        worker: Worker,
        delivery: Delivery,
        failure: Callable[[], Exception | None],
        door: Door,
        ask_moderators: Callable[[], None],
    ) -> None:
        self._database = database
        self._worker = worker
        self._delivery = delivery
        self._failure = failure
        self._door = door
        self._ask_moderators = ask_moderators
        queue = config.queue
        self.limits = jobs.QueueLimits(
            waiting_per_person=queue.waiting_per_person, waiting_total=queue.waiting_total, order=queue.order
        )
        self.closing = False

    async def accept(
        self,
        interaction: discord.Interaction,
        wishes: Sequence[Wish],
        *,
        answers: int | None = None,
        question: int | None = None,
    ) -> None:
        """Enqueue all wishes or none, then answer with their cards. A replayed interaction finds its own jobs.

        Args:
            answers: the message that the cards answer, where the interaction comes from a private one beside it.
            question: the message that asked for a yes to these wishes, which is answered once.

        Raises:
            engine.errors.EngineError: the engine could not load its model; nothing was queued.
            bot.refusals.Closing, CannotPostHere, Banned, AboveCap, BlockedWord: nothing was queued.
            db.errors.TooManyWaiting, QueueFull, Overdrawn, AnsweredAlready: nothing was queued.
        """
        if self.closing:
            raise Closing
        failure = self._failure()
        if failure is not None:
            raise failure
        place = place_of(interaction)
        if place.route is Route.TOKEN and not await self._token_lasts(place, wishes):
            place = replace(place, route=Route.HISTORY)
        apart = answers is not None and place.route is Route.CHANNEL
        async with in_time(interaction, thinking=not apart, private=place.route is Route.HISTORY):
            accepted = await self._enqueue(interaction, place, wishes, answers=answers, apart=apart, question=question)
        if not accepted:
            self._ask_moderators()
            await tell(interaction, "A moderator looks at this prompt first. Nothing is charged until then.")
            return
        self._worker.wake()
        try:
            if apart:
                await _close(interaction)
            else:
                await self._answer(interaction, accepted)
        finally:
            for job in accepted:
                self._delivery.stands(job.id)

    async def _enqueue(
        self,
        interaction: discord.Interaction,
        place: Place,
        wishes: Sequence[Wish],
        *,
        answers: int | None,
        apart: bool,
        question: int | None,
    ) -> list[Job]:
        """The jobs; none of them when a moderator has to look at the prompt first.

        Cards that stand `apart` from the interaction's answer are delivery's from the beginning.
        """
        accepted: list[Job] = []
        expected: list[int] = []
        try:
            async with self._database.writing() as session:
                if question is not None:
                    await state.answer(session, question, interaction.id)
                await users.touch(session, interaction.user.id, interaction.user.display_name)
                if place.guild_id is not None:
                    await guilds.touch(session, place.guild_id, getattr(interaction.guild, "name", "") or "")
                hidden = (await preferences.get(session, interaction.user.id)).hide_prompts
                wishes = [replace(wish, request=_told(wish.request, hidden=hidden)) for wish in wishes]
                admission = await self._door.admit(session, Asker.of(interaction), wishes)
                wished = [
                    self._job(interaction, place, wish, part=part, cost=cost, answers=answers)
                    for part, (wish, cost) in enumerate(zip(wishes, admission.costs, strict=True))
                ]
                if admission.ask is not None:
                    await reviews.put(session, wished, word=admission.ask, limit=self.limits.waiting_per_person)
                    return []
                accepted += [(await jobs.enqueue(session, new, self.limits)).job for new in wished]
                # Before the commit: the worker may claim, and delivery post a card, the moment the rows are there.
                for job in accepted:
                    self._delivery.expect(job, apart=apart)
                    expected.append(job.id)
        except BaseException:
            for job_id in expected:
                self._delivery.stands(job_id)
            raise
        return accepted

    async def decide(self, interaction: "discord.Interaction[Studio]", review_id: int, *, allowed: bool) -> bool:
        """A moderator's word on a prompt: enqueue what was wished, its cards follow, or let it go.

        False when it was decided before. Raises db.errors.TooManyWaiting, QueueFull, Overdrawn: it stays undecided.
        """
        by_id = interaction.user.id
        async with writing(interaction) as session:
            wished = await reviews.decide(session, review_id, by_id=by_id, allowed=allowed)
            if wished is None:
                return False
            author = wished[0].author_id
            verb = "allow" if allowed else "refuse"
            await audit.write(session, wished[0].guild_id or 0, by_id, verb, target_id=author)
            accepted = [(await jobs.enqueue(session, new, self.limits)).job for new in wished if allowed]
        self._worker.wake()
        for job in accepted:
            self._delivery.stands(job.id)
        return True

    async def cancel(self, job: Job) -> None:
        """Take the job out of the queue, or stop it at its next step. Raises NothingToCancel when it has ended."""
        if not await self.stop(job):
            raise NothingToCancel(ended=True)

    async def stop(self, job: Job) -> bool:
        """As `cancel`; False when it has ended."""
        async with self._database.writing() as session:
            outcome = await jobs.cancel(session, job.id)
        if outcome == "requested":
            self._worker.cancel(job.id)
        self._delivery.changed(job)
        return outcome != "ended"

    async def _answer(self, interaction: discord.Interaction, accepted: list[Job]) -> None:
        """The first card is the answer itself; the others follow it."""
        first, *others = accepted
        if first.route is Route.HISTORY:
            words = "The queue is longer than I can answer here. `/history` will have the pictures."
            await tell(interaction, words)
            return
        message_id = await self._first_card(interaction, first)
        if message_id is not None:
            await self._delivery.card_stands(first, message_id, interaction)
        for job in others:
            if job.route is Route.TOKEN:
                drawing = await self._draw(job)
                message = await interaction.followup.send(
                    drawing.content, view=drawing.view or discord.utils.MISSING, wait=True
                )
                await self._delivery.card_stands(job, message.id, interaction)

    async def _first_card(self, interaction: discord.Interaction, job: Job) -> int | None:
        """The id of the card, or None when it is not known whether there is one: delivery will look for it."""
        drawing = await self._draw(job)
        try:
            if interaction.response.is_done():
                return (await interaction.edit_original_response(content=drawing.content, view=drawing.view)).id
            answered = await interaction.response.send_message(
                drawing.content, view=drawing.view or discord.utils.MISSING
            )
            if answered.message_id is not None:
                return answered.message_id
            return (await interaction.original_response()).id
        except discord.HTTPException as error:
            if error.code != ALREADY_ANSWERED:
                log.info("the card of job %s could not be the answer: %s", job.id, error.code or error.status)
                return None
        except UNANSWERED as error:
            log.info("the card of job %s could not be the answer: %s", job.id, type(error).__name__)
            return None
        # A lost reply makes discord.py ask again, and Discord then says that it has the answer.
        try:
            return (await interaction.original_response()).id
        except UNANSWERED:
            return None

    async def _draw(self, job: Job) -> Drawing:
        moment = await look(self._database, job.id)
        assert moment is not None, "the job was just written"
        self._delivery.drew(moment)
        return draw_accepted(moment)

    async def _token_lasts(self, place: Place, wishes: Sequence[Wish]) -> bool:
        """Whether these would be done while the interaction's token lives, as far as this machine's pace is known."""
        async with self._database.reading() as session:
            seconds = await pace.seconds_per_step(session)
            if seconds is None:
                return True
            running = sum(job.work for job in await jobs.running(session))
            waiting = await jobs.work_waiting(session, place.guild_id)
        return seconds * (running + waiting + sum(wish.work for wish in wishes)) < TOKEN_LIFE

    def _job(
        self, interaction: discord.Interaction, place: Place, wish: Wish, *, part: int, cost: int, answers: int | None
    ) -> jobs.NewJob:
        pressed = interaction.message.id if interaction.message else None
        return jobs.NewJob(
            interaction_id=interaction.id,
            part=part,
            kind=wish.kind,
            author_id=interaction.user.id,
            guild_id=place.guild_id,
            channel_id=place.channel_id,
            route=place.route,
            parent_image_id=wish.parent_image_id,
            parent_message_id=pressed if answers is None else answers,
            prompt=wish.prompt,
            request=wish.request,
            nsfw=place.nsfw,
            work=wish.work,
            cost=cost,
            relaxed=wish.relaxed,
            upload_limit=place.upload_limit,
        )


async def _close(interaction: discord.Interaction) -> None:
    """The private message has done its part."""
    with contextlib.suppress(*UNANSWERED):
        await change(interaction, content="On its way: the card answers the picture.", attachments=[], view=None)


def _told(request: JobRequest, *, hidden: bool) -> JobRequest:
    """The request with its author's own wish for what files tell, whoever's picture it began with."""
    told = request.copy()
    told.pop("hide_prompt", None)
    if hidden:
        told["hide_prompt"] = True
    return told
