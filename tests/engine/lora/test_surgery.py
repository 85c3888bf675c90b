from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bench.comparing import psnr as decibels
from engine.engine import Engine
from engine.lora import shapes, surgery, writing
from engine.lora.errors import LoraRefused
from engine.lora.files import Module
from engine.lora.writing import Pairs
from engine.models import POCKET_FOLDER, Catalogue
from engine.requests import LoraUse
from tests.engine.asking import asked, drawn
from tests.engine.lora import making
from tests.engine.lora.test_bank import forward, given, psnr


@pytest.fixture(scope="module")
def base(blank_folder: Path) -> shapes.Shapes:
    return shapes.of_folder(blank_folder)


@pytest.fixture(scope="module")
def two(pipeline: Any, base: shapes.Shapes, tmp_path_factory: pytest.TempPathFactory) -> tuple[Pairs, Pairs]:
    folder = tmp_path_factory.mktemp("two")
    one = making.save(pipeline, folder / "one.safetensors", 1, rank=4, text=True)
    other = making.save(pipeline, folder / "other.safetensors", 2, rank=6, leaves=making.ATTENTION)
    return writing.load(one, base), writing.load(other, base)


def deltas(pairs: Pairs) -> dict[Module, Any]:
    return {module: pair.delta() for module, pair in pairs.items()}


def same(one: Pairs, other: Pairs) -> bool:
    return one.keys() == other.keys() and all(
        np.array_equal(getattr(one[module], half), getattr(other[module], half))
        for module in one
        for half in ("down", "up")
    )


@pytest.mark.parametrize("style", ["kohya", "bfl"])
def test_conversion_there_and_back_gives_every_matrix_again(
    style: writing.Style, two: tuple[Pairs, Pairs], base: shapes.Shapes, tmp_path: Path
):
    for number, pairs in enumerate(two):
        there, back = (tmp_path / f"{way} {number}.safetensors" for way in ("there", "back"))
        writing.save(pairs, there, style, base)
        writing.save(writing.load(there, base), back, "diffusers", base)
        assert same(writing.load(back, base), pairs)


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_numbers_that_would_not_be_read_again_are_not_written(
    dtype: writing.Dtype, two: tuple[Pairs, Pairs], base: shapes.Shapes, tmp_path: Path
):
    large = {module: replace(pair, scale=1e9) for module, pair in two[0].items()}
    with pytest.raises(LoraRefused) as refused:
        writing.save(large, tmp_path / "large.safetensors", "diffusers", base, dtype=dtype)
    assert refused.value.reason == "values"
    assert not any(tmp_path.iterdir())


def test_fused_modules_with_one_first_half_stay_one_pair(
    two: tuple[Pairs, Pairs], pipeline: Any, base: shapes.Shapes, tmp_path: Path
):
    source = making.save(pipeline, tmp_path / "source.safetensors", 5, rank=4, leaves=making.ATTENTION)
    pairs = writing.load(making.xlabs(source, tmp_path / "xlabs.safetensors"), base)
    writing.save(pairs, tmp_path / "again.safetensors", "xlabs", base)
    again, before = (making.load_file(tmp_path / f"{name}.safetensors") for name in ("again", "xlabs"))
    assert again.keys() == before.keys()
    assert all(torch.equal(again[name], before[name]) for name in before)


def test_a_format_without_a_place_for_a_module_says_so(two: tuple[Pairs, Pairs], base: shapes.Shapes, tmp_path: Path):
    with pytest.raises(LoraRefused) as refused:
        writing.save(two[0], tmp_path / "x.safetensors", "xlabs", base)
    assert (refused.value.reason, refused.value.wanted) == ("format", "xlabs")
    assert not (tmp_path / "x.safetensors").exists()


def test_a_written_file_is_taken_by_diffusers(
    two: tuple[Pairs, Pairs], pipeline: Any, base: shapes.Shapes, tmp_path: Path
):
    writing.save(two[1], tmp_path / "written.safetensors", "diffusers", base)
    state = pipeline.lora_state_dict(tmp_path / "written.safetensors")
    for (component, module), pair in two[1].items():
        assert torch.equal(state[f"{component}.{module}.lora_A.weight"], torch.from_numpy(pair.down))


