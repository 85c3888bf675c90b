"""LoRAs for tests: seeded peft adapters, saved by diffusers, and the same numbers in the other formats' layouts."""

import copy
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from diffusers.pipelines.flux.pipeline_flux import FluxPipeline
from peft import LoraConfig, get_peft_model_state_dict
from safetensors.torch import load_file, save_file

ATTENTION = ("to_q", "to_k", "to_v", "to_out.0", "add_q_proj", "add_k_proj", "add_v_proj", "to_add_out")
MLP = ("ff.net.0.proj", "ff.net.2", "ff_context.net.0.proj", "ff_context.net.2", "proj_mlp", "proj_out")
TEXT = ("q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2")

Tensors = dict[str, torch.Tensor]


def adapter(
    pipeline: Any, seed: int, *, rank: int = 8, leaves: Iterable[str] = (*ATTENTION, *MLP), text: bool = False
) -> dict[str, Tensors]:
    """The state of a random adapter, by component, in peft's names; the model itself is left as it was."""
    state = {"transformer": _state(pipeline.transformer, seed, rank, leaves)}
    if text:
        state["text_encoder"] = _state(pipeline.text_encoder, seed + 1000, rank, TEXT)
    return state


def save(pipeline: Any, file: Path, seed: int, **how: Any) -> Path:
    """A random LoRA in diffusers' own format, written by diffusers."""
    state: dict[str, Any] = adapter(pipeline, seed, **how)
    FluxPipeline.save_lora_weights(
        file.parent,
        transformer_lora_layers=state["transformer"],
        text_encoder_lora_layers=state.get("text_encoder"),  # type: ignore[arg-type]
        weight_name=file.name,
    )
    return file


def rewrite(
    source: Path, target: Path, change: Mapping[str, Any] | None = None, metadata: dict[str, str] | None = None
) -> Path:
    """The file again with tensors replaced, added, or (None) left out."""
    tensors = load_file(source)
    for name, tensor in (change or {}).items():
        if tensor is None:
            del tensors[name]
        else:
            tensors[name] = tensor
    save_file(tensors, target, metadata=metadata)
    return target


def xlabs(source: Path, target: Path, blocks: int = 2) -> Path:
    """Attention of the double blocks as XLabs lays it out: one `down` for q, k and v."""
    tensors, made = load_file(source), {}
    for index in range(blocks):
        ours = f"transformer.transformer_blocks.{index}.attn."
        for qkv, proj, number in (
            (("to_q", "to_k", "to_v"), "to_out.0", 1),
            (("add_q_proj", "add_k_proj", "add_v_proj"), "to_add_out", 2),
        ):
            theirs = f"double_blocks.{index}.processor."
            made[f"{theirs}qkv_lora{number}.down.weight"] = tensors[f"{ours}{qkv[0]}.lora_A.weight"]
            made[f"{theirs}qkv_lora{number}.up.weight"] = torch.cat(
                [tensors[f"{ours}{leaf}.lora_B.weight"] for leaf in qkv]
            )
            made[f"{theirs}proj_lora{number}.down.weight"] = tensors[f"{ours}{proj}.lora_A.weight"].clone()
            made[f"{theirs}proj_lora{number}.up.weight"] = tensors[f"{ours}{proj}.lora_B.weight"].clone()
    save_file(made, target)
    return target


def kohya(source: Path, target: Path, *, alpha: float, blocks: int = 2) -> Path:
    """The double blocks' image stream as kohya's scripts write it, q, k and v fused, with an alpha; text parts too."""
    tensors, made = load_file(source), {}
    for index in range(blocks):
        ours = f"transformer.transformer_blocks.{index}."
        theirs = f"lora_unet_double_blocks_{index}_"
        leaves = {
            "img_attn_qkv": ("attn.to_q", "attn.to_k", "attn.to_v"),
            "img_attn_proj": ("attn.to_out.0",),
            "img_mlp_0": ("ff.net.0.proj",),
            "img_mlp_2": ("ff.net.2",),
        }
        for name, modules in leaves.items():
            made[f"{theirs}{name}.lora_down.weight"] = tensors[f"{ours}{modules[0]}.lora_A.weight"].clone()
            made[f"{theirs}{name}.lora_up.weight"] = torch.cat(
                [tensors[f"{ours}{module}.lora_B.weight"] for module in modules]
            )
            made[f"{theirs}{name}.alpha"] = torch.tensor(alpha)
    for name, tensor in tensors.items():
        if name.startswith("text_encoder."):
            module, half = name.removeprefix("text_encoder.").rsplit(".lora_", 1)
            stem = f"lora_te1_text_model_{module.replace('.', '_')}"
            made[f"{stem}.lora_{'down' if half[0] == 'A' else 'up'}.weight"] = tensor.clone()
            made[f"{stem}.alpha"] = torch.tensor(alpha)
    save_file(made, target)
    return target


def _state(model: Any, seed: int, rank: int, leaves: Iterable[str]) -> Tensors:
    # On a copy: peft wraps the layers in place, and taking it off again leaves the wrapping's traces.
    wrapped = copy.deepcopy(model)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        wrapped.add_adapter(
            LoraConfig(r=rank, lora_alpha=rank, target_modules=list(leaves), init_lora_weights=False), "made"
        )
        state = get_peft_model_state_dict(wrapped, adapter_name="made")
        return {name: torch.randn(tensor.shape) * 0.05 for name, tensor in state.items()}
