"""Where rows name a person or a server, and taking that away. Knows no files and no messages.

`FATES` says of every column that names a person what becomes of it; a test holds it against the tables, so that a new
one is not forgotten. Rows that others build on stay, with a stand-in in the person's place: a fresh negative id, the
same for all rows of one person, so that a voter remains one voter.

Over 300 lines because the list of all columns and their fates belongs to what acts on it.
"""

import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, case, delete, func, insert, or_, select, union_all, update
from sqlalchemy.ext.asyncio import AsyncSession

from db import images, likes, removals, reports, search, statuses, times
from db.challenges import announcing, ballots
from db.models import (
    Entry,
    Guild,
    Image,
    Job,
    JobStatus,
    Like,
    Report,
    Review,
    Route,
    Sanction,
    SanctionKind,
    Share,
    User,
    metadata,
)


class Fate(Enum):
    """What happens to a row when the person it names wants to be forgotten."""

    DELETE = auto()  # the row goes
    EMPTY = auto()  # the column is emptied
    STAND_IN = auto()  # a stand-in takes the person's place
    HELD = auto()  # sanctions: those that hold stay, without their words, or leaving would undo them


FATES = {
    "accounts.user_id": Fate.DELETE,
    "audit.actor_id": Fate.STAND_IN,
    "audit.target_id": Fate.EMPTY,
    "awards.user_id": Fate.EMPTY,
    "ballots.voter_id": Fate.STAND_IN,  # in contests that were counted; elsewhere `ballots.forget` deletes them
    "challenges.created_by": Fate.EMPTY,
    "entries.author_id": Fate.EMPTY,
    "images.author_id": Fate.STAND_IN,
    "jobs.author_id": Fate.STAND_IN,
    "ledger.user_id": Fate.DELETE,
    "likes.user_id": Fate.DELETE,
    "loras.author_id": Fate.DELETE,
    "preferences.user_id": Fate.DELETE,
    "reports.reporter_id": Fate.STAND_IN,
    "reviews.author_id": Fate.DELETE,
    "reviews.closed_by_id": Fate.EMPTY,
    "rotas.created_by": Fate.EMPTY,
    "sanctions.by_id": Fate.STAND_IN,
    "sanctions.user_id": Fate.HELD,
    "shares.author_id": Fate.STAND_IN,
    "shares.hidden_by_id": Fate.EMPTY,
    "users.id": Fate.DELETE,
}
_BLANK_REQUEST = {
    "model": "",
    "prompt": "",
    "negative_prompt": "",
    "width": 0,
    "height": 0,
    "steps": 0,
    "guidance": 0,
    "seeds": [],
    "image": None,
    "strength": None,
}
BLANKS: dict[str, dict[str, Any]] = {
    "jobs.author_id": {
        "prompt": "",
        "request": _BLANK_REQUEST,
        "interaction_id": -Job.id,
        "part": 0,
        "guild_id": None,
        "channel_id": 0,
        "card_message_id": None,
        "parent_message_id": None,
        "route": Route.HISTORY,
        "error_detail": None,
        "outdated_at": None,
        "repeat_key": None,
        "repeats_id": None,
    },
    "images.author_id": {"digest": "", "seed": 0},
    "entries.author_id": {"image_id": None},
    "reports.reporter_id": {"reason": ""},
    "audit.target_id": {"detail": {}},
    "audit.actor_id": {"detail": {}},
}
"""What else of a row is the person's, and what takes its place."""
BATCH = 200
OF_PICTURES = {"embeddings", "showings"}
"""Tables whose rows are made from a picture's pixels, or say where they are shown, and go with it."""

_PERSON = re.compile(r"(?:^|_)(?:user|author|person|owner|member|maker|voter|actor|target|reporter|by)(?:_id)?$")


@dataclass(frozen=True, kw_only=True)
class Forgotten:
    """What is left to take away, and how much it was. Messages are rows of `db.removals`.

    `digests` are files of the person's pictures; `handed_in` those they began with, and when they last asked for each.
    """

    digests: frozenset[str]
    handed_in: Mapping[str, datetime]
    jobs: int
    pictures: int


def person_columns() -> Iterator[Column[Any]]:
    """Every column that names a person: references to people, and ids that are called after one."""
    for table in metadata.sorted_tables:
        for column in table.columns:
            refers = any(key.column.table.name == User.__tablename__ for key in column.foreign_keys)
            named = _PERSON.search(column.name) is not None and not column.foreign_keys
            if refers or named or (table.name == User.__tablename__ and column.primary_key):
                yield column


