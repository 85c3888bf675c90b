"""A wish whose prompt a moderator has to allow before it becomes jobs."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.model import Model, Serial

OPEN = "closed_at IS NULL"


class Review(Model):
    """`jobs` are the jobs to be, as `db.jobs.NewJob` fields; nothing is charged before `allowed` is true."""

    __tablename__ = "reviews"
    __table_args__ = (
        UniqueConstraint("interaction_id"),
        Index("ix_reviews_guild_id_id", "guild_id", "id"),
        Index("ix_reviews_open", "author_id", sqlite_where=text(OPEN), postgresql_where=text(OPEN)),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    guild_id: Mapped[int] = mapped_column(ForeignKey("guilds.id"))
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    interaction_id: Mapped[int]
    prompt: Mapped[str] = mapped_column(Text)
    word: Mapped[str] = mapped_column(Text)
    jobs: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    card_channel_id: Mapped[int | None]
    card_message_id: Mapped[int | None]
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    closed_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    allowed: Mapped[bool | None]
