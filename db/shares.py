"""Sharing pictures in their server's gallery: the author's wish, the moderators' word, and the post that shows both.

Every change of a row raises `wanted`; the post is due until it shows that version. One that Discord refuses waits, ever
longer; a change ends the wait, likes alone do not. Knows no Discord.
"""

import random
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import case, delete, func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from db import removals, retries, search, times
from db.challenges import announcing
from db.errors import NotShareable
from db.heat import DAY, MONTH, WEEK, heat
from db.insert import insert
from db.models import Entry, Image, Job, Like, Share, Visibility

SHUFFLED = 2**31

# As a literal, since neither database matches a bound parameter with a partial index's condition.
_PRIVATE = literal(Visibility.PRIVATE, Share.visibility.type, literal_execute=True)
LISTED = (Share.visibility != _PRIVATE, Share.hidden_at.is_(None), Share.deleted_at.is_(None))
"""The conditions under which a gallery shows a share."""
DUE = (Share.shown < Share.wanted, Share.channel_id.is_not(None), Share.given_up_for.is_(None))
TRY_AGAIN = case((Share.message_id.is_not(None), None), else_=Share.given_up_for)
"""`given_up_for` after a change: a post that stands is tried again, one that is gone stays gone."""


def is_listed(share: Share) -> bool:
    return share.visibility is not Visibility.PRIVATE and share.hidden_at is None and share.deleted_at is None


async def get(session: AsyncSession, share_id: int) -> Share | None:
    return await session.get(Share, share_id, populate_existing=True)


async def of_image(session: AsyncSession, image_id: int) -> Share | None:
    return (await session.scalars(select(Share).where(Share.image_id == image_id))).one_or_none()


async def listed(session: AsyncSession, share_ids: Collection[int]) -> dict[int, Share]:
    """Those of them that a gallery shows, by id."""
    found = await session.scalars(select(Share).where(Share.id.in_(share_ids), *LISTED))
    return {share.id: share for share in found}


async def share(
    session: AsyncSession,
    image_id: int,
    *,
    visibility: Visibility = Visibility.GUILD,
    show_prompt: bool = True,
    anonymous: bool = False,
    channel_id: int | None = None,
    now: datetime | None = None,
) -> Share:
    """Share a picture, or share it otherwise than before; `channel_id` is where its post goes, None for nowhere.

    Raises `NotShareable`.
    """
    now = now or times.now()
    wish = {"visibility": visibility, "show_prompt": show_prompt, "anonymous": anonymous}
    # A post that stands stays where it is, unless it was out of reach there.
    place: dict[str, Any] = {"channel_id": case((Share.message_id.is_(None), channel_id), else_=Share.channel_id)}
    found = await of_image(session, image_id)
    out_of_reach = found is not None and (found.given_up_for or found.refused_at)
    if found is not None and found.message_id and found.channel_id not in (None, channel_id) and out_of_reach:
        await removals.put(session, [(found.thread_id or found.channel_id, found.message_id)], now=now)
        place = {"channel_id": channel_id, "message_id": None, "thread_id": None}
    return await _write(session, image_id, wish | {"channel_id": channel_id}, wish | place, now)


async def unshare(session: AsyncSession, image_id: int) -> bool:
    """Make a shared picture private again; False when it was not shared."""
    return await _change(session, Share.image_id == image_id, *LISTED, visibility=Visibility.PRIVATE)


async def hide(session: AsyncSession, image_id: int, by_id: int, *, now: datetime | None = None) -> bool:
    """A moderator's word: nobody sees it in a gallery, and it cannot be shared again. False when that was so already.

    The moderator's row must exist. Raises `NotShareable`: deleted, or not made in a server.
    """
    now = now or times.now()
    word = {"hidden_at": now, "hidden_by_id": by_id}
    try:
        await _write(session, image_id, word | {"visibility": Visibility.PRIVATE}, word, now, moderated=True)
    except NotShareable as problem:
        if problem.reason == "hidden":
            return False
        raise
    return True


async def restore(session: AsyncSession, image_id: int) -> bool:
    """Take `hide` back: the picture is as shared as its author left it. False when it was not hidden."""
    hidden = (Share.image_id == image_id, Share.hidden_at.is_not(None))
    return await _change(session, *hidden, hidden_at=None, hidden_by_id=None)


async def forget(session: AsyncSession, image_id: int, *, now: datetime | None = None) -> None:
    """The picture is deleted: its post goes, its likes and its words are removed."""
    await _change(session, Share.image_id == image_id, Share.deleted_at.is_(None), deleted_at=now or times.now())
    await session.execute(delete(Like).where(Like.image_id == image_id))


