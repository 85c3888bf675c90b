"""The storage folder's lock: one process writes. The operating system lets go of it when the process dies, however."""

import os
from pathlib import Path
from types import TracebackType
from typing import Self

from filelock import FileLock, Timeout

from db.errors import StorageLocked

LOCK_NAME = "atelier.lock"
# Beside the lock: the lock file itself is emptied by whoever tries it.
PID_NAME = "atelier.pid"


class StorageLock:
    """`with StorageLock(folder):` this process alone writes there. Raises `StorageLocked` at once if another does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = FileLock(folder / LOCK_NAME, timeout=0)

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire()
        except Timeout:
            raise StorageLocked(self.folder, self._pid()) from None
        (self.folder / PID_NAME).write_text(f"{os.getpid()}\n", encoding="ascii")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        (self.folder / PID_NAME).unlink(missing_ok=True)
        self._lock.release()

    def _pid(self) -> int | None:
        try:
            return int((self.folder / PID_NAME).read_text(encoding="ascii"))
        except (OSError, ValueError):
            return None
