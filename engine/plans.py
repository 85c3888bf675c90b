"""How a model is laid out so that the memory there is suffices: what each way needs, and which one is taken.

Knows no tensors and no device, only bytes.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from engine.errors import ModelTooLarge
from engine.folders import numbers
from engine.models import ModelEntry

Plan: TypeAlias = Literal["whole", "split"]
"""whole: everything is on the device. split: only what runs at every step is; the rest computes on the CPU, or comes to
the device when it is its turn."""

PLANS: tuple[Plan, ...] = get_args(Plan)

_AT_EVERY_STEP = ("transformer", "unet", "vae")
_BESIDES = 1.08  # of the weights, for forwards and above all for decoding; FLUX.1's takes 1.5 GiB at 1024 x 1024
_BESIDES_LEAST = 64 << 20  # bytes beside them


def needs(entry: ModelEntry, numbers: Mapping[str, int], bytes_each: int) -> dict[Plan, int]:
    """Bytes on the device by plan: as the catalogue says, or else counted from the numbers of each component."""
    each_step = sum(count for component, count in numbers.items() if component in _AT_EVERY_STEP)
    counts: dict[Plan, int] = {"whole": sum(numbers.values()), "split": each_step or sum(numbers.values())}
    return {
        plan: int(entry.memory[plan] * (1 << 30)) * bytes_each // 2
        if plan in entry.memory
        else max(int(counts[plan] * bytes_each * _BESIDES), counts[plan] * bytes_each + _BESIDES_LEAST)
        for plan in PLANS
    }


def possible(entry: ModelEntry, folder: Path | None, *, bytes_each: int, device: str) -> dict[Plan, int]:
    """What `needs` says of the plans that a device of this type ("cpu", "cuda", "mps") can be used with.

    Without a folder only what the catalogue says, which may be nothing. Raises ModelDamaged.
    """
    counts = {} if folder is None else numbers(folder)
    if entry.redux and Path(entry.redux).is_dir():
        counts["redux"] = sum(numbers(Path(entry.redux)).values())
    needed = needs(entry, counts, bytes_each)
    # Elsewhere there is no other memory to put a part in.
    usable = PLANS if device == "cuda" else PLANS[:1]
    return {plan: needed[plan] for plan in usable if folder is not None or plan in entry.memory}


def choose(entry: ModelEntry, needed: Mapping[Plan, int], *, free: int) -> Plan:
    """The first plan that fits into `free` bytes. Raises ModelTooLarge with what the most modest one needs."""
    for plan in needed:
        if needed[plan] <= free:
            return plan
    raise ModelTooLarge(entry.name, needed=min(needed.values()), free=free)
