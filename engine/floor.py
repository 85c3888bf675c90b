"""The floor of the studio: where requests are taken up in order, prepared, denoised in lanes, decoded, and handed out.

Everything here runs on the device thread, except what `aside` takes to another one. Knows no event loop and no loading
of models.
"""

import logging
import time
from collections import deque
from collections.abc import Callable

import torch

from engine.denoiser import Denoiser
from engine.errors import EngineError
from engine.families import Family
from engine.lanes import Drawing, Lane
from engine.preparing import PromptCache, lanes_of
from engine.requests import Progress
from engine.tickets import Ticket

log = logging.getLogger(__name__)

Typed = Callable[[Exception], EngineError]


class Floor:
    """Requests in work.

    They are taken up first come, first served, as soon as the rows in flight leave room; from then on they share the
    device step by step, so a short one that came later may well end first. A request for another model waits until the
    ones in work are done, and those behind it wait with it.

    Args:
        model: gives the loaded model of a name, and loads it if need be.
        loaded: whether the model of that name is the one on the device.
        lanes: rows in flight at most; a picture with a negative prompt counts as two.
        typed: makes an error fit for the asker.
    """

    def __init__(
        self,
        denoiser: Denoiser,
        *,
        model: Callable[[str], Family],
        loaded: Callable[[str], bool],
        lanes: int,
        preview_every: int,
        typed: Typed,
    ) -> None:
        self.prompts = PromptCache()
        self._denoiser = denoiser
        self._model = model
        self._loaded = loaded
        self._lanes = lanes
        self._preview_every = preview_every
        self._typed = typed
        self._waiting: deque[Ticket] = deque()
        self._drawings: list[Drawing] = []
        self._prepared: deque[Lane] = deque()

    @property
    def busy(self) -> bool:
        return bool(self._waiting or self._drawings)

    def take(self, ticket: Ticket) -> None:
        self._waiting.append(ticket)

    def advance(self) -> None:
        """Take up what there is room for, and move some lanes by one step.

        Raises torch.AcceleratorError when the device is lost.
        """
        self._drop_cancelled()
        self._take_up()
        if not self._denoiser.lanes:
            return
        outcome = self._denoiser.turn()
        for lane, error in outcome:
            if error is not None and lane.drawing in self._drawings:
                self._fail(lane.drawing, error)
        moved = {id(lane.drawing): lane.drawing for lane, _ in outcome}
        for drawing in moved.values():
            if drawing in self._drawings:
                drawing.report(self._preview_every)
        for lane, _ in outcome:
            if lane.walk.done and lane.drawing in self._drawings:
                self._decode(lane)

    def clear(self, error: Callable[[], EngineError]) -> None:
        """Fail everything, in work or waiting."""
        for drawing in list(self._drawings):
            self._remove(drawing)
            drawing.ticket.fail(error())
        while self._waiting:
            self._waiting.popleft().fail(error())

    def _drop_cancelled(self) -> None:
        for drawing in [one for one in self._drawings if one.ticket.cancelled.is_set()]:
            self._remove(drawing)

    def _take_up(self) -> None:
        while True:
            while self._prepared and self._fits(self._prepared[0]):
                self._denoiser.join([self._prepared.popleft()])
            if self._prepared or not self._waiting or self._rows() >= self._lanes:
                return
            ticket = self._waiting[0]
            if not ticket.cancelled.is_set():
                if self._drawings and not self._loaded(ticket.request.model):
                    return
                self._prepare(ticket)
            self._waiting.popleft()

    def _prepare(self, ticket: Ticket) -> None:
        try:
            ticket.report(Progress(step=0, steps=ticket.request.steps_run))
            model = self._model(ticket.request.model)
            drawing = Drawing(ticket=ticket, model=model, began=time.perf_counter())
            drawing.lanes = lanes_of(drawing, self.prompts)
        except torch.AcceleratorError:
            raise
        except Exception as error:
            ticket.fail(self._typed(error))
            return
        self._drawings.append(drawing)
        self._prepared.extend(drawing.lanes)

    def _decode(self, lane: Lane) -> None:
        drawing, request = lane.drawing, lane.drawing.request
        began = time.perf_counter()
        try:
            drawing.images[lane.index] = drawing.model.decode(lane.latents, request.width, request.height)
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
        self._remove(drawing)
        drawing.ticket.fail(self._typed(error))

    def _remove(self, drawing: Drawing) -> None:
        self._drawings.remove(drawing)
        self._denoiser.leave(drawing.lanes)
        self._prepared = deque(lane for lane in self._prepared if lane.drawing is not drawing)

    def _rows(self) -> int:
        return sum(len(lane.conditionings) for lane in self._denoiser.lanes)

    def _fits(self, lane: Lane) -> bool:
        return not self._denoiser.lanes or self._rows() + len(lane.conditionings) <= self._lanes
