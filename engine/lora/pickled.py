"""Pickled weights (.ckpt, .bin, .pt, .pth) made into safetensors by a child process that runs nothing in them.

torch's `weights_only` builds tensors and plain containers and refuses everything else; the child has a time, and where
the system can say so, a memory of its own. What it writes is then read as any stranger's file. Knows no base model.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.lora.container import LARGEST_FILE, MOST_TENSORS
from engine.lora.errors import LoraRefused

ENDINGS = (".ckpt", ".bin", ".pt", ".pth")

_SECONDS = 60
_MEMORY = 4 << 30  # torch alone maps more than one
_DEEPEST = 4  # tables in tables: {"state_dict": {...}}
_BEST = ("params_ema", "params-ema", "model_state_dict", "state_dict", "params", "model", "net")
"""Where training tools put the weights; the averaged ones come before those of the last step."""


def to_safetensors(source: Path, target: Path) -> None:
    """Write the tensors of `source` to `target`. Raises LoraRefused, and leaves no `target` then."""
    size = source.stat().st_size
    if size > LARGEST_FILE:
        raise LoraRefused("file_size", found=size, wanted=LARGEST_FILE)
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "engine.lora.pickled", str(source.absolute()), str(target.absolute())],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        target.unlink(missing_ok=True)
        raise LoraRefused("pickle", found="it takes too long") from None
    if ended.returncode:
        target.unlink(missing_ok=True)
        said = ended.stdout.decode(errors="replace").strip()
        raise LoraRefused("pickle", found=said or f"the reader ended with {ended.returncode}")


def _child(source: Path, target: Path) -> int:
    import torch
    from safetensors.torch import save_file

    _limit(_MEMORY + 3 * source.stat().st_size)
    try:
        loaded = torch.load(source, map_location="cpu", weights_only=True)
        tensors = dict(_tensors(loaded, _DEEPEST))
    except Exception as error:  # whatever a stranger's file brings about
        print(type(error).__name__)
        return 1
    if not 0 < len(tensors) <= MOST_TENSORS:
        print(f"{len(tensors)} tensors")
        return 1
    save_file(tensors, target)
    return 0


def _tensors(table: Any, depth: int) -> "Iterator[tuple[str, Any]]":
    """The tensors of the innermost tables, by their own names; numbers beside them are alphas."""
    import torch

    if not isinstance(table, dict) or not depth:
        return
    table = next((table[name] for name in _BEST if isinstance(table.get(name), dict)), table)
    for name, value in table.items():
        if isinstance(value, torch.Tensor):
            yield str(name), value.detach().clone().contiguous()
        elif isinstance(value, int | float) and str(name).endswith(".alpha"):
            yield str(name), torch.tensor(float(value))
        else:
            yield from _tensors(value, depth - 1)


def _limit(memory: int) -> None:
    try:
        import resource
    except ImportError:  # Windows
        return
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))


if __name__ == "__main__":
    sys.exit(_child(Path(sys.argv[1]), Path(sys.argv[2])))
