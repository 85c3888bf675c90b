"""Conditions on a job's status, with its value as a literal: neither database matches a bound parameter with a partial
index's condition, and would read the whole table instead."""

from sqlalchemy import ColumnElement, literal

from db.models import Job, JobStatus


def _is(status: JobStatus) -> ColumnElement[bool]:
    return Job.status == literal(status, Job.status.type, literal_execute=True)


QUEUED = _is(JobStatus.QUEUED)
RUNNING = _is(JobStatus.RUNNING)
SUCCEEDED = _is(JobStatus.SUCCEEDED)
OPEN = (QUEUED, RUNNING)
"""Each is a part of a UNION ALL: joined by OR they would match no index."""
