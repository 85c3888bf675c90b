"""A stranger's safetensors file: its header is checked whole before a number is read, numbers are read in pieces.

The safetensors library takes all-NaN weights, megabytes of metadata and 700,000 tensors; this does not.
Everything that holds the interpreter lock is bounded by the header's size. Knows no LoRA.

The format: https://github.com/huggingface/safetensors#format
"""

import json
import math
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from engine.lora.errors import LoraRefused

LARGEST_FILE = 2 << 30
LARGEST_HEADER = 1 << 20
MOST_TENSORS = 5_000
LONGEST_NAME = 256
LARGEST_VALUE = 65_504.0  # what float16 holds; trained weights are thousands of times smaller

_PIECE = 1 << 20  # numbers looked at together
_DTYPES = {"F32": np.dtype("<f4"), "F16": np.dtype("<f2"), "BF16": np.dtype("<u2")}

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Tensor:
    """Where a tensor lies: `start` in bytes from the beginning of the file; `shape` has at most two sides."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    start: int

    @property
    def count(self) -> int:
        """How many numbers."""
        return math.prod(self.shape)


@dataclass(frozen=True, kw_only=True)
class Container:
    """A file whose header is sound: every tensor lies in it, none overlaps another, nothing is left over."""

    path: Path
    bytes: int
    tensors: Mapping[str, Tensor]
    metadata: Mapping[str, str]

    @classmethod
    def open(cls, path: Path) -> Self:
        """Read and check the header. Raises LoraRefused, or OSError where the file cannot be read at all."""
        size = path.stat().st_size
        if size > LARGEST_FILE:
            raise LoraRefused("file_size", found=size, wanted=LARGEST_FILE)
        with path.open("rb") as file:
            start = file.read(16)
            if len(start) < 10:
                raise LoraRefused("container", found="almost nothing")
            (length,) = struct.unpack("<Q", start[:8])
            if start[8:9] != b"{":
                raise LoraRefused("container", found=_guess(start))
            if length > LARGEST_HEADER:
                raise LoraRefused("header_size", found=length, wanted=LARGEST_HEADER)
            file.seek(8)
            text = file.read(length)
        if len(text) < length:
            raise LoraRefused("truncated", found=size, wanted=8 + length)
        header = _parsed(text)
        metadata = _metadata(header.pop("__metadata__", {}))
        if len(header) > MOST_TENSORS:
            raise LoraRefused("tensor_count", found=len(header), wanted=MOST_TENSORS)
        tensors = {name: _tensor(name, entry, 8 + length) for name, entry in header.items()}
        _check_places(tensors, 8 + length, size)
        return cls(path=path, bytes=size, tensors=tensors, metadata=metadata)

    def read(self, name: str) -> Floats:
        """The numbers of a tensor as float32, checked. Raises LoraRefused for NaN, infinity and absurd numbers."""
        tensor = self.tensors[name]
        pieces = list(self._pieces(tensor))
        return np.concatenate(pieces).reshape(tensor.shape) if pieces else np.zeros(tensor.shape, np.float32)

    def check_values(self) -> None:
        """Look at every number, a piece at a time. Raises LoraRefused."""
        for tensor in self.tensors.values():
            for _piece in self._pieces(tensor):
                pass

    def _pieces(self, tensor: Tensor) -> Iterator[Floats]:
        dtype = _DTYPES[tensor.dtype]
        with self.path.open("rb") as file:
            file.seek(tensor.start)
            left = tensor.count
            while left:
                raw = np.fromfile(file, dtype, min(left, _PIECE))
                if not len(raw):
                    raise LoraRefused("truncated", found=self.path.stat().st_size, wanted=self.bytes)
                left -= len(raw)
                # bfloat16 is the upper half of a float32.
                piece = (raw.astype(np.uint32) << 16).view(np.float32) if tensor.dtype == "BF16" else raw
                piece = piece.astype(np.float32, copy=False)
                largest = float(np.abs(piece).max())
                if not largest <= LARGEST_VALUE:
                    found = "NaN" if math.isnan(largest) else "infinity" if math.isinf(largest) else f"{largest:.3g}"
                    raise LoraRefused("values", what=tensor.name, found=found)
                yield piece


def _parsed(text: bytes) -> dict[str, Any]:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) != len(pairs):
            raise LoraRefused("header", what="two entries of one name")
        return made

    try:
        header = json.loads(text, object_pairs_hook=unique)
    except (ValueError, RecursionError):
        raise LoraRefused("header", what="not JSON") from None
    if not isinstance(header, dict):
        raise LoraRefused("header", what="not a table")
    return header


def _metadata(given: Any) -> dict[str, str]:
    if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
        raise LoraRefused("header", what="__metadata__")
    return given


def _tensor(name: str, entry: Any, begin: int) -> Tensor:
    if not 0 < len(name) <= LONGEST_NAME or not name.isascii() or not name.isprintable():
        raise LoraRefused("name", what=ascii(name[:60])[1:-1], found=len(name), wanted=LONGEST_NAME)
    try:
        dtype, shape, (start, stop) = str(entry["dtype"]), tuple(entry["shape"]), entry["data_offsets"]
    except (TypeError, KeyError, ValueError):
        raise LoraRefused("header", what=name) from None
    if not all(type(number) is int and number >= 0 for number in (*shape, start, stop)):
        raise LoraRefused("header", what=name)
    if dtype not in _DTYPES:
        raise LoraRefused("dtype", what=name, found=dtype, wanted=" ".join(_DTYPES))
    if len(shape) > 2 or 0 in shape:
        raise LoraRefused("shape", what=name, found=list(shape), wanted="a matrix")
    if stop - start != math.prod(shape) * _DTYPES[dtype].itemsize:
        raise LoraRefused("header", what=name)
    return Tensor(name=name, dtype=dtype, shape=shape, start=begin + start)


def _check_places(tensors: Mapping[str, Tensor], begin: int, size: int) -> None:
    place = begin
    for tensor in sorted(tensors.values(), key=lambda tensor: tensor.start):
        if tensor.start != place:
            raise LoraRefused("header", what=tensor.name)
        place += tensor.count * _DTYPES[tensor.dtype].itemsize
    if place != size:
        raise LoraRefused("truncated", found=size, wanted=place)


def _guess(start: bytes) -> str:
    """What a file that is not safetensors looks like."""
    if start[:2] == b"\x80\x02" or start[:1] == b"\x80":
        return "a pickle"
    if start[:4] == b"PK\x03\x04":
        return "a zip archive or pickled checkpoint"
    if start.lstrip()[:1] == b"<":
        return "a web page"
    return "something else"
