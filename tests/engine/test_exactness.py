"""Exactness: a picture drawn in company equals the one that diffusers' own pipeline draws alone.

The short form of `bench/exactness.py`. Everything is in one batch, so that a row which leaks into another shows.
"""

from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image, ImageDraw

from bench.comparing import Latents, in_company, psnr
from bench.stock import Stock
from engine.engine import Engine
from engine.models import Catalogue
from engine.requests import SCHEDULERS, ImageRequest, LoraUse
from tests.engine.asking import asked
from tests.engine.lora.making import save


def a_picture() -> Image.Image:
    picture = Image.linear_gradient("L").resize((64, 64)).convert("RGB")
    ImageDraw.Draw(picture).ellipse((10, 20, 40, 50), fill="red")
    return picture


def a_mask() -> Image.Image:
    mask = Image.new("L", (64, 64), 0)
    ImageDraw.Draw(mask).rectangle((0, 0, 40, 63), fill=255)
    return mask


FROM_PICTURE: dict[str, Any] = {"image": a_picture(), "strength": 0.7}
WISHES: dict[str, dict[str, Any]] = {
    "few steps": {"steps": 2},
    "many steps": {"steps": 20, "guidance": 1.5, "prompt": "a blue boat"},
    "another size": {"width": 96, "steps": 5},
    "two seeds": {"seeds": (7, 4294967295), "prompt": ""},
    "a negative prompt": {"steps": 6, "negative_prompt": "people", "guidance": 2.0},
    "from a picture": {"steps": 7, **FROM_PICTURE},
    "from a picture, with a negative prompt": {"steps": 4, "negative_prompt": "a tree", **FROM_PICTURE},
    "in a mask": {"steps": 6, "seeds": (5, 6), "mask": a_mask(), **FROM_PICTURE},
    **{name: {"steps": 6, "scheduler": name, "seeds": (11,)} for name in SCHEDULERS},
    "heun, one step": {"steps": 1, "scheduler": "heun"},
    "dpm++ with a negative prompt": {"steps": 5, "scheduler": "dpm++", "negative_prompt": "people"},
    "a LoRA": {"steps": 5, "loras": (LoraUse(name="plain", weight=0.8),)},
    "a LoRA of the texts as well": {"steps": 3, "loras": (LoraUse(name="text", weight=1.0),), "negative_prompt": "fog"},
    "two LoRAs": {"steps": 6, "loras": (LoraUse(name="text", weight=0.4), LoraUse(name="plain", weight=-0.5))},
    "given up midway": {"steps": 30, "seeds": (1, 2)},
    "given up midway, too": {"steps": 12, "negative_prompt": "people"},
}
GIVEN_UP = [index for index, name in enumerate(WISHES) if name.startswith("given up")]


@pytest.fixture(scope="module")
def stock(catalogue_of_blank: Catalogue, loras: dict[str, Path]) -> Stock:
    torch.set_num_threads(1)  # two that wait for each other crawl on a busy machine
    return Stock(catalogue_of_blank.get("pocket"), loras=loras)


@pytest.fixture(scope="module")
def loras(catalogue_of_blank: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("loras")
    pipeline = Stock(catalogue_of_blank.get("pocket")).pipeline
    return {
        "plain": save(pipeline, folder / "plain.safetensors", 1),
        "text": save(pipeline, folder / "text.safetensors", 2, text=True),
    }


@pytest.fixture(scope="module")
def catalogue_of_blank(blank_folder: Path) -> Catalogue:
    return Catalogue.of({"pocket": {"folder": blank_folder}})


async def test_pictures_drawn_in_company_are_the_stock_pipelines_drawn_alone(
    catalogue: Catalogue, stock: Stock, loras: dict[str, Path]
) -> None:
    requests = [asked(**wish) for wish in WISHES.values()]
    latents = Latents()
    async with Engine(catalogue, device="cpu", threads=1, find_lora=loras.__getitem__) as engine:
        await engine.ready()
        with latents.kept(engine):
            company = await in_company(engine, requests, cancelled=GIVEN_UP, within=0.3)
    assert [index for index, pictures in enumerate(company) if pictures is None] == GIVEN_UP
    for name, request, pictures in zip(WISHES, requests, company, strict=True):
        for index, image in enumerate(pictures.images if pictures else ()):
            expected, alone = stock.draw(request, index)
            assert psnr(image, alone) >= 60, name
            assert (latents.of(image) - expected).abs().max() <= 1e-4, name


async def test_a_picture_that_stops_early_is_what_the_model_believed_in_by_then(engine: Engine, stock: Stock) -> None:
    whole, half = asked(steps=10), asked(steps=10, stop=0.5)
    company = await in_company(engine, [whole, half], within=0.0)
    assert company[0] is not None
    assert company[1] is not None
    assert psnr(company[0].images[0], company[1].images[0]) < 60
    assert psnr(company[1].images[0], believed_after(stock, half, 5)) >= 60


def believed_after(stock: Stock, request: ImageRequest, steps: int) -> Image.Image:
    """What Euler's last velocity points at: latents - sigma * velocity, of the two latents around the step."""
    seen: list[torch.Tensor] = []

    def after_step(_: object, __: int, ___: object, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        seen.append(tensors["latents"])
        return tensors

    pipeline: Any = stock.pipeline
    pipeline(
        request.prompt,
        width=request.width,
        height=request.height,
        num_inference_steps=request.steps,
        guidance_scale=request.guidance,
        generator=torch.Generator("cpu").manual_seed(request.seeds[0]),
        max_sequence_length=stock.entry.text_tokens,
        callback_on_step_end=after_step,
        output_type="latent",
    )
    sigmas = pipeline.scheduler.sigmas
    before, after = seen[steps - 2], seen[steps - 1]
    velocity = (after - before) / (sigmas[steps] - sigmas[steps - 1])
    with torch.inference_mode():
        return stock._decoded(before - sigmas[steps - 1] * velocity, request)
