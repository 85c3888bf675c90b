"""Checkpoints of a training stage: one file, written whole or not at all, with its own digest. It knows no stage."""

import hashlib
import io
from pathlib import Path
from typing import Any

import torch

_MAGIC = b"atelier-pocket-1"


class CheckpointError(Exception):
    """A checkpoint cannot be used. `path` and `reason` ("damaged", "foreign", "other stage") say which and why."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path.name}: {reason}")
        self.path, self.reason = path, reason

    def __reduce__(self) -> tuple[type, tuple[Path, str]]:  # so that it passes between processes
        return type(self), (self.path, self.reason)


def save(path: Path, state: dict[str, Any]) -> None:
    """Write `state` (tensors, numbers, strings, nested dicts and lists) beside `path`, then rename it there."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    body = buffer.getvalue()
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_bytes(body + hashlib.sha256(body).digest() + _MAGIC)
    part.replace(path)


def load(path: Path, stage: str) -> dict[str, Any]:
    """Read the state of this stage back; raises CheckpointError, and never runs code from the file."""
    raw = path.read_bytes()
    if not raw.endswith(_MAGIC):
        raise CheckpointError(path, "foreign" if len(raw) < 64 or not raw.startswith(b"PK") else "damaged")
    body, digest = raw[: -len(_MAGIC) - 32], raw[-len(_MAGIC) - 32 : -len(_MAGIC)]
    if hashlib.sha256(body).digest() != digest:
        raise CheckpointError(path, "damaged")
    state = torch.load(io.BytesIO(body), weights_only=True)
    if state.get("stage") != stage:
        raise CheckpointError(path, "other stage")
    return state
