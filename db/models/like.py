"""One person's heart on one picture."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from db.models.model import Model, Serial


class Like(Model):
    """One per picture and person by constraint; nobody likes their own, which `db.likes` sees to."""

    __tablename__ = "likes"
    __table_args__ = (
        Index("ix_likes_user_id", "user_id", "created_at"),
        {"sqlite_with_rowid": False},
    )

    image_id: Mapped[int] = mapped_column(Serial, ForeignKey("images.id"), primary_key=True, autoincrement=False)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True, autoincrement=False)
    created_at: Mapped[datetime]
