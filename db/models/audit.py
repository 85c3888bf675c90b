"""What moderators did: append-only."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from db.models.model import Model, Serial


class AuditEntry(Model):
    """One act. `target_id` is the person it was about, if there was one; `detail` holds plain values by name."""

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_guild_id_id", "guild_id", "id"),)

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    guild_id: Mapped[int] = mapped_column(ForeignKey("guilds.id"))
    actor_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    action: Mapped[str] = mapped_column(String(32))
    target_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    detail: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
