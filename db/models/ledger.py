"""What people were given, charged and refunded: append-only, a balance is a sum."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Enum, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.models.model import Model, Serial


class EntryKind(StrEnum):
    GRANT = "grant"  # given by a moderator or a renewal
    CHARGE = "charge"  # taken when a job was accepted
    REFUND = "refund"  # given back when it brought nothing


class LedgerEntry(Model):
    """`amount` is signed: a charge is negative. A job is charged once and refunded once, by constraint."""

    __tablename__ = "ledger"
    __table_args__ = (
        UniqueConstraint("job_id", "kind"),
        Index("ix_ledger_user_id_amount", "user_id", "amount"),
    )

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    job_id: Mapped[int | None] = mapped_column(ForeignKey("jobs.id"))
    kind: Mapped[EntryKind] = mapped_column(
        Enum(
            EntryKind,
            name="kind",
            native_enum=False,
            create_constraint=True,
            length=16,
            values_callable=lambda members: [member.value for member in members],
        )
    )
    amount: Mapped[int]
    created_at: Mapped[datetime]
