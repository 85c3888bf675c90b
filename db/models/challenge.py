"""A contest of a server: theme, rules, times and phase; and the weekly rota that makes contests by itself."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Boolean, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text, true
from sqlalchemy.orm import Mapped, mapped_column

from db.models.model import Model, Serial, enum_column


class Phase(StrEnum):
    SCHEDULED = "scheduled"  # announced, takes no entries yet
    OPEN = "open"  # takes entries
    VOTING = "voting"  # takes ballots
    TALLYING = "tallying"  # takes nothing; its ballots are being counted
    DONE = "done"  # has its placings, and its rewards are granted
    CANCELLED = "cancelled"  # ended without a winner; `cancelled_for` says why

    @property
    def ended(self) -> bool:
        return self in (Phase.DONE, Phase.CANCELLED)


class VotingMode(StrEnum):
    PAIRS = "pairs"  # the better of two, again and again
    APPROVAL = "approval"  # any number of entries, each yes or no
    STARS = "stars"  # one to five for each entry


class Challenge(Model):
    """The times are when its phases should change; `began_at` is when its voting really began.

    `rules` holds what entries must fulfil and who may vote (`db.challenges.Rules`), `reward` what the winner gets
    (`db.challenges.Reward`). `seed` shuffles what voters see.
    """

    __tablename__ = "challenges"
    __table_args__ = (
        UniqueConstraint("rota_id", "number"),
        CheckConstraint("opens_at <= votes_at AND votes_at < closes_at", name="times_in_order"),
        Index("ix_challenges_guild_id_id", "guild_id", "id"),
        Index(
            "ix_challenges_pending",
            "phase",
            sqlite_where=text("phase NOT IN ('done', 'cancelled')"),
            postgresql_where=text("phase NOT IN ('done', 'cancelled')"),
        ),
        # Ids live on in buttons: a deleted row's id must never name another contest.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    guild_id: Mapped[int] = mapped_column(ForeignKey("guilds.id"))
    channel_id: Mapped[int]
    created_by: Mapped[int | None]
    rota_id: Mapped[int | None] = mapped_column(ForeignKey("rotas.id"))
    number: Mapped[int | None]

    theme: Mapped[str] = mapped_column(String(100))
    description: Mapped[str] = mapped_column(Text)
    mode: Mapped[VotingMode] = mapped_column(enum_column(VotingMode, "mode"))
    rules: Mapped[dict[str, Any]]
    reward: Mapped[dict[str, Any]]
    ping_role_id: Mapped[int | None]
    seed: Mapped[int]

    phase: Mapped[Phase] = mapped_column(enum_column(Phase, "phase"))
    opens_at: Mapped[datetime]
    votes_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    created_at: Mapped[datetime]
    began_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    cancelled_for: Mapped[str | None] = mapped_column(String(32))
    voters: Mapped[int | None]


class Rota(Model):
    """Themes that take turns, a contest every seven days; `next_at` is when the next one opens, `number` how many were.

    `terms` is all of a contest that is the same every week (`db.challenges.Terms`).
    """

    __tablename__ = "rotas"
    __table_args__ = (
        Index("ix_rotas_next_at", "next_at", sqlite_where=text("active"), postgresql_where=text("active")),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    guild_id: Mapped[int] = mapped_column(ForeignKey("guilds.id"))
    channel_id: Mapped[int]
    created_by: Mapped[int | None]
    themes: Mapped[list[str]] = mapped_column(JSON)
    terms: Mapped[dict[str, Any]]
    next_at: Mapped[datetime]
    number: Mapped[int] = mapped_column(default=0, server_default="0")
    active: Mapped[bool] = mapped_column(Boolean, default=True, server_default=true())
