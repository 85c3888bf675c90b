"""What a model needs of a device by plan, and which plan is taken."""

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.transformers.transformer_flux import FluxTransformer2DModel

from engine import plans
from engine.errors import ModelTooLarge
from engine.folders import numbers
from engine.models import KNOWN, ModelEntry
from engine.room import Allocations
from tests.engine.exotic import write_exotic
from tests.engine.published import FLUX_AUTOENCODER

FLUX_NUMBERS, FLUX_IN_FLOAT8 = 11_901_408_320, 8_653_744_128
"""Of the transformer of FLUX.1 [dev], and how many of them layerwise casting takes."""


def test_plans_are_taken_in_order_and_what_the_catalogue_says_counts() -> None:
    entry = KNOWN["schnell"]
    needed = plans.needs(entry, {"transformer": 10, "text_encoder_2": 10}, 2)
    assert needed == {"whole": int(33.9 * 2**30), "split": int(24.1 * 2**30), "float8": int(16.1 * 2**30)}
    assert plans.choose(entry, needed, free=40 << 30) == "whole"
    assert plans.choose(entry, needed, free=31 << 30) == "split"
    assert plans.choose(entry, needed, free=23 << 30) == "float8"
    with pytest.raises(ModelTooLarge) as caught:
        plans.choose(entry, needed, free=16 << 30)
    assert (caught.value.needed, caught.value.free) == (needed["float8"], 16 << 30)
    counted = plans.needs(KNOWN["pocket"], {"transformer": 10**9, "vae": 10**8, "text_encoder_2": 10**9}, 2)
    assert counted["whole"] - counted["split"] == int(2.1e9 * 2 * 1.08) - int(1.1e9 * 2 * 1.08)


def test_float8_is_offered_to_the_transformer_of_lanes_on_a_gpu_alone(blank_folder: Path, tmp_path: Path) -> None:
    exotic = write_exotic(tmp_path / "exotic", blank_folder)

    def offered(family: str, folder: Path, device: str, bytes_each: int = 2) -> dict[plans.Plan, int]:
        return plans.possible(ModelEntry(name="x", family=family), folder, bytes_each=bytes_each, device=device)

    assert list(offered("flux1", blank_folder, "cuda")) == ["whole", "split", "float8"]
    assert list(offered("stable-diffusion", exotic, "cuda")) == ["whole", "split"]
    assert list(offered("flux1", blank_folder, "cpu")) == ["whole"]
    for bytes_each in (2, 4):
        needed = offered("flux1", blank_folder, "cuda", bytes_each)
        saved = (needed["split"] - needed["float8"]) // (bytes_each - 1)
        assert saved == numbers(blank_folder, without=plans._NOT_IN_FLOAT8)["transformer"]


@pytest.mark.parametrize("plan", plans.PLANS)
def test_beside_the_weights_of_flux_there_is_room_to_decode_a_picture(plan: plans.Plan) -> None:
    """Its own autoencoder, without numbers: what a decoding takes can be added up, and no GPU is needed for it."""
    with torch.device("meta"):
        vae: Any = AutoencoderKL(**FLUX_AUTOENCODER)
        vae.to(torch.bfloat16)
        latents = torch.empty(1, 16, 128, 128, dtype=torch.bfloat16)
        with torch.inference_mode(), Allocations() as allocations:
            assert vae.decode(latents, return_dict=False)[0].shape[-2:] == (1024, 1024)
    weights = {"transformer": FLUX_NUMBERS, "vae": sum(one.numel() for one in vae.parameters())}
    in_bytes = FLUX_IN_FLOAT8 if plan == "float8" else 0
    if plan == "whole":
        weights |= {"text_encoder": 123_060_480, "text_encoder_2": 4_762_310_656}
    for entry in (KNOWN["dev"], ModelEntry(name="a folder")):
        taken = 2 * sum(weights.values()) - in_bytes
        left = plans.needs(entry, weights, 2, in_float8=FLUX_IN_FLOAT8)[plan] - taken
        assert left >= allocations.peak


def test_so_many_numbers_of_flux_can_be_kept_in_float8() -> None:
    with torch.device("meta"):
        transformer: Any = FluxTransformer2DModel(guidance_embeds=True)
    transformer.to(torch.bfloat16)
    assert sum(one.numel() for one in transformer.parameters()) == FLUX_NUMBERS
    transformer.enable_layerwise_casting(torch.float8_e4m3fn, torch.bfloat16)
    kept = (one.numel() for one in transformer.parameters() if one.dtype == torch.float8_e4m3fn)
    assert sum(kept) == FLUX_IN_FLOAT8
