"""The linear layers of a base model and their sizes, which a LoRA has to fit. Reads headers only, knows no tensors."""

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from engine.errors import ModelDamaged

COMPONENTS = ("transformer", "text_encoder", "text_encoder_2")
"""The parts of a model that LoRAs are made for, by diffusers' names."""

Shapes: TypeAlias = Mapping[str, Mapping[str, tuple[int, int]]]
"""Component to module to (out, in)."""

_TABLES = ("embedding", "shared", "embed_tokens", "relative_attention_bias")
"""Endings of modules whose weight is a matrix without their being linear layers."""


def of_folder(folder: Path) -> Shapes:
    """The shapes of a model in diffusers' layout. Raises ModelDamaged."""
    return {
        component: dict(
            sorted(
                (module, shape)
                for file in sorted((folder / component).glob("*.safetensors"))
                for module, shape in _of_file(folder, file)
            )
        )
        for component in COMPONENTS
        if (folder / component).is_dir()
    }


def _of_file(folder: Path, file: Path) -> list[tuple[str, tuple[int, int]]]:
    try:
        with file.open("rb") as stream:
            (length,) = struct.unpack("<Q", stream.read(8))
            header = json.loads(stream.read(length))
        return [
            (as_loaded(name.removesuffix(".weight")), (entry["shape"][0], entry["shape"][1]))
            for name, entry in header.items()
            if name.endswith(".weight")
            and len(entry["shape"]) == 2
            and not name.removesuffix(".weight").endswith(_TABLES)
        ]
    except (OSError, ValueError, struct.error, KeyError, TypeError, IndexError, AttributeError) as error:
        raise ModelDamaged(str(folder), f"damaged: {file.relative_to(folder)}") from error


def as_loaded(module: str) -> str:
    """A module's name in the loaded model: transformers 5 dropped the layer that older CLIP files still name."""
    return module.removeprefix("text_model.")
