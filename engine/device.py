"""Where pictures are drawn: picking a device by its name in the config, and saying what it is.

Imports torch only when asked.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def pick(device: str, dtype: str) -> "tuple[torch.device, torch.dtype]":
    """The device called "auto", "cpu", "mps", "cuda" or "cuda:N", and the number format called "auto" or by name."""
    import torch

    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    chosen = torch.device(device)
    if dtype == "auto":
        return chosen, torch.bfloat16 if chosen.type == "cuda" else torch.float32
    return chosen, getattr(torch, dtype)


def describe(device: str) -> str:
    """In words, such as "cpu, 2 threads" or "cuda:0, NVIDIA H200, 139 GiB". Takes seconds: it imports torch.

    Raises RuntimeError for a device that this machine does not have.
    """
    import torch

    chosen, _ = pick(device, "auto")
    if chosen.type == "cuda":
        if (chosen.index or 0) >= torch.cuda.device_count():
            raise RuntimeError(f"no CUDA device {chosen.index or 0}")
        properties = torch.cuda.get_device_properties(chosen)
        return f"cuda:{chosen.index or 0}, {properties.name}, {properties.total_memory / 2**30:.0f} GiB"
    if chosen.type == "mps":
        if not torch.backends.mps.is_available():
            raise RuntimeError("no MPS device")
        return "mps"
    threads = torch.get_num_threads()
    return f"{chosen.type}, {threads} thread{'s' if threads != 1 else ''}"
