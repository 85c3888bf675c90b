"""What an edit in several pieces says of its time."""

from collections.abc import AsyncGenerator
from dataclasses import replace

import pytest

from engine.edits.drawing import drawn
from engine.edits.plan import Editor
from engine.requests import Event, ImageRequest, Pictures
from tests.engine.edits.test_plan import Reader, asked, noisy
from tests.fakes import FakeEngine


class Timed(FakeEngine):
    """Pieces that take the device one second, two seconds and so on, and end after each other."""

    def __init__(self, *, says: bool) -> None:
        super().__init__()
        self._says = says

    async def generate(self, request: ImageRequest) -> AsyncGenerator[Event, None]:
        async for event in super().generate(request):
            if isinstance(event, Pictures):
                device = float(self.finished)
                total = device * (device + 1) / 2
                yield replace(event, timings={"total": total} | ({"device": device} if self._says else {}))
            else:
                yield event


@pytest.mark.parametrize("says", [True, False])
async def test_the_devices_time_is_that_of_all_pieces_and_the_total_is_that_of_the_last(says: bool) -> None:
    plan = Editor(reader=Reader()).plan({"kind": "upscale", "how": "creative"}, asked(image=noisy()))
    pieces = len(plan.requests)
    assert pieces > 1
    async with Timed(says=says) as engine:
        pictures = [event async for event in drawn(engine, plan)][-1]
    assert isinstance(pictures, Pictures)
    seconds = pieces * (pieces + 1) / 2
    assert pictures.timings == {"total": seconds} | ({"device": seconds} if says else {})
