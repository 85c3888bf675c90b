"""Models as the public repositories of FLUX.1 have them: loaded, and drawn as the stock pipelines draw them."""

from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from bench.comparing import family_of, in_company, psnr
from bench.stock import Stock
from engine.engine import Engine
from engine.models import KNOWN, Catalogue
from engine.requests import SCHEDULERS, LoraUse, Reference
from tests.engine.asking import asked
from tests.engine.lora.making import save
from tests.engine.published import write_published

PICTURE = Image.linear_gradient("L").resize((64, 64)).convert("RGB")
FROM_PICTURE: dict[str, Any] = {"image": PICTURE, "strength": 0.7}
MASK = Image.radial_gradient("L").resize((64, 64)).point([255] * 96 + [0] * 160)
WISHES: dict[str, dict[str, Any]] = {
    "plain": {"steps": 4},
    "another size": {"steps": 3, "height": 80},
    "a negative prompt": {"steps": 4, "negative_prompt": "people"},
    "from a picture": {"steps": 5, **FROM_PICTURE},
    "in a mask": {"steps": 5, "mask": MASK, **FROM_PICTURE},
}
BY_LOOP: dict[str, dict[str, Any]] = {name: {"steps": 4, "scheduler": name} for name in SCHEDULERS}
"""Of [dev] alone: the loop that stands for the stock pipeline there always gives a guidance."""


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    folder = tmp_path_factory.mktemp("published")
    small = {"width": 64, "height": 64, "min_side": 32}
    return Catalogue.of(
        {
            "dev": {"folder": write_published(folder / "dev", dev=True), "accepted": True, **small},
            "schnell": {"folder": write_published(folder / "schnell", dev=False), **small},
        }
    )


def test_they_are_asked_as_their_makers_say(published: Catalogue) -> None:
    dev, schnell = published.get("dev"), published.get("schnell")
    assert (dev.steps, dev.guidance, dev.text_tokens) == (28, 3.5, 512)
    assert (schnell.steps, schnell.guidance, schnell.text_tokens) == (4, 0.0, 256)
    assert dev.licence == KNOWN["dev"].licence


@pytest.mark.parametrize(("model", "wishes"), [("dev", WISHES | BY_LOOP), ("schnell", WISHES)])
async def test_their_pictures_in_company_are_the_stock_pipelines_alone(
    published: Catalogue, model: str, wishes: dict[str, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Their real weights are too large to be joined, so neither are these.
    monkeypatch.setattr("engine.families.flux1_transformer._JOINED_BYTES", 0)
    requests = [asked(model=model, guidance=3.5, seeds=(7,), **wish) for wish in wishes.values()]
    async with Engine(published, device="cpu", threads=1, model=model) as engine:
        company = await in_company(engine, requests, within=0.0)
    stock = Stock(published.get(model))
    for name, request, pictures in zip(wishes, requests, company, strict=True):
        assert pictures is not None
        _, alone = stock.draw(request)
        assert psnr(pictures.images[0], alone) >= 60, name


async def test_everything_there_is_to_ask_for_is_drawn_in_the_number_format_of_a_gpu(
    published: Catalogue, tmp_path: Path
) -> None:
    file = save(Stock(published.get("dev")).pipeline, tmp_path / "lora.safetensors", 1, text=True)
    effects: list[dict[str, Any]] = [
        {"tile": True},
        {"chaos": 0.5, "weird": 0.3},
        {"stylize": 0.7, "references": (Reference(kind="style", image=PICTURE),)},
        {"references": (Reference(kind="image", image=PICTURE),)},
        {"loras": (LoraUse(name="lora", weight=0.8),)},
        {"stop": 0.5, "steps": 8},
    ]
    requests = [asked(model="dev", **({"steps": 3} | wish)) for wish in (*WISHES.values(), *BY_LOOP.values(), *effects)]
    engine = Engine(published, device="cpu", dtype="bfloat16", threads=1, model="dev", find_lora=lambda _: file)
    async with engine:
        company = await in_company(engine, requests, within=0.0)
        parts = family_of(engine, "dev").pipeline.components.values()
        kinds = {one.dtype for part in parts if isinstance(part, torch.nn.Module) for one in part.parameters()}
    assert kinds == {torch.bfloat16}, "what the plans count with"
    assert all(pictures is not None for pictures in company)
