"""How long things take, as measured: seconds per step, averaged so that the last dozen jobs decide."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db import jobs, times
from db.insert import insert
from db.models import Pace

WEIGHT = 0.2  # of the newest measurement in the average
ALL_MODELS = ""


async def record(session: AsyncSession, model: str, *, seconds: float, work: int, now: datetime | None = None) -> None:
    """Learn that `work` (steps times pictures, at least 1) of `model` took the device `seconds`."""
    now, measured = now or times.now(), seconds / work
    for name in (model, ALL_MODELS):
        statement = insert(session, Pace).values(model=name, seconds_per_step=measured, measured_at=now)
        average = Pace.seconds_per_step * (1 - WEIGHT) + statement.excluded.seconds_per_step * WEIGHT
        await session.execute(
            statement.on_conflict_do_update(
                index_elements=[Pace.model], set_={"seconds_per_step": average, "measured_at": now}
            )
        )


async def seconds_per_step(session: AsyncSession, model: str = ALL_MODELS) -> float | None:
    """The pace of a model, or of all together; None before the first measurement."""
    return await session.scalar(select(Pace.seconds_per_step).where(Pace.model == model))


async def eta(session: AsyncSession, job_id: int, *, now: datetime | None = None) -> float | None:
    """Seconds until the job starts: what waits ahead, and then the first running job to end, at the measured pace.

    Jobs that run together share the device, each getting its part of it: the pace is the device's, whoever it works
    for. None when nothing was measured yet, or the job does not wait.
    """
    pace = await seconds_per_step(session)
    if pace is None or (ahead := await jobs.work_ahead(session, job_id)) is None:
        return None
    now = now or times.now()
    running = await jobs.running(session)
    left = [
        max(0.0, job.work * pace * len(running) - (now - (job.started_at or now)).total_seconds()) for job in running
    ]
    return ahead * pace + min(left, default=0.0)
