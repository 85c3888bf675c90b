"""A model's folder in diffusers' layout: whether it is whole, and how many numbers each component has.

Reads headers only, in milliseconds also for a large model. Knows no tensors and no device.
"""

import json
import math
import re
import struct
from pathlib import Path
from typing import Any

from engine.errors import ModelDamaged, ModelQuantised

_LARGEST_HEADER = 100 << 20  # safetensors' own limit


def check_folder(folder: Path) -> None:
    """Look for what a half-finished copy or a bad disk leaves, without reading the weights.

    Every component that model_index.json names must have its files, JSON must parse, and every safetensors file must be
    as long as its header says. Costs milliseconds, also for a large model. Raises ModelDamaged, and ModelQuantised for
    weights that a component's config.json says are quantised.
    """
    index = _json(folder, folder / "model_index.json")
    for name, value in index.items():
        if name.startswith("_") or not (isinstance(value, list) and len(value) == 2 and all(value)):
            continue
        component = folder / name
        files = sorted(component.glob("*")) if component.is_dir() else []
        if not files:
            raise ModelDamaged(str(folder), f"missing: {name}")
        for file in files:
            if file.suffix == ".json":
                content = _json(folder, file)
                if file.name == "config.json" and (quantised := content.get("quantization_config")):
                    method = quantised.get("quant_method") if isinstance(quantised, dict) else None
                    raise ModelQuantised(str(folder), name, str(method or "unknown"))
                for shard in sorted(set(content.get("weight_map", {}).values())) if "index" in file.name else []:
                    _check_weights(folder, component / shard)
            elif file.suffix == ".safetensors":
                _check_weights(folder, file)
        weights = [file for file in files if file.suffix in {".safetensors", ".bin"}]
        if (component / "config.json").exists() and not weights:
            raise ModelDamaged(str(folder), f"missing: {name}/*.safetensors")


def _json(folder: Path, file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        reason = f"missing: {file.relative_to(folder)}" if folder.exists() else "missing"
        raise ModelDamaged(str(folder), reason) from None
    except (OSError, ValueError) as error:
        raise ModelDamaged(str(folder), f"damaged: {file.relative_to(folder)}") from error
    if not isinstance(content, dict):
        raise ModelDamaged(str(folder), f"damaged: {file.relative_to(folder)}")
    return content


def _check_weights(folder: Path, file: Path) -> None:
    """A safetensors file: 8 bytes length, a JSON header with each tensor's place, and then exactly that many bytes."""
    name = file.relative_to(folder)
    try:
        size = file.stat().st_size
        with file.open("rb") as stream:
            (length,) = struct.unpack("<Q", stream.read(8))
            header = json.loads(stream.read(length)) if length <= min(size, _LARGEST_HEADER) else None
        ends = [tensor["data_offsets"][1] for key, tensor in header.items() if key != "__metadata__"]  # type: ignore[union-attr]
    except FileNotFoundError:
        raise ModelDamaged(str(folder), f"missing: {name}") from None
    except (OSError, ValueError, struct.error, AttributeError, KeyError, TypeError, IndexError) as error:
        raise ModelDamaged(str(folder), f"damaged: {name}") from error
    if 8 + length + max(ends, default=0) != size:
        raise ModelDamaged(str(folder), f"damaged: {name}")


def numbers(folder: Path, *, without: re.Pattern[str] | None = None) -> dict[str, int]:
    """How many numbers each component's weights are, but for tensors in whose names `without` is found.

    Of several files in a component that are the same weights in other formats the largest counts, as long as no index
    says that they are parts of one. Raises ModelDamaged.
    """
    found: dict[str, int] = {}
    for component in sorted(one for one in folder.iterdir() if one.is_dir()):
        parts = [
            component / shard
            for index in component.glob("*.safetensors.index.json")
            for shard in set(_json(folder, index).get("weight_map", {}).values())
        ]
        files = parts or sorted(component.glob("*.safetensors"), key=lambda file: file.stat().st_size)[-1:]
        if files:
            found[component.name] = sum(_numbers(folder, file, without) for file in files)
    return found


def _numbers(folder: Path, file: Path, without: re.Pattern[str] | None) -> int:
    _check_weights(folder, file)
    with file.open("rb") as stream:
        (length,) = struct.unpack("<Q", stream.read(8))
        header = json.loads(stream.read(length))
    return sum(
        math.prod(tensor["shape"])
        for key, tensor in header.items()
        if key != "__metadata__" and (without is None or not without.search(key))
    )
