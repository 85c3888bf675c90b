"""Which messages show which pictures, beside the cards of jobs and the posts of the gallery."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from db import removals
from db.insert import insert
from db.models import Image, Showing


async def put(session: AsyncSession, channel_id: int, message_id: int, image_ids: Collection[int]) -> bool:
    """Remember that a message is about to show these pictures; False when one is deleted or withheld by now."""
    # Locked, so that a picture cannot be taken away between this look and the row that taking away looks for.
    shown = Image.id.in_(image_ids), Image.deleted_at.is_(None), Image.unsure.is_(False)
    if len((await session.scalars(select(Image.id).where(*shown).with_for_update())).all()) < len(set(image_ids)):
        return False
    rows = [{"channel_id": channel_id, "message_id": message_id, "image_id": one} for one in image_ids]
    if rows:
        statement = insert(session, Showing)
        await session.execute(statement.on_conflict_do_nothing(index_elements=["message_id", "image_id"]), rows)
    return True


async def end(session: AsyncSession, image_id: int, *, now: datetime | None = None) -> None:
    """The picture is deleted or withheld: every message that shows it is to go."""
    shown = await session.execute(select(Showing.channel_id, Showing.message_id).where(Showing.image_id == image_id))
    found = [(row.channel_id, row.message_id) for row in shown]
    await removals.put(session, found, now=now)
    await session.execute(delete(Showing).where(Showing.message_id.in_([message_id for _, message_id in found])))
