"""LoRAs that requests use: files are read in a thread of their own, and what was read stays while somebody uses it.

Knows no requests and no layout of the device's memory.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from weakref import WeakValueDictionary

from engine.lora.pages import Matrices, rank_of


class Lora:
    """A LoRA in use, for as long as somebody holds this. `matrices` are None when the device alone has them."""

    def __init__(self, name: str, matrices: Matrices | None = None) -> None:
        self.name = name
        self.matrices: Matrices | None = None
        self.rank = self.bytes = 0
        if matrices is not None:
            self.bring(matrices)

    def bring(self, matrices: Matrices) -> None:
        self.matrices = matrices
        self.rank = rank_of(matrices)
        self.bytes = sum(half.numel() * half.element_size() for pair in matrices.values() for half in pair)


class Reading:
    """The LoRAs in use, and those on their way.

    Args:
        read: the matrices of a name, from its file; called in the thread that reads.
    """

    def __init__(self, read: Callable[[str], Matrices]) -> None:
        self._read = read
        self._used: WeakValueDictionary[str, Lora] = WeakValueDictionary()
        self._coming: dict[str, Future[Lora]] = {}
        self._lock = threading.Lock()
        self._thread = ThreadPoolExecutor(1, "lora")

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    @property
    def bytes(self) -> int:
        """What is in use takes of the host's memory."""
        return sum(lora.bytes for lora in list(self._used.values()))

    @property
    def busy(self) -> bool:
        """Whether a file is being read or waits for it."""
        return bool(self._coming)

    def used(self, name: str) -> Lora | None:
        return self._used.get(name)

    def knows(self, name: str) -> bool:
        """Whether it is in use or on its way."""
        return name in self._used or name in self._coming

    def use(self, name: str, *, on_device: bool) -> "Future[Lora]":
        """The LoRA, at hand already or read in the background. Whoever holds the future holds the LoRA."""
        with self._lock:
            lora = self._used.get(name)
            if lora is None and on_device:
                lora = self._used[name] = Lora(name)
            if lora is not None:
                here: Future[Lora] = Future()
                here.set_result(lora)
                return here
            if name not in self._coming:
                self._coming[name] = self._thread.submit(self._bring, name)
            return self._coming[name]

    def _bring(self, name: str) -> Lora:
        try:
            lora = Lora(name, self._read(name))
        except BaseException:
            with self._lock:
                del self._coming[name]  # it may be mended: the next one to ask has it read again
            raise
        with self._lock:
            del self._coming[name]
            self._used[name] = lora
        return lora
