"""FLUX.1 as its public repositories have it, only small and random: their layout, classes, names and settings.

What the pocket model's folder does not try: weights in several files, CLIP's weights under the names of older
transformers, tokenizers of CLIP and T5, a shift that depends on the size, an autoencoder of eight, no guidance.
"""

import json
import string
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

FLUX_AUTOENCODER: dict[str, Any] = {
    "block_out_channels": (128, 256, 512, 512),
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
    "layers_per_block": 2,
    "latent_channels": 16,
    "sample_size": 1024,
    "use_quant_conv": False,
    "use_post_quant_conv": False,
}
"""Settings of the autoencoder of FLUX.1 in its own size."""

_LETTERS = string.ascii_lowercase
_EXTRA = [f"<extra_id_{index}>" for index in range(100)]


def write_published(folder: Path, *, dev: bool) -> Path:
    """Write the folder, of [dev] with its guidance or of [schnell] without. Returns `folder`."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        words = _clip_tokenizer(folder / "tokenizer")
        pieces = _t5_tokenizer(folder / "tokenizer_2")
        _weights(folder, words=words, pieces=pieces, guidance=dev)
    scheduler = {
        "_class_name": "FlowMatchEulerDiscreteScheduler",
        "base_image_seq_len": 256,
        "base_shift": 0.5,
        "max_image_seq_len": 4096,
        "max_shift": 1.15,
        "num_train_timesteps": 1000,
        "shift": 3.0 if dev else 1.0,
        "use_dynamic_shifting": dev,
    }
    _json(folder / "scheduler" / "scheduler_config.json", scheduler)
    index = {
        "_class_name": "FluxPipeline",
        "_diffusers_version": "0.30.0.dev0",
        "scheduler": ["diffusers", "FlowMatchEulerDiscreteScheduler"],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "text_encoder_2": ["transformers", "T5EncoderModel"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
        "tokenizer_2": ["transformers", "T5TokenizerFast"],
        "transformer": ["diffusers", "FluxTransformer2DModel"],
        "vae": ["diffusers", "AutoencoderKL"],
    }
    _json(folder / "model_index.json", index)
    return folder


def _weights(folder: Path, *, words: dict[str, int], pieces: int, guidance: bool) -> None:
    from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
    from diffusers.models.transformers.transformer_flux import FluxTransformer2DModel
    from transformers import CLIPTextConfig, CLIPTextModel, T5Config, T5EncoderModel

    FluxTransformer2DModel(
        in_channels=64,
        num_layers=2,
        num_single_layers=2,
        attention_head_dim=32,
        num_attention_heads=2,
        joint_attention_dim=48,
        pooled_projection_dim=40,
        guidance_embeds=guidance,
        axes_dims_rope=(8, 12, 12),
    ).save_pretrained(folder / "transformer", max_shard_size="600KB")
    eight_times_smaller: dict[str, Any] = {
        "block_out_channels": (8, 8, 16, 16),
        "down_block_types": ("DownEncoderBlock2D",) * 4,
        "up_block_types": ("UpDecoderBlock2D",) * 4,
    }
    AutoencoderKL(
        latent_channels=16,
        norm_num_groups=4,
        scaling_factor=0.3611,
        shift_factor=0.1159,
        use_quant_conv=False,
        use_post_quant_conv=False,
        **eight_times_smaller,
    ).save_pretrained(folder / "vae")
    clip = CLIPTextConfig(
        vocab_size=len(words),
        hidden_size=40,
        intermediate_size=80,
        num_hidden_layers=2,
        num_attention_heads=4,
        projection_dim=40,
        bos_token_id=words["<|startoftext|>"],
        eos_token_id=words["<|endoftext|>"],
    )
    CLIPTextModel(clip).save_pretrained(folder / "text_encoder")
    file = folder / "text_encoder" / "model.safetensors"
    tensors = {f"text_model.{name.removeprefix('text_model.')}": one.clone() for name, one in load_file(file).items()}
    save_file(tensors, file, metadata={"format": "pt"})
    t5 = T5Config(
        vocab_size=pieces, d_model=48, d_ff=64, d_kv=12, num_heads=4, num_layers=2, feed_forward_proj="gated-gelu"
    )
    T5EncoderModel(t5).save_pretrained(folder / "text_encoder_2", max_shard_size="100KB")


def _clip_tokenizer(folder: Path) -> dict[str, int]:
    """Writes it without a tokenizer.json, as it is there. Returns the vocabulary."""
    begin, end = "<|startoftext|>", "<|endoftext|>"
    tokens = [*_LETTERS, *(f"{letter}</w>" for letter in _LETTERS), "re", "red</w>", begin, end]
    words = {token: number for number, token in enumerate(tokens)}
    _json(folder / "vocab.json", words)
    (folder / "merges.txt").write_text("#version: 0.2\nr e\nre d</w>\n")
    named = {"bos_token": begin, "eos_token": end, "pad_token": end, "unk_token": end}
    _json(folder / "special_tokens_map.json", named)
    settings = {"model_max_length": 77, "tokenizer_class": "CLIPTokenizer", "do_lower_case": True}
    _json(folder / "tokenizer_config.json", {**settings, **named})
    return words


def _t5_tokenizer(folder: Path) -> int:
    """Returns how many pieces it knows."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    known = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", -2.0), ("▁", -2.0), *((letter, -3.0) for letter in _LETTERS)]
    pieces = [*known, ("▁red", -2.5), *((name, 0.0) for name in reversed(_EXTRA))]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=2, byte_fallback=False))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()  # type: ignore[assignment]
    tokenizer.post_processor = processors.TemplateProcessing(  # type: ignore[assignment]
        single=["$A", "</s>"], pair=["$A", "</s>", "$B", "</s>"], special_tokens=[("</s>", 1)]
    )
    folder.mkdir(parents=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "spiece.model").write_bytes(b"\x0a\x0e\x0a\x05<pad>")  # sentencepiece's, which is not installed
    named = {"eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>", "additional_special_tokens": _EXTRA}
    _json(folder / "special_tokens_map.json", named)
    settings = {"model_max_length": 512, "tokenizer_class": "T5Tokenizer", "extra_ids": 100, "legacy": True}
    _json(folder / "tokenizer_config.json", {**settings, **named})
    return len(pieces)


def _json(file: Path, content: object) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content))
