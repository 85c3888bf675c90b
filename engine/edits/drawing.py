"""Carrying out a plan: its requests go to the engine together, and come back with the engine's own face.

Knows no rows and no pixels.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Protocol

from engine.edits.plan import Plan
from engine.requests import Event, ImageRequest, Pictures, Progress


class Draws(Protocol):
    """The engine's face, as far as it is needed here."""

    def generate(self, request: ImageRequest) -> AsyncGenerator[Event, None]: ...


async def drawn(engine: Draws, plan: Plan) -> AsyncGenerator[Event, None]:
    """As `Engine.generate`, for all requests of the plan at once: progress over their steps, then finished pictures.

    Their timings are those of the slowest request, but `device` is the part of the device's time that all of them took.
    Closing it cancels all of them. Raises what the first failing one raises.
    """
    events = _one(engine, plan) if len(plan.requests) == 1 else _several(engine, plan)
    async with contextlib.aclosing(events):
        async for event in events:
            yield event


async def _one(engine: Draws, plan: Plan) -> AsyncGenerator[Event, None]:
    async with contextlib.aclosing(engine.generate(plan.requests[0])) as events:
        async for event in events:
            if isinstance(event, Pictures):
                images = await asyncio.to_thread(plan.finish, [event.images])
                event = replace(event, images=images)
            yield event


async def _several(engine: Draws, plan: Plan) -> AsyncGenerator[Event, None]:
    arrived: asyncio.Queue[tuple[int, Event | Exception]] = asyncio.Queue()

    async def draw(index: int, request: ImageRequest) -> None:
        try:
            async with contextlib.aclosing(engine.generate(request)) as events:
                async for event in events:
                    arrived.put_nowait((index, event))
        except Exception as error:
            arrived.put_nowait((index, error))

    total = sum(request.steps_run for request in plan.requests)
    steps = dict.fromkeys(range(len(plan.requests)), 0)
    done: dict[int, Pictures] = {}
    began = False
    tasks = [asyncio.create_task(draw(index, request)) for index, request in enumerate(plan.requests)]
    try:
        while len(done) < len(tasks):
            index, event = await arrived.get()
            if isinstance(event, Exception):
                raise event
            if isinstance(event, Pictures):
                done[index] = event
            elif event.step or not began:
                began = not event.fetching
                steps[index] = event.step
                yield Progress(step=sum(steps.values()), steps=total, fetching=event.fetching)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    images = await asyncio.to_thread(plan.finish, [done[index].images for index in range(len(tasks))])
    timings = [pictures.timings for pictures in done.values()]
    slowest = max(timings, key=lambda one: one.get("total", 0.0))
    device = {"device": sum(one["device"] for one in timings)} if "device" in slowest else {}
    yield Pictures(images=images, timings={**slowest, **device})
