"""Messages that show pictures beside their job's card and their gallery post, and messages that are to go."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from db.models.model import Model


class Showing(Model):
    """One picture in one message of ours; the message goes when any of its pictures is deleted or withheld."""

    __tablename__ = "showings"
    __table_args__ = (Index("ix_showings_image_id", "image_id"),)

    message_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    image_id: Mapped[int] = mapped_column(ForeignKey("images.id"), primary_key=True, autoincrement=False)
    channel_id: Mapped[int]


class Removal(Model):
    """A message of ours that is to be taken away: nothing but where it is, since it outlives whom it was about.

    `asked_at` is when it was decided, `due_at` when it is tried next, `tries` how often it was.
    """

    __tablename__ = "removals"
    __table_args__ = (Index("ix_removals_due_at", "due_at"),)

    message_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    channel_id: Mapped[int]
    asked_at: Mapped[datetime]
    due_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0, server_default="0")
