"""What can go wrong with rows, as types that carry data. The words people read are written elsewhere."""

from pathlib import Path


class DatabaseError(Exception):
    """Any error this package raises on purpose."""


class TooManyWaiting(DatabaseError):
    """The author already has `limit` jobs waiting."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"limit={limit}")
        self.limit = limit


class AnsweredAlready(DatabaseError):
    """Another press has answered the question of this message."""


class QueueFull(DatabaseError):
    """`limit` jobs wait already, of all people together."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"limit={limit}")
        self.limit = limit


class Overdrawn(DatabaseError):
    """The author's balance does not cover the cost."""

    def __init__(self, balance: int, cost: int) -> None:
        super().__init__(f"balance={balance} cost={cost}")
        self.balance = balance
        self.cost = cost


class TooManyOptions(DatabaseError):
    """The person has `limit` parameters of his own already."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"limit={limit}")
        self.limit = limit


class NameTaken(DatabaseError):
    """Another LoRA is called `name`."""

    def __init__(self, name: str) -> None:
        super().__init__(f"name={name}")
        self.name = name


class NotShareable(DatabaseError):
    """The picture cannot be shared: `reason` is "deleted", "no server", "unsure" or "hidden" (by a moderator)."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"reason={reason}")
        self.reason = reason


class LostClaim(DatabaseError):
    """The job is no longer held by the claim with this fence: it ended, was requeued, or was claimed again."""

    def __init__(self, job_id: int, fence: int) -> None:
        super().__init__(f"job_id={job_id} fence={fence}")
        self.job_id = job_id
        self.fence = fence


class StorageLocked(DatabaseError):
    """Another process writes in this storage folder; `pid` is None when it did not say which."""

    def __init__(self, folder: Path, pid: int | None) -> None:
        super().__init__(f"folder={folder} pid={pid}")
        self.folder = folder
        self.pid = pid


class UnsupportedDatabase(DatabaseError):
    """The address names a database this package cannot use; `scheme` is what stands before `://`."""

    def __init__(self, scheme: str) -> None:
        super().__init__(f"scheme={scheme}")
        self.scheme = scheme


class ReadOnlyDatabase(DatabaseError):
    """Something asked to write in a database that was opened for reading."""


class DatabaseUnavailable(DatabaseError):
    """The database cannot be opened; the driver's error is the `__cause__`."""


class DatabaseFull(DatabaseError):
    """The disk under the database has no room; the transaction was rolled back whole."""


class DatabaseBusy(DatabaseError):
    """Another process has the database file at `path` open."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"path={path}")
        self.path = path


class DatabaseLost(DatabaseError):
    """The database has no tables, and the storage folder `folder` holds files that another one must know."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"folder={folder}")
        self.folder = folder


class DatabaseMissing(DatabaseError):
    """There is no database file at `path`."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"path={path}")
        self.path = path


class DatabaseDamaged(DatabaseError):
    """The file at `path` is not a sound Atelier database; `reason` is the checker's first finding."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"path={path} reason={reason}")
        self.path = path
        self.reason = reason


class DatabaseBehind(DatabaseError):
    """The tables are of an older revision (None: there are none) than this program's `head`."""

    def __init__(self, revision: str | None, head: str) -> None:
        super().__init__(f"revision={revision} head={head}")
        self.revision = revision
        self.head = head


class DatabaseTooNew(DatabaseError):
    """The tables are of a revision this program does not know: a newer version made them."""

    def __init__(self, revision: str) -> None:
        super().__init__(f"revision={revision}")
        self.revision = revision


class CopyFailed(DatabaseError):
    """A copy could not be written to `path`; what was begun is removed."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"path={path} reason={reason}")
        self.path = path
        self.reason = reason


class TargetExists(DatabaseError):
    """A backup is never written over a file that is already there."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"path={path}")
        self.path = path