async def belongings(session: AsyncSession, user_id: int) -> dict[str, list[dict[str, Any]]]:
    """Every row that names the person, by table, as plain values; other people in them are left out."""
    found: dict[str, list[dict[str, Any]]] = {}
    people = {str(column) for column in person_columns()}
    for table in metadata.sorted_tables:
        columns = [column for column in table.columns if str(column) in people]
        if not columns:
            continue
        rows = await session.execute(select(table).where(or_(*(column == user_id for column in columns))))
        others = {column.name for column in columns}
        found[table.name] = [
            {
                name: value.isoformat() if isinstance(value, datetime) else value
                for name, value in row.items()
                if name not in others or value == user_id
            }
            for row in rows.mappings()
        ]
    return {name: rows for name, rows in found.items() if rows}


async def digests(session: AsyncSession, user_id: int) -> list[str]:
    """The files of the person's living pictures, newest first."""
    living = select(Image.digest).where(Image.author_id == user_id, Image.deleted_at.is_(None))
    return list((await session.scalars(living.order_by(Image.id.desc()))).all())


async def open_jobs(session: AsyncSession, user_id: int) -> list[Job]:
    """The person's jobs that wait or run."""
    own = union_all(*(select(Job.id).where(open_, Job.author_id == user_id) for open_ in statuses.OPEN))
    found = select(Job).where(Job.id.in_(own)).order_by(Job.id)
    return list((await session.scalars(found.execution_options(populate_existing=True))).all())


async def forget(session: AsyncSession, user_id: int, *, now: datetime | None = None) -> Forgotten:
    """Take the person out of every table. Their jobs must have ended; one that has not is dropped, fence and all."""
    now = now or times.now()
    own = Job.author_id == user_id
    drop = {"status": JobStatus.CANCELLED, "finished_at": now, "lease_until": None, "fence": Job.fence + 1}
    await _update(session, Job, own & statuses.RUNNING, drop)
    await _update(session, Job, own & Job.delivered_at.is_(None), {"delivered_at": now})
    await _take_cards(session, user_id, now)
    await reports.outdate(session, user_id, now=now)
    made = select(Image.digest).join(Job, Job.id == Image.job_id).where(own, Image.digest != "")
    gone = frozenset(await session.scalars(made))
    handed_in = await _handed_in(session, user_id)
    jobs = await session.scalar(select(func.count()).select_from(Job).where(own)) or 0
    pictures = select(Image.id).where(Image.author_id == user_id)
    while await forget_pictures(session, user_id, now=now):
        pass
    for name in OF_PICTURES:
        table = metadata.tables[name]
        await session.execute(delete(table).where(table.c.image_id.in_(pictures)))
    while await forget_likes(session, user_id, now=now):
        pass
    drawn = len((await session.scalars(pictures)).all())
    await ballots.forget(session, user_id)
    await announcing.redraw(session, Entry.author_id == user_id)
    await _rename(session, user_id, now)
    await search.purge(session)
    return Forgotten(
        digests=gone,
        handed_in={digest: when for digest, when in handed_in.items() if digest not in gone},
        jobs=jobs,
        pictures=drawn,
    )


async def forget_pictures(
    session: AsyncSession, user_id: int, *, limit: int = BATCH, now: datetime | None = None
) -> bool:
    """Delete some of the person's pictures: for many, in transactions of their own before `forget`. False: no more."""
    living = select(Image.id).where(Image.author_id == user_id, Image.deleted_at.is_(None)).limit(limit)
    found = (await session.scalars(living)).all()
    for image_id in found:
        await images.delete(session, image_id, now=now)
    return bool(found)


async def forget_likes(session: AsyncSession, user_id: int, *, limit: int = BATCH, now: datetime | None = None) -> bool:
    """As `forget_pictures`, with the likes the person gave; the counts go down with them."""
    liked = (await session.scalars(select(Like.image_id).where(Like.user_id == user_id).limit(limit))).all()
    taken = await likes.press(session, [likes.Press(image_id, user_id) for image_id in liked], now=now)
    return bool(taken)


async def forget_guild(session: AsyncSession, guild_id: int) -> None:
    """Take a server out of every table: what is its own goes; jobs and pictures stay their authors', of no server."""
    for share_id in (await session.scalars(select(Share.id).where(Share.guild_id == guild_id))).all():
        await search.remove(session, share_id)
    for table in metadata.sorted_tables:
        for column in _guild_columns(table):
            if column.nullable:
                await session.execute(update(table).where(column == guild_id).values({column.name: None}))
            else:
                await _wipe(session, table, column == guild_id)
    await session.execute(delete(Guild).where(Guild.id == guild_id))
    await search.purge(session)


async def left_before(session: AsyncSession, moment: datetime) -> list[int]:
    """The servers the bot was removed from before `moment`."""
    return list((await session.scalars(select(Guild.id).where(Guild.left_at < moment))).all())


async def expired(session: AsyncSession, *, guild_id: int | None, before: datetime, limit: int = 100) -> list[Image]:
    """Living pictures older than a moment, of one server, or (None) of all, the oldest first."""
    old = select(Image).where(Image.created_at < before, Image.deleted_at.is_(None))
    if guild_id is not None:
        old = old.where(Image.guild_id == guild_id)
    return list((await session.scalars(old.order_by(Image.created_at, Image.id).limit(limit))).all())


