"""Credit: an append-only ledger whose sum is the balance. A job has at most one line of each kind, by constraint."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db import times
from db.errors import Overdrawn
from db.insert import insert
from db.models import EntryKind, LedgerEntry, User


async def balance(session: AsyncSession, user_id: int) -> int:
    """The sum of the person's lines; 0 when there is none."""
    total = await session.scalar(select(func.sum(LedgerEntry.amount)).where(LedgerEntry.user_id == user_id))
    return int(total or 0)


async def grant(session: AsyncSession, user_id: int, amount: int, *, now: datetime | None = None) -> None:
    """Give (or, negative, take) credit outside any job."""
    session.add(LedgerEntry(user_id=user_id, kind=EntryKind.GRANT, amount=amount, created_at=now or times.now()))
    await session.flush()


async def require(session: AsyncSession, user_id: int, cost: int) -> None:
    """Make sure that the balance covers `cost`, and hold it so until the transaction ends. Raises `Overdrawn`."""
    if cost == 0:
        return
    # Two charges of one person must not both read the balance before either writes.
    await session.execute(select(User.id).where(User.id == user_id).with_for_update())
    if (left := await balance(session, user_id)) < cost:
        raise Overdrawn(left, cost)


async def charge(session: AsyncSession, user_id: int, job_id: int, cost: int, *, now: datetime | None = None) -> None:
    """Take `cost` for a job, once however often it is called; a cost of 0 writes nothing. Raises `Overdrawn`."""
    if cost == 0:
        return
    await require(session, user_id, cost)
    line = {"user_id": user_id, "job_id": job_id, "kind": EntryKind.CHARGE, "amount": -cost}
    statement = insert(session, LedgerEntry).values(**line, created_at=now or times.now())
    await session.execute(statement.on_conflict_do_nothing(index_elements=[LedgerEntry.job_id, LedgerEntry.kind]))


async def refund(session: AsyncSession, job_id: int, *, now: datetime | None = None) -> int:
    """Give back what the job was charged, once however often it is called; the amount given back now."""
    charged = (
        await session.execute(
            select(LedgerEntry.user_id, LedgerEntry.amount).where(
                LedgerEntry.job_id == job_id, LedgerEntry.kind == EntryKind.CHARGE
            )
        )
    ).one_or_none()
    if charged is None:
        return 0
    line = {"user_id": charged.user_id, "job_id": job_id, "kind": EntryKind.REFUND, "amount": -charged.amount}
    statement = (
        insert(session, LedgerEntry)
        .values(**line, created_at=now or times.now())
        .on_conflict_do_nothing(index_elements=[LedgerEntry.job_id, LedgerEntry.kind])
        .returning(LedgerEntry.amount)
    )
    return int(await session.scalar(statement) or 0)
