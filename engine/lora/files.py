"""LoRA files: which module each pair of matrices belongs to, and whether all of it fits a base model.

Everything is told from names and shapes before a number is read. Knows no device and no tensors of torch.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from engine.lora.container import MOST_TENSORS, Container, Floats
from engine.lora.errors import LoraRefused
from engine.lora.halves import DOWN, halves
from engine.lora.names import Style, Target, targets
from engine.lora.shapes import Shapes

LARGEST_RANK = 256
LARGEST_ALPHA = 65_504.0

_NAME = re.compile(r"\^?\w+(\.\w+)*", re.ASCII)  # a module's name or the end of it, or behind ^ the whole of it

_FOREIGN = {
    "down_blocks": "Stable Diffusion",
    "input_blocks": "Stable Diffusion",
    "output_blocks": "Stable Diffusion",
    "up_blocks": "Stable Diffusion",
    "joint_blocks": "Stable Diffusion 3",
    "to_qkv_mlp_proj": "FLUX.2",
    "double_stream_modulation": "FLUX.2",
    "adaln_modulation": "Z-Image or Lumina",
    "img_mod.1": "Qwen-Image",
    "blocks.0.cross_attn": "Wan",
}

Module: TypeAlias = tuple[str, str]
"""Component and module."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """One module's share of a pair in the file: output rows `rows` of `up` times all of `down`, times `scale`."""

    component: str
    module: str
    down: str
    up: str
    rows: tuple[tuple[int, int], ...]
    rank: int
    scale: float


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A module's change of weights, `scale` x `up` @ `down`: (out, rank) and (rank, in), float32."""

    down: Floats
    up: Floats
    scale: float = 1.0

    @property
    def rank(self) -> int:
        return self.down.shape[0]

    def delta(self) -> Floats:
        """(out, in)."""
        return np.float32(self.scale) * (self.up @ self.down)

    def trimmed(self) -> "Pair":
        """Without the ranks that change nothing, such as those of k and v in the q of a fused file."""
        used = (self.up != 0).any(0) & (self.down != 0).any(1) & (self.scale != 0)
        return self if used.all() else replace(self, down=self.down[used], up=self.up[:, used])


@dataclass(frozen=True, kw_only=True)
class LoraFile:
    """A file that fits: its parts in the order of the model's modules, ranks and factors as its format has them."""

    container: Container
    style: Style
    parts: tuple[Part, ...]

    @property
    def ranks(self) -> tuple[int, int]:
        """The smallest and the largest rank of a module."""
        ranks = [part.rank for part in self.parts]
        return min(ranks), max(ranks)

    @property
    def components(self) -> tuple[str, ...]:
        """What of the model it changes."""
        return tuple(dict.fromkeys(part.component for part in self.parts))

    def pairs(self) -> Iterator[tuple[Module, Pair]]:
        """The numbers, module by module, without ranks and modules that change nothing. Raises LoraRefused."""
        read: dict[str, Floats] = {}
        for part in self.parts:
            if part.down not in read:
                read = {name: self.container.read(name) for name in (part.down, part.up)}
            rows = np.concatenate([read[part.up][start:stop] for start, stop in part.rows])
            pair = Pair(down=read[part.down], up=rows, scale=part.scale).trimmed()
            if pair.rank:
                yield (part.component, part.module), pair


def read(path: Path, shapes: Shapes) -> LoraFile:
    """Open a safetensors file and check all of it but its numbers, which are checked as they are read.

    Raises LoraRefused for the first thing that does not fit a base model of these shapes, or OSError.
    """
    container = Container.open(path)
    known = targets(shapes)
    pairs, alphas = halves(container.tensors)
    if not pairs:
        raise LoraRefused("empty", found=len(container.tensors))
    _check_known(container, list(pairs), known, shapes)
    trained = _Trained.of(container.metadata)
    parts = [
        part
        for stem, matrices in pairs.items()
        for part in _parts(container, stem, known[stem], matrices, alphas.pop(stem, None), trained, shapes)
    ]
    if alphas:
        raise LoraRefused("incomplete", what=next(iter(alphas)), found="alpha")
    _check_once(parts)
    order = {
        (component, module): place
        for place, (component, module) in enumerate((c, m) for c, modules in shapes.items() for m in modules)
    }
    parts.sort(key=lambda part: (part.down, order[part.component, part.module]))
    styles: Counter[Style] = Counter(known[stem].style for stem in pairs)
    return LoraFile(container=container, style=styles.most_common(1)[0][0], parts=tuple(parts))


@dataclass(frozen=True)
class _Trained:
    """Ranks and alphas that diffusers keeps in the metadata, by component and by the end of the module's name."""

    table: Mapping[str, Any]

    @classmethod
    def of(cls, metadata: Mapping[str, str]) -> "_Trained":
        try:
            table = json.loads(metadata.get("lora_adapter_metadata", "{}"))
        except (ValueError, RecursionError):
            table = None
        if not isinstance(table, dict):
            raise LoraRefused("header", what="lora_adapter_metadata")
        for name, value in table.items():
            if name.rpartition(".")[2] in ("use_dora", "use_qalora") and value:
                raise LoraRefused("dora" if name.endswith("use_dora") else "kind", what=name, found="QA-LoRA")
            if name.rpartition(".")[2] == "alpha_pattern" and value:
                _check_patterns(name, value)
        return cls(table)

    def scale(self, component: str, module: str, rank: int) -> float:
        """peft's arithmetic: alpha / rank, or alpha / sqrt(rank) where the training said so."""
        alpha: Any = self.table.get(f"{component}.lora_alpha")
        if alpha is None:
            return 1.0
        patterns = self.table.get(f"{component}.alpha_pattern")
        if patterns:
            pieces = module.split(".")
            endings = {f"^{module}", *(".".join(pieces[start:]) for start in range(len(pieces)))}
            alpha = next((given for name, given in patterns.items() if name in endings), alpha)
        rooted = bool(self.table.get(f"{component}.use_rslora"))
        return _factor(f"{component}.{module}", alpha, math.sqrt(rank) if rooted else rank)


