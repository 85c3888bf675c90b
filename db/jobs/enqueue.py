"""Accepting a job: once per interaction, within the limits, charged, at its place."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db import ledger, times
from db.errors import QueueFull, TooManyWaiting
from db.jobs import line
from db.jobs.reading import by_interaction
from db.models import Job, JobRequest, JobStatus, Queue, Route, User

Order = Literal["fifo", "fair"]


@dataclass(frozen=True, kw_only=True, slots=True)
class NewJob:
    """A job as wished for. `part` tells several jobs of one interaction apart; `work` is steps times pictures."""

    interaction_id: int
    part: int = 0
    kind: str = "imagine"
    author_id: int
    guild_id: int | None = None
    channel_id: int
    card_message_id: int | None = None
    route: Route | Literal["channel", "token", "history"] = Route.CHANNEL
    parent_image_id: int | None = None
    parent_message_id: int | None = None
    prompt: str
    request: JobRequest | dict[str, Any]
    nsfw: bool = False
    upload_limit: int = 10 * 2**20
    relaxed: bool = False
    work: int
    cost: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class QueueLimits:
    """How many jobs may wait, of one person and of all, and how new ones are placed.

    `fifo` places a job last. `fair` rotates between people, first come first served within one: a person's nth waiting
    job comes before anyone's (n+1)th. Places are kept when the order changes. Relaxed jobs are always first come first
    served among themselves.
    """

    waiting_per_person: int
    waiting_total: int
    order: Order = "fifo"


@dataclass(frozen=True, slots=True)
class Enqueued:
    """`created` is False when the interaction had made this job before."""

    job: Job
    created: bool


async def enqueue(session: AsyncSession, new: NewJob, limits: QueueLimits, *, now: datetime | None = None) -> Enqueued:
    """Accept a job and charge its cost, or find the one that the same interaction and part made before.

    The author's row, and the guild's if there is one, must exist. Raises `TooManyWaiting`, `QueueFull`, `Overdrawn`,
    all before anything is written.
    """
    now = now or times.now()
    queue = await line.enter(session, new.author_id)
    if (existing := await by_interaction(session, new.interaction_id, new.part)) is not None:
        return Enqueued(existing, created=False)
    await require_room(session, new.author_id, 1, limits, queue=queue)
    await ledger.require(session, new.author_id, new.cost, guild_id=new.guild_id)
    placed = {
        "turn": 0 if new.relaxed else await _turn(session, queue, new.author_id, limits.order),
        "status": JobStatus.QUEUED,
        "created_at": now,
    }
    row = insert(Job).values(asdict(new) | {"route": Route(new.route)} | placed)
    job = (await session.scalars(row.returning(Job))).one()
    await ledger.charge(session, new.author_id, job.id, new.cost, guild_id=new.guild_id, now=now)
    await line.join(session, queue, job)
    await session.flush()
    return Enqueued(job, created=True)


async def require_room(
    session: AsyncSession, author_id: int, count: int, limits: QueueLimits, *, queue: Queue | None = None
) -> None:
    """Raise `TooManyWaiting` or `QueueFull` unless so many more jobs of one person may wait.

    Without a `queue` that is held, this is so for the moment only.
    """
    queue = queue or await session.get_one(Queue, 1)
    own = select(Job.id).where(line.QUEUED, Job.author_id == author_id).limit(limits.waiting_per_person)
    waiting = await session.scalar(select(func.count()).select_from(own.subquery())) or 0
    if waiting + count > limits.waiting_per_person:
        raise TooManyWaiting(limits.waiting_per_person)
    if queue.fast + queue.relaxed + count > limits.waiting_total:
        raise QueueFull(limits.waiting_total)


async def _turn(session: AsyncSession, queue: Queue, author_id: int, order: Order) -> int:
    """Which turn a new fast job gets: the last one handed out, or under the fair order the author's own next one."""
    if order == "fifo":
        turn = queue.last_turn
    else:
        last = await session.scalar(select(User.turn).where(User.id == author_id)) or 0
        turn = max(queue.turn, last + 1)
    if turn == 0:
        return turn  # the fair order was never used
    await session.execute(update(User).where(User.id == author_id).values(turn=turn))
    queue.last_turn = max(queue.last_turn, turn)
    return turn
