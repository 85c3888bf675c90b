"""Verbs of the engine's tests."""

from typing import Any

from engine.engine import Engine
from engine.requests import ImageRequest, Pictures, Progress


def asked(**changes: Any) -> ImageRequest:
    """A request of the smallest size that is still a picture, with changes."""
    values: dict[str, Any] = {
        "model": "pocket",
        "prompt": "a red house under a starry night sky",
        "width": 64,
        "height": 64,
        "steps": 3,
        "guidance": 3.5,
        "seeds": (1,),
    }
    return ImageRequest(**(values | changes))


async def drawn(engine: Engine, request: ImageRequest) -> tuple[list[Progress], Pictures]:
    """All that comes back of one request."""
    events = [event async for event in engine.generate(request)]
    progress = [event for event in events if isinstance(event, Progress)]
    assert len(progress) == len(events) - 1
    last = events[-1]
    assert isinstance(last, Pictures)
    return progress, last
