"""A picture that somebody, or the picture filter, asks the moderators to look at."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.model import Model, Serial

OPEN = "closed_at IS NULL"
OUTDATED = "outdated_at IS NOT NULL"


class Report(Model):
    """`reporter_id` is None when the picture filter was unsure. One person reports a picture once.

    `warned_at` is when the picture's author was warned from the card of this report, `outdated_at` when something
    happened since which the card shows words that it should not.
    """

    __tablename__ = "reports"
    __table_args__ = (
        UniqueConstraint("image_id", "reporter_id"),
        Index("ix_reports_guild_id_id", "guild_id", "id"),
        Index("ix_reports_open", "image_id", sqlite_where=text(OPEN), postgresql_where=text(OPEN)),
        Index("ix_reports_outdated_at", "outdated_at", sqlite_where=text(OUTDATED), postgresql_where=text(OUTDATED)),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    guild_id: Mapped[int] = mapped_column(ForeignKey("guilds.id"))
    image_id: Mapped[int] = mapped_column(ForeignKey("images.id"))
    reporter_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    reason: Mapped[str] = mapped_column(Text)
    card_channel_id: Mapped[int | None]
    card_message_id: Mapped[int | None]
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    warned_at: Mapped[datetime | None]
    outdated_at: Mapped[datetime | None]
