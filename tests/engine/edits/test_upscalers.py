"""Upscaler weights of the owner; the network itself runs only where `spandrel` is installed."""

import importlib.util
from pathlib import Path

import pytest
import torch
from PIL import Image

from engine.edits.upscalers import Upscaler
from engine.errors import ModelUnavailable

has_spandrel = importlib.util.find_spec("spandrel") is not None


def test_weights_that_are_not_there_are_told(tmp_path: Path) -> None:
    upscaler = Upscaler(tmp_path / "none.pth")
    with pytest.raises(ModelUnavailable):
        upscaler(Image.new("RGB", (64, 64)))


@pytest.mark.skipif(not has_spandrel, reason="spandrel is not installed here")
def test_a_network_enlarges_a_picture_of_any_size(tmp_path: Path) -> None:
    from spandrel.architectures.ESRGAN import ESRGAN  # pyright: ignore[reportMissingImports]

    torch.manual_seed(0)
    weights = tmp_path / "small.pth"
    torch.save(ESRGAN(num_filters=8, num_blocks=1, scale=4).state_dict(), weights)
    large = Upscaler(weights)(Image.new("RGB", (300, 70), "red"))
    assert large.size == (600, 140)
