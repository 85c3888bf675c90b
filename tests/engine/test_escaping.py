"""What goes wrong on the device thread outside of a forward: it costs as little as it can, and nobody waits for it."""

import asyncio
from typing import Any

import pytest
import torch

from bench.comparing import family_of
from engine.engine import Engine
from engine.errors import DeviceFailed, OutOfMemory
from engine.lanes import Drawing, Lane
from engine.models import Catalogue
from engine.requests import Pictures
from tests.engine.asking import asked, drawn

WITHIN = 60.0  # seconds after which a wait of these tests gives up


async def ends(engine: Engine, *wishes: dict[str, Any]) -> list[Pictures | BaseException]:
    """What comes of some requests that are made at once."""
    async with asyncio.timeout(WITHIN):
        made = await asyncio.gather(*(drawn(engine, asked(**wish)) for wish in wishes), return_exceptions=True)
    return [one if isinstance(one, BaseException) else one[1] for one in made]


async def test_a_preview_that_fails_costs_only_the_preview(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    # Whatever the machine's speed, every step but the last would have one.
    monkeypatch.setattr("engine.lanes._PREVIEW_SECONDS", 0.0)
    _, well = await drawn(engine, asked())
    monkeypatch.setattr(family_of(engine), "previews", fail, raising=False)
    progress, pictures = await drawn(engine, asked())
    assert pictures.images[0].tobytes() == well.images[0].tobytes()
    assert progress[-1].step == 3
    assert all(event.previews is None for event in progress)
    assert [record.message for record in caplog.records if "preview" in record.message] == ["a preview failed"]
    assert engine.state == "ready"


async def test_a_lane_that_cannot_say_its_rows_fails_alone(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Lane.rows

    def rows(lane: Lane) -> Any:
        if 666 in lane.drawing.request.seeds and lane.walk.step:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return real(lane)

    monkeypatch.setattr(Lane, "rows", rows)
    good, bad, other = await ends(engine, {"seeds": (1, 2)}, {"seeds": (666,)}, {"seeds": (3,)})
    assert isinstance(bad, OutOfMemory)
    assert isinstance(good, Pictures)
    assert isinstance(other, Pictures)
    assert engine.state == "ready"


async def test_what_nobody_foresaw_fails_everybody_and_the_engine(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    def report(_drawing: Drawing, _every: int) -> None:
        raise ValueError("a secret prompt")

    monkeypatch.setattr(Drawing, "report", report)
    async with Engine(catalogue, device="cpu", threads=1, lanes=2) as engine:
        await engine.ready()
        # Two are in work, the others wait.
        for error in await ends(engine, *({"seeds": (seed,)} for seed in range(4))):
            assert isinstance(error, DeviceFailed)
            assert error.reason == "ValueError"
        assert engine.state == "failed"
        assert isinstance(engine.failure, DeviceFailed)
        [late] = await ends(engine, {})
        assert isinstance(late, DeviceFailed)


async def test_a_device_lost_while_a_failure_is_cleaned_up_leaves_nobody_waiting(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def decode(*_: object, **__: object) -> None:
        raise ValueError

    def collect() -> None:
        raise torch.AcceleratorError("CUDA error: an illegal memory access was encountered")

    monkeypatch.setattr(family_of(engine), "decode", decode, raising=False)
    monkeypatch.setattr("engine.engine.collect", collect)
    for error in await ends(engine, {}, {"steps": 9}):
        assert isinstance(error, DeviceFailed)
    assert engine.state == "failed"
