"""How many rows fit in one forward: measured with one row and two when a model is loaded, not guessed.

Imports torch: for the device thread only. Knows no lanes and no requests.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psutil
import torch
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from engine.denoiser import unadapted
from engine.families import Family, Row

log = logging.getLogger(__name__)

_USED = 0.8  # of the free memory; the rest is for decoding, for LoRAs and for what others do


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What a forward takes: bytes for any number of rows, bytes for each token of each row, and bytes there are."""

    fixed: float
    per_token: float
    free: int

    def rows(self, tokens: int) -> int:
        """How many rows of so many tokens, text and image together, fit in one forward; at least 1."""
        return max(1, int((self.free * _USED - self.fixed) / max(1.0, self.per_token * tokens)))


def measure(model: Family) -> Measured:
    """One forward with one row and one with two, at the model's usual size."""
    entry = model.entry
    row = Row(
        width=entry.width,
        height=entry.height,
        latents=model.noise(entry.width, entry.height, torch.Generator("cpu").manual_seed(0)),
        timestep=torch.tensor(500.0, device=model.device),
        guidance=entry.guidance,
        conditioning=model.encode(""),
    )
    one, two = (_peak(lambda n=n: model.predict([row] * n, unadapted), model.device) for n in (1, 2))
    each = max(0, two - one)
    found = Measured(fixed=max(0, one - each), per_token=each / row.tokens, free=free_bytes(model.device))
    log.info(
        "model %s: a row of %d x %d takes %.1f MiB, %d fit",
        *(entry.name, entry.width, entry.height, each / 2**20, found.rows(row.tokens)),
    )
    return found


def _peak(run: Callable[[], object], device: torch.device) -> int:
    """Bytes that `run` has allocated at the same time, at most."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        run()
        return torch.cuda.max_memory_allocated(device) - before
    with Allocations() as allocations:
        run()
    return allocations.peak


class Allocations(TorchDispatchMode):
    """Adds up what operations allocate, where the allocator keeps no books of its own.

    Attributes:
        peak: the most bytes that were alive after an operation.
    """

    def __init__(self) -> None:
        super().__init__()
        self.peak = 0
        self._alive: dict[int, tuple[StorageWeakRef, int]] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        given = {_storage(tensor) for tensor in tree_leaves((args, kwargs)) if isinstance(tensor, torch.Tensor)}
        for tensor in tree_leaves(result):
            if isinstance(tensor, torch.Tensor) and _storage(tensor) not in given:  # views allocate nothing
                storage = tensor.untyped_storage()
                self._alive[_storage(tensor)] = (StorageWeakRef(storage), storage.nbytes())
        self._alive = {key: entry for key, entry in self._alive.items() if not entry[0].expired()}
        self.peak = max(self.peak, sum(size for _, size in self._alive.values()))
        return result


def _storage(tensor: torch.Tensor) -> int:
    return tensor.untyped_storage()._cdata


def free_bytes(device: torch.device) -> int:
    """What is free on the device."""
    if device.type != "cuda":
        return psutil.virtual_memory().available
    # What torch holds in reserve and does not use is free as well.
    unused = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return torch.cuda.mem_get_info(device)[0] + unused
