"""The engine through its face: loading, drawing, cancelling, failing, closing.

Over 300 lines because all of it shares one blank model, whose loading is the cost.
"""

import asyncio
import contextlib
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from bench.comparing import family_of
from engine.engine import Engine
from engine.errors import (
    BadRequest,
    DeviceFailed,
    EngineClosed,
    LicenceNotAccepted,
    ModelDamaged,
    NotFinite,
    OutOfMemory,
    UnknownModel,
    UnsupportedSize,
)
from engine.families import Row
from engine.models import KNOWN, Catalogue
from engine.requests import Event, Progress
from tests.engine.asking import asked, drawn


def psnr(first: Image.Image, second: Image.Image) -> float:
    """Decibels between two pictures of the same size; infinite for equal ones."""
    difference = np.asarray(first, dtype=np.float64) - np.asarray(second, dtype=np.float64)
    square = float((difference**2).mean())
    return float("inf") if square == 0 else 10 * np.log10(255**2 / square)


def a_parent() -> Image.Image:
    return Image.linear_gradient("L").resize((64, 64)).convert("RGB")


@pytest.fixture(scope="module")
def stock(blank_folder: Path) -> Any:
    from diffusers.pipelines.flux.pipeline_flux import FluxPipeline

    torch.set_num_threads(1)  # two that wait for each other crawl on a busy machine
    pipeline = FluxPipeline.from_pretrained(blank_folder, dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def by_stock(pipeline: Any, seed: int, **changes: Any) -> Image.Image:
    request = asked(**changes)
    arguments = {"image": request.image, "strength": request.strength} if request.image else {}
    with torch.inference_mode():
        return pipeline(
            request.prompt,
            width=request.width,
            height=request.height,
            num_inference_steps=request.steps,
            guidance_scale=request.guidance,
            generator=torch.Generator("cpu").manual_seed(seed),
            max_sequence_length=KNOWN["pocket"].text_tokens,
            **arguments,
        ).images[0]


async def test_the_picture_is_the_stock_pipelines_alone_and_in_company(engine: Engine, stock: Any) -> None:
    _, alone = await drawn(engine, asked(seeds=(7,)))
    _, company = await drawn(engine, asked(seeds=(3, 7, 4294967295)))
    assert psnr(alone.images[0], by_stock(stock, 7)) >= 60
    for seed, image in zip((3, 7, 4294967295), company.images, strict=True):
        assert psnr(image, by_stock(stock, seed)) >= 60


async def test_a_variation_is_the_stock_pipelines_alone_and_in_company(engine: Engine, stock: Any) -> None:
    from diffusers.pipelines.flux.pipeline_flux_img2img import FluxImg2ImgPipeline

    pipeline = FluxImg2ImgPipeline(**stock.components)
    pipeline.set_progress_bar_config(disable=True)
    parent = a_parent()
    _, pictures = await drawn(engine, asked(seeds=(3, 7), steps=4, image=parent, strength=0.6))
    for seed, image in zip((3, 7), pictures.images, strict=True):
        assert psnr(image, by_stock(pipeline, seed, steps=4, image=parent, strength=0.6)) >= 60


async def test_requests_do_not_change_each_other(engine: Engine) -> None:
    first, _, last = await asyncio.gather(
        drawn(engine, asked()),
        drawn(engine, asked(steps=2, width=96, image=a_parent(), strength=0.5, negative_prompt="people")),
        drawn(engine, asked()),
    )
    assert first[1].images[0].tobytes() == last[1].images[0].tobytes()


async def test_seed_prompt_and_negative_prompt_change_the_picture(engine: Engine) -> None:
    changes: list[dict[str, Any]] = [{}, {"seeds": (2,)}, {"prompt": "a blue boat"}, {"negative_prompt": "people"}]
    pictures = [(await drawn(engine, asked(**change)))[1].images[0].tobytes() for change in changes]
    assert len(set(pictures)) == len(changes)


@pytest.mark.parametrize(("width", "height"), [(96, 64), (64, 128)])
async def test_pictures_have_the_size_asked_for(engine: Engine, width: int, height: int) -> None:
    progress, pictures = await drawn(engine, asked(width=width, height=height, steps=2))
    assert pictures.images[0].size == (width, height)
    previews = [preview for event in progress for preview in event.previews or ()]
    assert previews
    assert {preview.width / preview.height for preview in previews} == {width / height}


async def test_progress_counts_from_nothing_to_the_last_step(engine: Engine) -> None:
    progress, pictures = await drawn(engine, asked(steps=5, seeds=(1, 2)))
    steps = [event.step for event in progress]
    assert steps == sorted(set(steps))
    assert (steps[0], steps[-1]) == (0, 5)
    assert {event.steps for event in progress} == {5}
    assert {len(event.previews) for event in progress if event.previews} == {2}
    assert len(pictures.images) == 2
    assert set(pictures.timings) == {"wait", "denoise", "decode", "device", "total"}


@pytest.mark.parametrize(("strength", "run"), [(0.1, 1), (0.3, 3), (0.35, 4), (0.7, 7), (1.0, 10)])
async def test_a_variation_tells_the_steps_it_really_runs(engine: Engine, strength: float, run: int) -> None:
    progress, _ = await drawn(engine, asked(steps=10, image=a_parent(), strength=strength))
    assert (progress[-1].step, progress[-1].steps) == (run, run)


async def test_without_previews_there_are_none(catalogue: Catalogue) -> None:
    async with Engine(catalogue, device="cpu", threads=1, preview_every=0) as engine:
        progress, _ = await drawn(engine, asked())
    assert all(event.previews is None for event in progress)


async def test_a_short_request_does_not_wait_for_the_last_step_of_a_long_one(engine: Engine) -> None:
    ends: list[int] = []

    async def ask(steps: int) -> None:
        await drawn(engine, asked(steps=steps))
        ends.append(steps)

    await asyncio.gather(ask(60), ask(20), ask(4))
    assert ends == [4, 20, 60]


async def test_alike_requests_are_served_first_come_first_served(catalogue: Catalogue) -> None:
    ends: list[int] = []

    async with Engine(catalogue, device="cpu", threads=1, lanes=2) as engine:

        async def ask(number: int) -> None:
            await drawn(engine, asked(seeds=(number,)))
            ends.append(number)

        await asyncio.gather(*(ask(number) for number in range(6)))
    assert ends == [0, 1, 2, 3, 4, 5]


async def a_few_steps(events: AsyncIterator[Event], steps: int) -> None:
    async for event in events:
        if isinstance(event, Progress) and event.step >= steps:
            return


async def test_closing_the_iterator_cancels_at_the_next_step(engine: Engine) -> None:
    async with contextlib.aclosing(engine.generate(asked(steps=100))) as events:
        await a_few_steps(events, 1)
    spy = StepCounter(engine)
    _, pictures = await drawn(engine, asked(steps=2))
    assert len(pictures.images) == 1
    assert spy.steps() <= 2 + 2, "the cancelled request ran on"


Predict = Callable[[Sequence[Row]], torch.Tensor]


def around_predict(engine: Engine, act: Callable[[Predict, Sequence[Row]], torch.Tensor]) -> Callable[[], None]:
    """From now on the model's forwards go through `act`; what is returned ends that."""
    model = family_of(engine)
    real = model.predict
    model.predict = lambda rows, adapted: act(lambda some: real(some, adapted), rows)

    def restore() -> None:
        del model.predict

    return restore


class StepCounter:
    """Counts the forwards of the engine's transformer from now on."""

    def __init__(self, engine: Engine) -> None:
        self._count = 0
        around_predict(engine, self._add)

    def _add(self, predict: Predict, rows: Sequence[Row]) -> torch.Tensor:
        self._count += 1
        return predict(rows)

    def steps(self) -> int:
        return self._count


async def test_cancelling_the_task_cancels_the_request(engine: Engine) -> None:
    task = asyncio.create_task(drawn(engine, asked(steps=100)))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await drawn(engine, asked(steps=1))


async def test_a_request_cancelled_while_it_waits_never_runs(engine: Engine) -> None:
    running = asyncio.create_task(drawn(engine, asked(steps=4)))
    waiting = asyncio.create_task(drawn(engine, asked(steps=50)))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    waiting.cancel()
    spy = StepCounter(engine)
    await running
    await drawn(engine, asked(steps=1))
    assert spy.steps() <= 5


async def test_closing_the_engine_ends_what_runs_and_what_waits(catalogue: Catalogue) -> None:
    async with Engine(catalogue, device="cpu", threads=1) as engine:
        await engine.ready()
        tasks = [asyncio.create_task(drawn(engine, asked(steps=100))) for _ in range(3)]
        await asyncio.sleep(0.1)
    for task in tasks:
        with pytest.raises(EngineClosed):
            await task
    with pytest.raises(EngineClosed):
        await drawn(engine, asked())
    assert not engine._thread.is_alive()


async def test_the_loop_runs_while_the_model_loads(catalogue: Catalogue) -> None:
    async with Engine(catalogue, device="cpu", threads=1) as engine:
        assert engine.state == "loading"
        turns, ready = 0, asyncio.create_task(engine.ready())
        while not ready.done():
            turns += 1
            await asyncio.sleep(0)
        await ready
        assert turns > 10
        assert engine.state == "ready"


async def test_a_request_made_while_the_model_loads_is_served(catalogue: Catalogue) -> None:
    async with Engine(catalogue, device="cpu", threads=1) as engine:
        _, pictures = await drawn(engine, asked(steps=1))
    assert len(pictures.images) == 1


async def test_an_engine_closed_while_it_loads_says_so(catalogue: Catalogue) -> None:
    async with Engine(catalogue, device="cpu", threads=1) as engine:
        pass
    assert not engine._thread.is_alive()


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"model": "pockte"}, UnknownModel),
        ({"width": 65}, UnsupportedSize),
        ({"height": 32}, UnsupportedSize),
        ({"width": 100_000}, UnsupportedSize),
        ({"steps": 0}, BadRequest),
        ({"steps": 1001}, BadRequest),
        ({"seeds": ()}, BadRequest),
        ({"seeds": (-1,)}, BadRequest),
        ({"seeds": (2**32,)}, BadRequest),
        ({"guidance": float("nan")}, BadRequest),
        ({"guidance": -1.0}, BadRequest),
        ({"strength": 0.5}, BadRequest),
        ({"image": Image.new("RGB", (8, 8))}, BadRequest),
        ({"image": Image.new("RGB", (8, 8)), "strength": 0.0}, BadRequest),
    ],
)
async def test_what_cannot_be_served_is_refused_with_its_reason(
    catalogue: Catalogue, changes: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        await anext(Engine(catalogue).generate(asked(**changes)))


async def test_a_model_whose_licence_is_not_accepted_is_refused() -> None:
    engine = Engine(Catalogue.of({"dev": {}}))
    with pytest.raises(LicenceNotAccepted, match="Non-Commercial"):
        await anext(engine.generate(asked(model="dev", width=1024, height=1024)))


def raising(error: Exception) -> Callable[[Predict, Sequence[Row]], torch.Tensor]:
    def act(_predict: Predict, _rows: Sequence[Row]) -> torch.Tensor:
        raise error

    return act


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (torch.OutOfMemoryError("CUDA out of memory"), OutOfMemory),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes."), OutOfMemory),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied, a secret prompt"), DeviceFailed),
        (ValueError("anything"), DeviceFailed),
    ],
)
async def test_a_failing_request_fails_alone(engine: Engine, failure: Exception, error: type[Exception]) -> None:
    restore = around_predict(engine, raising(failure))
    with pytest.raises(error) as caught:
        await drawn(engine, asked())
    assert "secret" not in str(caught.value)
    restore()
    assert engine.state == "ready"
    _, pictures = await drawn(engine, asked())
    assert len(pictures.images) == 1


