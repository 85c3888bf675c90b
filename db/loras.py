"""The registry of LoRAs: who may use which under what name. Knows no files, only their digests."""

import difflib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db import times
from db.errors import NameTaken
from db.insert import insert
from db.models import Image, Job, Lora

_LOOKED_AT = 5000  # names among which the nearest to a misspelt one is sought


@dataclass(frozen=True, kw_only=True)
class NewLora:
    """A LoRA to be listed; its file is stored already. See `db.models.Lora`."""

    interaction_id: int
    guild_id: int | None
    author_id: int
    name: str
    digest: str
    bytes: int
    model: str
    style: str
    rank: int
    of_text: bool
    triggers: Sequence[str] = ()
    licence: str = ""
    shared: bool = False


def key_of(name: str) -> str:
    """What names are compared by."""
    return " ".join(name.split()).lower()


async def add(session: AsyncSession, new: NewLora, *, now: datetime | None = None) -> Lora:
    """List it; the same interaction again finds what it made. The author's row must exist. Raises NameTaken."""
    name = " ".join(new.name.split())
    values = vars(new) | {"name": name, "key": key_of(name), "triggers": list(new.triggers)}
    values["created_at"] = now or times.now()
    made = await session.scalar(insert(session, Lora).values(**values).on_conflict_do_nothing().returning(Lora))
    if made is not None:
        return made
    found = await session.scalar(select(Lora).where(Lora.interaction_id == new.interaction_id))
    if found is None:
        raise NameTaken(new.name)
    return found


async def get(session: AsyncSession, lora_id: int) -> Lora | None:
    """Deleted or not: look at `deleted_at`."""
    return await session.get(Lora, lora_id, populate_existing=True)


async def named(session: AsyncSession, names: Iterable[str], user_id: int, guild_id: int | None) -> dict[str, Lora]:
    """Those of these names that the person may use there, by key."""
    keys = {key_of(name) for name in names}
    statement = select(Lora).where(Lora.key.in_(keys), *_usable(user_id, guild_id))
    return {lora.key: lora for lora in await session.scalars(statement)}


async def nearest(session: AsyncSession, name: str, user_id: int, guild_id: int | None) -> str | None:
    """The usable name most like a misspelt one, or None when none is."""
    statement = select(Lora.key, Lora.name).where(*_usable(user_id, guild_id)).order_by(Lora.key).limit(_LOOKED_AT)
    known = {lora.key: lora.name for lora in await session.execute(statement)}
    close = difflib.get_close_matches(key_of(name)[:60], known, n=1, cutoff=0.5)
    return known[close[0]] if close else None


async def usable(
    session: AsyncSession, user_id: int, guild_id: int | None, *, containing: str = "", skip: int = 0, limit: int = 25
) -> Sequence[Lora]:
    """What the person may use there, by name; `containing` is a part of the name."""
    statement = select(Lora).where(*_usable(user_id, guild_id))
    if containing:
        statement = statement.where(Lora.key.contains(key_of(containing), autoescape=True))
    return (await session.scalars(statement.order_by(Lora.key).offset(skip).limit(limit))).all()


async def share(session: AsyncSession, lora_id: int, *, shared: bool = True) -> bool:
    """Let the server use it, or its author alone; False when that was so already, or it is gone."""
    change = update(Lora).where(Lora.id == lora_id, Lora.deleted_at.is_(None), Lora.shared.is_not(shared))
    return await session.scalar(change.values(shared=shared).returning(Lora.id)) is not None


async def remove(session: AsyncSession, lora_id: int, *, now: datetime | None = None) -> bool:
    """Take it off the list; its name is free. Its file stays for jobs that name it. False when it was gone already."""
    change = update(Lora).where(Lora.id == lora_id, Lora.deleted_at.is_(None)).values(deleted_at=now or times.now())
    return await session.scalar(change.returning(Lora.id)) is not None


async def by_digest(session: AsyncSession, digests: Collection[str]) -> dict[str, Lora]:
    """For showing: of each file a LoRA that has it, a living one where there is one."""
    statement = select(Lora).where(Lora.digest.in_(digests)).order_by(Lora.deleted_at.is_(None), Lora.id)
    return {lora.digest: lora for lora in await session.scalars(statement)}


async def previews(session: AsyncSession, lora: Lora) -> Sequence[Image]:
    """The pictures that were drawn when it was added, without deleted ones and such as only their author sees."""
    made = select(Image).join(Job, Image.job_id == Job.id).where(Job.interaction_id == lora.interaction_id)
    shown = made.where(Image.deleted_at.is_(None), Image.unsure.is_(False))
    return (await session.scalars(shown.order_by(Image.id))).all()


async def known_digests(session: AsyncSession) -> set[str]:
    """The files that must stay: also those of removed ones, since old jobs can be drawn again."""
    return set(await session.scalars(select(Lora.digest).distinct()))


def _usable(user_id: int, guild_id: int | None) -> tuple[ColumnElement[bool], ...]:
    own = Lora.author_id == user_id
    if guild_id is None:
        return Lora.deleted_at.is_(None), own
    return Lora.deleted_at.is_(None), or_(own, and_(Lora.shared, Lora.guild_id == guild_id))
