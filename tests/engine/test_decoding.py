"""Pictures whose decoding needs more memory than there is. The autoencoders are diffusers' own, short of memory."""

import logging
from typing import Any

import pytest
import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL

from bench.comparing import family_of
from engine.engine import Engine
from engine.errors import OutOfMemory
from engine.families.flux1 import _in_pieces
from engine.room import Allocations
from tests.engine.asking import asked, drawn
from tests.engine.published import FLUX_AUTOENCODER


class Short(AutoencoderKL):
    """Has memory for pieces of a picture only."""

    def decode(self, *given: Any, **how: Any) -> Any:
        if not self.use_tiling:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return super().decode(*given, **how)


class Shorter(AutoencoderKL):
    """Has memory for nothing."""

    def decode(self, *_: Any, **__: Any) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory")


@pytest.mark.parametrize(("width", "height"), [(128, 128), (160, 96), (64, 64)])
async def test_a_picture_too_large_to_be_decoded_at_once_is_decoded_in_pieces(
    engine: Engine, width: int, height: int, caplog: pytest.LogCaptureFixture
) -> None:
    wish = asked(width=width, height=height)
    vae: Any = family_of(engine, "pocket").pipeline.vae  # type: ignore[attr-defined]
    _, before = await drawn(engine, wish)
    vae.__class__ = Short
    with caplog.at_level(logging.INFO):
        _, pieced = await drawn(engine, wish)
    vae.__class__ = AutoencoderKL
    assert f"out of memory for a picture of {width} x {height}" in caplog.text
    assert pieced.images[0].size == (width, height)
    _, after = await drawn(engine, wish)
    assert after.images[0].tobytes() == before.images[0].tobytes(), "what fits is drawn as ever"


@pytest.mark.parametrize(("vae", "tile"), [(Shorter, False), (Short, True)])
async def test_what_cannot_be_decoded_in_pieces_either_is_given_up_alone(
    engine: Engine, vae: type[AutoencoderKL], tile: bool
) -> None:
    family_of(engine, "pocket").pipeline.vae.__class__ = vae  # type: ignore[attr-defined]
    with pytest.raises(OutOfMemory):
        await drawn(engine, asked(tile=tile))
    family_of(engine, "pocket").pipeline.vae.__class__ = AutoencoderKL  # type: ignore[attr-defined]
    await drawn(engine, asked(tile=tile))


def test_in_pieces_the_autoencoder_of_flux_takes_less_than_half_the_memory() -> None:
    """Without numbers: what a decoding takes can be added up, and no GPU is needed for it."""
    with torch.device("meta"), torch.inference_mode():
        vae: Any = AutoencoderKL(**FLUX_AUTOENCODER)
        vae.to(torch.bfloat16)
        latents = torch.empty(1, 16, 128, 128, dtype=torch.bfloat16)
        with Allocations() as whole:
            vae.decode(latents, return_dict=False)
        with Allocations() as pieces, _in_pieces(vae, 128, 8):
            assert vae.decode(latents, return_dict=False)[0].shape[-2:] == (1024, 1024)
    assert pieces.peak < whole.peak / 2
