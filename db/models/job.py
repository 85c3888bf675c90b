"""A wish for pictures, from the moment it is accepted to its end."""

from datetime import datetime
from enum import StrEnum
from typing import Any, NotRequired, TypedDict

from sqlalchemy import Boolean, ForeignKey, Index, String, Text, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.model import Model, Serial, enum_column


class JobStatus(StrEnum):
    QUEUED = "queued"  # accepted, has a place
    RUNNING = "running"  # claimed by a worker whose lease holds
    SUCCEEDED = "succeeded"  # its pictures are rows and files
    FAILED = "failed"  # gave up, `error_code` says why; refunded
    CANCELLED = "cancelled"  # somebody no longer wanted it; refunded when it had not started
    BLOCKED = "blocked"  # a filter refused the prompt or the result; refunded

    @property
    def ended(self) -> bool:
        return self not in (JobStatus.QUEUED, JobStatus.RUNNING)


class Route(StrEnum):
    """How the result reaches people, decided when the job is accepted."""

    CHANNEL = "channel"  # edits the card in the channel with the bot's own token
    TOKEN = "token"  # through the interaction, which dies after 15 minutes
    HISTORY = "history"  # nowhere by itself; the author finds it in the history


class JobRequest(TypedDict):
    """What the engine is asked for, as stored; one picture per seed, pictures are digests of stored ones.

    The keys and their meaning are those of `engine.requests.ImageRequest`; an absent one has its default there.
    """

    model: str
    prompt: str
    negative_prompt: str
    width: int
    height: int
    steps: int
    guidance: float
    seeds: list[int]
    image: str | None
    strength: float | None
    scheduler: NotRequired[str]
    loras: NotRequired[list[dict[str, Any]]]  # LoraUse, Ramp, BlockWeight by their fields
    mask: NotRequired[str | None]
    tile: NotRequired[bool]
    stop: NotRequired[float]
    texts: NotRequired[list[tuple[str, float]]]
    references: NotRequired[list[dict[str, Any]]]  # Reference by its fields
    chaos: NotRequired[float]
    weird: NotRequired[float]
    stylize: NotRequired[float | None]
    edit: NotRequired[dict[str, Any]]  # see engine.edits; absent for pictures that are drawn as they stand
    shown: NotRequired[str]  # once done, what was read in pictures and drawn from, where `prompt` is empty
    hide_prompt: NotRequired[bool]  # the files say that they are AI-made, and not how


class Job(Model):
    """`prompt` is the text as typed, `request` what came of it; `work` is steps times pictures, the unit of the eta.

    Its place in the queue is (relaxed, turn, id) and never changes, except that a cancelled job's turn passes to the
    author's next one. `fence` grows with every claim; only the claim that holds the current fence may end the job.
    Jobs with the same `repeat_key` have the same pictures; `repeats_id` is the job whose files this one shows.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        UniqueConstraint("interaction_id", "part"),
        Index(
            "ix_jobs_queue",
            "relaxed",
            "turn",
            "id",
            "work",
            sqlite_where=text("status = 'queued'"),
            postgresql_where=text("status = 'queued'"),
        ),
        Index(
            "ix_jobs_waiting",
            "author_id",
            "turn",
            sqlite_where=text("status = 'queued'"),
            postgresql_where=text("status = 'queued'"),
        ),
        Index(
            "ix_jobs_running",
            "author_id",
            "lease_until",
            sqlite_where=text("status = 'running'"),
            postgresql_where=text("status = 'running'"),
        ),
        Index(
            "ix_jobs_undelivered",
            "finished_at",
            sqlite_where=text("delivered_at IS NULL AND finished_at IS NOT NULL"),
            postgresql_where=text("delivered_at IS NULL AND finished_at IS NOT NULL"),
        ),
        Index(
            "ix_jobs_outdated_at",
            "outdated_at",
            sqlite_where=text("outdated_at IS NOT NULL"),
            postgresql_where=text("outdated_at IS NOT NULL"),
        ),
        Index("ix_jobs_author_id_id", "author_id", "id"),
        Index(
            "ix_jobs_repeat_key",
            "repeat_key",
            "id",
            sqlite_where=text("status = 'succeeded' AND repeat_key IS NOT NULL"),
            postgresql_where=text("status = 'succeeded' AND repeat_key IS NOT NULL"),
        ),
        # Ids live on in buttons: a deleted row's id must never name another job.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    interaction_id: Mapped[int]
    part: Mapped[int] = mapped_column(default=0, server_default="0")
    kind: Mapped[str] = mapped_column(String(32))
    status: Mapped[JobStatus] = mapped_column(enum_column(JobStatus, "status"), default=JobStatus.QUEUED)

    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    guild_id: Mapped[int | None] = mapped_column(ForeignKey("guilds.id"))
    channel_id: Mapped[int]
    card_message_id: Mapped[int | None]
    route: Mapped[Route] = mapped_column(enum_column(Route, "route"))
    parent_image_id: Mapped[int | None]
    parent_message_id: Mapped[int | None]

    prompt: Mapped[str] = mapped_column(Text)
    request: Mapped[dict[str, Any]]
    nsfw: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    upload_limit: Mapped[int] = mapped_column(default=10 * 2**20, server_default="10485760")

    relaxed: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    turn: Mapped[int] = mapped_column(default=0, server_default="0")
    work: Mapped[int]
    cost: Mapped[int] = mapped_column(default=0, server_default="0")

    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    fence: Mapped[int] = mapped_column(default=0, server_default="0")
    worker: Mapped[str | None] = mapped_column(String(100))
    lease_until: Mapped[datetime | None]
    cancel_requested: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())

    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    outdated_at: Mapped[datetime | None]
    error_code: Mapped[str | None] = mapped_column(String(64))
    error_detail: Mapped[dict[str, Any] | None]

    repeat_key: Mapped[str | None] = mapped_column(String(64))
    repeats_id: Mapped[int | None]
