"""A Discord server, by Discord id."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, String, false
from sqlalchemy.orm import Mapped, mapped_column

from db.models.model import Model


class Guild(Model):
    """`settings` are what the server's moderators chose; an absent key means the default.

    While `paused` none of its jobs is claimed. `left_at` is when the bot was removed from it.
    """

    __tablename__ = "guilds"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(100))
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    created_at: Mapped[datetime]
    paused: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    left_at: Mapped[datetime | None]
