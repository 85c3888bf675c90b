"""Where a picture lies in a space in which similar pictures are near."""

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.models.model import Model, Serial


class Embedding(Model):
    """`vector` holds little-endian 16-bit floats of length one; `space` names what made it: only like meets like.

    Ids grow in the order of making. An empty vector says that none can be made of this picture.
    """

    __tablename__ = "embeddings"
    __table_args__ = (UniqueConstraint("image_id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    image_id: Mapped[int] = mapped_column(ForeignKey("images.id"))
    space: Mapped[str] = mapped_column(String(32))
    vector: Mapped[bytes] = mapped_column(LargeBinary)
