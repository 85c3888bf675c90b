"""Looking at what a server shares: pages in several orders, by author, by words of the prompt. Changes nothing.

Pages are found by keyset: the next one begins behind the last picture of this one, so the thousandth costs what the
first does, and nothing is skipped or shown twice while people share. Every order has its index over listed shares.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from db import search, times
from db.heat import DAY, MONTH, WEEK, threshold
from db.models import Image, Job, Like, Share, User
from db.shares import LISTED


class Sort(StrEnum):
    NEW = "new"  # shared last
    HOT = "hot"  # liked lately, a like of yesterday counting half
    TOP = "top"  # liked most
    WEEK = "week"  # liked in the last weeks, a like of a week ago counting half
    MONTH = "month"  # the same with months
    RANDOM = "random"  # one order, begun anywhere


_KEYS: dict[Sort, Any] = {
    Sort.NEW: Share.id,
    Sort.HOT: Share.day,
    Sort.TOP: Share.likes,
    Sort.WEEK: Share.week,
    Sort.MONTH: Share.month,
    Sort.RANDOM: Share.shuffle,
}
_SPANS = {Sort.HOT: DAY, Sort.WEEK: WEEK, Sort.MONTH: MONTH}


@dataclass(frozen=True, slots=True)
class Place:
    """Between two pictures of an order: behind the one with this key and share id."""

    key: int
    id: int


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """Whose gallery, and what of it: `nsfw` lets in what came from age-restricted channels.

    With an `author_id` nothing is shown that is shared anonymously; `words` (of `db.search.words`) are found in prompts
    that are shown, always from the newest on.
    """

    guild_id: int
    nsfw: bool = False
    sort: Sort = Sort.NEW
    author_id: int | None = None
    words: tuple[str, ...] = ()

    @property
    def order(self) -> Sort:
        return Sort.NEW if self.words else self.sort


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A shared picture with what its card says. `prompt` and `author_name` are None when the author hides them."""

    share: Share
    image: Image
    kind: str
    prompt: str | None
    author_name: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """Exhibits in order; `before` leads to the page before this one, `behind` to the next, None where there is none."""

    exhibits: Sequence[Exhibit]
    before: Place | None
    behind: Place | None


async def page(
    session: AsyncSession,
    view: View,
    *,
    behind: Place | None = None,
    before: Place | None = None,
    size: int,
) -> Page:
    """The first page, the one behind a place, or the one before it."""
    backwards = before is not None
    place = before or behind
    ids = await (_searched if view.words else _sorted)(session, view, place, backwards, size + 1)
    more = len(ids) > size
    found = await exhibits(session, ids[:size])
    if backwards:
        found.reverse()
    key = _KEYS[view.order].key
    ends = [Place(getattr(one.share, key), one.share.id) for one in (found[:1] + found[-1:])]
    if not ends:
        return Page((), None, None)
    has_before, has_behind = (more, True) if backwards else (behind is not None, more)
    return Page(found, ends[0] if has_before else None, ends[-1] if has_behind else None)


async def warmest(session: AsyncSession, view: View, *, size: int, now: datetime | None = None) -> list[Exhibit]:
    """The first of an order that cools, without what nobody likes or is too cold to belong to its period."""
    statement = _listed(view).where(Share.likes > 0)
    if (span := _SPANS.get(view.order)) is not None:
        statement = statement.where(_KEYS[view.order] >= threshold(now or times.now(), span))
    ordered = statement.order_by(_KEYS[view.order].desc(), Share.id.desc()).limit(size)
    return await exhibits(session, (await session.scalars(ordered)).all())


async def best_between(
    session: AsyncSession, view: View, since: datetime, until: datetime, *, size: int
) -> list[Exhibit]:
    """What was liked most in a stretch of time, whenever it was shared; among equals the older."""
    liked = func.count().label("liked")
    ranked = (
        select(Share.id)
        .join(Like, Like.image_id == Share.image_id)
        .where(*LISTED, Share.guild_id == view.guild_id, Like.created_at >= since, Like.created_at < until)
        .group_by(Share.id)
        .order_by(liked.desc(), Share.id)
        .limit(size)
    )
    if not view.nsfw:
        ranked = ranked.where(Share.nsfw.is_(False))
    return await exhibits(session, (await session.scalars(ranked)).all())


async def exhibits(session: AsyncSession, share_ids: Sequence[int]) -> list[Exhibit]:
    """These shares with their pictures, in this order."""
    statement = (
        select(Share, Image, Job.kind, Job.prompt, User.name)
        .join(Image, Image.id == Share.image_id)
        .join(Job, Job.id == Image.job_id)
        .join(User, User.id == Share.author_id)
        .where(Share.id.in_(share_ids))
    )
    found = {
        row.Share.id: Exhibit(
            row.Share,
            row.Image,
            row.kind,
            row.prompt if row.Share.show_prompt else None,
            None if row.Share.anonymous else row.name,
        )
        for row in await session.execute(statement, execution_options={"populate_existing": True})
    }
    return [found[share_id] for share_id in share_ids if share_id in found]


async def exhibit(session: AsyncSession, share_id: int) -> Exhibit | None:
    return next(iter(await exhibits(session, [share_id])), None)


def _listed(view: View) -> Select[int]:
    statement = select(Share.id).where(*LISTED, Share.guild_id == view.guild_id)
    if not view.nsfw:
        statement = statement.where(Share.nsfw.is_(False))
    if view.author_id is not None:
        statement = statement.where(Share.author_id == view.author_id, Share.anonymous.is_(False))
    return statement


async def _sorted(session: AsyncSession, view: View, place: Place | None, backwards: bool, limit: int) -> Sequence[int]:
    column = _KEYS[view.order]
    statement = _listed(view)
    if view.author_id is not None and view.order is not Sort.NEW:
        # One person's pictures are few: SQLite is kept from walking all pictures in this order to find them.
        column = column + 0
    if place is not None:
        # Compared as a pair: both databases then begin in the middle of the index, even among equal keys.
        here, there = tuple_(column, Share.id), tuple_(place.key, place.id)
        statement = statement.where(here > there if backwards else here < there)
    ordered = statement.order_by(*(key.asc() if backwards else key.desc() for key in (column, Share.id)))
    return (await session.scalars(ordered.limit(limit))).all()


async def _searched(
    session: AsyncSession, view: View, place: Place | None, backwards: bool, limit: int
) -> Sequence[int]:
    bound = {} if place is None else {"after" if backwards else "before": place.id}
    return await search.find(
        session, view.words, guild_id=view.guild_id, author_id=view.author_id, nsfw=view.nsfw, **bound, limit=limit
    )
