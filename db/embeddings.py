"""Where shared pictures lie among similar ones: which still need a place, and the places of a server's gallery."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.insert import insert
from db.models import Embedding, Guild, Image, Share

SPACE, WIDTH = "judge-1", 128
"""Names what makes the vectors, and how many numbers they have. A judge that is trained anew gets a new name."""


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
        .outerjoin(Embedding, and_(Embedding.image_id == Share.image_id, Embedding.space == SPACE))
        .where(Share.id > after, Embedding.id.is_(None), Image.deleted_at.is_(None))
        .order_by(Share.id)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in await session.execute(statement)]


async def put(session: AsyncSession, image_id: int, vector: bytes) -> None:
    """Give the picture its vector in `SPACE`, in place of one of another space."""
    statement = insert(session, Embedding).values(image_id=image_id, space=SPACE, vector=vector)
    changed = {"space": SPACE, "vector": vector}
    await session.execute(statement.on_conflict_do_update(index_elements=[Embedding.image_id], set_=changed))


async def of_image(session: AsyncSession, image_id: int) -> bytes | None:
    """The picture's vector; None while it has none."""
    statement = select(Embedding.vector).where(Embedding.image_id == image_id, Embedding.space == SPACE)
    return await session.scalar(statement) or None


async def share_of(session: AsyncSession, image_id: int) -> int | None:
    """The id of the picture's share."""
    return await session.scalar(select(Share.id).where(Share.image_id == image_id))


async def of_guild(session: AsyncSession, guild_id: int, *, after: int = 0, limit: int) -> Sequence[Placed]:
    """The server's shares with an embedding made after the one with the id `after`, in that order."""
    statement = (
        select(Share.id, Embedding.id, Embedding.vector)
        .join(Share, Share.image_id == Embedding.image_id)
        .where(Embedding.id > after, Embedding.space == SPACE, Embedding.vector != b"", Share.guild_id == guild_id)
        .order_by(Embedding.id)
        .limit(limit)
    )
    return [Placed(*row) for row in await session.execute(statement)]


async def guilds(session: AsyncSession) -> Sequence[int]:
    """Servers that share pictures."""
    found = await session.scalars(select(Guild.id).where(select(Share.id).where(Share.guild_id == Guild.id).exists()))
    return found.all()
