"""What people were given, charged and refunded: append-only; an account's balance is the sum of its lines."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.models.model import Model, Serial, enum_column


class EntryKind(StrEnum):
    GRANT = "grant"  # a renewal, or the first-time bonus
    CHARGE = "charge"  # taken when a job was accepted
    REFUND = "refund"  # given back when it brought nothing
    REWARD = "reward"  # won, such as in a challenge
    GIFT = "gift"  # given, or with a minus taken, by a moderator


class LedgerEntry(Model):
    """`amount` is signed: a charge is negative. `guild_id` 0 is the account for direct messages.

    A job is charged once and refunded once; `key` names what else may happen only once to an account, such as the grant
    of one day.
    """

    __tablename__ = "ledger"
    __table_args__ = (
        UniqueConstraint("job_id", "kind"),
        UniqueConstraint("user_id", "guild_id", "key"),
    )

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    guild_id: Mapped[int] = mapped_column(default=0, server_default="0")
    job_id: Mapped[int | None] = mapped_column(ForeignKey("jobs.id"))
    kind: Mapped[EntryKind] = mapped_column(enum_column(EntryKind, "kind"))
    amount: Mapped[int]
    key: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]


class Account(Model):
    """The running sum of one person's lines in one server, kept so that one statement can both check and charge it."""

    __tablename__ = "accounts"
    __table_args__ = (
        CheckConstraint("balance >= 0", name="not_overdrawn"),
        Index("ix_accounts_guild_id", "guild_id"),
    )

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True, autoincrement=False)
    guild_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    balance: Mapped[int]
