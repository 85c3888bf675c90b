"""What the modules of a FLUX.1 model are called in each LoRA format, as one table from name to modules.

Underscored names (kohya's) cannot be taken apart without guessing, so nothing is: the table is made from the base
model's own modules, and a name that is not in it is unknown. Knows no files.

BFL's names: https://github.com/black-forest-labs/flux/blob/main/src/flux/modules/layers.py
kohya's prefixes: https://github.com/kohya-ss/sd-scripts/blob/sd3/networks/lora_flux.py
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from engine.lora.shapes import Shapes

Style: TypeAlias = Literal["diffusers", "kohya", "xlabs", "bfl"]

_DOUBLE = {
    "img_attn.qkv": ("attn.to_q", "attn.to_k", "attn.to_v"),
    "img_attn.proj": ("attn.to_out.0",),
    "img_mlp.0": ("ff.net.0.proj",),
    "img_mlp.2": ("ff.net.2",),
    "img_mod.lin": ("norm1.linear",),
    "txt_attn.qkv": ("attn.add_q_proj", "attn.add_k_proj", "attn.add_v_proj"),
    "txt_attn.proj": ("attn.to_add_out",),
    "txt_mlp.0": ("ff_context.net.0.proj",),
    "txt_mlp.2": ("ff_context.net.2",),
    "txt_mod.lin": ("norm1_context.linear",),
}
_SINGLE = {
    "linear1": ("attn.to_q", "attn.to_k", "attn.to_v", "proj_mlp"),
    "linear2": ("proj_out",),
    "modulation.lin": ("norm.linear",),
}
_OUTSIDE = {
    "img_in": ("x_embedder",),
    "txt_in": ("context_embedder",),
    "time_in.in_layer": ("time_text_embed.timestep_embedder.linear_1",),
    "time_in.out_layer": ("time_text_embed.timestep_embedder.linear_2",),
    "vector_in.in_layer": ("time_text_embed.text_embedder.linear_1",),
    "vector_in.out_layer": ("time_text_embed.text_embedder.linear_2",),
    "guidance_in.in_layer": ("time_text_embed.guidance_embedder.linear_1",),
    "guidance_in.out_layer": ("time_text_embed.guidance_embedder.linear_2",),
    "final_layer.linear": ("proj_out",),
    "final_layer.adaLN_modulation.1": ("norm_out.linear",),
}
_XLABS_DOUBLE = {
    "processor.qkv_lora1": _DOUBLE["img_attn.qkv"],
    "processor.proj_lora1": _DOUBLE["img_attn.proj"],
    "processor.qkv_lora2": _DOUBLE["txt_attn.qkv"],
    "processor.proj_lora2": _DOUBLE["txt_attn.proj"],
}
_XLABS_SINGLE = {
    "processor.qkv_lora": _SINGLE["linear1"][:3],
    "processor.proj_lora": _SINGLE["linear2"],
}
_SWAPPED = "norm_out.linear"  # BFL keeps (shift, scale) where diffusers keeps (scale, shift)

# Of names that mean the same, the first is the one we write.
_DOTTED = {
    "transformer": ("transformer.", "base_model.model.", ""),
    "text_encoder": ("text_encoder.", "text_encoder.text_model.", "text_encoders.clip_l.transformer.text_model."),
    "text_encoder_2": ("text_encoder_2.", "text_encoders.t5xxl.transformer."),
}
_UNDERSCORED = {
    "transformer": ("lora_transformer_",),
    "text_encoder": ("lora_te1_text_model_", "lora_te_text_model_", "lora_te1_", "lora_te_"),
    "text_encoder_2": ("lora_te3_", "lora_te2_"),
}
_BFL_PREFIXES = ("", "diffusion_model.", "base_model.model.", "transformer.")


@dataclass(frozen=True, kw_only=True)
class Target:
    """What a name in a file stands for: one module, or several whose outputs lie one after the other.

    Attributes:
        swapped: the halves of the output change places on the way to diffusers' module.
    """

    style: Style
    component: str
    modules: tuple[str, ...]
    swapped: bool = False


def targets(shapes: Shapes) -> Mapping[str, Target]:
    """Every known name, without the ending that tells the matrices apart, for a base model of these shapes."""
    table: dict[str, Target] = {}
    for component, modules in shapes.items():
        for module in modules:
            own = Target(style="diffusers", component=component, modules=(module,))
            kohya = Target(style="kohya", component=component, modules=(module,))
            for prefix in _DOTTED[component]:
                table.setdefault(prefix + module, own)
            for prefix in _UNDERSCORED[component]:
                table.setdefault(prefix + module.replace(".", "_"), kohya)
    for name, target in bfl(shapes).items():
        for prefix in _BFL_PREFIXES:
            # "proj_out" and the like have no prefix in two formats; the module's own name was there first.
            table.setdefault(prefix + name, target)
        if target.style == "bfl":
            table.setdefault(
                kohya_name(name),
                Target(style="kohya", component="transformer", modules=target.modules, swapped=target.swapped),
            )
    return table


def bfl(shapes: Shapes) -> Mapping[str, Target]:
    """BFL's and XLabs' names of the transformer's modules, bare."""
    known = shapes.get("transformer", {})
    return {
        name: Target(
            style="xlabs" if ".processor." in name else "bfl",
            component="transformer",
            modules=modules,
            swapped=modules == (_SWAPPED,),
        )
        for name, modules in _bfl_names(known)
        if all(module in known for module in modules)
    }


def kohya_name(name: str) -> str:
    """BFL's name of a module as kohya's scripts write it."""
    return "lora_unet_" + name.replace(".", "_")


def _bfl_names(modules: Mapping[str, object]) -> Iterator[tuple[str, tuple[str, ...]]]:
    yield from _OUTSIDE.items()
    for theirs, ours, tables in (
        ("double_blocks", "transformer_blocks", (_DOUBLE, _XLABS_DOUBLE)),
        ("single_blocks", "single_transformer_blocks", (_SINGLE, _XLABS_SINGLE)),
    ):
        indices = {module.split(".")[1] for module in modules if module.startswith(f"{ours}.")}
        for index in sorted(indices, key=int):
            for table in tables:
                for name, leaves in table.items():
                    yield f"{theirs}.{index}.{name}", tuple(f"{ours}.{index}.{leaf}" for leaf in leaves)
