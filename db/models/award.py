"""What a contest owes its winner."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.model import Model, Serial, enum_column


class AwardKind(StrEnum):
    CREDIT = "credit"  # extra quota, `amount` units
    ROLE = "role"  # the role with the id `amount`
    PIN = "pin"  # the podium is pinned in its channel


class Award(Model):
    """A reward, one of each kind by constraint. `settled_at` is set once: given, or not (`failed_for` says why)."""

    __tablename__ = "awards"
    __table_args__ = (
        UniqueConstraint("challenge_id", "kind"),
        Index(
            "ix_awards_owed",
            "challenge_id",
            sqlite_where=text("settled_at IS NULL"),
            postgresql_where=text("settled_at IS NULL"),
        ),
        Index("ix_awards_user_id", "user_id"),
    )

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    challenge_id: Mapped[int] = mapped_column(ForeignKey("challenges.id"))
    kind: Mapped[AwardKind] = mapped_column(enum_column(AwardKind, "kind"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    amount: Mapped[int]
    settled_at: Mapped[datetime | None]
    failed_for: Mapped[str | None] = mapped_column(String(32))
