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

from bench.comparing import drawn as pictures_of
from bench.comparing import family_of, psnr
from bench.stock import Stock
from engine import plans
from engine.engine import Engine
from engine.errors import EngineClosed, ModelDamaged, ModelTooLarge, NotByThisModel
from engine.folders import numbers
from engine.models import POCKET_FOLDER, Catalogue
from engine.requests import LoraUse, Progress
from engine.residents import InLanes
from tests.engine.asking import asked, drawn
from tests.engine.exotic import write_exotic
from tests.engine.lora.making import save

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


@pytest.mark.parametrize(("room", "loaded"), [(1.6, ["copy"]), (2.1, ["pocket", "copy"])])
async def test_no_model_is_rounded_where_it_fits_in_full_once_another_has_gone(
    several: Catalogue, monkeypatch: pytest.MonkeyPatch, room: float, loaded: list[str]
) -> None:
    monkeypatch.setattr(plans, "possible", lambda *_, **__: {"whole": 10 << 20, "float8": 5 << 20})
    async with Engine(several, device="cpu", threads=1, model_bytes=int(room * (10 << 20))) as engine:
        await drawn(engine, asked(model="pocket", steps=1))
        await drawn(engine, asked(model="copy", steps=1))
        assert held(engine) == loaded
        kinds = {one.dtype for name in loaded for one in family_of(engine, name).transformer.parameters()}
    assert kinds == {torch.float32}


async def test_a_model_that_fits_in_no_other_way_is_rounded(
    several: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plans, "possible", lambda *_, **__: {"whole": 10 << 20, "float8": 5 << 20})
    async with Engine(several, device="cpu", threads=1, model_bytes=9 << 20) as engine:
        for name in ("pocket", "copy"):
            await drawn(engine, asked(model=name, steps=1))
            assert held(engine) == [name]
            kinds = {one.dtype for one in family_of(engine, name).transformer.parameters()}
            assert kinds == {torch.float32, torch.float8_e4m3fn}
