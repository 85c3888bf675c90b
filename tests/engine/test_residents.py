"""Several models at once: served in company, let go by last use, and those that lanes cannot run beside them."""

import asyncio
import contextlib
import shutil
import weakref
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL

from bench.comparing import drawn as pictures_of
from bench.comparing import family_of, psnr
from bench.stock import Stock
from engine import plans
from engine.engine import Engine
from engine.errors import EngineClosed, ModelDamaged, ModelTooLarge, NotByThisModel
from engine.folders import numbers
from engine.models import KNOWN, POCKET_FOLDER, Catalogue, ModelEntry
from engine.requests import LoraUse, Progress
from engine.residents import InLanes
from engine.room import _Allocations
from tests.engine.asking import asked, drawn
from tests.engine.exotic import write_exotic
from tests.engine.lora.making import save

FLUX_AUTOENCODER: dict[str, Any] = {
    "block_out_channels": (128, 256, 512, 512),
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
    "layers_per_block": 2,
    "latent_channels": 16,
    "sample_size": 1024,
    "use_quant_conv": False,
    "use_post_quant_conv": False,
}
LIKE_POCKET = {"multiple": 32, "min_side": 64, "width": 256, "height": 256, "text_tokens": 32}


@pytest.fixture(scope="module")
def folders(blank_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The trained model where this tree has it, a copy of it, and an exotic one."""
    folder = tmp_path_factory.mktemp("models")
    trained = POCKET_FOLDER if (POCKET_FOLDER / "model_index.json").exists() else blank_folder
    shutil.copytree(trained, folder / "copy")
    return {"pocket": trained, "copy": folder / "copy", "exotic": write_exotic(folder / "exotic", blank_folder)}


@pytest.fixture
def several(folders: dict[str, Path]) -> Catalogue:
    exotic = {"family": "stable-diffusion", "folder": folders["exotic"], "width": 64, "height": 64, "min_side": 64}
    return Catalogue.of(
        {
            "pocket": {"folder": folders["pocket"]},
            "copy": {"folder": folders["copy"], **LIKE_POCKET},
            "exotic": exotic,
        }
    )


def held(engine: Engine) -> list[str]:
    return [name for name in engine.catalogue.names() if engine._residents.held(name) is not None]


def bytes_for(catalogue: Catalogue, *names: str) -> int:
    entries = [catalogue.get(name) for name in names]
    return sum(plans.needs(one, numbers(one.folder), 4)["whole"] for one in entries if one.folder is not None)


async def test_two_models_are_served_in_company_without_a_reload_and_each_picture_is_its_own(
    several: Catalogue, tmp_path: Path
) -> None:
    wishes: list[dict[str, Any]] = [
        {"model": name, "steps": steps, "seeds": (seed,), "loras": loras}
        for seed, (name, steps, loras) in enumerate(
            (
                ("pocket", 14, ()),
                ("copy", 12, (LoraUse(name="lora", weight=0.8),)),
                ("pocket", 3, (LoraUse(name="lora", weight=-0.5),)),
                ("copy", 4, ()),
            )
        )
    ]
    stock = Stock(several.get("pocket"))
    file = save(stock.pipeline, tmp_path / "lora.safetensors", 1)
    stock = Stock(several.get("pocket"), loras={"lora": file})
    async with Engine(several, device="cpu", threads=1, find_lora=lambda _: file) as engine:
        for name in ("pocket", "copy"):
            await drawn(engine, asked(model=name, steps=1))
        turns: list[str] = []
        for name in ("pocket", "copy"):
            spy_on(engine, name, turns)
        made = await asyncio.gather(*(pictures_of(engine, asked(**wish)) for wish in wishes))
        assert engine._residents.loads == 2
        assert held(engine) == ["pocket", "copy"]
    alternations = sum(a != b for a, b in pairwise(turns))
    assert alternations >= 10, "the two models took turns, a step each"
    for wish, pictures in zip(wishes, made, strict=True):
        assert pictures is not None
        _, alone = stock.draw(asked(**(wish | {"model": "pocket"})))
        assert psnr(pictures.images[0], alone) >= 60


def spy_on(engine: Engine, name: str, turns: list[str]) -> None:
    model = family_of(engine, name)
    real = model.predict

    def predict(rows: Sequence[Any], adapted: Any) -> torch.Tensor:
        turns.append(name)
        return real(rows, adapted)

    model.predict = predict


async def test_the_model_used_longest_ago_is_let_go_when_memory_is_short(several: Catalogue) -> None:
    room = bytes_for(several, "pocket", "copy") + 1000
    async with Engine(several, device="cpu", threads=1, model_bytes=room) as engine:
        await drawn(engine, asked(model="pocket", steps=1))
        await drawn(engine, asked(model="copy", steps=1))
        await drawn(engine, asked(model="pocket", steps=1))
        assert (held(engine), engine._residents.loads) == (["pocket", "copy"], 2)
        await drawn(engine, asked(model="exotic", steps=1))
        assert (held(engine), engine._residents.loads) == (["pocket", "exotic"], 3)
        first, last = [(await drawn(engine, asked(model=name)))[1].images[0] for name in ("copy", "pocket")]
        assert held(engine) == ["pocket", "copy"]
    assert first.tobytes() == last.tobytes()


async def test_a_model_that_cannot_fit_is_refused_with_the_figures_and_nobody_goes_for_it(several: Catalogue) -> None:
    large = Catalogue.of(
        {"pocket": {}, "vast": {"folder": several.get("copy").folder, **LIKE_POCKET, "memory": {"whole": 5000.0}}}
    )
    async with Engine(large, device="cpu", threads=1) as engine:
        await drawn(engine, asked(steps=1))
        with pytest.raises(ModelTooLarge) as caught:
            await drawn(engine, asked(model="vast"))
        assert caught.value.needed > caught.value.free > 0
        assert held(engine) == ["pocket"]
        await drawn(engine, asked(steps=1))
        assert engine._residents.loads == 1


async def test_out_of_memory_while_a_model_is_read_costs_the_others_their_place(
    several: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Engine(several, device="cpu", threads=1) as engine:
        await drawn(engine, asked(steps=1))
        real = engine._residents._read
        half_read: list[weakref.ref[torch.Tensor]] = []

        def read(*given: Any) -> Any:
            if not half_read:
                weights = torch.zeros(1000)
                half_read.append(weakref.ref(weights))
                raise torch.OutOfMemoryError("CUDA out of memory")
            assert half_read[0]() is None, "what was read first is gone before the second reading"
            return real(*given)

        monkeypatch.setattr(engine._residents, "_read", read)
        await drawn(engine, asked(model="copy", steps=1))
        assert held(engine) == ["copy"]


async def test_a_batch_knows_how_much_memory_the_other_models_leave(several: Catalogue) -> None:
    async with Engine(several, device="cpu", threads=1) as engine:
        await drawn(engine, asked(steps=1))
        alone = engine._residents.held("pocket")
        assert isinstance(alone, InLanes)
        before = alone.measured
        await drawn(engine, asked(model="copy", steps=1))
        assert alone.measured is not before


async def test_a_family_that_lanes_cannot_run_is_drawn_by_its_own_pipeline(several: Catalogue) -> None:
    from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import StableDiffusionPipeline

    wish = asked(model="exotic", steps=4, seeds=(3, 5), guidance=2.0, negative_prompt="people")
    async with Engine(several, device="cpu", threads=1) as engine:
        company = await asyncio.gather(drawn(engine, asked(steps=6)), drawn(engine, wish), drawn(engine, asked()))
        _, alone = await drawn(engine, asked())
        assert engine._residents.loads == 2
    progress, pictures = company[1]
    assert [event.step for event in progress][-1] == 4
    assert psnr(company[2][1].images[0], alone.images[0]) >= 60
    folder = several.get("exotic").folder
    assert folder is not None
    stock: Any = StableDiffusionPipeline.from_pretrained(folder, safety_checker=None, requires_safety_checker=False)
    stock.set_progress_bar_config(disable=True)
    for seed, image in zip(wish.seeds, pictures.images, strict=True):
        expected = stock(
            wish.prompt,
            negative_prompt=wish.negative_prompt,
            width=64,
            height=64,
            num_inference_steps=4,
            guidance_scale=2.0,
            generator=torch.Generator("cpu").manual_seed(seed),
        ).images[0]
        assert psnr(image, expected) >= 60


async def test_an_exclusive_job_is_cancelled_between_steps_and_does_not_outlive_the_engine(
    several: Catalogue,
) -> None:
    async with Engine(several, device="cpu", threads=1) as engine:
        async with contextlib.aclosing(engine.generate(asked(model="exotic", steps=100))) as events:
            async for event in events:
                assert isinstance(event, Progress)
                if event.step >= 2:
                    break
        await drawn(engine, asked(steps=1))
        late = asyncio.create_task(drawn(engine, asked(model="exotic", steps=100, seeds=tuple(range(8)))))
        await asyncio.sleep(0.2)
    with pytest.raises(EngineClosed):
        await late


async def test_an_exotic_model_starts_from_a_picture_where_its_family_can(several: Catalogue) -> None:
    from PIL import Image

    start = Image.linear_gradient("L").convert("RGB")
    async with Engine(several, device="cpu", threads=1) as engine:
        changed = asked(model="exotic", steps=4, image=start, strength=0.5)
        progress, pictures = await drawn(engine, changed)
        _, other = await drawn(engine, asked(model="exotic", steps=4))
    assert progress[-1].steps == changed.steps_run == 2
    assert pictures.images[0].size == (64, 64)
    assert pictures.images[0].tobytes() != other.images[0].tobytes()


@pytest.mark.parametrize(
    ("wish", "changes"),
    [
        ("loras", {"loras": (LoraUse(name="x", weight=1.0),)}),
        ("scheduler", {"scheduler": "heun"}),
        ("tile", {"tile": True}),
        ("stop", {"stop": 0.5}),
        ("chaos", {"chaos": 0.5}),
        ("texts", {"texts": (("a", 0.5), ("b", 0.5))}),
    ],
)
async def test_what_an_exotic_pipeline_cannot_do_is_refused_by_name(
    several: Catalogue, wish: str, changes: dict[str, Any]
) -> None:
    async with Engine(several, device="cpu", threads=1, model="exotic") as engine:
        with pytest.raises(NotByThisModel) as caught:
            await drawn(engine, asked(model="exotic", **changes))
        assert (caught.value.name, caught.value.wish) == ("exotic", wish)


async def test_a_folder_of_no_known_pipeline_says_so(several: Catalogue, tmp_path: Path) -> None:
    folder = several.get("exotic").folder
    assert folder is not None
    shutil.copytree(folder, tmp_path / "odd")
    index = (tmp_path / "odd" / "model_index.json").read_text()
    (tmp_path / "odd" / "model_index.json").write_text(index.replace("StableDiffusionPipeline", "NoSuchPipeline"))
    catalogue = Catalogue.of({"odd": {"family": "odd", "folder": tmp_path / "odd", "min_side": 64}})
    async with Engine(catalogue, device="cpu", threads=1, model="odd") as engine:
        with pytest.raises(ModelDamaged, match="unreadable"):
            await engine.ready()


def test_plans_are_taken_in_order_and_what_the_catalogue_says_counts() -> None:
    entry = KNOWN["schnell"]
    needed = plans.needs(entry, {"transformer": 10, "text_encoder_2": 10}, 2)
    assert needed == {"whole": int(33.9 * 2**30), "split": int(24.1 * 2**30)}
    assert plans.choose(entry, needed, free=40 << 30) == "whole"
    assert plans.choose(entry, needed, free=31 << 30) == "split"
    with pytest.raises(ModelTooLarge) as caught:
        plans.choose(entry, needed, free=16 << 30)
    assert (caught.value.needed, caught.value.free) == (needed["split"], 16 << 30)
    counted = plans.needs(KNOWN["pocket"], {"transformer": 10**9, "vae": 10**8, "text_encoder_2": 10**9}, 2)
    assert counted["whole"] - counted["split"] == int(2.1e9 * 2 * 1.08) - int(1.1e9 * 2 * 1.08)


@pytest.mark.parametrize("plan", plans.PLANS)
def test_beside_the_weights_of_flux_there_is_room_to_decode_a_picture(plan: plans.Plan) -> None:
    """Its own autoencoder, without numbers: what a decoding takes can be added up, and no GPU is needed for it."""
    with torch.device("meta"):
        vae: Any = AutoencoderKL(**FLUX_AUTOENCODER)
        vae.to(torch.bfloat16)
        latents = torch.empty(1, 16, 128, 128, dtype=torch.bfloat16)
        with torch.inference_mode(), _Allocations() as allocations:
            assert vae.decode(latents, return_dict=False)[0].shape[-2:] == (1024, 1024)
    weights = {"transformer": 11_901_408_320, "vae": sum(one.numel() for one in vae.parameters())}
    if plan == "whole":
        weights |= {"text_encoder": 123_060_480, "text_encoder_2": 4_762_310_656}
    for entry in (KNOWN["dev"], ModelEntry(name="a folder")):
        left = plans.needs(entry, weights, 2)[plan] - 2 * sum(weights.values())
        assert left >= allocations.peak
