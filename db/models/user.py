"""A person, by Discord id."""

from datetime import datetime

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from db.models.model import Model


class User(Model):
    """`name` is what Discord showed last; `turn` the last turn handed out to the person under the fair order."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(100))
    turn: Mapped[int] = mapped_column(default=0, server_default="0")
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
