"""An untrained model of the pocket model's very architecture, for tests that need the machinery, not the pictures."""

from pathlib import Path

import torch

from .autoencoder import build_autoencoder
from .packaging import build_transformer, package
from .text import TextSide


def write_blank(folder: Path, seed: int = 0, *, dtype: torch.dtype = torch.float32) -> Path:
    """Write a randomly initialised pipeline folder (the same for the same seed) in about a second; returns `folder`."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        package(folder, transformer=build_transformer(), autoencoder=build_autoencoder(), text=TextSide(), dtype=dtype)
    return folder
