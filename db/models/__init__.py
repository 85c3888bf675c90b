"""The tables, one per file. They hold no behaviour; the queries are in the modules of `db`."""

from db.models.announcement import Announcement, AnnouncementKind
from db.models.audit import AuditEntry
from db.models.award import Award, AwardKind
from db.models.ballot import Ballot
from db.models.challenge import Challenge, Phase, Rota, VotingMode
from db.models.embedding import Embedding
from db.models.entry import Entry, Placing
from db.models.guild import Guild
from db.models.image import Image
from db.models.job import Job, JobRequest, JobStatus, Route
from db.models.ledger import Account, EntryKind, LedgerEntry
from db.models.like import Like
from db.models.lora import Lora
from db.models.model import Model, metadata
from db.models.pace import Pace
from db.models.preference import Preference
from db.models.queue import Backlog, Queue
from db.models.report import Report
from db.models.review import Review
from db.models.sanction import Sanction, SanctionKind
from db.models.share import Share, Visibility
from db.models.showing import Removal, Showing
from db.models.state import State
from db.models.user import User

__all__ = [
    "Account",
    "Announcement",
    "AnnouncementKind",
    "AuditEntry",
    "Award",
    "AwardKind",
    "Backlog",
    "Ballot",
    "Challenge",
    "Embedding",
    "Entry",
    "EntryKind",
    "Guild",
    "Image",
    "Job",
    "JobRequest",
    "JobStatus",
    "LedgerEntry",
    "Like",
    "Lora",
    "Model",
    "Pace",
    "Phase",
    "Placing",
    "Preference",
    "Queue",
    "Removal",
    "Report",
    "Review",
    "Rota",
    "Route",
    "Sanction",
    "SanctionKind",
    "Share",
    "Showing",
    "State",
    "User",
    "Visibility",
    "VotingMode",
    "metadata",
]
