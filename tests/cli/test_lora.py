"""`atelier lora ...` as an owner types it, on the untrained model."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch

from bot.cli import main
from tests.engine.lora import making


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A config beside its model, and two LoRAs."""
    from diffusers.pipelines.flux.pipeline_flux import FluxPipeline

    from engine.pocket.blank import write_blank

    folder = tmp_path_factory.mktemp("studio")
    write_blank(folder / "model")
    (folder / "config.toml").write_text("[models.pocket]\nfolder = 'model'\n")
    pipeline: Any = FluxPipeline.from_pretrained(folder / "model", dtype=torch.float32)
    making.save(pipeline, folder / "one.safetensors", 1, rank=4, text=True)
    making.save(pipeline, folder / "two.safetensors", 2, rank=6, leaves=making.ATTENTION)
    making.rewrite(
        folder / "two.safetensors",
        folder / "noted.safetensors",
        metadata={"modelspec.title": "Ink and\nwash", "ss_tag_frequency": '{"10_ink": {"inkwash": 20, "a cat": 2}}'},
    )
    two = making.load_file(folder / "two.safetensors")
    making.save_file({name: torch.zeros_like(t) for name, t in two.items()}, folder / "zero.safetensors")
    stems = [f"transformer.transformer_blocks.0.attn.to_{leaf}" for leaf in "qkv"]
    for name, alphas in {"mute": (0.0, 0.0, 0.0), "half-mute": (0.0, 4.0, 4.0)}.items():
        tensors = {f"{stem}.lora_A.weight": two[f"{stems[0]}.lora_A.weight"].clone() for stem in stems}
        tensors |= {f"{stem}.lora_B.weight": two[f"{stem}.lora_B.weight"] for stem in stems}
        tensors |= {f"{stem}.alpha": torch.tensor(alpha) for stem, alpha in zip(stems, alphas, strict=True)}
        making.save_file(tensors, folder / f"{name}.safetensors")
    return folder


@pytest.fixture
def atelier(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Type a line; the exit code and all that was said."""
    monkeypatch.chdir(folder)

    def type_in(line: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            main(line.split())
        captured = capsys.readouterr()
        return int(ended.value.code or 0), captured.out + captured.err

    return type_in


def test_inspect_tells_format_ranks_modules_and_notes(atelier: Any):
    code, said = atelier("lora inspect one.safetensors")
    assert code == 0
    assert "diffusers format, for pocket" in said
    assert re.search(r"rank 4, 0\.\d\d MB", said)
    assert "transformer: 45 of 62 modules, scale 1" in said
    assert "text_encoder: 12 of 12 modules" in said
    code, said = atelier("lora inspect noted.safetensors")
    assert "triggers: inkwash\n" in said
    assert "title: Ink and wash\n" in said


def test_a_conversion_there_and_back_is_the_same_file_of_numbers(atelier: Any, folder: Path):
    assert atelier("lora convert one.safetensors kohya.safetensors --as kohya")[0] == 0
    assert "kohya format" in atelier("lora inspect kohya.safetensors")[1]
    assert atelier("lora convert kohya.safetensors back.safetensors --as diffusers")[0] == 0
    before, after = (making.load_file(folder / f"{name}.safetensors") for name in ("one", "back"))
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_merge_then_inspect_and_a_smaller_rank_with_its_error(atelier: Any):
    assert atelier("lora merge merged.safetensors one.safetensors two.safetensors:-0.5")[0] == 0
    assert "rank 4 to 10" in atelier("lora inspect merged.safetensors")[1]
    code, said = atelier("lora merge small.safetensors one.safetensors two.safetensors:-0.5 --rank 3")
    assert code == 0
    assert re.search(r"rank 3 loses \d\d\.\d\d% of the change", said)


def test_what_is_melted_into_a_model_is_extracted_again(atelier: Any):
    code, said = atelier("lora merge melted one.safetensors")
    assert (code, "1 LoRA in its weights" in said) == (0, True)
    code, said = atelier("lora extract melted again.safetensors --rank 4")
    assert code == 0
    assert re.search(r"rank 4 loses 0\.\d\d% of the change", said)
    assert "57 modules, rank 4 to 4" in said


def test_a_layer_whose_alpha_is_zero_is_left_out_of_what_is_fused(atelier: Any):
    for style in ("kohya", "bfl"):
        assert atelier(f"lora convert half-mute.safetensors {style}-mute.safetensors --as {style}")[0] == 0
        assert atelier(f"lora convert {style}-mute.safetensors {style}-again.safetensors --as diffusers")[0] == 0
        assert "2 of 62 modules" in atelier(f"lora inspect {style}-again.safetensors")[1]


def test_mix_goes_in_a_line_between_two(atelier: Any, folder: Path):
    assert atelier("lora mix one.safetensors two.safetensors mixed.safetensors --share 0.25")[0] == 0
    name = "transformer.transformer_blocks.0.attn.to_q"
    one, two, mixed = (
        tensors[f"{name}.lora_B.weight"] @ tensors[f"{name}.lora_A.weight"]
        for tensors in (making.load_file(folder / f"{file}.safetensors") for file in ("one", "two", "mixed"))
    )
    assert torch.allclose(mixed, 0.75 * one + 0.25 * two, atol=1e-5)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("lora inspect config.toml", "this is no safetensors file"),
        ("lora inspect nowhere.safetensors", "nowhere.safetensors"),
        ("lora inspect one.safetensors --model pockett", "did you mean pocket?"),
        ("lora convert one.safetensors x.safetensors --as xlabs", "the format xlabs has no place for"),
        ("lora convert one.safetensors two.safetensors --as kohya", "is there already"),
        ("lora merge model one.safetensors", "is there already"),
        ("lora extract model x.safetensors", "the two models are the same"),
        ("lora convert zero.safetensors x.safetensors --as kohya", "it changes nothing"),
        ("lora convert mute.safetensors x.safetensors --as kohya", "it changes nothing"),
        ("lora convert mute.safetensors x.safetensors --as bfl", "it changes nothing"),
        ("lora merge x.safetensors one.safetensors:0", "it changes nothing"),
        ("lora merge x.safetensors zero.safetensors --rank 2", "it changes nothing"),
        ("lora merge x.safetensors one.safetensors:nan", "nan is no weight for one.safetensors"),
        ("lora merge x.safetensors one.safetensors:-inf", "-inf is no weight for one.safetensors"),
        ("lora merge x.safetensors one.safetensors:1e300", "1e300 is no weight for one.safetensors"),
        ("lora convert one.safetensors no/x.safetensors --as kohya", "no/x.safetensors: no such file"),
    ],
)
def test_what_cannot_be_done_is_said_on_one_line(line: str, words: str, atelier: Any, folder: Path):
    code, said = atelier(line)
    assert code == 1
    assert words in said
    assert len(said.splitlines()) == 1
    assert not (folder / "x.safetensors").exists()
