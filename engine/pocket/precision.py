"""The number format of training: bfloat16 where the hardware multiplies it, else float32, which is faster there."""

import torch


def short(device: torch.device | str) -> torch.dtype:
    """Return the format to multiply in on `device`: float32 on a CPU without bfloat16 instructions."""
    slow = torch.device(device).type == "cpu" and not torch.cpu._is_avx512_bf16_supported()
    return torch.float32 if slow else torch.bfloat16


def mixed(device: torch.device | str) -> torch.autocast:
    """Return the context for a forward pass on `device`; where that is float32 it changes nothing."""
    return torch.autocast(torch.device(device).type, torch.bfloat16, enabled=short(device) == torch.bfloat16)
