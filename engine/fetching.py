"""Models' files from the hub: child processes fetch them while the device goes on drawing, and stop when told to.

The hub's client cannot be interrupted, and its threads keep a process that wants to end until the last gigabyte is
there; a child ends when it is told to, and the next one finds the files that were whole. Run as a program it is that
child. Knows no device, and imports no tensors but in the child.
"""

import contextlib
import logging
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import BinaryIO

import psutil

from engine import hub
from engine.errors import EngineClosed, ModelUnavailable

log = logging.getLogger(__name__)


class Fetching:
    """The repositories that are fetched or were. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._futures: dict[tuple[str, str, str], Future[Path]] = {}
        self._children: set[subprocess.Popen[bytes]] = set()
        self._closed = False

    def ensure(self, name: str, repository: str, revision: str = "") -> "Future[Path]":
        """The folder in the hub's cache with what the model `name` needs of a repository; `revision` "" is the newest.

        All who ask while it is on its way, or once it is there, get the same future; one that failed is tried again for
        the next to ask. It ends with ModelUnavailable or EngineClosed.
        """
        asked = name, repository, revision
        with self._lock:
            future = self._futures.get(asked)
            if future is None or (future.done() and future.exception() is not None):
                future = self._futures[asked] = Future()
                log.info("fetching %s for model %s", repository, name)
                threading.Thread(target=self._bring, args=(future, *asked), name="fetching", daemon=True).start()
            return future

    def forget(self, name: str, repository: str, revision: str = "") -> None:
        """What is there is damaged: whoever asks next has it looked after again."""
        with self._lock:
            self._futures.pop((name, repository, revision), None)

    def close(self) -> None:
        """Stop what is on its way."""
        with self._lock:
            self._closed = True
            for child in self._children:
                assert child.stdin is not None
                child.stdin.close()

    def _bring(self, future: "Future[Path]", name: str, repository: str, revision: str) -> None:
        try:
            folder = self._fetched(name, repository, revision)
        except BaseException as error:
            future.set_exception(error)
        else:
            future.set_result(folder)

    def _fetched(self, name: str, repository: str, revision: str) -> Path:
        with self._lock:
            if self._closed:
                raise EngineClosed
            child = subprocess.Popen(
                [sys.executable, "-m", "engine.fetching", repository, revision],
                stdin=subprocess.PIPE,  # its end, by `close` or by the end of this process, is the child's
                stdout=subprocess.PIPE,
            )
            self._children.add(child)
        with child:
            assert child.stdout is not None
            *_, said = ["", *child.stdout.read().decode(errors="replace").splitlines()]
        with self._lock:
            self._children.remove(child)
            if self._closed:
                raise EngineClosed
        if child.returncode:
            raise ModelUnavailable(name, repository, said or f"the fetching ended with {child.returncode}")
        return Path(said)


def _child(repository: str, revision: str) -> int:
    """Prints the folder, or why there is none."""
    from engine.residents import import_quietly

    import_quietly()
    from diffusers.pipelines.pipeline_utils import DiffusionPipeline

    try:
        print(Path(DiffusionPipeline.download(repository, revision=revision or None)).absolute())
    except Exception as error:  # the hub's client raises errors of five libraries
        print(hub.why(error))
        return 1
    return 0


def _note(half_files: BinaryIO, event: str, about: tuple[object, ...]) -> None:
    """Write down what the hub's client is about to open under a name that no other download takes."""
    if event == "open" and isinstance(about[0], str) and about[0].endswith(".incomplete"):
        os.write(half_files.fileno(), os.fsencode(about[0]) + b"\0")


def _end_when_told(fetching: psutil.Process, half_files: BinaryIO) -> None:
    """Wait for the end of standard input, then end the child and remove its half files, gigabytes perhaps.

    A process of its own: only one that is stopped whole makes no more of them meanwhile.
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the child's alone, or its end would not be seen
    os.read(sys.stdin.fileno(), 1)
    with contextlib.suppress(psutil.Error):
        fetching.suspend()
        while any(_runs(thread.id) for thread in fetching.threads()):
            time.sleep(0.01)
    half_files.seek(0)
    for file in half_files.read().split(b"\0")[:-1]:
        with contextlib.suppress(OSError):
            Path(os.fsdecode(file)).unlink()
    with contextlib.suppress(psutil.Error):
        fetching.kill()


def _runs(thread: int) -> bool:
    ended = psutil.STATUS_STOPPED, psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD
    try:
        return psutil.Process(thread).status() not in ended
    except psutil.NoSuchProcess:
        return False


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent too, which says what is to stop
    this = psutil.Process()
    with tempfile.TemporaryFile() as half_files:
        if os.fork():
            sys.addaudithook(partial(_note, half_files))
            sys.exit(_child(*sys.argv[1:]))
        _end_when_told(this, half_files)
