"""The number format of training: bfloat16 where it is the quicker one, else float32."""

import time
from functools import cache

import torch

_ROWS, _INNER, _OUTER = 2048, 224, 896


def short(device: torch.device | str) -> torch.dtype:
    """Return the format to multiply in on `device`; on a CPU the quicker one, tried once per process.

    Instructions for bfloat16 do not tell: on a Zen 5 they double the speed, on a Xeon whose tiles are switched off they
    halve it.
    """
    return torch.bfloat16 if torch.device(device).type != "cpu" or _is_quick_in_bfloat16() else torch.float32


@cache
def _is_quick_in_bfloat16() -> bool:
    """Whether a layer of the transformer takes much less time; without the instructions nothing needs to be tried."""
    return torch.cpu._is_avx512_bf16_supported() and 1.2 * _seconds(torch.bfloat16) < _seconds(torch.float32)


def _seconds(dtype: torch.dtype) -> float:
    """The best of some tries, so that other work does not count."""
    left, right = torch.ones(_ROWS, _INNER, dtype=dtype), torch.ones(_INNER, _OUTER, dtype=dtype)
    taken = []
    for _ in range(8):
        begin = time.perf_counter()
        torch.mm(left, right)
        taken.append(time.perf_counter() - begin)
    return min(taken)


def mixed(device: torch.device | str) -> torch.autocast:
    """Return the context for a forward pass on `device`; where that is float32 it changes nothing."""
    return torch.autocast(torch.device(device).type, torch.bfloat16, enabled=short(device) == torch.bfloat16)
