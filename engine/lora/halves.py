"""Names of tensors sorted into the halves of LoRA pairs; other kinds of adapters are recognised and refused by name."""

from collections import defaultdict
from collections.abc import Iterable

from engine.lora.errors import LoraRefused

DOWN = (".lora_A.weight", ".lora_A.default.weight", ".lora_down.weight", ".lora.down.weight", ".down.weight")
UP = (".lora_B.weight", ".lora_B.default.weight", ".lora_up.weight", ".lora.up.weight", ".up.weight")
_DORA = ("dora_scale", "lora_magnitude_vector", "magnitude")
_OTHER_KINDS = {
    "hada_": "LoHa",
    "lokr_": "LoKr",
    "oft_": "OFT",
    "glora": "GLoRA",
    "diff_b": "trained biases",
    "diff": "whole layers",
    "bias": "trained biases",
    "lora_mid": "LoCon",
    "scale": "trained norms",
    "weight": "whole layers",
}


def halves(names: Iterable[str]) -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    """The matrices by their common stem, {"down": name, "up": name}, and the names of the alphas by stem.

    Raises LoraRefused for a matrix without its other half, and for whatever is no part of a LoRA.
    """
    pairs: defaultdict[str, dict[str, str]] = defaultdict(dict)
    alphas: dict[str, str] = {}
    for name in names:
        for half, endings in (("down", DOWN), ("up", UP)):
            ending = next((ending for ending in endings if name.endswith(ending)), None)
            if ending is not None:
                stem = name.removesuffix(ending)
                if half in pairs[stem]:
                    raise LoraRefused("header", what=name)
                pairs[stem][half] = name
                break
        else:
            if name.endswith(".alpha"):
                alphas[name.removesuffix(".alpha")] = name
            else:
                _refuse_kind(name)
    for stem, halves in pairs.items():
        if len(halves) < 2:
            raise LoraRefused("incomplete", what=stem, found=next(iter(halves)))
    return dict(pairs), alphas


def _refuse_kind(name: str) -> None:
    last = [piece for piece in name.split(".") if piece not in ("weight", "default")][-1:] or [name]
    if any(mark in name for mark in _DORA):
        raise LoraRefused("dora", what=name)
    kind = next((kind for mark, kind in _OTHER_KINDS.items() if last[0].startswith(mark)), "something else")
    raise LoraRefused("kind", what=name, found=kind)
