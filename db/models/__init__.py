"""The tables, one per file. They hold no behaviour; the queries are in the modules of `db`."""

from db.models.guild import Guild
from db.models.image import Image
from db.models.job import Job, JobRequest, JobStatus, Route
from db.models.ledger import EntryKind, LedgerEntry
from db.models.model import Model, metadata
from db.models.pace import Pace
from db.models.queue import Backlog, Queue
from db.models.state import State
from db.models.user import User

__all__ = [
    "Backlog",
    "EntryKind",
    "Guild",
    "Image",
    "Job",
    "JobRequest",
    "JobStatus",
    "LedgerEntry",
    "Model",
    "Pace",
    "Queue",
    "Route",
    "State",
    "User",
    "metadata",
]
