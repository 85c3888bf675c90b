"""How strongly each LoRA of a row counts at a step and in a block. Knows no tensors and no files."""

import re
from typing import TypeAlias

from engine.requests import LoraUse

Block: TypeAlias = tuple[str, int] | None
"""The kind and the index of a transformer's block; None for what is in no block."""

_BLOCK = re.compile(r"(single_)?transformer_blocks\.(\d{1,4})\.")


def block_of(module: str) -> Block:
    """The block that a module of a transformer is in."""
    found = _BLOCK.match(module)
    return None if found is None else ("single" if found[1] else "double", int(found[2]))


def weight(use: LoraUse, share: float | None, block: Block) -> float:
    """The factor of a LoRA when the share 0..1 of the schedule lies behind, in a block or (None) outside of all.

    A share of None is outside of the schedule, as the text encoders are: its ramps do not count then.
    """
    return use.weight * _at(use, share) * _in(use, block)


def _at(use: LoraUse, share: float | None) -> float:
    if not use.steps or share is None:
        return 1.0
    end = max(ramp.end for ramp in use.steps)
    for ramp in use.steps:
        if ramp.start <= share < ramp.end or share == ramp.end == end:
            return ramp.first + (ramp.last - ramp.first) * (share - ramp.start) / (ramp.end - ramp.start)
    return 0.0


def _in(use: LoraUse, block: Block) -> float:
    factor = 1.0
    for given in use.blocks if block is not None else ():
        kind, index = block or ("", 0)
        if given.kind == kind and given.first <= index and (given.last is None or index <= given.last):
            factor = given.weight
    return factor
