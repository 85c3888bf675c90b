"""A picture's place in its server's gallery, and the message that shows it there."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Boolean, ForeignKey, Index, String, UniqueConstraint, false, text, true
from sqlalchemy.orm import Mapped, mapped_column

from db.models.model import Model, Serial, enum_column

LISTED = "visibility <> 'private' AND hidden_at IS NULL AND deleted_at IS NULL"
DUE = "shown < wanted AND channel_id IS NOT NULL AND given_up_for IS NULL"


class Visibility(StrEnum):
    PRIVATE = "private"  # where it was asked for, nowhere else
    GUILD = "guild"  # in its server's gallery
    PUBLIC = "public"  # on the web as well


def _listed(name: str, *columns: str) -> Index:
    return Index(name, *columns, sqlite_where=text(LISTED), postgresql_where=text(LISTED))


class Share(Model):
    """One of each picture by constraint; a picture without one is private. People see what is `LISTED`.

    `visibility` is the author's wish, `hidden_at` a moderator's, `deleted_at` the picture's end. `likes` counts the
    picture's likes; `day`, `week` and `month` are its likes with older ones weighing less, as `db.gallery` says.
    `shuffle` is its place in the random order. `nsfw`: it came from an age-restricted channel.

    The post shows version `shown` of the row and should show `wanted`. `channel_id` is the gallery channel when it was
    shared, `thread_id` the post's own thread in a forum, `message_id` None until the post is known to stand, and
    `given_up_for` says why it will not be brought up to date. Since `refused_at` Discord refused it, `tries` times, and
    it is tried again at `due_at`.
    """

    __tablename__ = "shares"
    __table_args__ = (
        UniqueConstraint("image_id"),
        _listed("ix_shares_new", "guild_id", "id", "nsfw"),
        _listed("ix_shares_top", "guild_id", "likes", "id", "nsfw"),
        _listed("ix_shares_day", "guild_id", "day", "id", "nsfw"),
        _listed("ix_shares_week", "guild_id", "week", "id", "nsfw"),
        _listed("ix_shares_month", "guild_id", "month", "id", "nsfw"),
        _listed("ix_shares_shuffle", "guild_id", "shuffle", "id", "nsfw"),
        Index("ix_shares_author_id", "author_id", "guild_id", "id"),
        Index("ix_shares_due", "id", sqlite_where=text(DUE), postgresql_where=text(DUE)),
        # Ids live on in buttons: a deleted row's id must never name another share.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    image_id: Mapped[int] = mapped_column(ForeignKey("images.id"))
    guild_id: Mapped[int] = mapped_column(ForeignKey("guilds.id"))
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    visibility: Mapped[Visibility] = mapped_column(enum_column(Visibility, "visibility"))
    show_prompt: Mapped[bool] = mapped_column(Boolean, default=True, server_default=true())
    anonymous: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    nsfw: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    shared_at: Mapped[datetime]
    hidden_at: Mapped[datetime | None]
    hidden_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    deleted_at: Mapped[datetime | None]

    likes: Mapped[int] = mapped_column(default=0, server_default="0")
    day: Mapped[int]
    week: Mapped[int]
    month: Mapped[int]
    shuffle: Mapped[int]

    channel_id: Mapped[int | None]
    thread_id: Mapped[int | None]
    message_id: Mapped[int | None]
    wanted: Mapped[int] = mapped_column(default=1, server_default="1")
    shown: Mapped[int] = mapped_column(default=0, server_default="0")
    given_up_for: Mapped[str | None] = mapped_column(String(32))
    refused_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0, server_default="0")
