"""Small facts the program keeps about itself, such as the hash of the commands it last registered."""

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.model import Model


class State(Model):
    __tablename__ = "state"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[str] = mapped_column(Text)
