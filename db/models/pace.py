"""How fast pictures come on this machine, as measured."""

from datetime import datetime

from sqlalchemy import Float, String
from sqlalchemy.orm import Mapped, mapped_column

from db.models.model import Model


class Pace(Model):
    """Seconds per step of one model; the row with the empty name holds all models together."""

    __tablename__ = "pace"

    model: Mapped[str] = mapped_column(String(100), primary_key=True)
    seconds_per_step: Mapped[float] = mapped_column(Float)
    measured_at: Mapped[datetime]
