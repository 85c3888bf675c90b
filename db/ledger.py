"""Credit: append-only lines and, in the same transaction, the account whose balance is their sum.

An account is one person in one server; `guild_id` None (0 in rows) is the one for direct messages. A job has at most
one line of each kind and a `key` names what else happens once, both by constraint. One conditional statement checks
and charges, so that no race overdraws. Knows no prices and no settings.
"""

from datetime import datetime

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db import times
from db.errors import Overdrawn
from db.insert import insert
from db.models import Account, EntryKind, LedgerEntry

DIRECT = 0
"""The server id of the account for direct messages."""


async def balance(session: AsyncSession, user_id: int, guild_id: int | None = None) -> int:
    """What the account holds; 0 when it never got anything."""
    return await session.scalar(select(Account.balance).where(*_account(user_id, guild_id))) or 0


async def total(session: AsyncSession, user_id: int, guild_id: int | None = None) -> int:
    """The sum of the account's lines: the balance, by the long way."""
    own = (LedgerEntry.user_id == user_id, LedgerEntry.guild_id == (guild_id or DIRECT))
    return int(await session.scalar(select(func.sum(LedgerEntry.amount)).where(*own)) or 0)


async def was_given(session: AsyncSession, user_id: int, guild_id: int | None, key: str) -> bool:
    """Whether what `key` names has happened to the account."""
    line = (LedgerEntry.user_id == user_id, LedgerEntry.guild_id == (guild_id or DIRECT), LedgerEntry.key == key)
    return await session.scalar(select(LedgerEntry.id).where(*line)) is not None


async def grant(
    session: AsyncSession,
    user_id: int,
    amount: int,
    *,
    guild_id: int | None = None,
    key: str | None = None,
    now: datetime | None = None,
) -> int:
    """Give `amount`, once for each `key` (at most 64 characters); the amount given now."""
    return await _give(session, user_id, guild_id, EntryKind.GRANT, amount, key, now)


async def reward(
    session: AsyncSession, user_id: int, amount: int, *, guild_id: int | None, key: str, now: datetime | None = None
) -> int:
    """As `grant`, for something won; `key` says what, such as "challenge:7"."""
    return await _give(session, user_id, guild_id, EntryKind.REWARD, amount, key, now)


async def gift(
    session: AsyncSession, user_id: int, amount: int, *, guild_id: int | None, key: str, now: datetime | None = None
) -> int:
    """As `grant`, by a moderator; a negative amount takes, at most what is there. The amount that changed hands."""
    if amount < 0:
        amount = -min(-amount, await _locked(session, user_id, guild_id))
    return await _give(session, user_id, guild_id, EntryKind.GIFT, amount, key, now)


async def fill(
    session: AsyncSession, user_id: int, upto: int, *, guild_id: int | None, key: str, now: datetime | None = None
) -> int:
    """A period's grant: bring the balance up to `upto`, once for each `key`; what is above stays. The amount given."""
    missing = max(0, upto - await _locked(session, user_id, guild_id))
    return await _give(session, user_id, guild_id, EntryKind.GRANT, missing, key, now)


async def require(session: AsyncSession, user_id: int, cost: int, *, guild_id: int | None = None) -> None:
    """Raises `Overdrawn` when the balance does not cover `cost` now; only `charge` makes sure."""
    if cost > 0 and (left := await balance(session, user_id, guild_id)) < cost:
        raise Overdrawn(left, cost)


async def charge(
    session: AsyncSession,
    user_id: int,
    job_id: int,
    cost: int,
    *,
    guild_id: int | None = None,
    now: datetime | None = None,
) -> None:
    """Take `cost` for a job, once however often it is called; a cost of 0 writes nothing.

    Raises `Overdrawn`, and has written nothing then.
    """
    if cost == 0:
        return
    charged = select(LedgerEntry.id).where(LedgerEntry.job_id == job_id, LedgerEntry.kind == EntryKind.CHARGE)
    taken = (
        update(Account)
        .where(*_account(user_id, guild_id), Account.balance >= cost, ~charged.exists())
        .values(balance=Account.balance - cost)
        .returning(Account.balance)
        .execution_options(synchronize_session=False)
    )
    if await session.scalar(taken) is None:
        if await session.scalar(charged) is not None:
            return
        raise Overdrawn(await balance(session, user_id, guild_id), cost)
    line = LedgerEntry(
        user_id=user_id,
        guild_id=guild_id or DIRECT,
        job_id=job_id,
        kind=EntryKind.CHARGE,
        amount=-cost,
        created_at=now or times.now(),
    )
    session.add(line)
    await session.flush()


async def refund(session: AsyncSession, job_id: int, *, now: datetime | None = None) -> int:
    """Give back what the job was charged, once however often it is called; the amount given back now."""
    found = select(LedgerEntry).where(LedgerEntry.job_id == job_id, LedgerEntry.kind == EntryKind.CHARGE)
    charged = (await session.scalars(found)).one_or_none()
    if charged is None:
        return 0
    line = {
        "user_id": charged.user_id,
        "guild_id": charged.guild_id,
        "job_id": job_id,
        "kind": EntryKind.REFUND,
        "amount": -charged.amount,
    }
    written = (
        insert(session, LedgerEntry)
        .values(**line, created_at=now or times.now())
        .on_conflict_do_nothing(index_elements=[LedgerEntry.job_id, LedgerEntry.kind])
        .returning(LedgerEntry.amount)
    )
    amount = int(await session.scalar(written) or 0)
    await _add(session, charged.user_id, charged.guild_id, amount)
    return amount


async def _give(
    session: AsyncSession,
    user_id: int,
    guild_id: int | None,
    kind: EntryKind,
    amount: int,
    key: str | None,
    now: datetime | None,
) -> int:
    line = {"user_id": user_id, "guild_id": guild_id or DIRECT, "kind": kind, "amount": amount, "key": key}
    written = (
        insert(session, LedgerEntry)
        .values(**line, created_at=now or times.now())
        .on_conflict_do_nothing(index_elements=[LedgerEntry.user_id, LedgerEntry.guild_id, LedgerEntry.key])
        .returning(LedgerEntry.amount)
    )
    given = int(await session.scalar(written) or 0)
    await _add(session, user_id, guild_id or DIRECT, given)
    return given


async def _add(session: AsyncSession, user_id: int, guild_id: int, amount: int) -> None:
    if amount == 0:
        return
    if amount > 0:
        statement = insert(session, Account).values(user_id=user_id, guild_id=guild_id, balance=amount)
        more = {"balance": Account.balance + statement.excluded.balance}
        await session.execute(
            statement.on_conflict_do_update(index_elements=[Account.user_id, Account.guild_id], set_=more)
        )
        return
    less = update(Account).where(*_account(user_id, guild_id)).values(balance=Account.balance + amount)
    await session.execute(less.execution_options(synchronize_session=False))


async def _locked(session: AsyncSession, user_id: int, guild_id: int | None) -> int:
    """The balance, which nobody else changes until the transaction ends."""
    empty = insert(session, Account).values(user_id=user_id, guild_id=guild_id or DIRECT, balance=0)
    await session.execute(empty.on_conflict_do_nothing(index_elements=[Account.user_id, Account.guild_id]))
    held = select(Account.balance).where(*_account(user_id, guild_id)).with_for_update()
    return await session.scalar(held) or 0


def _account(user_id: int, guild_id: int | None) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return Account.user_id == user_id, Account.guild_id == (guild_id or DIRECT)
