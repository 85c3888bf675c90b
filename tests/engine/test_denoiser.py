"""Turns among lanes: who moves when, what one row's failure costs the others, what happens when memory runs out.

The model is a hand-made one whose velocity is arithmetic; everything around it is real.
"""

import asyncio
import random
from collections.abc import Callable, Sequence
from typing import Any, cast

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.denoiser import Denoiser, unadapted
from engine.errors import NotFinite
from engine.families import Adapted, Conditioning, Family, Row
from engine.lanes import Drawing, Lane
from engine.models import POCKET
from engine.preparing import PromptCache, lanes_of
from engine.tickets import Ticket
from tests.engine.asking import asked


class Model:
    """The face of a family; velocities are a tenth of the latents, and `before` may raise for some rows."""

    entry = POCKET
    device = torch.device("cpu")
    parts: dict[str, torch.nn.Module] = {}  # noqa: RUF012  nothing to adapt
    scheduler_settings: dict[str, Any] = {"shift": 3.0}  # noqa: RUF012

    def __init__(self, before: Callable[[Sequence[Row]], None] = lambda _: None) -> None:
        self.batches: list[list[Row]] = []
        self._before = before

    def encode(self, text: str) -> Conditioning:
        return Conditioning(text=torch.zeros(1, 2 + len(text) % 2, 1), pooled=None)

    def grid(self, width: int, height: int) -> tuple[int, int]:
        return 2, 2

    def noise(self, width: int, height: int, generator: torch.Generator) -> torch.Tensor:
        return torch.randn(1, 4, 3, generator=generator)

    def predict(self, rows: Sequence[Row], adapted: Adapted) -> torch.Tensor:
        assert len({(row.width, row.height, row.conditioning.text.shape[1]) for row in rows}) == 1
        self._before(rows)
        self.batches.append(list(rows))
        return torch.cat([row.latents for row in rows]) / 10

    def __getattr__(self, name: str) -> Any:  # what the denoiser must not touch
        raise AssertionError(name)


def lanes(model: Model, **wish: Any) -> list[Lane]:
    loop = asyncio.new_event_loop()
    loop.close()
    drawing = Drawing(ticket=Ticket(asked(**wish), loop), model=cast(Family, model), began=0.0)
    drawing.lanes = lanes_of(drawing, PromptCache())
    return drawing.lanes


def denoiser(limit: int = 100) -> Denoiser:
    return Denoiser(lambda _model, _row: limit, adapted=lambda _model: unadapted)


def test_one_forward_moves_all_lanes_of_a_kind_each_at_its_own_step() -> None:
    model, turns = Model(), denoiser()
    first, second = lanes(model, steps=5), lanes(model, steps=9, seeds=(1, 2))
    turns.join(first)
    turns.turn()
    turns.join(second)
    turns.turn()
    assert [len(batch) for batch in model.batches] == [1, 3]
    assert len({float(row.timestep) for row in model.batches[1]}) == 2
    assert [lane.walk.call for lane in (*first, *second)] == [2, 1, 1]


def test_lanes_leave_when_they_are_done_and_others_go_on() -> None:
    model, turns = Model(), denoiser()
    turns.join(lanes(model, steps=2))
    turns.join(lanes(model, steps=4))
    while turns.lanes:
        turns.turn()
    assert [len(batch) for batch in model.batches] == [2, 2, 1, 1]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 5))
def test_no_lane_waits_longer_than_there_are_lanes(seed: int, limit: int) -> None:
    """Whatever sizes, negative prompts and lengths join, whenever they do."""
    dice, model, turns = random.Random(seed), Model(), denoiser(limit)
    waited: dict[Lane, int] = {}
    for _ in range(60):
        if dice.random() < 0.4:
            turns.join(
                lanes(
                    model,
                    width=dice.choice((64, 96)),
                    steps=dice.randrange(1, 9),
                    seeds=tuple(range(dice.randrange(1, 4))),
                    prompt=dice.choice(("a", "ab")),
                    negative_prompt=dice.choice(("", "a", "ab")),
                )
            )
        if not turns.lanes:
            continue
        in_flight = list(turns.lanes)
        moved = {lane for lane, _ in turns.turn()}
        assert moved
        for lane in in_flight:
            # So many lanes were in flight when it last moved or joined: after as many turns it must have moved.
            left = waited.get(lane, len(in_flight)) - 1
            assert lane in moved or left > 0
            waited[lane] = len(in_flight) if lane in moved else left


def test_a_forward_holds_no_more_rows_than_fit_and_a_pair_counts_twice() -> None:
    model, turns = Model(), denoiser(4)
    turns.join(lanes(model, seeds=tuple(range(7)), steps=2))
    turns.join(lanes(model, seeds=(1, 2, 3), steps=2, negative_prompt="no cats"))
    while turns.lanes:
        turns.turn()
    assert max(len(batch) for batch in model.batches) == 4


def test_pairs_whose_texts_differ_in_length_take_a_forward_for_each() -> None:
    model, turns = Model(), denoiser()
    [lane] = lanes(model, steps=1, prompt="even", negative_prompt="odd")
    turns.join([lane])
    assert turns.turn() == [(lane, None)]
    assert [len(batch) for batch in model.batches] == [1, 1]


class Spoiled(Exception):
    pass


def test_a_row_that_fails_is_found_and_fails_alone() -> None:
    bad = asked(seeds=(666,)).guidance + 1

    def raise_for_bad(rows: Sequence[Row]) -> None:
        if any(row.guidance == bad for row in rows):
            raise Spoiled

    model, turns = Model(raise_for_bad), denoiser()
    good, spoiled = lanes(model, seeds=tuple(range(5)), steps=2), lanes(model, guidance=bad, steps=2)
    turns.join(good[:3])
    turns.join(spoiled)
    turns.join(good[3:])
    outcome = dict(turns.turn())
    assert isinstance(outcome[spoiled[0]], Spoiled)
    assert [outcome[lane] for lane in good] == [None] * 5
    assert {lane.walk.call for lane in good} == {1}
    assert spoiled[0] not in turns.lanes


def test_out_of_memory_halves_the_batch_for_good_and_nobody_fails(caplog: pytest.LogCaptureFixture) -> None:
    def at_most_three(rows: Sequence[Row]) -> None:
        if len(rows) > 3:
            raise torch.OutOfMemoryError("CUDA out of memory")

    model, turns = Model(at_most_three), denoiser()
    turns.join(lanes(model, seeds=tuple(range(8)), steps=3))
    while turns.lanes:
        assert all(error is None for _, error in turns.turn())
    assert max(map(len, model.batches)) <= 3
    assert "out of memory with 8 rows; from now on at most 4" in caplog.text
    assert sum(map(len, model.batches)) == 24


def test_a_picture_that_is_no_number_fails_alone() -> None:
    model, turns = Model(), denoiser()
    good, spoiled = lanes(model, steps=3), lanes(model, steps=3)
    turns.join(good)
    turns.join(spoiled)
    spoiled[0].latents = spoiled[0].latents * float("nan")
    turns.turn()
    turns.turn()
    outcome = dict(turns.turn())
    assert isinstance(outcome[spoiled[0]], NotFinite)
    assert outcome[good[0]] is None


def test_a_lost_device_is_everybodys_matter() -> None:
    def lose(_: Sequence[Row]) -> None:
        raise torch.AcceleratorError("CUDA error")

    turns = denoiser()
    turns.join(lanes(Model(lose), steps=3))
    with pytest.raises(torch.AcceleratorError):
        turns.turn()
