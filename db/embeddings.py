"""Where shared pictures lie among similar ones: which still need a place, and the places of a server's gallery."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.insert import insert
from db.models import Embedding, Image, Share


@dataclass(frozen=True, slots=True)
class Placed:
    """A share of a server and the vector of its picture (see `db.models.Embedding`); `embedding_id` grows with time."""

    share_id: int
    embedding_id: int
    vector: bytes


async def missing(session: AsyncSession, *, after: int, limit: int) -> Sequence[tuple[int, Image]]:
    """Shares behind the share id `after`, oldest first, whose living picture has no embedding yet."""
    statement = (
        select(Share.id, Image)
        .join(Image, Image.id == Share.image_id)
        .outerjoin(Embedding, Embedding.image_id == Share.image_id)
        .where(Share.id > after, Embedding.id.is_(None), Image.deleted_at.is_(None))
        .order_by(Share.id)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in await session.execute(statement)]


async def put(session: AsyncSession, image_id: int, space: str, vector: bytes) -> None:
    """Give the picture its vector, unless it has one."""
    statement = insert(session, Embedding).values(image_id=image_id, space=space, vector=vector)
    await session.execute(statement.on_conflict_do_nothing(index_elements=[Embedding.image_id]))


async def of_image(session: AsyncSession, image_id: int, space: str) -> bytes | None:
    """The picture's vector; None while it has none."""
    statement = select(Embedding.vector).where(Embedding.image_id == image_id, Embedding.space == space)
    return await session.scalar(statement) or None


async def of_guild(session: AsyncSession, guild_id: int, space: str, *, after: int = 0, limit: int) -> Sequence[Placed]:
    """The server's shares with an embedding made after the one with the id `after`, in that order."""
    statement = (
        select(Share.id, Embedding.id, Embedding.vector)
        .join(Share, Share.image_id == Embedding.image_id)
        .where(Embedding.id > after, Embedding.space == space, Embedding.vector != b"", Share.guild_id == guild_id)
        .order_by(Embedding.id)
        .limit(limit)
    )
    return [Placed(*row) for row in await session.execute(statement)]
