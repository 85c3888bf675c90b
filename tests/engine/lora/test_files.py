import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from engine.lora import files, shapes
from engine.lora.errors import LoraRefused
from tests.engine.lora import making
from tests.engine.lora.damage import damaged

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def base(blank_folder: Path) -> shapes.Shapes:
    return shapes.of_folder(blank_folder)


@pytest.fixture(scope="module")
def sound(pipeline: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return making.save(pipeline, tmp_path_factory.mktemp("lora") / "sound.safetensors", 1, rank=4, text=True)


def deltas(file: Path, base: shapes.Shapes) -> dict[files.Module, Any]:
    return {module: pair.delta() for module, pair in files.read(file, base).pairs()}


def close(one: dict[files.Module, Any], other: dict[files.Module, Any]) -> bool:
    return one.keys() == other.keys() and all(np.allclose(one[module], other[module], atol=1e-6) for module in one)


def test_headers_tell_the_linear_layers_that_the_loaded_model_has(base: shapes.Shapes, pipeline: Any):
    for component in shapes.COMPONENTS:
        linear = {
            name: tuple(module.weight.shape)
            for name, module in getattr(pipeline, component).named_modules()
            if isinstance(module, torch.nn.Linear)
        }
        assert base[component] == linear


def test_a_diffusers_file_is_read_module_by_module(sound: Path, base: shapes.Shapes):
    file = files.read(sound, base)
    tensors = load_file(sound)
    assert (file.style, file.ranks, set(file.components)) == ("diffusers", (4, 4), {"transformer", "text_encoder"})
    for (component, module), pair in file.pairs():
        stem = f"{component}.{module}"
        assert np.array_equal(pair.down, tensors[f"{stem}.lora_A.weight"].numpy())
        assert np.array_equal(pair.up, tensors[f"{stem}.lora_B.weight"].numpy())
    assert 2 * len(file.parts) == len(tensors)


def test_xlabs_and_kohya_files_mean_what_diffusers_takes_them_for(
    sound: Path, base: shapes.Shapes, pipeline: Any, tmp_path: Path
):
    for style, made in (
        ("xlabs", making.xlabs(sound, tmp_path / "xlabs.safetensors")),
        ("kohya", making.kohya(sound, tmp_path / "kohya.safetensors", alpha=3.0)),
    ):
        assert files.read(made, base).style == style
        stock = pipeline.lora_state_dict(made)
        changed = deltas(made, base)
        for (component, module), delta in changed.items():
            if component == "transformer":
                halves = (stock[f"transformer.{module}.lora_{half}.weight"] for half in "BA")
            else:
                stem = f"text_encoder.text_model.{module}"
                stem = stem.replace("_proj", "_proj").removesuffix(".weight")
                halves = _text_halves(stock, stem)
            up, down = halves
            assert np.allclose(delta, (up @ down).numpy(), atol=1e-6), (style, module)
        assert len(changed) == {"xlabs": 16, "kohya": 12 + 12}[style]


def test_a_bfl_file_splits_into_the_modules_of_diffusers(base: shapes.Shapes, tmp_path: Path):
    generator = torch.Generator().manual_seed(3)
    made: making.Tensors = {}
    for stem, wide, narrow in (
        ("single_blocks.1.linear1", 224 * 7, 224),
        ("single_blocks.1.linear2", 224, 224 * 5),
        ("double_blocks.1.txt_attn.qkv", 224 * 3, 224),
        ("final_layer.adaLN_modulation.1", 448, 224),
    ):
        made[f"{stem}.lora_A.weight"] = torch.randn(6, narrow, generator=generator)
        made[f"{stem}.lora_B.weight"] = torch.randn(wide, 6, generator=generator)
    source = tmp_path / "bfl.safetensors"
    making.save_file(made, source)
    assert files.read(source, base).style == "bfl"
    found = {module: torch.from_numpy(delta) for (_, module), delta in deltas(source, base).items()}

    def fused(stem: str) -> torch.Tensor:
        return made[f"{stem}.lora_B.weight"] @ made[f"{stem}.lora_A.weight"]

    single = [f"single_transformer_blocks.1.{leaf}" for leaf in ("attn.to_q", "attn.to_k", "attn.to_v", "proj_mlp")]
    assert torch.allclose(torch.cat([found[module] for module in single]), fused("single_blocks.1.linear1"), atol=1e-5)
    text = [f"transformer_blocks.1.attn.add_{leaf}_proj" for leaf in "qkv"]
    assert torch.allclose(
        torch.cat([found[module] for module in text]), fused("double_blocks.1.txt_attn.qkv"), atol=1e-5
    )
    shift, scale = fused("final_layer.adaLN_modulation.1").chunk(2)
    assert torch.allclose(found["norm_out.linear"], torch.cat([scale, shift]), atol=1e-5)


def test_names_with_other_prefixes_mean_the_same(sound: Path, base: shapes.Shapes, tmp_path: Path):
    plain = making.rewrite(sound, tmp_path / "transformer.safetensors", {})
    tensors = {name: tensor for name, tensor in load_file(plain).items() if name.startswith("transformer.")}
    wanted = {module: delta for module, delta in deltas(sound, base).items() if module[0] == "transformer"}
    for prefix in ("", "base_model.model."):
        other = tmp_path / "other.safetensors"
        making.save_file({prefix + name.removeprefix("transformer."): t for name, t in tensors.items()}, other)
        assert close(deltas(other, base), wanted)
    underscored = {
        "lora_transformer_"
        + name.removeprefix("transformer.").rsplit(".lora_", 1)[0].replace(".", "_")
        + (".lora_down.weight" if "lora_A" in name else ".lora_up.weight"): tensor
        for name, tensor in tensors.items()
    }
    making.save_file(underscored, tmp_path / "underscored.safetensors")
    assert close(deltas(tmp_path / "underscored.safetensors", base), wanted)


def test_alphas_in_the_metadata_count_as_they_do_for_diffusers(sound: Path, base: shapes.Shapes, tmp_path: Path):
    told = {
        "transformer.r": 4,
        "transformer.lora_alpha": 8,
        "transformer.alpha_pattern": {"0.attn.to_q": 2},
        "text_encoder.r": 4,
        "text_encoder.lora_alpha": 6,
        "text_encoder.use_rslora": True,
    }
    made = making.rewrite(sound, tmp_path / "alphas.safetensors", metadata={"lora_adapter_metadata": json.dumps(told)})
    scales = {(part.component, part.module): part.scale for part in files.read(made, base).parts}
    assert scales["transformer", "transformer_blocks.0.attn.to_q"] == 0.5
    assert scales["transformer", "transformer_blocks.0.attn.to_k"] == 2.0
    assert scales["text_encoder", "encoder.layers.0.mlp.fc1"] == 3.0


def test_an_alpha_for_some_layers_counts_for_those_that_peft_chooses(sound: Path, base: shapes.Shapes, tmp_path: Path):
    from peft.utils.other import get_pattern_key

    # The first that fits counts; behind ^ stands a whole name, which single_transformer_blocks.0.proj_out is not.
    patterns = {"^proj_out": 64, "0.attn.to_q": 2, "attn.to_q": 3, "to_k": 5, "^transformer_blocks.1.attn.to_v": 7}
    told = {"transformer.r": 4, "transformer.lora_alpha": 8, "transformer.alpha_pattern": patterns}
    made = making.rewrite(sound, tmp_path / "some.safetensors", metadata={"lora_adapter_metadata": json.dumps(told)})
    parts = [part for part in files.read(made, base).parts if part.component == "transformer"]
    assert {part.module: part.scale for part in parts} == {
        part.module: patterns.get(get_pattern_key(list(patterns), part.module), 8) / 4 for part in parts
    }
    assert {part.scale for part in parts} == {0.5, 0.75, 1.25, 1.75, 2.0, 16.0}


@pytest.mark.parametrize("pattern", [r"transformer_blocks\.\d+\.attn\.to_(q|k)", "(a+)+b", "to_q$", ""])
def test_an_alpha_for_layers_chosen_by_a_regular_expression_is_refused_by_name(
    pattern: str, sound: Path, base: shapes.Shapes, tmp_path: Path
):
    told = {"transformer.lora_alpha": 8, "transformer.alpha_pattern": {pattern: 32}}
    made = making.rewrite(sound, tmp_path / "some.safetensors", metadata={"lora_adapter_metadata": json.dumps(told)})
    with pytest.raises(LoraRefused) as refused:
        files.read(made, base)
    assert (refused.value.reason, refused.value.found) == ("pattern", pattern)
    assert refused.value.what == "transformer.alpha_pattern"


def test_forty_damaged_files_are_refused_quickly_and_in_little_memory(sound: Path, blank_folder: Path, tmp_path: Path):
    """In a process of its own, whose greatest memory can be told."""
    wanted = {file.stem: reason for file, reason in damaged(sound.read_bytes(), tmp_path)}
    assert len(wanted) >= 40
    code = """
import json, pathlib, sys, time
import psutil
from engine.lora import files, shapes
from engine.lora.errors import LoraRefused
base = shapes.of_folder(pathlib.Path(sys.argv[1]))
for path in sorted(pathlib.Path(sys.argv[2]).glob("*.safetensors")):
    began, told = time.process_time(), None
    try:
        files.read(path, base).container.check_values()
    except LoraRefused as refused:
        told = refused.reason
    seconds = time.process_time() - began
    # What the kernel's resource usage calls the peak would be the one of the process that started this one.
    status = pathlib.Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    peak = next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), None)
    print(json.dumps([path.stem, told, seconds, (peak or psutil.Process().memory_info().rss / 1024) / 1024]))
"""
    run = subprocess.run(
        [sys.executable, "-c", code, str(blank_folder), str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    rows = [json.loads(line) for line in run.stdout.splitlines()]
    assert {name: reason for name, reason, _, _ in rows} == wanted
    assert max(seconds for _, _, seconds, _ in rows) < 2
    assert max(megabytes for _, _, _, megabytes in rows) < 200


def test_after_forty_refusals_a_picture_is_the_same_to_the_bit_as_in_a_clean_process(
    sound: Path, base: shapes.Shapes, blank_folder: Path, tmp_path: Path
):
    for file, _ in damaged(sound.read_bytes(), tmp_path):
        with pytest.raises(LoraRefused):
            files.read(file, base).container.check_values()
    clean = subprocess.run(
        [sys.executable, "-c", f"from {__name__} import picture; print(picture({str(blank_folder)!r}))"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert picture(str(blank_folder)) == clean.stdout.split()[-1]


def test_a_refusal_names_what_did_not_fit(sound: Path, base: shapes.Shapes, tmp_path: Path):
    found = {}
    for file, _ in damaged(sound.read_bytes(), tmp_path):
        with pytest.raises(LoraRefused) as refused:
            files.read(file, base).container.check_values()
        found[file.stem] = refused.value
    assert (found["flux dev"].found, found["flux dev"].wanted) == ("3072", "224")
    assert found["sdxl"].found == "Stable Diffusion"
    assert "to_queue" in found["misspelt modules"].what
    assert found["renamed pickle"].found == "a pickle"
    assert found["lokr"].found == "LoKr"
    assert "to_q" in found["dora"].what
    assert found["nan"].found == "NaN"


def picture(folder: str) -> str:
    """The digest of a small picture's pixels."""
    import asyncio

    from engine.engine import Engine
    from engine.models import Catalogue
    from tests.engine.asking import asked, drawn

    async def draw() -> str:
        async with Engine(Catalogue.of({"pocket": {"folder": folder}}), device="cpu", threads=1) as engine:
            _, pictures = await drawn(engine, asked())
        return hashlib.sha256(pictures.images[0].tobytes()).hexdigest()

    return asyncio.run(draw())


def _text_halves(stock: dict[str, torch.Tensor], stem: str) -> list[torch.Tensor]:
    """kohya's text parts keep diffusers' oldest names until they are loaded: to_q_lora.up, lora_linear_layer.up."""
    for old, new in (("q_proj", "to_q"), ("k_proj", "to_k"), ("v_proj", "to_v"), ("out_proj", "to_out")):
        stem = stem.replace(old, f"{new}_lora") if stem.endswith(old) else stem
    if ".mlp." in stem:
        stem = f"{stem}.lora_linear_layer"
    return [stock[f"{stem}.{half}.weight"] for half in ("up", "down")]
