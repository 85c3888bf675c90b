"""A picture that was made: the row; its pixels are a file named by `digest`."""

from datetime import datetime

from sqlalchemy import Boolean, ForeignKey, Index, String, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.model import Model, Serial

LIVING = "deleted_at IS NULL"


class Image(Model):
    """`index` counts from 0 within its job; `parent_image_id` is the picture it was made from, when there was one.

    `unsure`: only the author sees it, since the picture filter could not tell or a moderator hid it.
    """

    __tablename__ = "images"
    __table_args__ = (
        UniqueConstraint("job_id", "index"),
        Index("ix_images_parent_image_id", "parent_image_id"),
        Index("ix_images_digest", "digest"),
        Index("ix_images_author_id_id", "author_id", "id"),
        Index("ix_images_old", "created_at", sqlite_where=text(LIVING), postgresql_where=text(LIVING)),
        Index(
            "ix_images_old_of_guild", "guild_id", "created_at", sqlite_where=text(LIVING), postgresql_where=text(LIVING)
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id"))
    index: Mapped[int]
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    guild_id: Mapped[int | None] = mapped_column(ForeignKey("guilds.id"))
    digest: Mapped[str] = mapped_column(String(64))
    width: Mapped[int]
    height: Mapped[int]
    seed: Mapped[int]
    bytes: Mapped[int]
    parent_image_id: Mapped[int | None] = mapped_column(ForeignKey("images.id"))
    created_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]
    unsure: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
