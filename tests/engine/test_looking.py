"""Models that look at pictures: Redux and Kontext in lanes are diffusers' own pipelines, to 60 dB in fp32.

The weights are tiny and random: what is proved is the arithmetic, not the taste.
"""

import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers.pipelines.flux.modeling_flux import ReduxImageEncoder
from diffusers.pipelines.flux.pipeline_flux_kontext import FluxKontextPipeline
from diffusers.pipelines.flux.pipeline_flux_prior_redux import FluxPriorReduxPipeline
from PIL import Image, ImageDraw
from transformers import SiglipVisionConfig, SiglipVisionModel
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

from bench.comparing import in_company, psnr
from bench.stock import Stock
from engine import plans
from engine.engine import Engine
from engine.errors import LicenceNotAccepted, ModelDamaged
from engine.families.flux1_kontext import placed, preferred
from engine.models import POCKET_FOLDER, Catalogue
from engine.requests import ImageRequest, Reference
from tests.engine.asking import asked, drawn

KONTEXT = "black-forest-labs/FLUX.1-Kontext-dev"
WIDTH = 128  # of the pocket architecture's text
SMALL: dict[str, Any] = {"width": 64, "height": 64, "text_tokens": 512, "accepted": True}  # the prior asks for 512


def picture(colour: str = "red", size: tuple[int, int] = (90, 60)) -> Image.Image:
    made = Image.linear_gradient("L").resize(size).convert("RGB")
    ImageDraw.Draw(made).ellipse((10, 10, 50, 50), fill=colour)
    return made


def reference(kind: Any, colour: str = "red", weight: float = 1.0) -> Reference:
    return Reference(kind=kind, image=picture(colour), weight=weight)


@pytest.fixture(scope="module")
def redux_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("redux")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        processor: Any = SiglipImageProcessorPil(size={"height": 42, "width": 42})
        sizes: dict[str, Any] = {
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
        }
        FluxPriorReduxPipeline(
            image_encoder=SiglipVisionModel(SiglipVisionConfig(**sizes, image_size=42, patch_size=7)).eval(),
            feature_extractor=processor,
            image_embedder=ReduxImageEncoder(32, WIDTH),
        ).save_pretrained(folder)
    index = json.loads((folder / "model_index.json").read_text())
    index["feature_extractor"] = ["transformers", "SiglipImageProcessor"]  # as the published weights have it
    (folder / "model_index.json").write_text(json.dumps(index))
    return folder


@pytest.fixture(scope="module")
def models(redux_folder: Path) -> Catalogue:
    return Catalogue.of(
        {
            "looking": {"folder": POCKET_FOLDER, "redux": str(redux_folder), "min_side": 64, "multiple": 32, **SMALL},
            "kontext": {"folder": POCKET_FOLDER, "min_side": 64, "multiple": 32, **SMALL},
        }
    )


@pytest.fixture(scope="module")
def stock(models: Catalogue) -> Stock:
    torch.set_num_threads(1)
    return Stock(models.get("looking"))


@pytest.fixture(scope="module")
def prior(stock: Stock, redux_folder: Path) -> Any:
    texts = {name: getattr(stock.pipeline, name) for name in ("text_encoder", "text_encoder_2")}
    texts |= {name: getattr(stock.pipeline, name) for name in ("tokenizer", "tokenizer_2")}
    return FluxPriorReduxPipeline.from_pretrained(redux_folder, dtype=torch.float32, **texts)


@pytest.fixture
async def engine(models: Catalogue) -> AsyncIterator[Engine]:
    async with Engine(models, model="looking", device="cpu", threads=1) as engine:
        await engine.ready()
        yield engine