def test_a_merge_is_the_weighted_sum(two: tuple[Pairs, Pairs]):
    made = deltas(surgery.merged([(two[0], 0.8), (two[1], -0.5)]))
    one, other = deltas(two[0]), deltas(two[1])
    assert made.keys() == one.keys() | other.keys()
    for module, delta in made.items():
        wanted = 0.8 * one.get(module, 0) - 0.5 * other.get(module, 0)
        assert np.allclose(delta, wanted, atol=1e-6)


def test_cutting_to_the_full_rank_loses_nothing_and_below_it_what_it_says(two: tuple[Pairs, Pairs]):
    merged = surgery.merged([(two[0], 1.0), (two[1], 1.0)])
    whole = deltas(merged)
    exact, error = surgery.reduced(merged, 10)
    assert error < 1e-3
    assert all(np.allclose(delta, whole[module], atol=1e-5) for module, delta in deltas(exact).items())
    cut, error = surgery.reduced(merged, 3)
    assert max(pair.rank for pair in cut.values()) == 3
    lost = sum(float(np.square(whole[module] - delta).sum()) for module, delta in deltas(cut).items())
    assert error == pytest.approx((lost / sum(float(np.square(d).sum()) for d in whole.values())) ** 0.5, rel=1e-3)
    assert 0.1 < error < 0.9


@pytest.mark.parametrize("large", [1024, 64], ids=["in full", "by random projection"])
def test_what_was_melted_into_a_model_is_extracted_again(
    large: int,
    two: tuple[Pairs, Pairs],
    pipeline: Any,
    blank_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(surgery, "_LARGE", large)
    from diffusers.models.transformers.transformer_flux import FluxTransformer2DModel as Transformer

    surgery.collapsed(blank_folder, two[0], tmp_path / "melted")
    again, error = surgery.extracted(blank_folder, tmp_path / "melted", 4)
    assert error < 1e-2
    wanted = deltas(two[0])
    assert all(np.allclose(delta, wanted[module], atol=1e-5) for module, delta in deltas(again).items())
    assert again.keys() == two[0].keys()

    inputs = given(pipeline, 1)
    plain = forward(pipeline, inputs)
    surgery.collapsed(blank_folder, again, tmp_path / "again")
    melted, back = (Transformer.from_pretrained(tmp_path / name / "transformer") for name in ("melted", "again"))
    with torch.inference_mode():
        made, back = (model(**inputs, return_dict=False)[0] for model in (melted, back))
    assert psnr(made, back) > 60
    assert psnr(made, plain) < 60


async def test_pictures_of_an_extracted_lora_are_those_of_the_lora_that_was_melted_in(
    two: tuple[Pairs, Pairs], base: shapes.Shapes, blank_folder: Path, tmp_path: Path
):
    """Decoded pictures of the trained model where this tree has it: with the LoRA, with its extract, with neither."""
    trained = POCKET_FOLDER if (POCKET_FOLDER / "model_index.json").exists() else blank_folder
    files = {name: tmp_path / f"{name}.safetensors" for name in ("before", "again")}
    strong = surgery.merged([(two[0], 6.0)])
    writing.save(strong, files["before"], "diffusers", base)
    surgery.collapsed(trained, strong, tmp_path / "melted")
    again, _ = surgery.extracted(trained, tmp_path / "melted", 4)
    writing.save(again, files["again"], "diffusers", base)
    catalogue = Catalogue.of({"pocket": {"folder": trained}})
    async with Engine(catalogue, device="cpu", dtype="float32", threads=1, find_lora=files.__getitem__) as engine:
        wish: dict[str, Any] = {"width": 128, "height": 128, "steps": 8, "guidance": 4.0}
        plain, before, after = [
            (await drawn(engine, asked(**wish, loras=mix)))[1].images[0]
            for mix in ((), *((LoraUse(name=name, weight=1.0),) for name in files))
        ]
    assert decibels(before, after) >= 40
    assert decibels(before, plain) < 30


def test_the_difference_of_a_model_to_itself_is_no_lora(blank_folder: Path):
    with pytest.raises(LoraRefused) as refused:
        surgery.extracted(blank_folder, blank_folder, 4)
    assert refused.value.reason == "empty"
