"""A LoRA that the studio knows; its weights are a file named by `digest`."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Boolean, ForeignKey, Index, String, false, text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.model import Model, Serial

LIVING = "deleted_at IS NULL"


class Lora(Model):
    """`key` is the name in lower case, one of each among the living by constraint. It is `shared` with the server it is
    from, and otherwise for its author alone; in direct messages (no server) only the author's own are known.

    `triggers` are words the LoRA was trained on, `model` the base it was checked against, `of_text` that it changes
    text encoders. `interaction_id` is what added it: a repeated one finds it, and its preview pictures are that
    interaction's job.
    """

    __tablename__ = "loras"
    __table_args__ = (
        Index("uq_loras_key", "key", unique=True, sqlite_where=text(LIVING), postgresql_where=text(LIVING)),
        Index("ix_loras_guild_id_key", "guild_id", "key"),
        Index("ix_loras_author_id", "author_id"),
        Index("ix_loras_digest", "digest"),
        Index("ix_loras_interaction_id", "interaction_id", unique=True),
        # Ids live on in buttons: a deleted row's id must never name another LoRA.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    interaction_id: Mapped[int]
    guild_id: Mapped[int | None] = mapped_column(ForeignKey("guilds.id"))
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    name: Mapped[str] = mapped_column(String(60))
    key: Mapped[str] = mapped_column(String(60))
    shared: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    digest: Mapped[str] = mapped_column(String(64))
    bytes: Mapped[int]
    model: Mapped[str] = mapped_column(String(100))
    style: Mapped[str] = mapped_column(String(16))
    rank: Mapped[int]
    of_text: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    triggers: Mapped[list[Any]] = mapped_column(JSON, default=list, server_default="[]")
    licence: Mapped[str] = mapped_column(String(100), default="", server_default="")
    created_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]
