"""The plan "float8": weights kept in a byte each; the same pictures in any company, LoRAs in full, nothing written."""

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers.models.transformers.transformer_flux import FluxTransformer2DModel
from PIL import Image

from bench.comparing import bank_of, family_of, in_company, psnr
from bench.stock import Stock
from engine import plans
from engine.engine import Engine
from engine.families.flux1_transformer import Flux1Transformer
from engine.folders import numbers
from engine.models import Catalogue
from engine.requests import LoraUse, Reference
from tests.engine.asking import asked
from tests.engine.lora.making import save
from tests.engine.published import write_published

PICTURE = Image.linear_gradient("L").resize((64, 64)).convert("RGB")
MASK = Image.radial_gradient("L").resize((64, 64)).point([255] * 96 + [0] * 160)
FROM_PICTURE: dict[str, Any] = {"image": PICTURE, "strength": 0.7}
WISHES: dict[str, dict[str, Any]] = {
    "plain": {"steps": 4},
    "a negative prompt": {"steps": 4, "negative_prompt": "people"},
    "from a picture": {"steps": 5, **FROM_PICTURE},
    "in a mask": {"steps": 5, "mask": MASK, **FROM_PICTURE},
    "heun": {"steps": 3, "scheduler": "heun"},
    "a LoRA": {"steps": 4, "loras": (LoraUse(name="one", weight=0.8),)},
    "two LoRAs": {"steps": 3, "loras": (LoraUse(name="one", weight=-0.5), LoraUse(name="two", weight=1.2))},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_published(tmp_path_factory.mktemp("float8") / "dev", dev=True)


@pytest.fixture(scope="module")
def models(folder: Path) -> Catalogue:
    small: dict[str, Any] = {"folder": folder, "accepted": True, "width": 64, "height": 64, "min_side": 32}
    return Catalogue.of({"dev": small, "kontext": small})


@pytest.fixture(scope="module")
def loras(models: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    pipeline = Stock(models.get("dev")).pipeline
    files = tmp_path_factory.mktemp("loras")
    return {
        name: save(pipeline, files / f"{name}.safetensors", seed, text=bool(seed))
        for seed, name in enumerate(("one", "two"))
    }


@pytest.fixture(autouse=True)
def only_float8(monkeypatch: pytest.MonkeyPatch) -> None:
    """A CPU is never so short of memory: there the plan is not offered."""
    monkeypatch.setattr(plans, "possible", lambda *_, **__: {"float8": 1})


def cast(folder: Path) -> Any:
    """The transformer as diffusers keeps it."""
    transformer: Any = FluxTransformer2DModel.from_pretrained(folder / "transformer", dtype=torch.float32)
    transformer.enable_layerwise_casting(torch.float8_e4m3fn, torch.float32)
    return transformer


def in_float8(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Bit by bit; float8 knows no equality."""
    found = {name: one for name, one in module.named_parameters() if one.dtype == torch.float8_e4m3fn}
    return {name: one.detach().view(torch.uint8).clone() for name, one in found.items()}


async def test_pictures_in_company_are_those_of_the_stock_pipeline_with_rounded_weights_and_loras_in_full(
    models: Catalogue, folder: Path, loras: dict[str, Path]
) -> None:
    requests = [asked(model="dev", seeds=(7,), **wish) for wish in WISHES.values()]
    async with Engine(models, device="cpu", threads=1, model="dev", find_lora=loras.__getitem__) as engine:
        company = await in_company(engine, requests, within=0.0)
    stock, plain = (Stock(models.get("dev"), loras=loras) for _ in "12")
    rounded = {name: one.float() for name, one in cast(folder).state_dict().items()}
    stock.pipeline.transformer.load_state_dict(rounded)
    for (name, _), request, pictures in zip(WISHES.items(), requests, company, strict=True):
        assert pictures is not None
        assert psnr(pictures.images[0], stock.draw(request)[1]) >= 60, name
        assert psnr(pictures.images[0], plain.draw(request)[1]) < 60, f"{name}: nothing was rounded"


async def test_loras_leave_the_weights_as_they_were_bit_by_bit(
    models: Catalogue, folder: Path, loras: dict[str, Path]
) -> None:
    uses = (LoraUse(name="one", weight=0.8), LoraUse(name="two", weight=1.0))
    async with Engine(models, device="cpu", threads=1, model="dev", find_lora=loras.__getitem__) as engine:
        await in_company(engine, [asked(model="dev", loras=uses), asked(model="dev")], within=0.0)
        after = in_float8(family_of(engine, "dev").transformer)
        assert set(bank_of(engine, "dev").pages.dtypes.values()) == {torch.float32}
    before = in_float8(cast(folder))
    assert after.keys() == before.keys()
    assert all(torch.equal(after[name], one) for name, one in before.items())


async def test_everything_is_drawn_in_the_number_format_of_a_gpu(models: Catalogue, loras: dict[str, Path]) -> None:
    effects: list[dict[str, Any]] = [
        {"tile": True},
        {"chaos": 0.5, "weird": 0.3},
        {"stylize": 0.7, "references": (Reference(kind="style", image=PICTURE),)},
        {"references": (Reference(kind="image", image=PICTURE),)},
        {"model": "kontext", "references": (Reference(kind="image", image=PICTURE),)},
    ]
    requests = [asked(**({"model": "dev", "steps": 3} | wish)) for wish in (*WISHES.values(), *effects)]
    engine = Engine(models, device="cpu", dtype="bfloat16", threads=1, model="dev", find_lora=loras.__getitem__)
    async with engine:
        company = await in_company(engine, requests, within=0.0)
        family = family_of(engine, "dev")
        parts = {name: one for name, one in family.pipeline.components.items() if isinstance(one, torch.nn.Module)}
        kinds = {name: {one.dtype for one in part.parameters()} for name, part in parts.items()}
    assert kinds.pop("transformer") == {torch.float8_e4m3fn, torch.bfloat16}
    assert all(kind == {torch.bfloat16} for kind in kinds.values())
    assert all(pictures is not None for pictures in company)


def test_no_second_copy_of_the_weights_is_made(folder: Path) -> None:
    transformer = cast(folder)
    before = [one.data_ptr() for one in transformer.parameters()]
    Flux1Transformer(transformer)
    assert [one.data_ptr() for one in transformer.parameters()] == before


def test_what_is_counted_as_float8_is_what_diffusers_keeps_so(folder: Path, blank_folder: Path) -> None:
    for one in (folder, blank_folder):
        counted = numbers(one, without=plans._NOT_IN_FLOAT8)["transformer"]
        assert counted == sum(kept.numel() for kept in in_float8(cast(one)).values()) > 0


async def test_the_log_says_that_pictures_differ(models: Catalogue, caplog: pytest.LogCaptureFixture) -> None:
    async with Engine(models, device="cpu", threads=1, model="dev") as engine:
        await engine.ready()
    assert "model dev: its weights are kept in float8 for want of memory; pictures differ a little" in caplog.text
