"""What a person prefers where a prompt says nothing."""

from typing import Any

from sqlalchemy import BigInteger, Boolean, ForeignKey, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from db.models.model import Model


class Preference(Model):
    """`suffix` and `defaults` are texts of parameters, `options` the person's own parameters and what they stand for.

    `remix`: the buttons that draw again ask for words first. `hide_prompts`: files do not say how they were made.
    """

    __tablename__ = "preferences"

    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"), primary_key=True, autoincrement=False)
    remix: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    hide_prompts: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    suffix: Mapped[str] = mapped_column(Text, default="", server_default="")
    defaults: Mapped[str] = mapped_column(Text, default="", server_default="")
    options: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
