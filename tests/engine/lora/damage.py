"""Forty ways in which a LoRA file can be wrong, made from a sound one, each with the reason it must be refused for."""

import json
import pickle
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load, save

from engine.lora.errors import Reason

Header = dict[str, Any]

Q = "transformer.transformer_blocks.0.attn.to_q"
FIRST = f"{Q}.lora_A.weight"
SECOND = f"{Q}.lora_B.weight"


def damaged(sound: bytes, folder: Path) -> Iterator[tuple[Path, Reason]]:
    """Write each into `folder`; the files' names say what is wrong with them."""
    for name, reason, content in _all(sound):
        file = folder / f"{name}.safetensors"
        file.write_bytes(content)
        yield file, reason


def _all(sound: bytes) -> Iterator[tuple[str, Reason, bytes]]:
    length = struct.unpack("<Q", sound[:8])[0]
    body = sound[8 + length :]

    def header(change: Callable[[Header], object]) -> bytes:
        table = json.loads(sound[8 : 8 + length])
        change(table)
        return _packed(json.dumps(table), body)

    def tensors(change: Callable[[dict[str, torch.Tensor]], object], **metadata: str) -> bytes:
        table = load(sound)
        change(table)
        return save(table, metadata=metadata or None)

    def flipped(at: int, bit: int) -> bytes:
        return sound[:at] + bytes([sound[at] ^ (1 << bit)]) + sound[at + 1 :]

    def value(number: float, dtype: torch.dtype = torch.float32) -> bytes:
        return tensors(lambda t: t.update({FIRST: torch.full_like(t[FIRST], number).to(dtype)}))

    def renamed(old: str, new: str) -> bytes:
        return tensors(lambda t: [t.update({name.replace(old, new): t.pop(name)}) for name in list(t)])

    # Cut short, and bits turned.
    yield "nothing", "container", b""
    yield "seven bytes", "container", sound[:7]
    yield "cut in the header", "truncated", sound[: 8 + length // 2]
    yield "cut after the header", "truncated", sound[: 8 + length]
    yield "cut in the numbers", "truncated", sound[: 8 + length + len(body) // 2]
    yield "one byte short", "truncated", sound[:-1]
    yield "one byte long", "truncated", sound + b"\0"
    yield "a bit of the length", "header_size", flipped(6, 0)
    yield "a low bit of the length", "header", flipped(0, 3)
    yield "a bit of the first brace", "container", flipped(8, 1)
    yield "a bit of a quote", "header", flipped(8 + sound[8:].index(b'"'), 2)
    yield "a bit of an exponent", "values", flipped(len(sound) - 1, 6)
    # Numbers.
    yield "nan", "values", value(float("nan"))
    yield "nan in bfloat16", "values", value(float("nan"), torch.bfloat16)
    yield "infinity in float16", "values", value(float("inf"), torch.float16)
    yield "absurd", "values", value(-1e30)
    yield "integers", "dtype", tensors(lambda t: t.update({FIRST: torch.ones(4, 224, dtype=torch.int64)}))
    yield "alpha nan", "values", tensors(lambda t: t.update({f"{Q}.alpha": torch.tensor(float("nan"))}))
    # Other models.
    yield "flux dev", "other_base", save({FIRST: torch.zeros(4, 3072), SECOND: torch.zeros(3072, 4)})
    yield "sdxl", "other_base", save(_kohya("lora_unet_down_blocks_1_attentions_0_proj_in", 640))
    yield "qwen", "other_base", save(_kohya("transformer_blocks.0.img_mod.1", 224))
    yield (
        "told by its metadata",
        "other_base",
        save(_kohya("lora_unet_blocks_0_attn_q", 224), {"modelspec.architecture": "hunyuan-video/lora"}),
    )
    yield "misspelt modules", "unknown_modules", renamed("attn.to_q", "attn.to_queue")
    yield "a block too far", "unknown_modules", renamed("transformer_blocks.0", "transformer_blocks.19")
    # Ranks and shapes.
    yield "two ranks", "rank", tensors(lambda t: t.update({FIRST: torch.zeros(5, 224)}))
    yield (
        "rank 300",
        "rank",
        tensors(lambda t: t.update({FIRST: torch.zeros(300, 224), SECOND: torch.zeros(224, 300)})),
    )
    yield "no rank", "shape", tensors(lambda t: t.update({FIRST: torch.zeros(0, 224)}))
    yield "three sides", "shape", tensors(lambda t: t.update({FIRST: torch.zeros(4, 224, 1)}))
    yield "one side", "shape", tensors(lambda t: t.update({FIRST: torch.zeros(224)}))
    yield "half a pair", "incomplete", tensors(lambda t: t.pop(SECOND))
    # Other things than LoRAs.
    yield "dora", "dora", tensors(lambda t: t.update({f"{Q}.lora_magnitude_vector": torch.ones(224)}))
    yield "lokr", "kind", save({"lora_unet_double_blocks_0_img_attn_qkv.lokr_w1": torch.zeros(4, 4)})
    yield "renamed pickle", "container", pickle.dumps({FIRST: [0.0]})
    yield "web page", "container", b"<!DOCTYPE html><html><title>Not found</title></html>"
    yield "no tensors", "empty", save({})
    # Bombs.
    yield "a header of four exabytes", "header_size", struct.pack("<Q", 1 << 62) + b"{" + bytes(100)
    yield "five megabytes of metadata", "header_size", save(load(sound), {"note": "x" * 5_000_000})
    yield "a hundred thousand brackets", "header", _packed('{"a":' + "[" * 100_000, b"")
    yield "seven thousand tensors", "tensor_count", save({f"{n}": torch.zeros(1) for n in range(7_000)})
    yield "two of one name", "header", _packed(sound[8 : 8 + length].decode().strip()[:-1] + ',"a":{},"a":{}}', body)
    yield "one over the other", "header", header(lambda h: h[FIRST].update(data_offsets=h[SECOND]["data_offsets"]))


def _packed(header: str, body: bytes) -> bytes:
    return struct.pack("<Q", len(header)) + header.encode() + body


def _kohya(stem: str, width: int) -> dict[str, torch.Tensor]:
    return {f"{stem}.lora_down.weight": torch.zeros(4, width), f"{stem}.lora_up.weight": torch.zeros(width, 4)}
