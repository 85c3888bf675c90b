"""LoRAs made from LoRAs and from models: merged, cut to a rank, taken from the difference of two models, melted in.

Works on pairs of matrices in float32. Knows no formats and no device.
"""

import math
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from engine.errors import ModelDamaged
from engine.lora.container import Floats
from engine.lora.errors import LoraRefused
from engine.lora.files import LARGEST_RANK, Module, Pair
from engine.lora.shapes import COMPONENTS, as_loaded
from engine.lora.writing import Pairs

_LARGE = 1024  # above this side, singular values are found by random projection
_SPARE = 16  # directions beyond the wanted rank that make the projection good (arXiv:0909.4061)


def merged(parts: Sequence[tuple[Pairs, float]]) -> dict[Module, Pair]:
    """The weighted sum of several, exactly: its rank in a module is the sum of theirs."""
    modules = dict.fromkeys(module for pairs, _ in parts for module in pairs)
    return {module: _sum([(pairs[module], weight) for pairs, weight in parts if module in pairs]) for module in modules}


def reduced(pairs: Pairs, rank: int) -> tuple[dict[Module, Pair], float]:
    """The nearest LoRA of at most `rank`, and its error: the share 0..1 of the change of weights that is lost.

    Through two thin QR factorisations, so that no matrix of a layer's full size is made.
    """
    made: dict[Module, Pair] = {}
    whole = kept = 0.0
    for module, pair in pairs.items():
        left, inner_left = np.linalg.qr(pair.up * np.float32(pair.scale))
        right, inner_right = np.linalg.qr(pair.down.T)
        u, values, v = np.linalg.svd(inner_left @ inner_right.T)
        made[module] = _halved(left @ u[:, :rank], values[:rank], v[:rank] @ right.T)
        whole += float(np.square(values, dtype=np.float64).sum())
        kept += float(np.square(values[:rank], dtype=np.float64).sum())
    return made, _lost(whole, kept)


def check_ranks(pairs: Pairs) -> None:
    """Raises LoraRefused for a rank that no reader here would take."""
    for (_, module), pair in pairs.items():
        if pair.rank > LARGEST_RANK:
            raise LoraRefused("rank", what=module, found=pair.rank, wanted=f"at most {LARGEST_RANK}")


def extracted(base: Path, tuned: Path, rank: int) -> tuple[dict[Module, Pair], float]:
    """What turns the model folder `base` into `tuned`, of at most `rank`, and the share 0..1 that is lost.

    Only linear layers are compared; what else differs is not in a LoRA's power. Raises ModelDamaged or LoraRefused.
    """
    made: dict[Module, Pair] = {}
    whole = kept = 0.0
    theirs = {module: (file, name) for module, file, name in _linears(tuned)}
    for module, file, name in _linears(base):
        if module not in theirs:
            raise LoraRefused("unknown_modules", what=module[1], found=1, wanted=len(theirs))
        change = _weight(*theirs[module]) - _weight(file, name)
        size = float(np.square(change, dtype=np.float64).sum())
        if size == 0:
            continue
        u, values, v = _singular(change, rank)
        made[module] = _halved(u, values, v)
        whole += size
        kept += float(np.square(values, dtype=np.float64).sum())
    if not made:
        raise LoraRefused("empty", what="the two models are the same", found=0)
    return made, _lost(whole, kept)


def collapsed(folder: Path, pairs: Pairs, target: Path) -> None:
    """Write a copy of the model folder whose weights have the LoRA in them; `target` is there whole or not at all.

    Raises FileExistsError, ModelDamaged or OSError.
    """
    if target.exists():
        raise FileExistsError(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".tmp-", dir=target.parent) as scratch:
        copy = Path(scratch) / "model"
        shutil.copytree(folder, copy)
        left = set(pairs)
        for component in {component for component, _ in pairs}:
            for file in sorted((copy / component).glob("*.safetensors")):
                left -= _melt(file, component, pairs)
        if left:
            raise ModelDamaged(str(folder), f"missing: {sorted(left)[0][1]}")
        copy.replace(target)


def _sum(parts: Sequence[tuple[Pair, float]]) -> Pair:
    return Pair(
        down=np.concatenate([pair.down for pair, _ in parts]),
        up=np.concatenate([pair.up * np.float32(pair.scale * weight) for pair, weight in parts], 1),
    )


def _halved(u: Floats, values: Floats, v: Floats) -> Pair:
    """The singular values shared out between the halves, so that neither is much larger than the other."""
    root = np.sqrt(values)
    return Pair(down=(root[:, None] * v).astype(np.float32), up=(u * root).astype(np.float32))


def _singular(matrix: Floats, rank: int) -> tuple[Floats, Floats, Floats]:
    if min(matrix.shape) <= _LARGE:
        u, values, v = np.linalg.svd(matrix, full_matrices=False)
        return u[:, :rank], values[:rank], v[:rank]
    chance = np.random.default_rng(0).standard_normal((matrix.shape[1], rank + _SPARE), np.float32)
    found, _ = np.linalg.qr(matrix @ chance)
    for _ in range(2):
        found, _ = np.linalg.qr(matrix @ (matrix.T @ found))
    u, values, v = np.linalg.svd(found.T @ matrix, full_matrices=False)
    return found @ u[:, :rank], values[:rank], v[:rank]


def _lost(whole: float, kept: float) -> float:
    return math.sqrt(max(0.0, 1.0 - kept / whole)) if whole else 0.0


def _linears(folder: Path) -> Iterator[tuple[Module, Path, str]]:
    from engine.lora import shapes

    known = shapes.of_folder(folder)
    if not any(known.values()):
        raise ModelDamaged(str(folder), "missing")
    for component in COMPONENTS:
        for file in sorted((folder / component).glob("*.safetensors")):
            with safe_open(file, framework="pt") as weights:
                for name in weights.keys():  # noqa: SIM118 - it is no dict
                    module = as_loaded(name.removesuffix(".weight"))
                    if name.endswith(".weight") and module in known[component]:
                        yield (component, module), file, name


def _weight(file: Path, name: str) -> Floats:
    with safe_open(file, framework="pt") as weights:
        return weights.get_tensor(name).float().numpy()


def _melt(file: Path, component: str, pairs: Pairs) -> set[Module]:
    """Add the pairs to one file of weights; the modules that were in it."""
    done: set[Module] = set()
    with safe_open(file, framework="pt") as weights:
        metadata: Mapping[str, str] | None = weights.metadata()
        tensors = {name: weights.get_tensor(name) for name in weights.keys()}  # noqa: SIM118
    for name, tensor in tensors.items():
        module = component, as_loaded(name.removesuffix(".weight"))
        if name.endswith(".weight") and module in pairs:
            change = torch.from_numpy(pairs[module].delta())
            tensors[name] = (tensor.float() + change).to(tensor.dtype)
            done.add(module)
    if done:
        save_file(tensors, file, metadata=dict(metadata or {}))
    return done
