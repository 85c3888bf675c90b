"""LoRAs written in the formats people have, and read again as pairs. Knows no device.

Where a format fuses modules (q, k and v), pairs with one first half are laid one below the other; others become the
blocks of one larger pair, which falls apart again when it is read.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
import torch
from safetensors.torch import save as as_bytes

from engine.lora import names
from engine.lora.container import LARGEST_VALUE
from engine.lora.errors import LoraRefused
from engine.lora.files import LARGEST_RANK, Module, Pair, read
from engine.lora.names import Style
from engine.lora.shapes import Shapes

Pairs: TypeAlias = Mapping[Module, Pair]
Dtype: TypeAlias = Literal["float32", "float16", "bfloat16"]

_OF_TEXT = {
    "kohya": {"text_encoder": "lora_te1_text_model_", "text_encoder_2": "lora_te3_"},
    "bfl": {
        "text_encoder": "text_encoders.clip_l.transformer.text_model.",
        "text_encoder_2": "text_encoders.t5xxl.transformer.",
    },
}


def load(path: Path, shapes: Shapes) -> Pairs:
    """All pairs of a file. Raises LoraRefused or OSError."""
    return dict(read(path, shapes).pairs())


def save(
    pairs: Pairs, path: Path, style: Style, shapes: Shapes, *, dtype: Dtype = "float32", about: Mapping[str, str] = {}
) -> None:
    """Write a safetensors file, whole or not at all. `about` becomes its metadata.

    Raises LoraRefused for what would not be read again: nothing, numbers that are too large, a module that the format
    has no place for, a fused rank above the largest. Raises FileExistsError and other OSErrors for the target.
    """
    match style:
        case "diffusers":
            tensors = _dotted(pairs, {})
        case "xlabs":
            tensors = _fused(pairs, shapes, style)
        case "bfl" | "kohya":
            tensors = _fused(pairs, shapes, style)
    if not tensors:
        raise LoraRefused("empty", found=0)
    made = {
        name: torch.from_numpy(np.ascontiguousarray(array)).to(getattr(torch, dtype)) for name, array in tensors.items()
    }
    for name, tensor in made.items():
        largest = float(tensor.abs().max())
        if not largest <= LARGEST_VALUE:
            raise LoraRefused("values", what=name, found=f"{largest:.3g}")
    content = as_bytes(made, metadata=dict(about) or None)
    with path.open("xb") as file:
        try:
            file.write(content)
            file.flush()
        except OSError:
            path.unlink()
            raise


def changing(pairs: Pairs) -> Pairs:
    """Without ranks and modules that change nothing. Raises LoraRefused when nothing is left."""
    left = {module: pair.trimmed() for module, pair in pairs.items()}
    left = {module: pair for module, pair in left.items() if pair.rank}
    if not left:
        raise LoraRefused("empty", what="it changes nothing: its numbers or its weights are zero", found=0)
    return left


def _dotted(pairs: Pairs, prefixes: Mapping[str, str]) -> dict[str, np.ndarray]:
    """Module by module, the factor counted into the second half: every reader takes that for granted."""
    tensors: dict[str, np.ndarray] = {}
    for (component, module), pair in pairs.items():
        stem = prefixes.get(component, f"{component}.") + module
        tensors[f"{stem}.lora_A.weight"] = pair.down
        tensors[f"{stem}.lora_B.weight"] = pair.up * np.float32(pair.scale)
    return tensors


def _fused(pairs: Pairs, shapes: Shapes, style: Style) -> dict[str, np.ndarray]:
    left = dict(pairs)
    tensors: dict[str, np.ndarray] = {}
    for name, target in names.bfl(shapes).items():
        if (target.style == "xlabs") != (style == "xlabs"):
            continue
        modules: list[Module] = [("transformer", module) for module in target.modules]
        members = [(module, left.pop(module)) for module in modules if module in left]
        if members:
            fused = _joined(dict(members), modules, shapes)
            if fused.rank > LARGEST_RANK:
                raise LoraRefused("rank", what=name, found=fused.rank, wanted=f"at most {LARGEST_RANK}")
            if target.swapped:
                scale, shift = np.split(fused.up, 2)
                fused = Pair(down=fused.down, up=np.concatenate([shift, scale]), scale=fused.scale)
            tensors |= _named(name, fused, style)
    for (component, module), pair in left.items():
        prefix = _OF_TEXT.get(style, {}).get(component)
        if prefix is None:
            raise LoraRefused("format", what=module, wanted=style)
        stem = prefix + (module.replace(".", "_") if style == "kohya" else module)
        tensors |= _halves(stem, pair, style)
    return tensors


def _named(name: str, pair: Pair, style: Style) -> dict[str, np.ndarray]:
    match style:
        case "kohya":
            return _halves(names.kohya_name(name), pair, style)
        case "xlabs":  # it knows no alpha
            return {f"{name}.down.weight": pair.down, f"{name}.up.weight": pair.up * np.float32(pair.scale)}
        case _:
            return _halves(f"diffusion_model.{name}", pair, style)


def _halves(stem: str, pair: Pair, style: Style) -> dict[str, np.ndarray]:
    down, up = ("lora_down", "lora_up") if style == "kohya" else ("lora_A", "lora_B")
    alpha = np.array(pair.scale * pair.rank, np.float32)
    return {f"{stem}.{down}.weight": pair.down, f"{stem}.{up}.weight": pair.up, f"{stem}.alpha": alpha}


def _joined(members: Pairs, modules: Iterable[Module], shapes: Shapes) -> Pair:
    first, *others = members.values()
    outs = {module: shapes[module[0]][module[1]][0] for module in modules}
    if len(outs) == 1:
        return first
    if len(members) == len(outs) and all(np.array_equal(first.down, other.down) for other in others):
        ups = [pair.up * np.float32(pair.scale / first.scale) for pair in members.values()]
        return Pair(down=first.down, up=np.concatenate(ups), scale=first.scale)
    rank = sum(pair.rank for pair in members.values())
    up = np.zeros((sum(outs.values()), rank), np.float32)
    row = column = 0
    for module, out in outs.items():
        pair = members.get(module)
        if pair is not None:
            up[row : row + out, column : column + pair.rank] = pair.up * np.float32(pair.scale)
            column += pair.rank
        row += out
    return Pair(down=np.concatenate([pair.down for pair in members.values()]), up=up)
