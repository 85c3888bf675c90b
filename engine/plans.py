"""How a model is laid out so that the memory there is suffices: what each way needs, and which one is taken.

Knows no tensors and no device, only bytes.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from engine.errors import ModelTooLarge
from engine.families import IN_LANES
from engine.folders import numbers
from engine.models import ModelEntry

Plan: TypeAlias = Literal["whole", "split", "float8"]
"""whole: everything is on the device. split: only what runs at every step is; the rest computes on the CPU, or comes to
the device when it is its turn. float8: as split, and the transformer's large weights are kept in a byte each, which
changes pictures a little; for families in lanes alone."""

PLANS: tuple[Plan, ...] = get_args(Plan)

_AT_EVERY_STEP = ("transformer", "unet", "vae")
_BESIDES = 1.08  # of the weights, for forwards and above all for decoding; FLUX.1's takes 1.5 GiB at 1024 x 1024
_BESIDES_LEAST = 64 << 20  # bytes beside them
# What diffusers' layerwise casting leaves as it is, by the tensors' names: positions, norms and what modulates them.
_NOT_IN_FLOAT8 = re.compile(r"pos_embed|patch_embed|norm|^proj_(in|out)\.")


def needs(entry: ModelEntry, numbers: Mapping[str, int], bytes_each: int, *, in_float8: int = 0) -> dict[Plan, int]:
    """Bytes on the device by plan: as the catalogue says, or else counted from the numbers of each component.

    Args:
        in_float8: how many of the numbers are kept in a byte each under that plan.
    """
    each_step = sum(count for component, count in numbers.items() if component in _AT_EVERY_STEP)
    whole, split = (
        max(int(count * bytes_each * _BESIDES), count * bytes_each + _BESIDES_LEAST)
        for count in (sum(numbers.values()), each_step or sum(numbers.values()))
    )
    # Forwards and decoding compute with numbers of the usual size, and take what they take beside those.
    counted: dict[Plan, int] = {"whole": whole, "split": split, "float8": split - in_float8 * (bytes_each - 1)}
    return {
        plan: int(entry.memory[plan] * (1 << 30)) * bytes_each // 2 if plan in entry.memory else counted[plan]
        for plan in PLANS
    }


def possible(entry: ModelEntry, folder: Path | None, *, bytes_each: int, device: str) -> dict[Plan, int]:
    """What `needs` says of the plans that a device of this type ("cpu", "cuda", "mps") can be used with.

    Without a folder only what the catalogue says, which may be nothing. Raises ModelDamaged.
    """
    counts = {} if folder is None else numbers(folder)
    if entry.redux and Path(entry.redux).is_dir():
        counts["redux"] = sum(numbers(Path(entry.redux)).values())
    in_lanes = entry.family in IN_LANES
    large = numbers(folder, without=_NOT_IN_FLOAT8) if folder is not None and in_lanes else {}
    needed = needs(entry, counts, bytes_each, in_float8=large.get("transformer", 0))
    usable = PLANS if in_lanes else PLANS[:2]
    if device != "cuda":  # there is no other memory there to put a part in
        usable = PLANS[:1]
    return {plan: needed[plan] for plan in usable if folder is not None or plan in entry.memory}


def choose(entry: ModelEntry, needed: Mapping[Plan, int], *, free: int, most: int | None = None) -> Plan:
    """The first plan that fits into `free` bytes; float8 only where no other could ever fit.

    Args:
        most: bytes that would be free if everything went that can; None where nothing can.

    Raises ModelTooLarge with what the most modest one needs.
    """
    exact: Mapping[Plan, int] = {plan: size for plan, size in needed.items() if plan != "float8"}
    fitting = exact if any(size <= (free if most is None else most) for size in exact.values()) else needed
    for plan in fitting:
        if fitting[plan] <= free:
            return plan
    raise ModelTooLarge(entry.name, needed=min(fitting.values()), free=free)
