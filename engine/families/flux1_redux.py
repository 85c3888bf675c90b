"""FLUX.1 Redux: pictures as tokens of a text, by SigLIP and a small network that says it in T5's language.

The parts and their arithmetic are diffusers' `FluxPriorReduxPipeline`. Imports torch: for the device thread only.
"""

import math
from pathlib import Path
from typing import Any, Self

import torch
from diffusers.pipelines.flux.pipeline_flux_prior_redux import FluxPriorReduxPipeline
from PIL import Image

from engine.errors import ModelDamaged
from engine.folders import check_folder
from engine.models import ModelEntry

_TEXTS = ("text_encoder", "tokenizer", "text_encoder_2", "tokenizer_2")  # the model that draws has them
_COARSE = 3
"""Parts a side in which a picture's tokens are averaged, where only its manner counts: palette, light and stroke stay
in the means, things and their places do not."""


class Flux1Redux:
    """The picture encoder of one model."""

    def __init__(self, pipeline: FluxPriorReduxPipeline) -> None:
        self._pipeline: Any = pipeline

    @classmethod
    def load(cls, entry: ModelEntry, *, device: torch.device, dtype: torch.dtype) -> Self:
        """Read the weights in the folder that the entry's `redux` names. Raises ModelDamaged, ModelQuantised."""
        folder = Path(entry.redux)
        check_folder(folder)
        try:
            pipeline = FluxPriorReduxPipeline.from_pretrained(
                folder,
                dtype=dtype,
                local_files_only=True,
                **dict.fromkeys(_TEXTS),
            )
        except (MemoryError, torch.OutOfMemoryError):
            raise
        except Exception as error:  # damaged files surface as almost anything
            raise ModelDamaged(str(folder), f"unreadable: {type(error).__name__}") from error
        return cls(pipeline.to(device))

    def show(self, image: Image.Image, *, coarse: bool) -> torch.Tensor:
        """(1, tokens, width of the text)."""
        pipeline = self._pipeline
        seen = pipeline.encode_image(image.convert("RGB"), pipeline.image_encoder.device, 1)
        tokens = pipeline.image_embedder(seen).image_embeds
        return _averaged(tokens, _COARSE) if coarse else tokens


def _averaged(tokens: torch.Tensor, parts: int) -> torch.Tensor:
    """Tokens of a square picture, row by row, as the means of parts x parts of it."""
    side = math.isqrt(tokens.shape[1])
    picture = tokens[:, : side * side].transpose(1, 2).unflatten(2, (side, side))
    return torch.nn.functional.adaptive_avg_pool2d(picture, min(parts, side)).flatten(2).transpose(1, 2)