async def test_references_through_redux_are_the_stock_pipelines_in_any_company(
    engine: Engine, stock: Stock, prior: Any
) -> None:
    wished = [
        looking(steps=4),
        looking(steps=6, references=(reference("image"),)),
        looking(steps=3, references=(reference("image", "blue"),), negative_prompt="people", guidance=2.0),
        looking(steps=5, references=(reference("image", weight=0.4), reference("subject", "green"))),
        looking(steps=4, references=(reference("style", "blue", 1.5),), prompt="a blue boat", seeds=(9,)),
    ]
    company = await in_company(engine, wished, within=0.2)
    for request, pictures in zip(wished, company, strict=True):
        assert pictures is not None
        assert psnr(pictures.images[0], by_redux(stock, prior, request)) >= 60


async def test_a_reference_through_redux_changes_the_picture_by_its_weight(engine: Engine) -> None:
    async def draw(**changes: Any) -> Image.Image:
        return (await drawn(engine, looking(steps=4, **changes)))[1].images[0]

    plain = await draw()
    assert psnr(await draw(references=(reference("image", weight=0.0),)), plain) == float("inf")
    far = [psnr(await draw(references=(reference("image", weight=weight),)), plain) for weight in (1.0, 3.0)]
    assert all(one < 60 for one in far)
    other = await draw(references=(reference("image", "blue"),))
    assert psnr(other, await draw(references=(reference("image", "red"),))) < 60
    # Chaos mixes words; what pictures say stays behind them.
    assert (await draw(references=(reference("image"),), chaos=0.8)).size == (64, 64)


async def test_edits_by_kontext_are_the_stock_pipelines_in_any_company(models: Catalogue, stock: Stock) -> None:
    wished = [
        instructed(steps=4),
        instructed(steps=6, references=(reference("image", "blue"),), seeds=(4,), prompt="make it night"),
        instructed(steps=3, negative_prompt="people", guidance=2.0),
        instructed(steps=5, references=(reference("subject"),), width=96),
        asked(model="kontext", steps=4),
    ]
    async with Engine(models, model="kontext", device="cpu", threads=1) as engine:
        await engine.ready()
        company = await in_company(engine, wished, within=0.2)
    for request, pictures in zip(wished, company, strict=True):
        assert pictures is not None
        assert psnr(pictures.images[0], by_kontext(stock, request)) >= 60


async def test_pictures_are_looked_at_also_with_weights_in_float8_and_the_number_format_of_a_gpu(
    models: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plans, "possible", lambda *_, **__: {"float8": 1})
    wished = [looking(steps=3, references=(reference(kind),)) for kind in ("image", "style", "subject")]
    wished += [instructed(steps=3), instructed(steps=3, references=(reference("subject"),))]
    async with Engine(models, model="looking", device="cpu", dtype="bfloat16", threads=1) as engine:
        assert all(pictures is not None for pictures in await in_company(engine, wished, within=0.0))


@pytest.mark.parametrize("size", [(300, 130), (512, 512), (90, 60), (130, 700), (1000, 999), (40, 400)])
def test_a_picture_is_seen_at_the_size_that_the_stock_pipeline_chooses(stock: Stock, size: tuple[int, int]) -> None:
    pipeline: Any = FluxKontextPipeline(**stock.pipeline.components)
    request = instructed(references=(Reference(kind="image", image=picture(size=size)),))

    def encode(image: torch.Tensor, generator: object) -> None:
        raise _Seen(image.shape[3], image.shape[2])

    pipeline._encode_vae_image = encode
    with pytest.raises(_Seen) as seen:
        pipeline(image=request.references[0].image, prompt="", max_area=64 * 64, **arguments(request, stock))
    assert seen.value.args == preferred(size, pixels=1024 * 1024, multiple=32)


class _Seen(Exception):
    """The size at which a pipeline encodes a picture."""


