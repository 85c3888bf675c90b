"""Enlarging by a network of the ESRGAN family, with weights that the owner has: any file that `spandrel` reads.

Loads when first asked. Runs on the CPU beside the device thread, in tiles, so that memory does not grow with pictures.
Pickled files (most of what is offered for download) are read by a child process that runs nothing of what is in them.
"""

import threading
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from PIL import Image

from engine.edits import tiles
from engine.edits.outline import FACTOR
from engine.errors import ModelUnavailable
from engine.lora import pickled
from engine.lora.errors import LoraRefused

_SIDE = 256


class Upscaler:
    """Gives pictures FACTOR times as long and wide; a network of another factor is brought to that by Lanczos."""

    def __init__(self, weights: Path) -> None:
        self._weights = weights
        self._turn = threading.Lock()
        self._network: Any = None

    def __call__(self, picture: Image.Image) -> Image.Image:
        """Raises ModelUnavailable when the weights or `spandrel` are not there, or the weights are not for this."""
        with self._turn:
            self._network = self._network or _load(self._weights)
            places = tiles.boxes(picture.size, side=_SIDE, multiple=16)
            pieces = [self._enlarged(tiles.cut(picture, box)) for box in places]
        scale = pieces[0].width // (places[0][2] - places[0][0])
        larger = [(left * scale, top * scale, right * scale, bottom * scale) for left, top, right, bottom in places]
        whole = tiles.joined(pieces, larger, (picture.width * scale, picture.height * scale))
        wanted = (picture.width * FACTOR, picture.height * FACTOR)
        return whole if whole.size == wanted else whole.resize(wanted, Image.Resampling.LANCZOS)

    def _enlarged(self, tile: Image.Image) -> Image.Image:
        import torch

        pixels = torch.from_numpy(np.array(tile)).permute(2, 0, 1)[None].float() / 255
        with torch.inference_mode():
            large = self._network(pixels)[0].float()
        return Image.fromarray((large.clamp(0, 1) * 255 + 0.5).byte().permute(1, 2, 0).numpy())


def _load(weights: Path) -> Any:
    def unavailable(reason: str) -> ModelUnavailable:
        return ModelUnavailable("upscaler", str(weights), reason)

    try:
        from spandrel import ImageModelDescriptor, ModelLoader  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise unavailable(f"spandrel cannot be imported: {error}") from error
    if not weights.is_file():
        raise unavailable("there is no such file")
    try:
        with TemporaryDirectory() as folder:
            if weights.suffix.lower() != ".safetensors":
                safe = Path(folder) / "weights.safetensors"
                pickled.to_safetensors(weights, safe)
            else:
                safe = weights
            network = ModelLoader("cpu").load_from_file(safe)
    except LoraRefused as error:
        raise unavailable(f"unreadable: {error.detail.get('found')}") from error
    except Exception as error:  # whatever the loaders of forty architectures raise
        raise unavailable(f"unreadable: {type(error).__name__}") from error
    is_for_colours = network.input_channels == network.output_channels == 3
    if not isinstance(network, ImageModelDescriptor) or not is_for_colours or network.scale < FACTOR:
        raise unavailable("no upscaler of RGB pictures")
    return network.eval()
