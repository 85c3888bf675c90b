"""Several single-thread processes that train one model: on a CPU faster than one process with several threads."""

import os
import pickle
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.multiprocessing.spawn import ProcessRaisedException, spawn


def launch(work: Callable[..., None], *arguments: Any, ranks: int) -> None:
    """Run `work(rank, ranks, *arguments)` in `ranks` processes (here if it is one) and wait; raises what one raised."""
    if ranks == 1:
        work(0, 1, *arguments)
        return
    with tempfile.TemporaryDirectory() as folder:
        try:
            spawn(_enter, (ranks, Path(folder), work, arguments), nprocs=ranks)
        except ProcessRaisedException as error:
            raise pickle.loads(_raised(Path(folder), error.error_index).read_bytes()) from error


def _raised(folder: Path, rank: int) -> Path:
    return folder / f"raised-{rank}"


def _enter(rank: int, ranks: int, folder: Path, work: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    threading.Thread(target=_leave_with_parent, args=(os.getppid(),), daemon=True).start()
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder / 'meet'}", rank=rank, world_size=ranks)
    try:
        work(rank, ranks, *arguments)
    except Exception as error:
        _raised(folder, rank).write_bytes(pickle.dumps(error))
        raise
    finally:
        dist.destroy_process_group()


def _leave_with_parent(parent: int) -> None:
    """End this process when the one that launched it is gone, however that ended: ranks alone would train on unseen."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def average(tensors: Iterable[Tensor], ranks: int) -> None:
    """Replace each tensor by its mean over the ranks, in one message."""
    if ranks == 1:
        return
    held = list(tensors)
    flat = torch.cat([tensor.reshape(-1).float() for tensor in held])
    dist.all_reduce(flat)
    flat /= ranks
    at = 0
    for tensor in held:
        tensor.copy_(flat[at : at + tensor.numel()].view_as(tensor))
        at += tensor.numel()


def average_gradients(parameters: Iterable[nn.Parameter], ranks: int) -> None:
    held = list(parameters)
    for parameter in held:
        if parameter.grad is None:
            parameter.grad = torch.zeros_like(parameter)
    with torch.no_grad():
        average([parameter.grad for parameter in held if parameter.grad is not None], ranks)


def barrier(ranks: int) -> None:
    if ranks > 1:
        dist.barrier()
