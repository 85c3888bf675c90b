"""The packaged folder is an ordinary diffusers pipeline: the stock pipelines open it and draw."""

import numpy as np
import pytest
import torch
from diffusers.pipelines.flux.pipeline_flux import FluxPipeline
from diffusers.pipelines.flux.pipeline_flux_img2img import FluxImg2ImgPipeline
from diffusers.pipelines.flux.pipeline_flux_inpaint import FluxInpaintPipeline
from PIL import Image

from engine.pocket.train import WEIGHTS

SIDE = 128
GRAY = Image.new("RGB", (SIDE, SIDE), (127, 127, 127))
LEFT = Image.new("L", (SIDE, SIDE))
LEFT.paste(255, (0, 0, SIDE // 2, SIDE))


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        (FluxPipeline, {}),
        (FluxImg2ImgPipeline, {"image": GRAY, "strength": 0.9}),
        (FluxInpaintPipeline, {"image": GRAY, "mask_image": LEFT, "strength": 1.0}),
    ],
)
def test_a_stock_pipeline_opens_the_folder_and_draws_red_where_red_was_asked_for(kind: type, more: dict) -> None:
    pipeline = kind.from_pretrained(WEIGHTS, dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    made = pipeline(
        "a large blue square on a red background",
        width=SIDE,
        height=SIDE,
        num_inference_steps=8,
        guidance_scale=3.0,
        max_sequence_length=32,
        generator=torch.Generator().manual_seed(1),
        **more,
    ).images[0]
    red, green, blue = np.asarray(made, dtype=np.float32)[4:24, 4:24].mean((0, 1))
    assert red > 180
    assert max(green, blue) < 100
    right = np.asarray(made, dtype=np.float32)[4:24, -24:-4].mean((0, 1))
    assert (np.ptp(right) < 30) == (kind is FluxInpaintPipeline)


def test_the_weights_take_less_than_25_mebibytes() -> None:
    assert sum(file.stat().st_size for file in WEIGHTS.rglob("*") if file.is_file()) < 25 * 2**20
