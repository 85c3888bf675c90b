"""Where pictures are drawn: picking a device by its name in the config, and saying what it is.

Imports torch only when asked.
"""

from typing import TYPE_CHECKING

from engine.errors import NoSuchDevice

if TYPE_CHECKING:
    import torch


def pick(device: str, dtype: str) -> "tuple[torch.device, torch.dtype]":
    """The device called "auto", "cpu", "mps", "cuda" or "cuda:N", and the number format called "auto" or by name.

    Raises NoSuchDevice. Takes seconds where torch is not imported yet.
    """
    import torch

    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    chosen = torch.device(device)
    if chosen.type == "cuda" and (chosen.index or 0) >= torch.cuda.device_count():
        raise NoSuchDevice(device)
    if chosen.type == "mps" and not torch.backends.mps.is_available():
        raise NoSuchDevice(device)
    if dtype == "auto":
        return chosen, torch.bfloat16 if chosen.type == "cuda" else torch.float32
    return chosen, getattr(torch, dtype)


def describe(device: str) -> str:
    """In words, such as "cpu, 2 threads" or "cuda:0, NVIDIA H200, 139 GiB". Raises NoSuchDevice; slow like `pick`."""
    import torch

    chosen, _ = pick(device, "auto")
    if chosen.type == "cuda":
        properties = torch.cuda.get_device_properties(chosen)
        return f"cuda:{chosen.index or 0}, {properties.name}, {properties.total_memory / 2**30:.0f} GiB"
    if chosen.type == "mps":
        return "mps"
    threads = torch.get_num_threads()
    return f"{chosen.type}, {threads} thread{'s' if threads != 1 else ''}"


def room(device: str, dtype: str) -> tuple[str, int, int]:
    """The device's type, bytes of one of its numbers, and bytes that are free on it. Raises NoSuchDevice; slow."""
    from engine.room import free_bytes

    chosen, kind = pick(device, dtype)
    return chosen.type, kind.itemsize, free_bytes(chosen)