async def traces(session: AsyncSession, needle: str) -> list[str]:
    """The columns in which some row holds this text, such as a person's id or a prompt: a scan of everything."""
    found: set[str] = set()
    for table in metadata.sorted_tables:
        for row in (await session.execute(select(table))).mappings():
            found.update(f"{table.name}.{name}" for name, value in row.items() if needle in str(value))
    return sorted(found)


async def _take_cards(session: AsyncSession, user_id: int, now: datetime) -> None:
    """The cards of the person's jobs, and the moderators' cards of their pictures, prompts and appeals, are to go."""
    about = Report.image_id.in_(select(Image.id).where(Image.author_id == user_id))
    for channel_id, message_id, whose in (
        (Job.channel_id, Job.card_message_id, Job.author_id == user_id),
        (Report.card_channel_id, Report.card_message_id, about),
        (Review.card_channel_id, Review.card_message_id, Review.author_id == user_id),
        (Sanction.card_channel_id, Sanction.card_message_id, Sanction.user_id == user_id),
    ):
        found = await session.execute(select(channel_id, message_id).where(whose, message_id.is_not(None)))
        await removals.put(session, [(place, card) for place, card in found if place and card], now=now)
    # Nothing is left to decide; without their cards they would be brought to the moderators again.
    closed = {"card_channel_id": None, "card_message_id": None, "closed_at": func.coalesce(Report.closed_at, now)}
    await session.execute(update(Report).where(about).values(closed).execution_options(synchronize_session=False))


async def _handed_in(session: AsyncSession, user_id: int) -> dict[str, datetime]:
    """The digests of what the person's jobs and wishes begin with, and when they last asked for each."""
    found: dict[str, datetime] = {}
    asked = await session.execute(select(Job.created_at, Job.request).where(Job.author_id == user_id))
    wished = await session.execute(select(Review.created_at, Review.jobs).where(Review.author_id == user_id))
    requests = [(when, request) for when, request in asked]
    requests += [(when, one["request"]) for when, jobs in wished for one in jobs]
    for when, request in sorted(requests, key=lambda asked: asked[0]):
        found |= dict.fromkeys(images.inputs_of(request), when)
    return found


async def _rename(session: AsyncSession, user_id: int, now: datetime) -> None:
    stand_in = -1 - secrets.randbits(62)
    await session.execute(insert(User).values(id=stand_in, name="", turn=0, created_at=now, seen_at=now))
    held = (
        (Sanction.user_id == user_id)
        & Sanction.lifted_at.is_(None)
        & (Sanction.kind != SanctionKind.WARNING)
        & (Sanction.until.is_(None) | (Sanction.until > now))
    )
    holds = await session.scalar(select(Sanction.id).where(held).limit(1)) is not None
    for column in person_columns():
        name, table = str(column), column.table
        here, blank = column == user_id, BLANKS.get(str(column), {})
        match FATES[name]:
            case _ if name == "users.id":
                continue
            case Fate.DELETE:
                await session.execute(delete(table).where(here))
            case Fate.EMPTY:
                await session.execute(update(table).where(here).values({column.name: None} | blank))
            case Fate.STAND_IN:
                await session.execute(update(table).where(here).values({column.name: stand_in} | blank))
            case Fate.HELD:
                await session.execute(delete(Sanction).where(here, ~held))
                # Who has appealed has done so, and what nobody has decided yet gets a card without the words.
                said = case((Sanction.appeal.is_not(None), ""))
                bare = {"reason": "", "appeal": said, "card_channel_id": None, "card_message_id": None}
                await session.execute(update(Sanction).where(here).values(bare))
    if holds:
        await session.execute(update(User).where(User.id == user_id).values(name="", turn=0))
    else:
        await session.execute(delete(User).where(User.id == user_id))
    session.expire_all()


def _guild_columns(table: Table) -> list[Column[Any]]:
    return [
        column
        for column in table.columns
        if column.name == "guild_id" or any(key.column.table.name == "guilds" for key in column.foreign_keys)
    ]


async def _wipe(session: AsyncSession, table: Table, where: ColumnElement[bool]) -> None:
    """Delete rows and, first, what refers to them; what may do without them is emptied."""
    for other in metadata.sorted_tables:
        for column in other.columns:
            for key in column.foreign_keys:
                if key.column.table is not table:
                    continue
                refers = column.in_(select(key.column).where(where))
                if column.nullable:
                    await session.execute(update(other).where(refers).values({column.name: None}))
                else:
                    await _wipe(session, other, refers)
    await session.execute(delete(table).where(where))


async def _update(session: AsyncSession, model: type[Job], where: ColumnElement[bool], values: dict[str, Any]) -> None:
    await session.execute(update(model).where(where).values(values).execution_options(synchronize_session=False))
