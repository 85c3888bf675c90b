"""Where a picture lies in a space in which similar pictures are near."""

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from db.models.model import Model, Serial


class Embedding(Model):
    """`vector` holds little-endian 16-bit floats of length one; `space` names what made it: only like meets like.

    An empty vector says that none can be made of this picture.
    """

    __tablename__ = "embeddings"

    image_id: Mapped[int] = mapped_column(Serial, ForeignKey("images.id"), primary_key=True, autoincrement=False)
    space: Mapped[str] = mapped_column(String(32))
    vector: Mapped[bytes] = mapped_column(LargeBinary)
