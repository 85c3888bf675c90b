"""A picture in a contest, and the place it got."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Float, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.model import Model, Serial


class Entry(Model):
    """`slot` counts a person's entries from 1 and is None once out; `out_for` says why it is out.

    A person's slots and a contest's pictures are unique among what stands, by constraint. Author and picture are None
    when the person had their data deleted; the place remains.
    """

    __tablename__ = "entries"
    __table_args__ = (
        UniqueConstraint("challenge_id", "author_id", "slot"),
        CheckConstraint("slot BETWEEN 1 AND 10", name="slot_in_range"),
        CheckConstraint("(slot IS NULL) = (out_for IS NOT NULL)", name="out_without_slot"),
        Index(
            "uq_entries_standing_image",
            "challenge_id",
            "image_id",
            unique=True,
            sqlite_where=text("slot IS NOT NULL"),
            postgresql_where=text("slot IS NOT NULL"),
        ),
        Index("ix_entries_image_id", "image_id"),
        Index("ix_entries_author_id", "author_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    challenge_id: Mapped[int] = mapped_column(ForeignKey("challenges.id"))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    image_id: Mapped[int | None] = mapped_column(ForeignKey("images.id"))
    slot: Mapped[int | None]
    entered_at: Mapped[datetime]
    out_for: Mapped[str | None] = mapped_column(String(32))


class Placing(Model):
    """What the tally gave an entry: its place from 1, and its score with its 95 % interval.

    Scores are as `db.challenges.counting` defines them, rounded to six decimals.
    """

    __tablename__ = "placings"
    __table_args__ = (UniqueConstraint("challenge_id", "place"),)

    entry_id: Mapped[int] = mapped_column(ForeignKey("entries.id"), primary_key=True, autoincrement=False)
    challenge_id: Mapped[int] = mapped_column(ForeignKey("challenges.id"))
    place: Mapped[int]
    score: Mapped[float] = mapped_column(Float)
    low: Mapped[float] = mapped_column(Float)
    high: Mapped[float] = mapped_column(Float)
    ballots: Mapped[int]
