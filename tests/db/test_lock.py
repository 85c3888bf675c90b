import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from db.errors import StorageLocked
from db.lock import StorageLock

HOLDER = """
import sys, time
from pathlib import Path
from db.lock import StorageLock
with StorageLock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def hold(folder: Path) -> "subprocess.Popen[str]":
    """Another process that holds the lock until its input ends."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    return holder


def end(holder: "subprocess.Popen[str]") -> None:
    holder.communicate(timeout=60)


def test_a_second_process_is_refused_and_told_who_holds_the_folder(tmp_path: Path) -> None:
    holder = hold(tmp_path)
    try:
        with pytest.raises(StorageLocked) as refused, StorageLock(tmp_path):
            pass
        assert (refused.value.pid, refused.value.folder) == (holder.pid, tmp_path)
    finally:
        end(holder)
    with StorageLock(tmp_path):
        pass


def test_a_killed_process_leaves_the_folder_free(tmp_path: Path) -> None:
    holder = hold(tmp_path)
    holder.send_signal(signal.SIGKILL)
    end(holder)
    with StorageLock(tmp_path), pytest.raises(StorageLocked) as refused, StorageLock(tmp_path):
        pass
    assert refused.value.pid == os.getpid()


def test_the_lock_makes_the_folder_and_leaves_no_stale_number(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "storage"
    with StorageLock(folder):
        assert (folder / "atelier.pid").read_text() == f"{os.getpid()}\n"
    assert not (folder / "atelier.pid").exists()


def test_a_holder_that_did_not_say_who_it_is_is_still_respected(tmp_path: Path) -> None:
    with StorageLock(tmp_path):
        (tmp_path / "atelier.pid").write_text("?")
        with pytest.raises(StorageLocked) as refused, StorageLock(tmp_path):
            pass
    assert refused.value.pid is None
