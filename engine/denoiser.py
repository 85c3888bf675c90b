"""The step-level batch: each turn one forward over lanes of one kind, every lane at its own step.

Imports torch: for the device thread only. Knows no text encoders, autoencoders or transformers, no queue and no rows of
a database.
"""

import contextlib
import logging
from collections.abc import Callable, Sequence
from itertools import groupby
from weakref import WeakKeyDictionary

import torch

from engine.families import Adapted, Family, Row
from engine.lanes import Lane
from engine.requests import LoraMix

log = logging.getLogger(__name__)

_ANY = 1 << 20

Room = Callable[[Family, Row], int]
"""How many rows like this one fit in one forward of the model, at least 1."""


class Denoiser:
    """Moves lanes, a call of the model at a time.

    Each turn belongs to the lane that has waited longest, the one that joined first among equals; as many others of its
    kind as fit ride along. So with n lanes in flight every one of them moves at least once in n turns, whatever joins
    or leaves meanwhile: a newcomer counts as having moved when it joined.

    Args:
        room: for the number of rows in a forward.
        adapted: gives, for a model, the context that applies each row's LoRAs.
        fits: whether the LoRAs of such mixes can be on the model's device together. One mix alone always can.
    """

    def __init__(
        self,
        room: Room,
        *,
        adapted: Callable[[Family], Adapted],
        fits: Callable[[Family, Sequence[LoraMix]], bool] = lambda _model, _mixes: True,
    ) -> None:
        self.lanes: list[Lane] = []
        self._room = room
        self._adapted = adapted
        self._fits = fits
        self._turn = 0
        # Rows in a forward of a model, once the device ran out of memory with it.
        self._most: WeakKeyDictionary[Family, int] = WeakKeyDictionary()

    def join(self, lanes: Sequence[Lane]) -> None:
        """From the next turn on."""
        for lane in lanes:
            lane.turn = self._turn
        self.lanes.extend(lanes)

    def leave(self, lanes: Sequence[Lane]) -> None:
        gone = set(map(id, lanes))
        self.lanes = [lane for lane in self.lanes if id(lane) not in gone]

    def turn(self) -> list[tuple[Lane, Exception | None]]:
        """One forward; the lanes that it was for, each with what went wrong for it alone.

        Lanes that are done or failed leave. Raises torch.AcceleratorError when the device itself is lost.
        """
        moving = self._next()
        self._turn += 1
        rows = [row for _, own in moving if not isinstance(own, Exception) for row in own]
        answers = iter(self._predicted(moving[0][0].drawing.model, rows) if rows else ())
        outcome: list[tuple[Lane, Exception | None]] = []
        for lane, own in moving:
            lane.turn = self._turn
            if isinstance(own, Exception):
                outcome.append((lane, own))
                continue
            outcome.append((lane, _advanced(lane, [next(answers) for _ in own])))
        self.leave([lane for lane, error in outcome if error is not None or lane.walk.done])
        return outcome

    def _next(self) -> list[tuple[Lane, list[Row] | Exception]]:
        """The lanes of this turn, each with its rows or why it has none."""
        first = min(self.lanes, key=lambda lane: lane.turn)
        rows, model = _rows(first), first.drawing.model
        if isinstance(rows, Exception):
            return [(first, rows)]
        fitting = min(self._most.get(model, _ANY), self._room(model, rows[0])) // len(rows)
        chosen: list[tuple[Lane, list[Row] | Exception]] = [(first, rows)]
        mixes = {first.drawing.request.loras}
        for lane in sorted((lane for lane in self.lanes if lane.key == first.key), key=lambda lane: lane.turn):
            loras = lane.drawing.request.loras
            if len(chosen) >= fitting:
                break
            if lane is not first and (loras in mixes or self._fits(model, [*mixes, loras])):
                chosen.append((lane, _rows(lane)))
                mixes.add(loras)
        return chosen

    def _predicted(self, model: Family, rows: list[Row]) -> list[torch.Tensor | Exception]:
        """A velocity (1, tokens, channels) for each row, or what its forward failed with.

        Rows whose texts differ in length take a forward for each length. A forward that fails is repeated in halves,
        so that the row at fault is found and fails alone; one that ran out of memory also makes later ones smaller.
        """
        lengths = [row.conditioning.text.shape[1] for row in rows]
        if len(set(lengths)) > 1:
            order = sorted(range(len(rows)), key=lengths.__getitem__)
            parts = [self._predicted(model, [rows[i] for i in some]) for _, some in groupby(order, lengths.__getitem__)]
            found = dict(zip(order, (answer for part in parts for answer in part), strict=True))
            return [found[i] for i in range(len(rows))]
        answer = self._forward(model, rows)
        if not isinstance(answer, Exception):
            return answer
        if len(rows) == 1:
            return [answer]
        half = len(rows) // 2
        if is_out_of_memory(answer):
            most = self._most[model] = min(self._most.get(model, _ANY), half)
            log.warning("out of memory with %d rows; from now on at most %d in a forward", len(rows), most)
        del answer
        return self._predicted(model, rows[:half]) + self._predicted(model, rows[half:])

    def _forward(self, model: Family, rows: list[Row]) -> list[torch.Tensor | Exception] | Exception:
        try:
            return list(model.predict(rows, self._adapted(model)).split(1))
        except torch.AcceleratorError:
            raise
        except Exception as error:
            log.warning("a forward of %d rows failed", len(rows), exc_info=not is_out_of_memory(error))
            error.__traceback__ = None  # its frames hold the tensors of the forward
            return error


def is_out_of_memory(error: BaseException) -> bool:
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or "can't allocate memory" in str(error)


def unadapted(_rows: Sequence[Row]) -> contextlib.AbstractContextManager[None]:
    """For models without LoRAs."""
    return contextlib.nullcontext()


def _rows(lane: Lane) -> list[Row] | Exception:
    try:
        return lane.rows()
    except torch.AcceleratorError:
        raise
    except Exception as error:
        return error


def _advanced(lane: Lane, answers: Sequence[torch.Tensor | Exception]) -> Exception | None:
    """Move the lane; what went wrong with it, if anything."""
    velocities = []
    for answer in answers:
        if isinstance(answer, Exception):
            return answer
        velocities.append(answer)
    try:
        lane.advance(velocities)
    except torch.AcceleratorError:
        raise
    except Exception as error:
        return error
    return None
