"""A message about a contest."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.model import Model, Serial, enum_column


class AnnouncementKind(StrEnum):
    CARD = "card"  # from the creation on, edited in place at every change
    VOTING = "voting"  # when voting begins
    PODIUM = "podium"  # when it is done


class Announcement(Model):
    """One of each kind by constraint. It shows version `shown` of its contest and should show `wanted`.

    `message_id` is None until the message is known to stand; `given_up_for` says why it will not be brought up to date.
    Since `refused_at` its channel refused it, `tries` times, and it is tried again at `due_at`.
    """

    __tablename__ = "announcements"
    __table_args__ = (
        UniqueConstraint("challenge_id", "kind"),
        Index(
            "ix_announcements_due",
            "challenge_id",
            sqlite_where=text("shown < wanted AND given_up_for IS NULL"),
            postgresql_where=text("shown < wanted AND given_up_for IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    challenge_id: Mapped[int] = mapped_column(ForeignKey("challenges.id"))
    kind: Mapped[AnnouncementKind] = mapped_column(enum_column(AnnouncementKind, "kind"))
    message_id: Mapped[int | None]
    wanted: Mapped[int] = mapped_column(default=1, server_default="1")
    shown: Mapped[int] = mapped_column(default=0, server_default="0")
    given_up_for: Mapped[str | None] = mapped_column(String(32))
    refused_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0, server_default="0")