def _check_patterns(what: str, patterns: Any) -> None:
    """peft takes these names for regular expressions; one that is more than a name is not run on a stranger's word."""
    if not isinstance(patterns, dict) or len(patterns) > MOST_TENSORS:
        raise LoraRefused("header", what=what)
    strange = next((name for name in patterns if not _NAME.fullmatch(name)), None)
    if strange is not None:
        raise LoraRefused("pattern", what=what, found=strange)


def _check_known(container: Container, stems: list[str], known: Mapping[str, Target], shapes: Shapes) -> None:
    """Raises LoraRefused when a stem is unknown: as another base model's file where that can be told."""
    strange = [stem for stem in stems if stem not in known]
    if not strange:
        return
    foreign = next((model for mark, model in _FOREIGN.items() for stem in strange if _marked(stem, mark)), None)
    told = container.metadata.get("modelspec.architecture") or container.metadata.get("ss_base_model_version")
    if foreign is not None or (len(strange) == len(stems) and told):
        raise LoraRefused("other_base", what=strange[0], found=foreign or told, wanted="FLUX.1")
    size = _first_misfit(container, stems, known, shapes)
    if size is not None:
        raise size
    raise LoraRefused("unknown_modules", what=", ".join(strange[:3]), found=len(strange), wanted=len(stems))


def _marked(stem: str, mark: str) -> bool:
    return mark in stem.lower() or mark.replace(".", "_") in stem.lower()


def _first_misfit(
    container: Container, stems: list[str], known: Mapping[str, Target], shapes: Shapes
) -> LoraRefused | None:
    """A known module of another size says more than the unknown ones: a larger model of the same family."""
    for name, tensor in container.tensors.items():
        stem = next((name.removesuffix(ending) for ending in DOWN if name.endswith(ending)), None)
        target = known.get(stem or "")
        if target is not None and len(tensor.shape) == 2:
            wanted = shapes[target.component][target.modules[0]][1]
            if tensor.shape[1] != wanted:
                return LoraRefused("other_base", what=target.modules[0], found=tensor.shape[1], wanted=wanted)
    return None


def _parts(
    container: Container,
    stem: str,
    target: Target,
    matrices: Mapping[str, str],
    alpha: str | None,
    trained: _Trained,
    shapes: Shapes,
) -> Iterator[Part]:
    down, up = container.tensors[matrices["down"]], container.tensors[matrices["up"]]
    for half in (down, up):
        if len(half.shape) != 2:
            raise LoraRefused("shape", what=half.name, found=list(half.shape), wanted="a matrix")
    sizes = [shapes[target.component][module] for module in target.modules]
    wide, rank = sum(out for out, _ in sizes), down.shape[0]
    if down.shape[1] != sizes[0][1]:
        raise LoraRefused("other_base", what=target.modules[0], found=down.shape[1], wanted=sizes[0][1])
    if up.shape[0] != wide:
        raise LoraRefused("other_base", what=target.modules[0], found=up.shape[0], wanted=wide)
    if up.shape[1] != rank:
        raise LoraRefused("rank", what=stem, found=f"{rank} and {up.shape[1]}", wanted="the same twice")
    if rank > LARGEST_RANK:
        raise LoraRefused("rank", what=stem, found=rank, wanted=f"at most {LARGEST_RANK}")
    given = None if alpha is None else _alpha(container, alpha)
    begin = 0
    for module, (out, _) in zip(target.modules, sizes, strict=True):
        middle = begin + out // 2
        yield Part(
            component=target.component,
            module=module,
            down=down.name,
            up=up.name,
            rows=((middle, begin + out), (begin, middle)) if target.swapped else ((begin, begin + out),),
            rank=rank,
            scale=trained.scale(target.component, module, rank) if given is None else _factor(stem, given, rank),
        )
        begin += out


def _alpha(container: Container, name: str) -> float:
    if container.tensors[name].count != 1:
        raise LoraRefused("shape", what=name, found=list(container.tensors[name].shape), wanted="one number")
    return float(container.read(name).reshape(()))


def _factor(what: str, alpha: Any, over: float) -> float:
    usable = isinstance(alpha, int | float) and not isinstance(alpha, bool) and abs(alpha) <= LARGEST_ALPHA
    if not usable:
        raise LoraRefused("alpha", what=what, found=alpha)
    return float(alpha) / over


def _check_once(parts: list[Part]) -> None:
    seen: set[Module] = set()
    for part in parts:
        if (part.component, part.module) in seen:
            raise LoraRefused("header", what=f"two changes of {part.module}")
        seen.add((part.component, part.module))
