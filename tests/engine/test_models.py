import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import (
    LicenceNotAccepted,
    ModelDamaged,
    ModelNowhere,
    ModelQuantised,
    UnknownModel,
    UnsupportedSize,
)
from engine.folders import check_folder
from engine.models import KNOWN, Catalogue


def test_without_config_there_is_the_pocket_model() -> None:
    catalogue = Catalogue.of({})
    assert catalogue.names() == ["pocket"]
    assert catalogue.get("pocket").folder is not None
    assert not catalogue.get("pocket").must_accept


def test_one_table_adds_a_known_model_with_all_that_is_known_of_it() -> None:
    schnell = Catalogue.of({"schnell": {"steps": None, "repository": ""}}).get("schnell")
    assert schnell == KNOWN["schnell"]
    assert (schnell.steps, schnell.guidance) == (4, 0.0)


def test_what_a_model_needs_is_told_by_plan_and_an_empty_table_changes_nothing() -> None:
    assert Catalogue.of({"schnell": {"memory": {}}}).get("schnell").memory == KNOWN["schnell"].memory
    assert Catalogue.of({"schnell": {"memory": {"split": 20.0}}}).get("schnell").memory == {"split": 20.0}
    assert Catalogue.of({"schnell": {"folder": "/models/s"}}).get("schnell").memory == {}
    assert all(set(entry.memory) == {"whole", "split", "float8"} for entry in KNOWN.values() if entry.repository)


def test_what_the_config_says_wins() -> None:
    entry = Catalogue.of({"schnell": {"steps": 2, "folder": "/models/s", "max_side": 1536}}).get("schnell")
    assert (entry.steps, entry.folder, entry.max_side) == (2, Path("/models/s"), 1536)


def test_the_pocket_model_can_be_taken_from_another_folder() -> None:
    entry = Catalogue.of({"pocket": {"folder": "/models/mine"}}).get("pocket")
    assert (entry.folder, entry.multiple) == (Path("/models/mine"), KNOWN["pocket"].multiple)


def test_an_unknown_key_is_an_error() -> None:
    with pytest.raises(TypeError):
        Catalogue.of({"mine": {"stepz": 3}})


@pytest.mark.parametrize(("typed", "nearest"), [("schnel", "schnell"), ("pokcet", "pocket"), ("zzz", None)])
def test_an_unknown_model_names_the_nearest(typed: str, nearest: str | None) -> None:
    with pytest.raises(UnknownModel) as caught:
        Catalogue.of({"schnell": {}}).get(typed)
    assert (caught.value.name, caught.value.nearest) == (typed, nearest)


def test_names_are_found_in_any_case() -> None:
    assert Catalogue.of({"Mine": {"repository": "me/mine"}, "dev": {}}).get("DEV").name == "dev"
    assert Catalogue.of({"Mine": {"repository": "me/mine"}}).get("mine").name == "Mine"


@pytest.mark.parametrize(
    "table",
    [
        {"dev": {}},
        {"krea": {"accepted": False}},
        {"mine": {"repository": "black-forest-labs/FLUX.1-dev"}},
        {"schnell": {"repository": "black-forest-labs/FLUX.1-dev"}},
        {"dev": {"licence": "Apache-2.0"}},
        {"mine": {"folder": "/m", "licence": "Some Research Licence"}},
    ],
)
def test_a_licence_with_conditions_must_be_accepted_whatever_the_table_calls_the_model(table: dict) -> None:
    (name,) = table
    with pytest.raises(LicenceNotAccepted):
        Catalogue.of(table).get(name).check_licence()
    table[name]["accepted"] = True
    Catalogue.of(table).get(name).check_licence()


@pytest.mark.parametrize("size", [(256, 256), (64, 384), (384, 160)])
def test_sizes_the_model_draws_are_accepted(size: tuple[int, int]) -> None:
    KNOWN["pocket"].check_size(*size)


