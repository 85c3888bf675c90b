"""Step caching: each row decides for itself, in company as alone."""

import asyncio
from dataclasses import replace

import pytest
import torch

from bench.comparing import Latents, drawn, family_of, in_company, psnr
from engine.denoiser import Denoiser, unadapted
from engine.engine import Engine
from engine.lanes import Drawing
from engine.models import Catalogue
from engine.preparing import PromptCache, lanes_of
from engine.requests import ImageRequest
from engine.tickets import Ticket
from tests.engine.asking import asked

WISHES = [
    {"steps": 24},
    {"steps": 40, "prompt": "a blue boat", "guidance": 1.5},
    {"steps": 30, "negative_prompt": "people", "seeds": (5, 6)},
    {"steps": 6},
]


@pytest.fixture
def cached(catalogue: Catalogue) -> Catalogue:
    return Catalogue({"pocket": replace(catalogue.get("pocket"), step_cache=0.3)})


async def test_a_row_in_company_reuses_the_steps_that_it_reuses_alone(cached: Catalogue) -> None:
    requests = [asked(**wish) for wish in WISHES]
    latents = Latents()
    async with Engine(cached, device="cpu", threads=1) as engine:
        await engine.ready()
        with latents.kept(engine):
            company = await in_company(engine, requests, within=0.2)
            alone = [await drawn(engine, request) for request in requests]
    for one, other in zip(company, alone, strict=True):
        assert one is not None
        assert other is not None
        for image, expected in zip(one.images, other.images, strict=True):
            assert psnr(image, expected) >= 60
            assert (latents.of(image) - latents.of(expected)).abs().max() <= 1e-4


async def test_a_picture_of_many_steps_computes_fewer_than_it_takes_and_one_of_few_all(cached: Catalogue) -> None:
    many = await _computed(cached, asked(steps=40))
    assert many is not None
    assert many < 40
    assert await _computed(cached, asked(steps=10)) is None


async def _computed(catalogue: Catalogue, request: ImageRequest) -> int | None:
    """How many steps ran through all blocks, counted by the lane itself."""
    async with Engine(catalogue, device="cpu", threads=1) as engine:
        await engine.ready()
        model = family_of(engine)
    with torch.inference_mode():
        drawing = Drawing(ticket=Ticket(request, asyncio.get_running_loop()), model=model, began=0.0)
        [lane] = lanes_of(drawing, PromptCache())
        turns = Denoiser(lambda _model, _row: 8, adapted=lambda _model: unadapted)
        turns.join([lane])
        while turns.lanes:
            turns.turn()
    [memory] = lane.memories
    if memory is None:
        return None
    assert memory.computed + memory.reused == request.steps
    return memory.computed
