"""The engine's face: a request in, progress and then pictures out, with one thread that owns the device.

The event loop crosses to the thread by a queue and comes back by `call_soon_threadsafe`. The thread loads, and the same
thread runs; what it does with requests is the floor's matter. Knows no rows of a database and no Discord, and imports
no tensors itself. Over 300 lines because the docstrings of the face are the engine's manual.
"""

import asyncio
import contextlib
import gc
import logging
import queue
import threading
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self

from engine.errors import DeviceFailed, EngineClosed, EngineError, OutOfMemory
from engine.lora.errors import LoraMissing
from engine.models import Catalogue
from engine.requests import Event, ImageRequest, LoraMix, Pictures
from engine.residents import Resident, Residents, collect
from engine.tickets import Post, Ticket

if TYPE_CHECKING:
    from engine.families import Adapted, Family, Row
    from engine.floor import Floor

log = logging.getLogger(__name__)

State = Literal["loading", "ready", "failed"]

_CLOSE_SECONDS = 30.0  # a model that is just being read from the disk cannot be interrupted
_RETRY_SECONDS = 30.0  # between two attempts to load a model that could not be loaded


def _no_lora(name: str) -> Path:
    raise LoraMissing(name)


class Engine:
    """Draws pictures; `async with` starts the device thread, which at once loads `model`, and ends it.

    Requests are taken up first come, first served, and then share the device step by step: see `engine.floor`. Several
    models stay on the device while memory allows; a request for another one waits for its loading. What lies on the hub
    is fetched beside, with nobody waiting but those who asked for it.

    Args:
        model: name of the model loaded first.
        device: "auto", "cpu", "mps", "cuda" or "cuda:N"; auto takes the best there is.
        dtype: "auto", "float32", "bfloat16" or "float16"; auto is bfloat16 on CUDA and float32 elsewhere.
        lanes: rows in flight at most: pictures, those with a negative prompt twice.
        find_lora: the file of a LoRA by its name in a request; raises LoraMissing.
        lora_bytes: what the LoRAs of one model may take on the device.
        model_bytes: what all models on the device may take together; None for what the device has.
        preview_every: steps between two previews, 0 for none.
        threads: torch's threads on a CPU; None leaves torch's choice.
        retry_seconds: between two attempts to load `model` after a failed one, while nothing else is asked for.

    Attributes:
        state: "loading", "ready", or "failed" when `model` could not be loaded, or the device is lost or its thread's
            work raised what nobody foresaw: then each request fails until there is a new engine.
        failure: why, in the state "failed". Loading is tried again from time to time.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        *,
        model: str = "pocket",
        device: str = "auto",
        dtype: str = "auto",
        lanes: int = 8,
        find_lora: Callable[[str], Path] = _no_lora,
        lora_bytes: int = 1 << 30,
        model_bytes: int | None = None,
        preview_every: int = 1,
        threads: int | None = None,
        retry_seconds: float = _RETRY_SECONDS,
    ) -> None:
        self.catalogue = catalogue
        self.state: State = "loading"
        self.failure: EngineError | None = None
        self._first = model
        self._device_name = device
        self._lanes = lanes
        self._preview_every = preview_every
        self._retry_seconds = retry_seconds
        self._tickets: queue.SimpleQueue[Ticket | None] = queue.SimpleQueue()
        self._post = Post()
        self._closing = threading.Event()
        self._lost: DeviceFailed | None = None
        self._residents = Residents(
            catalogue,
            device=device,
            dtype=dtype,
            find_lora=find_lora,
            lora_bytes=lora_bytes,
            model_bytes=model_bytes,
            threads=threads,
            gone=self._forget,
        )
        self._floor: Floor | None = None
        self._first_files: list[Future[Path]] = []  # on their way
        self._thread = threading.Thread(target=self._serve, name="engine", daemon=True)
        self._settled = asyncio.Event()
        self._ended = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._thread.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._tickets.put(None)
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._ended.wait()
                await asyncio.to_thread(self._thread.join)
        except TimeoutError:
            log.warning("the engine's thread did not end within %s s", _CLOSE_SECONDS)

    async def ready(self) -> None:
        """Wait until the first model is loaded. Raises what its loading failed with, or EngineClosed."""
        await self._settled.wait()
        if self.failure is not None:
            raise self.failure

    async def generate(self, request: ImageRequest) -> AsyncGenerator[Event, None]:
        """Progress from step 0 (it begins) to the last step, then the pictures, and the end.

        Closing the iterator, or cancelling the task in it, cancels the request at its next step. Slow readers skip
        progress but never the last one. Any number of requests may be in flight.

        Raises:
            RequestError: at once, for what the engine can tell without the device.
            ModelDamaged, ModelQuantised, ModelUnavailable, LoraRefused, LoraMissing, BankFull, OutOfMemory, NotFinite,
            DeviceFailed: later, and for this request alone; the engine goes on unless its `state` says otherwise.
            EngineClosed: it closes before the pictures are done.
        """
        self._check(request)
        if self._closing.is_set():
            raise EngineClosed
        ticket = Ticket(request, asyncio.get_running_loop(), self._post)
        self._tickets.put(ticket)
        try:
            while True:
                event = await ticket.next()
                yield event
                if isinstance(event, Pictures):
                    return
        finally:
            ticket.cancelled.set()

    def _check(self, request: ImageRequest) -> None:
        entry = self.catalogue.get(request.model)
        entry.check_licence()
        entry.check_size(request.width, request.height)
        request.check()

    # From here on everything runs on the device thread.

    def _serve(self) -> None:
        try:
            self._load_first()
            self._work()
        finally:
            self._closing.set()
            self._send_away()
            self._residents.close()
            self._floor = None
            if self.state == "loading":
                self._fail(EngineClosed())
            self._tell(self._settled.set)
            self._tell(self._ended.set)

    def _work(self) -> None:
        """Serve until the engine closes."""
        import torch

        with torch.inference_mode():
            while not self._closing.is_set():
                if (ticket := self._next()) is not None:
                    self._floor = self._floor or self._make_floor()
                    self._floor.take(ticket)
                del ticket  # or the pictures would live until the next request
                if self._floor is not None and self._tickets.empty():
                    try:
                        self._floor.advance()
                    except Exception as error:  # what costs one request only was caught there
                        self._lose(error)
                    self._post.send()

    def _send_away(self) -> None:
        """Tell everybody who waits that the engine is closed."""
        while not self._tickets.empty():
            if (late := self._tickets.get()) is not None:
                late.fail(EngineClosed())
        if self._floor is not None:
            self._floor.clear(EngineClosed)
        self._post.send()

    def _load_first(self) -> None:
        """Load the first model; where its files are on their way, they wake the thread to do it."""
        try:
            if not self._first_files:
                self._first_files = self._residents.files(self._first)
                for file in self._first_files:
                    file.add_done_callback(lambda _: self._tickets.put(None))
            if not all(file.done() for file in self._first_files):
                return
            files, self._first_files = self._first_files, []
            for file in files:
                file.result()
            self._model(self._first)
        except Exception as error:
            self._fail(self._typed(error))
        self._tell(self._settled.set)

    def _next(self) -> Ticket | None:
        """The next ticket; None when there is none and work to do, or when the engine closes."""
        if self._floor is not None and self._floor.busy:
            with contextlib.suppress(queue.Empty):
                return self._tickets.get_nowait()
            return None
        while True:
            if self._first_files and all(file.done() for file in self._first_files):
                self._load_first()
            waits = self.state == "failed" and self._lost is None
            try:
                return self._tickets.get(timeout=self._retry_seconds if waits else None)
            except queue.Empty:
                self._load_first()

    def _make_floor(self) -> "Floor":
        from engine.denoiser import Denoiser
        from engine.floor import Floor

        def adapted(family: "Family") -> "Adapted":
            bank = self._residents.of(family).bank
            return lambda rows: bank.rows([row.loras for row in rows], [row.share for row in rows])

        def fits(family: "Family", mixes: Sequence[LoraMix]) -> bool:
            return self._residents.of(family).bank.fits(mixes)

        def room(family: "Family", row: "Row") -> int:
            return self._residents.of(family).measured.rows(row.tokens)

        return Floor(
            Denoiser(room, adapted=adapted, fits=fits),
            model=self._model,
            held=self._residents.held,
            files=self._residents.files,
            lanes=self._lanes,
            preview_every=self._preview_every,
            stopping=self._closing.is_set,
            send=self._post.send,
            typed=self._typed,
            wake=lambda: self._tickets.put(None),
        )

    def _model(self, name: str) -> "Resident":
        """The model called `name`, loaded when it is not there. Raises EngineError, or what the device raises."""
        if self._lost is not None:
            raise self._lost
        resident = self._residents.get(name)
        self.state, self.failure = "ready", None
        return resident

    def _forget(self, name: str) -> None:
        if self._floor is not None:
            self._floor.forget(name)

    def _lose(self, error: Exception) -> None:
        """Nothing more is drawn: a CUDA context is lost after an error of its own, and only a new process gets another.

        So it is after any other error that nobody foresaw: what it left half done is not to be trusted.
        """
        lost = self._lost = DeviceFailed(self._device_name, type(error).__name__)
        self._fail(lost)
        self._typed(error)
        assert self._floor is not None
        self._floor.clear(lambda: DeviceFailed(lost.device, lost.reason))

    def _typed(self, error: Exception) -> EngineError:
        """The error for the asker, without a traceback: its frames would keep the device's memory alive."""
        import torch

        from engine.denoiser import is_out_of_memory

        if isinstance(error, EngineError):
            typed = error
            log.warning("request failed: %s %s", error.code, error.detail)
        else:
            # The text of a library's error may quote its input, so only the type goes to people.
            log.error("the device thread raised", exc_info=error)
            if is_out_of_memory(error):
                typed = OutOfMemory(self._device_name)
            else:
                typed = DeviceFailed(self._device_name, type(error).__name__)
            if isinstance(error, torch.AcceleratorError):
                self._lost = DeviceFailed(self._device_name, type(error).__name__)
                self._fail(self._lost)
        typed.__traceback__ = typed.__cause__ = typed.__context__ = error.__traceback__ = None
        self._collect()
        return typed

    def _fail(self, error: EngineError) -> None:
        self.state, self.failure = "failed", error

    def _collect(self) -> None:
        if self._lost is None:
            collect()
        else:
            gc.collect()

    def _tell(self, call: Callable[[], object]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed already
            self._loop.call_soon_threadsafe(call)
