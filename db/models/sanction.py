"""A measure against a person in one server: a warning, a time-out or a ban, and the appeal against it."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.model import Model, Serial, enum_column


class SanctionKind(StrEnum):
    WARNING = "warning"  # a strike, nothing else
    TIMEOUT = "timeout"  # shut out until a time
    BAN = "ban"  # shut out until it is lifted


class Sanction(Model):
    """Each one is a strike while it is young and not lifted; time-outs and bans also shut the person out until `until`.

    `appeal` is what the person says against it, once; empty when the words were forgotten. `appeal_closed_at` is when a
    moderator decided on that, or lifted the sanction without.
    """

    __tablename__ = "sanctions"
    __table_args__ = (
        Index("ix_sanctions_user_id_guild_id", "user_id", "guild_id"),
        # Ids live on in the buttons of notices.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    guild_id: Mapped[int] = mapped_column(ForeignKey("guilds.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    kind: Mapped[SanctionKind] = mapped_column(enum_column(SanctionKind, "kind"))
    reason: Mapped[str] = mapped_column(Text)
    until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    lifted_at: Mapped[datetime | None]
    appeal: Mapped[str | None] = mapped_column(Text)
    appeal_closed_at: Mapped[datetime | None]
    card_channel_id: Mapped[int | None]
    card_message_id: Mapped[int | None]