async def due(session: AsyncSession, limit: int, *, now: datetime | None = None) -> Sequence[Share]:
    """Shares whose post does not show their row and is to be tried now: the oldest, at most `limit` of a channel."""
    place = func.row_number().over(partition_by=Share.channel_id, order_by=Share.id)
    awaited = Share.due_at.is_(None) | (Share.due_at <= (now or times.now()))
    # Read in one go: PostgreSQL takes many to be due, and would join the few with the whole table.
    placed = select(Share, place.label("place")).where(*DUE, awaited).subquery()
    found = aliased(Share, placed)
    return (await session.scalars(select(found).where(placed.c.place <= limit).order_by(found.id))).all()


async def stands(
    session: AsyncSession, share_id: int, version: int, *, message_id: int | None, thread_id: int | None = None
) -> None:
    """The post shows this version of the row in this message; None: it is taken away."""
    place = {"message_id": message_id, "thread_id": thread_id}
    await session.execute(update(Share).where(Share.id == share_id).values(shown=version, **place, **retries.REACHED))


async def put_off(session: AsyncSession, share_id: int, reason: str, *, now: datetime | None = None) -> bool:
    """Discord refused the post: later again, ever more seldom; False, and given up, after too long."""
    found = await session.get_one(Share, share_id, with_for_update=True)
    if not retries.put_off(found, now=now or times.now()):
        await give_up(session, share_id, reason, gone=False)
        return False
    await session.flush()
    return True


async def give_up(session: AsyncSession, share_id: int, reason: str, *, gone: bool) -> None:
    """The post cannot be made or changed: it is left alone until its next change, or, when it is gone, until the
    picture is shared anew.
    """
    values: dict[str, Any] = {"given_up_for": reason[:32]} | retries.REACHED
    if gone:
        values |= {"message_id": None, "thread_id": None}
    await session.execute(update(Share).where(Share.id == share_id).values(**values))


async def _write(
    session: AsyncSession,
    image_id: int,
    first: dict[str, Any],
    then: dict[str, Any],
    now: datetime,
    *,
    moderated: bool = False,
) -> Share:
    # Locked, so that no like is counted by neither of two transactions.
    found = select(Image, Job).join(Job, Job.id == Image.job_id).where(Image.id == image_id).with_for_update(of=Image)
    row = (await session.execute(found, execution_options={"populate_existing": True})).one_or_none()
    if row is None or row.Image.deleted_at is not None:
        raise NotShareable("deleted")
    image, job = row
    if image.guild_id is None:
        raise NotShareable("no server")
    if image.unsure and not moderated:
        raise NotShareable("unsure")
    liked = (await session.scalars(select(Like.created_at).where(Like.image_id == image_id))).all()
    new = {
        "image_id": image.id,
        "guild_id": image.guild_id,
        "author_id": image.author_id,
        "nsfw": job.nsfw,
        "shared_at": now,
        "likes": len(liked),
        "day": heat([now, *liked], DAY),
        "week": heat([now, *liked], WEEK),
        "month": heat([now, *liked], MONTH),
        # Not a secret: it only spreads pictures over the random order.
        "shuffle": random.randrange(SHUFFLED),
    }
    changed = then | {"wanted": Share.wanted + 1, "given_up_for": None} | retries.REACHED
    statement = insert(session, Share).values(new | first)
    statement = statement.on_conflict_do_update(
        index_elements=[Share.image_id], set_=changed, where=Share.hidden_at.is_(None)
    )
    rows = await session.scalars(statement.returning(Share), execution_options={"populate_existing": True})
    if (written := rows.one_or_none()) is None:
        raise NotShareable("hidden")
    await _index(session, written, job.prompt)
    await announcing.redraw(session, Entry.image_id == image.id)
    return written


async def _change(session: AsyncSession, *where: Any, **values: Any) -> bool:
    changed_row = {"wanted": Share.wanted + 1, "given_up_for": TRY_AGAIN} | retries.REACHED | values
    statement = update(Share).where(*where).values(changed_row).returning(Share)
    changed = (await session.scalars(statement, execution_options={"populate_existing": True})).one_or_none()
    if changed is None:
        return False
    made = select(Job.prompt).join(Image, Image.job_id == Job.id).where(Image.id == changed.image_id)
    await _index(session, changed, await session.scalar(made) or "")
    await announcing.redraw(session, Entry.image_id == changed.image_id)
    return True


async def _index(session: AsyncSession, share: Share, prompt: str) -> None:
    if not (is_listed(share) and share.show_prompt):
        await search.remove(session, share.id)
        return
    author_id = None if share.anonymous else share.author_id
    await search.put(session, share.id, prompt, guild_id=share.guild_id, author_id=author_id, nsfw=share.nsfw)
