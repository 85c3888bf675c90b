"""From trained parts to a folder that the stock `FluxPipeline.from_pretrained` opens. It knows no training."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.transformers.transformer_flux import FluxTransformer2DModel
from diffusers.schedulers.scheduling_flow_match_euler_discrete import FlowMatchEulerDiscreteScheduler
from transformers import CLIPTextModel, T5EncoderModel

from .text import TextSide

SHIFT = 3.0
"""Static shift of the noise schedule, in training and in the packaged scheduler."""


def build_transformer() -> FluxTransformer2DModel:
    """Make the untrained transformer: FLUX.1's architecture, 2 double and 4 single blocks, about 7 million weights."""
    return FluxTransformer2DModel(
        patch_size=1,
        in_channels=64,
        num_layers=2,
        num_single_layers=4,
        attention_head_dim=56,
        num_attention_heads=4,
        joint_attention_dim=128,
        pooled_projection_dim=128,
        guidance_embeds=True,
        axes_dims_rope=(8, 24, 24),
    )


def build_scheduler() -> FlowMatchEulerDiscreteScheduler:
    return FlowMatchEulerDiscreteScheduler(shift=SHIFT, use_dynamic_shifting=False)


@dataclass(frozen=True, kw_only=True)
class Parts:
    """The trained parts of a packaged folder, in float32."""

    transformer: FluxTransformer2DModel
    autoencoder: AutoencoderKL
    text: TextSide


def unpackage(folder: Path) -> Parts:
    """Open a packaged folder for further training; raises OSError if a part is missing or cannot be read."""
    text = TextSide()
    text.clip = CLIPTextModel.from_pretrained(folder / "text_encoder", dtype=torch.float32)
    text.t5 = T5EncoderModel.from_pretrained(folder / "text_encoder_2", dtype=torch.float32)
    return Parts(
        transformer=FluxTransformer2DModel.from_pretrained(folder / "transformer", torch_dtype=torch.float32),
        autoencoder=AutoencoderKL.from_pretrained(folder / "vae", torch_dtype=torch.float32),
        text=text,
    )


def package(
    folder: Path,
    *,
    transformer: FluxTransformer2DModel,
    autoencoder: AutoencoderKL,
    text: TextSide,
    dtype: torch.dtype = torch.bfloat16,
) -> None:
    """Write the pipeline folder, whole or not at all; an older one at the same place is replaced.

    The given modules are cast to `dtype` in place. `folder`'s files other than the pipeline's parts stay.
    """
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    transformer.to(dtype).save_pretrained(part / "transformer")  # type: ignore[arg-type]
    autoencoder.register_to_config(_name_or_path="")  # it would tell where it was trained
    autoencoder.to(dtype).save_pretrained(part / "vae")  # type: ignore[arg-type]
    text.clip.to(dtype).save_pretrained(part / "text_encoder")  # type: ignore[arg-type]
    text.t5.to(dtype).save_pretrained(part / "text_encoder_2")  # type: ignore[arg-type]
    text.clip_tokenizer.save_pretrained(part / "tokenizer")
    text.t5_tokenizer.save_pretrained(part / "tokenizer_2")
    build_scheduler().save_pretrained(part / "scheduler")
    index = {
        "_class_name": "FluxPipeline",
        "_diffusers_version": "0.42.1",
        "scheduler": ["diffusers", "FlowMatchEulerDiscreteScheduler"],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "text_encoder_2": ["transformers", "T5EncoderModel"],
        # the generic class: T5Tokenizer would rebuild the normaliser on load and lose lower-casing
        "tokenizer": ["transformers", "PreTrainedTokenizerFast"],
        "tokenizer_2": ["transformers", "PreTrainedTokenizerFast"],
        "transformer": ["diffusers", "FluxTransformer2DModel"],
        "vae": ["diffusers", "AutoencoderKL"],
    }
    (part / "model_index.json").write_text(json.dumps(index, indent=2) + "\n")
    if folder.exists():
        shutil.rmtree(folder)
    part.rename(folder)
