"""The queue: enqueue, claim, end, requeue, and where a job stands. Knows no engine, no Discord and no prices.

All changes of the queue lock its one row first (`line.enter`), behind the people whose credit or turns they change, so
they happen one after another on PostgreSQL as they do on SQLite's single writer; that makes limits, counters and places
exact, and deadlocks between them impossible.
"""

from db.jobs.claim import claim_next, renew
from db.jobs.ending import Cancelled, NewImage, block, cancel, fail, finish, finish_cancelled
from db.jobs.enqueue import Enqueued, NewJob, Order, QueueLimits, enqueue, require_room
from db.jobs.places import position, waiting, work_ahead, work_waiting
from db.jobs.reading import (
    Load,
    by_interaction,
    get,
    load,
    mark_delivered,
    mark_drawn,
    of_author,
    outdated,
    running,
    set_card,
    undelivered,
)
from db.jobs.repeats import Drawn, drawn_before, repeat
from db.jobs.requeue import Requeued, release, requeue_expired, requeue_worker

__all__ = [
    "Cancelled",
    "Drawn",
    "Enqueued",
    "Load",
    "NewImage",
    "NewJob",
    "Order",
    "QueueLimits",
    "Requeued",
    "block",
    "by_interaction",
    "cancel",
    "claim_next",
    "drawn_before",
    "enqueue",
    "fail",
    "finish",
    "finish_cancelled",
    "get",
    "load",
    "mark_delivered",
    "mark_drawn",
    "of_author",
    "outdated",
    "position",
    "release",
    "renew",
    "repeat",
    "requeue_expired",
    "requeue_worker",
    "require_room",
    "running",
    "set_card",
    "undelivered",
    "waiting",
    "work_ahead",
    "work_waiting",
]