async def test_a_lost_device_fails_the_engine_for_good(engine: Engine) -> None:
    around_predict(engine, raising(torch.AcceleratorError("CUDA error: an illegal memory access was encountered")))
    for _ in range(2):
        with pytest.raises(DeviceFailed):
            await drawn(engine, asked())
    assert engine.state == "failed"
    assert isinstance(engine.failure, DeviceFailed)


async def test_numbers_that_are_no_picture_are_an_error_not_a_black_picture(engine: Engine) -> None:
    def spoil(predict: Predict, rows: Sequence[Row]) -> torch.Tensor:
        velocities = predict(rows)
        velocities[1] = float("nan")
        return velocities

    restore = around_predict(engine, spoil)
    with pytest.raises(NotFinite) as caught:
        await drawn(engine, asked(seeds=(1, 2, 3)))
    assert caught.value.indices == [1]
    restore()
    await drawn(engine, asked())


async def test_a_damaged_model_is_told_and_heals_when_the_folder_does(blank_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    async with Engine(Catalogue.of({"pocket": {"folder": folder}}), device="cpu", threads=1) as engine:
        with pytest.raises(ModelDamaged, match="missing"):
            await engine.ready()
        assert engine.state == "failed"
        with pytest.raises(ModelDamaged):
            await drawn(engine, asked())
        shutil.copytree(blank_folder, folder)
        _, pictures = await drawn(engine, asked())
        assert len(pictures.images) == 1
        assert engine.state == "ready"
        assert engine.failure is None


async def test_a_mended_model_is_found_without_being_asked_for(blank_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    catalogue = Catalogue.of({"pocket": {"folder": folder}})
    async with Engine(catalogue, device="cpu", threads=1, retry_seconds=0.05) as engine:
        with pytest.raises(ModelDamaged):
            await engine.ready()
        shutil.copytree(blank_folder, tmp_path / "whole")
        (tmp_path / "whole").rename(folder)
        async with asyncio.timeout(60):
            while engine.state == "failed":  # noqa: ASYNC110  nobody announces it
                await asyncio.sleep(0.02)
        await engine.ready()


async def test_another_model_is_loaded_when_it_is_asked_for(blank_folder: Path, tmp_path: Path) -> None:
    from engine.pocket.blank import write_blank

    other = write_blank(tmp_path / "other", seed=5)
    catalogue = Catalogue.of(
        {"pocket": {"folder": blank_folder}, "other": {"folder": other, "multiple": 32, "min_side": 64}}
    )
    async with Engine(catalogue, device="cpu", threads=1) as engine:
        first, second, third = [
            (await drawn(engine, asked(model=model)))[1].images[0].tobytes() for model in ("pocket", "other", "pocket")
        ]
    assert first == third
    assert first != second


async def test_what_is_left_of_a_request_is_no_tensor(engine: Engine) -> None:
    import gc

    async def tensors() -> int:
        await drawn(engine, asked(steps=2, seeds=(1, 2)))
        async with contextlib.aclosing(engine.generate(asked(steps=9))) as events:
            await a_few_steps(events, 1)
        await drawn(engine, asked(steps=1))
        counts = []
        for _ in range(5):  # the device thread may still be on its way out of the last one
            await asyncio.sleep(0.05)
            gc.collect()
            counts.append(sum(isinstance(thing, torch.Tensor) for thing in gc.get_objects()))
        return min(counts)

    assert await tensors() == await tensors()


def test_importing_the_engine_brings_no_tensors() -> None:
    code = "import sys, engine.engine, engine.worker, engine.storage; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
