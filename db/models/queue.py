"""The queue's own rows: one that all changes of the queue lock first, and the counters that make places cheap."""

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Integer
from sqlalchemy.orm import Mapped, mapped_column

from db.models.model import Model


class Queue(Model):
    """One row. `fast` and `relaxed` count the waiting jobs; `streak` the fast claims since a relaxed job last ran or
    began to wait; `turn` is the turn being served, `last_turn` the latest one handed out."""

    __tablename__ = "queue"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    fast: Mapped[int] = mapped_column(default=0, server_default="0")
    relaxed: Mapped[int] = mapped_column(default=0, server_default="0")
    streak: Mapped[int] = mapped_column(default=0, server_default="0")
    turn: Mapped[int] = mapped_column(default=0, server_default="0")
    last_turn: Mapped[int] = mapped_column(default=0, server_default="0")


class Backlog(Model):
    """How many jobs, and how much work, wait in one stretch of places; what stretch is `db.backlog`'s business."""

    __tablename__ = "backlog"

    relaxed: Mapped[bool] = mapped_column(Boolean, primary_key=True)
    level: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    turn: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    bucket: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    jobs: Mapped[int]
    work: Mapped[int]