def test_several_pictures_stand_beside_each_other_and_never_on_each_other() -> None:
    def ids(grid: tuple[int, int]) -> torch.Tensor:
        return torch.cartesian_prod(torch.tensor([0]), torch.arange(grid[0]), torch.arange(grid[1]))

    places = torch.cat(placed([(4, 6), (4, 4), (2, 8)], ids))
    assert len({tuple(place.tolist()) for place in places}) == len(places) == 24 + 16 + 16
    assert set(places[:, 0].tolist()) == {1.0}


def test_redux_brings_its_licence_and_kontext_has_one() -> None:
    for table in ({"schnell": {"redux": "somewhere/redux"}}, {"kontext": {}}, {"mine": {"repository": KONTEXT}}):
        (name,) = table
        with pytest.raises(LicenceNotAccepted) as refused:
            Catalogue.of(table).get(name).check_licence()
        assert "Non-Commercial" in refused.value.licence
        Catalogue.of({name: table[name] | {"accepted": True}}).get(name).check_licence()
    assert Catalogue.of({"mine": {"repository": KONTEXT}}).get("mine").instructed


async def test_a_damaged_redux_is_told_and_nothing_is_drawn_without_it(
    blank_folder: Path, redux_folder: Path, tmp_path: Path
) -> None:
    damaged = Path(shutil.copytree(redux_folder, tmp_path / "redux"))
    weights = damaged / "image_embedder" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    table = {"folder": blank_folder, "redux": str(damaged), **SMALL}
    with pytest.raises(ModelDamaged) as refused:
        async with Engine(Catalogue.of({"pocket": table}), device="cpu", threads=1) as engine:
            await engine.ready()
    assert "image_embedder" in str(refused.value.detail["reason"])


def looking(**changes: Any) -> ImageRequest:
    return asked(**({"model": "looking"} | changes))


def instructed(**changes: Any) -> ImageRequest:
    return asked(**({"model": "kontext", "references": (reference("image"),)} | changes))


@torch.inference_mode()
def by_redux(stock: Stock, prior: Any, request: ImageRequest) -> Image.Image:
    """Stock prior, then stock pipeline; of several pictures, each one's tokens behind the text and the others'."""
    pipeline: Any = stock.pipeline
    text, pooled, _ = pipeline.encode_prompt(request.prompt, max_sequence_length=512)
    tokens = [text]
    for one in request.references:
        made = prior(one.image, prompt=request.prompt, prompt_embeds_scale=one.weight).prompt_embeds[:, 512:]
        tokens.append(blurred(made) if one.kind == "style" else made)
    return pipeline(
        prompt_embeds=torch.cat(tokens, 1), pooled_prompt_embeds=pooled, **arguments(request, stock)
    ).images[0]


def blurred(tokens: torch.Tensor) -> torch.Tensor:
    """Six by six tokens as the means of three by three parts."""
    return tokens.reshape(1, 3, 2, 3, 2, -1).mean((2, 4)).flatten(1, 2)


@torch.inference_mode()
def by_kontext(stock: Stock, request: ImageRequest) -> Image.Image:
    pipeline: Any = FluxKontextPipeline(**stock.pipeline.components)
    pipeline.set_progress_bar_config(disable=True)
    image = request.references[0].image if request.references else None
    if image is not None:
        image = image.resize((64, 32), Image.Resampling.LANCZOS)  # nearest to 90 x 60 of what is trained, at 64 x 64
    area = {"max_area": request.width * request.height, "_auto_resize": False}
    return pipeline(image=image, prompt=request.prompt, **area, **arguments(request, stock)).images[0]


def arguments(request: ImageRequest, stock: Stock) -> dict[str, Any]:
    negative: dict[str, Any] = {}
    if request.negative_prompt:
        negative = {"negative_prompt": request.negative_prompt, "true_cfg_scale": stock.entry.negative_scale}
    return negative | {
        "width": request.width,
        "height": request.height,
        "num_inference_steps": request.steps,
        "guidance_scale": request.guidance,
        "generator": torch.Generator("cpu").manual_seed(request.seeds[0]),
        "max_sequence_length": 512,
    }