@pytest.mark.parametrize("size", [(0, 256), (-32, 256), (272, 256), (32, 256), (256, 416)])
def test_other_sizes_are_refused_with_what_would_be_right(size: tuple[int, int]) -> None:
    with pytest.raises(UnsupportedSize) as caught:
        KNOWN["pocket"].check_size(*size)
    assert caught.value.detail == {"width": size[0], "height": size[1], "multiple": 32, "smallest": 64, "largest": 384}


def cut(name: str, keep: int) -> Callable[[Path], None]:
    return lambda folder: os.truncate(folder / name, keep)


def remove(name: str) -> Callable[[Path], None]:
    return lambda folder: shutil.rmtree(folder / name) if (folder / name).is_dir() else (folder / name).unlink()


def write(name: str, text: str) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        (folder / name).write_text(text)

    return damage


WEIGHTS = "transformer/diffusion_pytorch_model.safetensors"


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (remove("model_index.json"), "missing: model_index.json"),
        (write("model_index.json", "{"), "damaged: model_index.json"),
        (write("model_index.json", "[]"), "damaged: model_index.json"),
        (remove("vae"), "missing: vae"),
        (remove(WEIGHTS), "missing: transformer/*.safetensors"),
        (cut(WEIGHTS, 0), f"damaged: {WEIGHTS}"),
        (cut(WEIGHTS, 7), f"damaged: {WEIGHTS}"),
        (cut(WEIGHTS, 100), f"damaged: {WEIGHTS}"),
        (cut(WEIGHTS, 1_000_000), f"damaged: {WEIGHTS}"),
        (write(WEIGHTS, "\x7f" * 64), f"damaged: {WEIGHTS}"),
        (write(WEIGHTS, "\x02" + "\0" * 7 + "[]"), f"damaged: {WEIGHTS}"),
        (write("text_encoder/config.json", ""), "damaged: text_encoder/config.json"),
    ],
)
def test_a_half_copied_model_is_recognised_before_it_is_loaded(
    blank_folder: Path, tmp_path: Path, damage: Callable[[Path], None], reason: str
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(blank_folder, folder)
    check_folder(folder)
    damage(folder)
    with pytest.raises(ModelDamaged) as caught:
        check_folder(folder)
    assert caught.value.reason == reason


def test_a_shard_that_did_not_arrive_is_missing(blank_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(blank_folder, folder)
    index = {"weight_map": {"x": "part-1.safetensors", "y": "part-2.safetensors"}}
    shutil.move(folder / WEIGHTS, folder / "transformer/part-1.safetensors")
    (folder / f"{WEIGHTS}.index.json").write_text(json.dumps(index))
    with pytest.raises(ModelDamaged, match=r"part-2\.safetensors"):
        check_folder(folder)


@pytest.mark.parametrize("method", ["bitsandbytes", "torchao", "gguf"])
def test_quantised_weights_are_refused_by_name(blank_folder: Path, tmp_path: Path, method: str) -> None:
    folder = tmp_path / "model"
    shutil.copytree(blank_folder, folder)
    config = folder / "text_encoder_2" / "config.json"
    content = json.loads(config.read_text())
    config.write_text(json.dumps(content | {"quantization_config": None}))
    check_folder(folder)
    config.write_text(json.dumps(content | {"quantization_config": {"quant_method": method, "load_in_4bit": True}}))
    with pytest.raises(ModelQuantised) as caught:
        check_folder(folder)
    assert caught.value.detail == {"folder": str(folder), "component": "text_encoder_2", "method": method}


def test_a_folder_that_is_not_there_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ModelDamaged) as caught:
        check_folder(tmp_path / "nowhere")
    assert caught.value.reason == "missing"


def test_a_table_that_does_not_say_where_its_model_is_is_refused() -> None:
    for table in ({}, {"folder": "", "repository": ""}, {"steps": 3}):
        with pytest.raises(ModelNowhere) as caught:
            Catalogue.of({"mine": table})
        assert caught.value.name == "mine"
