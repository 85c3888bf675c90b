"""What a voter was shown and said of it."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.models.model import Model, Serial


class Ballot(Model):
    """One question to one voter: two entries of a pair, the one with the lower id first, or one entry, named twice.

    `value` is None until it is answered. A pair: 1 for `entry_id`, -1 for `other_id`, 0 skipped. An approval: 1 or 0.
    Stars: 1 to 5. `voter_id` is negative once the person had their data deleted: no name, still one voter.
    """

    __tablename__ = "ballots"
    __table_args__ = (
        UniqueConstraint("challenge_id", "voter_id", "entry_id", "other_id"),
        CheckConstraint("entry_id <= other_id", name="lower_first"),
        CheckConstraint("value BETWEEN -1 AND 5", name="value_in_range"),
        Index("ix_ballots_voter_id", "voter_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    challenge_id: Mapped[int] = mapped_column(ForeignKey("challenges.id"))
    voter_id: Mapped[int]
    entry_id: Mapped[int] = mapped_column(ForeignKey("entries.id"))
    other_id: Mapped[int] = mapped_column(ForeignKey("entries.id"))
    value: Mapped[int | None] = mapped_column(SmallInteger)
    dealt_at: Mapped[datetime]
    cast_at: Mapped[datetime | None]
