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
import threading
from concurrent.futures import Future
from pathlib import Path

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


def _end_when_told() -> None:
    os.read(sys.stdin.fileno(), 1)  # not through `sys.stdin`, whose lock the interpreter wants when it ends
    with contextlib.suppress(psutil.Error, OSError):
        for file in psutil.Process().open_files():
            if file.path.endswith(".incomplete"):  # gigabytes perhaps, under a name that no other download takes
                Path(file.path).unlink()
    os._exit(1)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent too, which says what is to stop
    threading.Thread(target=_end_when_told, daemon=True).start()
    sys.exit(_child(*sys.argv[1:]))
