"""The floor of the studio: where requests are taken up in order, prepared, denoised in lanes, decoded, and handed out.

Everything here runs on the device thread. Knows no event loop and no loading of models.
"""

import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from engine.decoding import decode
from engine.denoiser import Denoiser
from engine.errors import EngineClosed, EngineError
from engine.exclusive import Interrupted
from engine.lanes import Drawing, Lane
from engine.preparing import PromptCache, lanes_of
from engine.requests import Pictures, Progress
from engine.residents import ByItself, InLanes, Resident
from engine.tickets import Ticket


@dataclass(eq=False)
class _Waiting:
    """A request that is not in work yet.

    Attributes:
        reading: its LoRAs, at hand or on their way from the disk; None before they are asked for.
        deferred: whether they are not asked for because others' take the memory there is for them, until one ends.
        files: its model's, on their way from the hub or not to be had; none once the model is on the device.
    """

    ticket: Ticket
    reading: "list[Future[Any]] | None" = None
    deferred: bool = False
    files: "tuple[Future[Path], ...]" = ()


class Floor:
    """Requests in work.

    They are taken up first come, first served, as soon as the rows in flight leave room; from then on they share the
    device step by step, so a short one that came later may well end first, whichever of the loaded models it is for. A
    request for a model that has to be loaded waits until the ones in work are done, so that nobody stands still for a
    loading; so does one for a model that lanes cannot run, which then has the device for itself. Those behind such a
    request wait with it. One whose LoRAs are being read lets those pass whose model is there: the loading of another
    might cost it its own. One whose model is being fetched lets all pass.

    Args:
        model: gives the model of a name, and loads it if need be.
        held: the model of a name if it is on the device.
        files: what has to be there before the model of a name can be loaded, being fetched beside.
        lanes: rows in flight at most; a picture with a negative prompt counts as two.
        stopping: whether the engine closes.
        send: brings what tickets were told to those who wait for it; otherwise done after each `advance`.
        typed: makes an error fit for the asker.
        wake: to be called, from any thread, when something that was waited for is there.
    """

    def __init__(
        self,
        denoiser: Denoiser,
        *,
        model: Callable[[str], Resident],
        held: Callable[[str], Resident | None],
        files: "Callable[[str], list[Future[Path]]]",
        lanes: int,
        preview_every: int,
        stopping: Callable[[], bool],
        send: Callable[[], None],
        typed: Callable[[Exception], EngineError],
        wake: Callable[[], None],
    ) -> None:
        self.prompts = PromptCache()
        self._denoiser = denoiser
        self._model = model
        self._held = held
        self._files = files
        self._lanes = lanes
        self._preview_every = preview_every
        self._stopping = stopping
        self._send = send
        self._typed = typed
        self._wake = wake
        self._waiting: deque[_Waiting] = deque()
        self._drawings: list[Drawing] = []
        self._prepared: deque[Lane] = deque()

    @property
    def busy(self) -> bool:
        """Whether `advance` has anything to do."""
        return bool(self._drawings) or self._next() is not None

    def take(self, ticket: Ticket) -> None:
        self._waiting.append(_Waiting(ticket))

    def advance(self) -> None:
        """Take up what there is room for, and move some lanes by one step.

        Raises torch.AcceleratorError when the device is lost. Whatever it raises, all that is in work or waits is here
        still, to be cleared.
        """
        self._drop_cancelled()
        self._take_up()
        if not self._denoiser.lanes:
            return
        began = time.perf_counter()
        outcome = self._denoiser.turn()
        for lane, error in outcome:
            if error is not None and lane.drawing in self._drawings:
                self._fail(lane.drawing, error)
        moved = {id(lane.drawing): lane.drawing for lane, _ in outcome}
        for drawing in moved.values():
            if drawing in self._drawings:
                drawing.report(self._preview_every)
        # With the previews: on a GPU a forward only begins the work, and they are the first to wait for it.
        seconds = time.perf_counter() - began
        rows = sum(len(lane.conditionings) for lane, _ in outcome)
        for lane, _ in outcome:
            lane.drawing.device_seconds += seconds * len(lane.conditionings) / rows
        for lane, _ in outcome:
            if lane.walk.done and lane.drawing in self._drawings:
                self._decode(lane)

    def forget(self, model: str) -> None:
        """A model goes, and its bank with it."""
        self.prompts.forget(model)
        for waiting in self._waiting:
            if waiting.ticket.request.model.lower() == model.lower():
                waiting.reading = None

    def clear(self, error: Callable[[], EngineError]) -> None:
        """Fail everything, in work or waiting."""
        for drawing in list(self._drawings):
            self._remove(drawing)
            drawing.ticket.fail(error())
        while self._waiting:
            self._waiting.popleft().ticket.fail(error())

    def _drop_cancelled(self) -> None:
        for drawing in [one for one in self._drawings if one.ticket.cancelled.is_set()]:
            self._remove(drawing)

    def _take_up(self) -> None:
        while True:
            while self._prepared and self._fits(self._prepared[0]):
                self._denoiser.join([self._prepared.popleft()])
            if self._prepared or not self._waiting or self._rows() >= self._lanes:
                return
            if (waiting := self._next()) is None:
                return
            if waiting.ticket.cancelled.is_set() or self._prepare(waiting):
                self._waiting.remove(waiting)

    def _next(self) -> _Waiting | None:
        """The first that can be taken up now; it stays where it is."""
        others = bool(self._drawings)  # that will end, after which this is looked at again
        for waiting in self._waiting:
            if waiting.ticket.cancelled.is_set():
                return waiting
            request = waiting.ticket.request
            model = self._held(request.model)
            waiting.deferred = False
            self._look_for_files(waiting, here=model is not None)
            if any(map(_failed, waiting.files)):
                return waiting
            if not all(file.done() for file in waiting.files):
                continue
            if others and not isinstance(model, InLanes):
                return None
            if waiting.reading is None and request.loras and isinstance(model, InLanes):
                names = [use.name for use in request.loras]
                waiting.deferred = others and not model.bank.has_room_for(names)
                if not waiting.deferred:
                    waiting.reading = model.bank.ensure(names)
                    for future in waiting.reading:
                        future.add_done_callback(lambda _: self._wake())
            if not _being_read(waiting):
                return waiting
            others = True
        return None

    def _look_for_files(self, waiting: _Waiting, *, here: bool) -> None:
        """Those of a model that is not `here`; what could not be fetched stays, to end the request."""
        if here:
            waiting.files = ()
        if here or any(map(_failed, waiting.files)):
            return
        request = waiting.ticket.request
        files = tuple(self._files(request.model))
        if files != waiting.files and not all(file.done() for file in files):
            for file in files:
                file.add_done_callback(lambda _: self._wake())
            waiting.ticket.report(Progress(step=0, steps=request.steps_run, fetching=True))
        waiting.files = files

    def _prepare(self, waiting: _Waiting) -> bool:
        """Take it up, or fail it; False when its model was loaded for it and its LoRAs are still to be read."""
        ticket = waiting.ticket
        try:
            for file in waiting.files:
                file.result()  # it is there, or could not be fetched, which ends the request
            ticket.report(Progress(step=0, steps=ticket.request.steps_run))
            self._send()  # loading may take a while, and the first step's progress would take its place
            model = self._model(ticket.request.model)
            if isinstance(model, ByItself):
                self._draw_alone(ticket, model)
                return True
            if ticket.request.loras and waiting.reading is None:
                return False
            for lora in waiting.reading or ():
                lora.result()  # it is there by now, or its file cannot be used, which ends the request
            drawing = Drawing(ticket=ticket, model=model.family, began=time.perf_counter())
            drawing.lanes = lanes_of(drawing, self.prompts, model.bank)
        except torch.AcceleratorError:
            raise
        except Exception as error:
            ticket.fail(self._typed(error))
            return True
        self._drawings.append(drawing)
        self._prepared.extend(drawing.lanes)
        return True

    def _draw_alone(self, ticket: Ticket, model: ByItself) -> None:
        """From the first step to the last, with nothing beside it."""
        began = time.perf_counter()

        def report(progress: Progress) -> None:
            ticket.report(progress)
            self._send()

        try:
            images = model.pipeline.draw(
                ticket.request,
                report=report,
                stop=lambda: ticket.cancelled.is_set() or self._stopping(),
            )
        except Interrupted:
            ticket.fail(EngineClosed())  # nobody reads it when the request was cancelled
            return
        ended = time.perf_counter()
        timings = {
            "wait": began - ticket.asked,
            "denoise": ended - began,
            "decode": 0.0,
            "device": ended - began,
            "total": ended - ticket.asked,
        }
        ticket.finish(Pictures(images=tuple(images), timings=timings))

    def _decode(self, lane: Lane) -> None:
        drawing, request = lane.drawing, lane.drawing.request
        began = time.perf_counter()
        try:
            drawing.images[lane.index] = decode(lane)
        except torch.AcceleratorError:
            raise
        except Exception as error:
            self._fail(drawing, error)
            return
        drawing.decode_seconds += time.perf_counter() - began
        if len(drawing.images) == len(request.seeds):
            self._remove(drawing)
            drawing.finish()

    def _fail(self, drawing: Drawing, error: Exception) -> None:
        typed = self._typed(error)  # first: where this raises, the drawing is still there to be cleared
        self._remove(drawing)
        drawing.ticket.fail(typed)

    def _remove(self, drawing: Drawing) -> None:
        self._drawings.remove(drawing)
        drawing.loras = ()  # lanes and drawing hold each other, so they may live on for a while
        for waiting in self._waiting:
            waiting.deferred = False
        self._denoiser.leave(drawing.lanes)
        self._prepared = deque(lane for lane in self._prepared if lane.drawing is not drawing)

    def _rows(self) -> int:
        return sum(len(lane.conditionings) for lane in self._denoiser.lanes)

    def _fits(self, lane: Lane) -> bool:
        return not self._denoiser.lanes or self._rows() + len(lane.conditionings) <= self._lanes


def _failed(file: "Future[Path]") -> bool:
    return file.done() and file.exception() is not None


def _being_read(waiting: _Waiting) -> bool:
    return waiting.deferred or any(not future.done() for future in waiting.reading or ())
