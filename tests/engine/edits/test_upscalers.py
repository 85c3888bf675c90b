"""Upscaler weights of the owner; the networks themselves run only where `spandrel` can be imported.

It wants torchvision, of which there is no build beside the CPU build of torch. Where `pip install torch torchvision
spandrel` was done instead, all of this file runs.
"""

import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from safetensors.torch import save_file

from bench.comparing import psnr
from engine.edits.plan import Editor
from engine.edits.upscalers import Upscaler
from engine.errors import ModelUnavailable
from tests.engine.asking import asked

try:
    from spandrel.architectures.ESRGAN import ESRGAN  # pyright: ignore[reportMissingImports]
except Exception as error:  # torchvision raises RuntimeError where it does not fit torch
    ESRGAN: Any = None
    MISSING = str(error)
else:
    MISSING = ""

needs_spandrel = pytest.mark.skipif(bool(MISSING), reason=f"spandrel cannot be imported here: {MISSING}")


def repeating(scale: int, *, body: float = 0.0, seed: int = 0) -> dict[str, torch.Tensor]:
    """Weights of a small ESRGAN that repeats every pixel, made by hand; `body` lets its blocks see far around as well.

    Real weights of that family do what these do, and add what they learned of edges.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = ESRGAN(num_filters=8, num_blocks=2, scale=scale)
    weights = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    for name, tensor in weights.items():
        if ".sub." in name:
            tensor *= body
        else:
            tensor.zero_()
            if tensor.ndim == 4:
                for channel in range(3):
                    tensor[channel, channel, 1, 1] = 1.0
    return weights


def pictured(size: tuple[int, int]) -> Image.Image:
    picture = Image.effect_mandelbrot(size, (-2, -1, 1, 1), 30).convert("RGB")
    ImageDraw.Draw(picture).ellipse((size[0] // 4, 5, size[0] // 2, size[1] - 5), fill="red")
    return picture


def saved(weights: Any, path: Path) -> Path:
    save_file(weights, path) if path.suffix == ".safetensors" else torch.save(weights, path)
    return path


def test_weights_that_are_not_there_are_told(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable) as refused:
        Upscaler(tmp_path / "none.pth")(Image.new("RGB", (64, 64)))
    assert refused.value.reason


@needs_spandrel
@pytest.mark.parametrize("scale", [2, 4, 8])
@pytest.mark.parametrize("ending", [".pth", ".safetensors"])
def test_a_network_of_any_factor_makes_pictures_twice_as_long(scale: int, ending: str, tmp_path: Path) -> None:
    picture = pictured((300, 70))
    large = Upscaler(saved(repeating(scale), tmp_path / f"small{ending}"))(picture)
    assert large.size == (600, 140)
    repeated = picture.resize((300 * scale, 70 * scale), Image.Resampling.NEAREST)
    assert psnr(large, repeated.resize(large.size, Image.Resampling.LANCZOS)) > 45


@needs_spandrel
def test_tiles_leave_no_borders_with_a_network_that_sees_far(tmp_path: Path) -> None:
    from spandrel import ModelLoader  # pyright: ignore[reportMissingImports]

    weights = saved(repeating(2, body=0.7), tmp_path / "far.safetensors")
    picture = pictured((600, 330))  # 3 x 2 tiles
    tiled = np.asarray(Upscaler(weights)(picture), dtype=int)
    pixels = torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None].float() / 255
    with torch.inference_mode():
        whole = ModelLoader("cpu").load_from_file(weights)(pixels)[0].clamp(0, 1)  # in one piece
    whole = (whole * 255 + 0.5).byte().permute(1, 2, 0).numpy().astype(int)
    plain = np.asarray(picture.resize((1200, 660), Image.Resampling.NEAREST), dtype=int)
    assert np.abs(whole - plain).max() > 20, "the blocks do something"
    assert np.abs(tiled - whole).max() <= 2


@needs_spandrel
def test_averaged_weights_are_taken_before_those_of_the_last_step(tmp_path: Path) -> None:
    black = {name: torch.zeros_like(tensor) for name, tensor in repeating(2).items()}
    weights = saved({"params": black, "params_ema": repeating(2)}, tmp_path / "both.pth")
    assert Upscaler(weights)(Image.new("RGB", (64, 64), "red")).getpixel((50, 50)) == (255, 0, 0)


@needs_spandrel
def test_upscale_draws_over_what_the_network_made(tmp_path: Path) -> None:
    """The road of the button: plan, network, tiles for the model, and back to the picture's own size doubled."""
    upscaler = Upscaler(saved(repeating(4), tmp_path / "four.pth"))
    picture = pictured((256, 256))
    plan = Editor(upscale=upscaler).plan({"kind": "upscale", "how": "creative"}, replace(asked(), image=picture))
    assert len(plan.requests) == 4
    first = plan.requests[0].image
    assert first is not None
    assert psnr(first, upscaler(picture).crop((0, 0, *first.size))) > 60
    assert plan.finish([(request.image,) for request in plan.requests if request.image])[0].size == (512, 512)


class Writes:
    """Unpickling it would write a file."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> Any:
        return (Path.touch, (self.file,))


@needs_spandrel
def test_pickles_are_only_opened_by_the_child_and_run_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sound = saved(repeating(2), tmp_path / "sound.pth")
    bait = tmp_path / "bait"
    saved({"params": Writes(bait)}, tmp_path / "evil.pth")
    (tmp_path / "plain.pth").write_bytes(pickle.dumps(Writes(bait)))

    def opened(*_: object, **__: object) -> None:
        raise AssertionError("a pickle was opened in this process")

    monkeypatch.setattr(torch, "load", opened)
    monkeypatch.setattr(torch.jit, "load", opened)
    assert Upscaler(sound)(Image.new("RGB", (32, 32))).size == (64, 64)
    for name in ("evil.pth", "plain.pth"):
        with pytest.raises(ModelUnavailable) as refused:
            Upscaler(tmp_path / name)(Image.new("RGB", (32, 32)))
        assert "UnpicklingError" in refused.value.reason
    assert not bait.exists()


def truncated(path: Path) -> None:
    saved(repeating(2), path)
    path.write_bytes(path.read_bytes()[:3000])


WRONG: dict[str, tuple[Any, str]] = {
    "empty.pth": (lambda path: path.write_bytes(b""), "unreadable"),
    "text.pth": (lambda path: path.write_text("weights"), "unreadable"),
    "text.safetensors": (lambda path: path.write_text("weights"), "unreadable"),
    "cut.pth": (truncated, "unreadable"),
    "cut.safetensors": (truncated, "unreadable"),
    "lora.safetensors": (lambda path: saved({"a.lora_A.weight": torch.ones(4, 8)}, path), "unreadable"),
    "nothing.pth": (lambda path: saved({"epoch": 3}, path), "unreadable"),
    "same_size.pth": (lambda path: saved(ESRGAN(num_filters=8, num_blocks=1, scale=1).state_dict(), path), "RGB"),
    "grey.pth": (
        lambda path: saved(ESRGAN(in_nc=1, out_nc=1, num_filters=8, num_blocks=1, scale=4).state_dict(), path),
        "RGB",
    ),
}


@needs_spandrel
@pytest.mark.parametrize("name", WRONG)
def test_files_that_are_no_upscaler_are_refused_with_a_reason(name: str, tmp_path: Path) -> None:
    write, reason = WRONG[name]
    write(tmp_path / name)
    with pytest.raises(ModelUnavailable) as refused:
        Upscaler(tmp_path / name)(Image.new("RGB", (64, 64)))
    assert reason in refused.value.reason
