"""Sound copies of the SQLite file, and putting one back. PostgreSQL brings `pg_dump` and `pg_restore` for this.

A plain copy of a WAL database is not a backup: what was committed last lies in another file. These use SQLite's own
backup interface, which may run beside the process that writes.
"""

import os
import shutil
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from db import times
from db.errors import CopyFailed, DatabaseBusy, DatabaseDamaged, DatabaseMissing, DatabaseTooNew, TargetExists

COMPANIONS = ("-wal", "-shm")


def backup(source: Path, target: Path) -> None:
    """Copy the database file `source` to the new file `target`: one moment of it, sound, in one file.

    `target` appears whole or not at all. Raises `DatabaseMissing`, `TargetExists`, `DatabaseDamaged`, `CopyFailed`.
    """
    if target.exists():
        raise TargetExists(target)
    if not source.is_file():
        raise DatabaseMissing(source)
    with _part(target) as part:
        _copy(source, part)
        verify(part)


def restore(source: Path, target: Path, known: Collection[str], *, now: datetime | None = None) -> Path | None:
    """Put the backup `source` in the place of the database file `target`, under the storage folder's lock.

    `known` are the revisions this program can open. What `target` was is kept beside it: the path, None if there was
    nothing. Until the last step, one rename, nothing is changed. Raises `DatabaseMissing`, `DatabaseDamaged`,
    `DatabaseTooNew`, `DatabaseBusy` (a reader has it open), `CopyFailed`.
    """
    revision = verify(source)
    if revision not in known:
        raise DatabaseTooNew(revision)
    target.parent.mkdir(parents=True, exist_ok=True)
    with _part(target) as part:
        _copy(source, part)
        return _keep(target, now or times.now()) if target.exists() else None


def verify(path: Path) -> str:
    """The revision of a sound Atelier database file. Raises `DatabaseMissing`, `DatabaseDamaged`."""
    if not path.is_file():
        raise DatabaseMissing(path)
    try:
        with closing(_connect(path)) as connection:
            (finding,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
            if finding != "ok":
                raise DatabaseDamaged(path, str(finding))
            if (orphan := connection.execute("PRAGMA foreign_key_check").fetchone()) is not None:
                raise DatabaseDamaged(path, f"{orphan[0]} refers to a missing row of {orphan[2]}")
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.DatabaseError as error:
        raise DatabaseDamaged(path, str(error)) from error
    if row is None:
        raise DatabaseDamaged(path, "no revision")
    return str(row[0])


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro", uri=True, timeout=10)


def _copy(source: Path, part: Path) -> None:
    try:
        with closing(_connect(source)) as origin, closing(sqlite3.connect(part)) as copy:
            origin.backup(copy)
            # One file, which any program may open without leaving companions beside it.
            copy.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.OperationalError as error:
        raise CopyFailed(part, str(error)) from error
    except sqlite3.DatabaseError as error:
        raise DatabaseDamaged(source, str(error)) from error


@contextmanager
def _part(target: Path) -> Iterator[Path]:
    """A temporary name beside `target`; on success its file takes the name, on any error it is removed."""
    part = target.with_name(f".{target.name}.part")
    try:
        part.unlink(missing_ok=True)
        yield part
        _sync(part)
        part.replace(target)
        _sync(target.parent)
    except OSError as error:
        raise CopyFailed(target, error.strerror or type(error).__name__) from error
    finally:
        for suffix in ("", "-journal", *COMPANIONS):
            part.with_name(part.name + suffix).unlink(missing_ok=True)


def _sync(path: Path) -> None:
    if path.is_dir() and os.name == "nt":
        return  # Windows cannot open a folder
    handle = os.open(path, os.O_RDONLY if os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _keep(target: Path, now: datetime) -> Path:
    """Copy the database that is about to be replaced, and leave no log that would be replayed onto its successor."""
    kept = target.with_name(f"{target.name}.replaced-{now:%Y%m%dT%H%M%S%f}")
    log, kept_log = (path.with_name(f"{path.name}-wal") for path in (target, kept))
    # Before SQLite sees them: it deletes a log that it cannot read.
    for path, copy in ((target, kept), (log, kept_log)):
        if path.exists():
            shutil.copyfile(path, copy)
    try:
        with closing(sqlite3.connect(target, timeout=1)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE").fetchone()
    except sqlite3.OperationalError as error:
        kept.unlink()
        kept_log.unlink(missing_ok=True)
        raise DatabaseBusy(target) from error
    except sqlite3.DatabaseError:
        for suffix in COMPANIONS:
            target.with_name(target.name + suffix).unlink(missing_ok=True)
    else:
        shutil.copyfile(target, kept)  # now with everything that was in the log
        kept_log.unlink(missing_ok=True)
    _sync(kept)
    return kept
