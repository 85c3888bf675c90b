"""A model of a family that lanes cannot run: a random Stable Diffusion of a few thousand numbers, whole on disk."""

import json
import shutil
from pathlib import Path
from typing import Any

import torch


def write_exotic(folder: Path, texts_of: Path) -> Path:
    """Write the pipeline's folder; its texts are those of the model in `texts_of`. Returns `folder`."""
    from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
    from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
    from diffusers.schedulers.scheduling_ddim import DDIMScheduler
    from transformers import CLIPTextModel

    width = CLIPTextModel.from_pretrained(texts_of / "text_encoder").config.hidden_size
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        unet = UNet2DConditionModel(
            sample_size=8,
            block_out_channels=(8, 16),
            layers_per_block=1,
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
            cross_attention_dim=width,
            attention_head_dim=4,
            norm_num_groups=4,
        )
        eight_times_smaller: dict[str, Any] = {
            "block_out_channels": (8, 8, 8, 8),
            "down_block_types": ("DownEncoderBlock2D",) * 4,
            "up_block_types": ("UpDecoderBlock2D",) * 4,
        }
        vae = AutoencoderKL(latent_channels=4, norm_num_groups=4, **eight_times_smaller)
    unet.save_pretrained(folder / "unet")
    vae.save_pretrained(folder / "vae")
    DDIMScheduler(clip_sample=False, steps_offset=1).save_pretrained(folder / "scheduler")
    for part in ("text_encoder", "tokenizer"):
        shutil.copytree(texts_of / part, folder / part)
    index = {
        "_class_name": "StableDiffusionPipeline",
        "_diffusers_version": "0.42.1",
        "requires_safety_checker": False,
        "safety_checker": [None, None],
        "feature_extractor": [None, None],
        "image_encoder": [None, None],
        "scheduler": ["diffusers", "DDIMScheduler"],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "tokenizer": ["transformers", "PreTrainedTokenizerFast"],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
    }
    (folder / "model_index.json").write_text(json.dumps(index))
    return folder
