"""The FLUX.1 family: pocket, schnell, dev, Krea and Kontext share architecture, two text encoders and an autoencoder.

Imported on the device thread, since diffusers takes seconds to import. Knows no requests, no steps and no rows of a
database.
"""

import contextlib
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import torch
from diffusers.image_processor import VaeImageProcessor
from diffusers.pipelines.flux.pipeline_flux import FluxPipeline
from diffusers.utils.torch_utils import randn_tensor
from PIL import Image

from engine.effects.tiling import wrapping
from engine.errors import ModelDamaged, ModelUnavailable
from engine.families import Adapted, Beside, Conditioning, Row, Sampler
from engine.families.flux1_kontext import placed, preferred
from engine.families.flux1_redux import Flux1Redux
from engine.families.flux1_transformer import Flux1Transformer
from engine.folders import check_folder
from engine.models import ModelEntry
from engine.plans import Plan
from engine.previews import Projection, example_pictures

_SIZES_KEPT = 32  # sizes of which the positions are kept; a megabyte each at 1024 x 1024


class Flux1:
    """See `engine.families.Family`. Not for two threads.

    Unless the plan is "whole" the text encoders stay on the CPU: each text is encoded once, the transformer runs at
    every step. Under "float8" its layers keep their weights in a byte each, and in the usual format while they run.
    """

    def __init__(
        self, entry: ModelEntry, pipeline: FluxPipeline, device: torch.device, redux: Flux1Redux | None = None
    ) -> None:
        self.entry = entry
        self.device = device
        self.pipeline = pipeline
        self.transformer: Any = pipeline.transformer
        self.parts: dict[str, torch.nn.Module] = {
            name: getattr(pipeline, name) for name in ("transformer", "text_encoder", "text_encoder_2")
        }
        self.scheduler_settings = {
            key: value for key, value in pipeline.scheduler.config.items() if not key.startswith("_")
        }
        self._redux = redux
        self._vae = pipeline.vae
        self._dtype = self.transformer.dtype
        self._channels = self.transformer.config.in_channels // 4
        self._factor = pipeline.vae_scale_factor
        self._images = pipeline.image_processor
        self._masks = VaeImageProcessor(
            vae_scale_factor=self._factor * 2, do_normalize=False, do_binarize=True, do_convert_grayscale=True
        )
        self._rows = Flux1Transformer(self.transformer)
        self._rotations: dict[tuple[object, ...], torch.Tensor] = {}
        self._projection = self._fit_projection()

    @classmethod
    def load(cls, entry: ModelEntry, folder: Path, *, plan: Plan, device: torch.device, dtype: torch.dtype) -> Self:
        """Read the weights onto the device. Raises ModelDamaged, ModelQuantised, or what the device raises."""
        check_folder(folder)
        try:
            pipeline = FluxPipeline.from_pretrained(folder, dtype=dtype, local_files_only=True)
        except (MemoryError, torch.OutOfMemoryError):
            raise
        except Exception as error:  # damaged files surface as almost anything
            raise ModelDamaged(str(folder), f"unreadable: {type(error).__name__}") from error
        if plan == "whole":
            pipeline.to(device)
        else:
            transformer: Any = pipeline.transformer
            if plan == "float8":  # here, since the device has no room for the weights as they were read
                transformer.enable_layerwise_casting(torch.float8_e4m3fn, dtype)
            for part in (transformer, pipeline.vae):
                part.to(device)
        where = pipeline.text_encoder.device  # type: ignore[union-attr]
        redux = Flux1Redux.load(entry, device=where, dtype=dtype) if entry.redux else None
        return cls(entry, pipeline, device, redux)

    def encode(self, text: str) -> Conditioning:
        pipeline: Any = self.pipeline
        embeddings, pooled, _ = pipeline.encode_prompt(
            text, device=pipeline.text_encoder.device, max_sequence_length=self.entry.text_tokens
        )
        return Conditioning(text=embeddings.to(self.device, self._dtype), pooled=pooled.to(self.device, self._dtype))

    def grid(self, width: int, height: int) -> tuple[int, int]:
        return height // (2 * self._factor), width // (2 * self._factor)

    def noise(self, width: int, height: int, generator: torch.Generator) -> torch.Tensor:
        shape = (1, self._channels, height // self._factor, width // self._factor)
        return _packed(randn_tensor(shape, generator=generator, device=self.device, dtype=self._dtype))

    def encode_image(self, image: Image.Image, width: int, height: int) -> Sampler:
        pixels = self._images.preprocess(_resized(image.convert("RGB"), width, height))
        distribution = self._vae.encode(pixels.to(self.device, self._vae.dtype)).latent_dist

        def sample(generator: torch.Generator) -> torch.Tensor:
            latents = distribution.sample(generator)
            scaled = (latents - self._vae.config.shift_factor) * self._vae.config.scaling_factor
            return _packed(scaled.to(self._dtype))

        return sample

    def show(self, image: Image.Image, *, coarse: bool) -> torch.Tensor:
        if self._redux is None:
            raise ModelUnavailable(self.entry.name, self.entry.redux, "no Redux")
        return self._redux.show(image, coarse=coarse).to(self.device, self._dtype)

    def beside(self, images: Sequence[Image.Image]) -> Beside:
        pixels = self.entry.width * self.entry.height
        latents, grids = [], []
        for image in images:
            width, height = preferred(image.size, pixels=pixels, multiple=2 * self._factor)
            values = self._images.preprocess(_resized(image.convert("RGB"), width, height))
            found = self._vae.encode(values.to(self.device, self._vae.dtype)).latent_dist.mode()
            scaled = (found - self._vae.config.shift_factor) * self._vae.config.scaling_factor
            latents.append(_packed(scaled.to(self._dtype)))
            grids.append(self.grid(width, height))
        return Beside(latents=torch.cat(latents, 1), grids=tuple(grids))

    def encode_mask(self, mask: Image.Image, width: int, height: int) -> torch.Tensor:
        pixels = self._masks.preprocess(_resized(mask.convert("L"), width, height))
        latents = torch.nn.functional.interpolate(pixels, size=(height // self._factor, width // self._factor))
        return _packed(latents.to(self.device, self._dtype).repeat(1, self._channels, 1, 1))

    def predict(self, rows: Sequence[Row], adapted: Adapted) -> torch.Tensor:
        velocities = self._rows.velocities(rows, self._rotation(rows[0]), adapted)
        return velocities[:, : rows[0].latents.shape[1]]  # of what is drawn; pictures beside it stay

    def decode(
        self, latents: torch.Tensor, width: int, height: int, *, tile: bool = False, pieces: bool = False
    ) -> Image.Image:
        unpacked = self._unpacked(latents, width, height).to(self._vae.dtype)
        with contextlib.ExitStack() as stack:
            if tile:
                stack.enter_context(wrapping(self._vae.decoder))
            if pieces:
                stack.enter_context(_in_pieces(self._vae, max(unpacked.shape[-2:]), self._factor))
            pixels = self._vae.decode(unpacked, return_dict=False)[0]
        return self._images.postprocess(pixels, output_type="pil")[0]  # type: ignore[index]

    def previews(self, latents: torch.Tensor, width: int, height: int) -> tuple[Image.Image, ...]:
        return self._projection.draw(self._unpacked(latents, width, height))

    def _rotation(self, row: Row) -> torch.Tensor:
        """What says where text and image tokens stand; the same for all rows of a size and of the same lengths."""
        key = (row.width, row.height, row.conditioning.shape)
        if key not in self._rotations:
            text = torch.zeros(row.conditioning.text.shape[1], 3, device=self.device, dtype=self._dtype)
            image = self._places(self.grid(row.width, row.height))
            beside = row.conditioning.beside
            pictures = [] if beside is None else placed(beside.grids, self._places)
            if len(self._rotations) >= _SIZES_KEPT:
                self._rotations.pop(next(iter(self._rotations)))
            self._rotations[key] = self._rows.positions(torch.cat((text, image, *pictures)))
        return self._rotations[key]

    def _places(self, grid: tuple[int, int]) -> torch.Tensor:
        return FluxPipeline._prepare_latent_image_ids(1, *grid, self.device, self._dtype)

    def _unpacked(self, latents: torch.Tensor, width: int, height: int) -> torch.Tensor:
        """(n, tokens, 4 channels) -> (n, channels, h, w) in the autoencoder's own scale."""
        unpacked = FluxPipeline._unpack_latents(latents, height, width, self._factor)
        return unpacked / self._vae.config.scaling_factor + self._vae.config.shift_factor

    @torch.inference_mode()
    def _fit_projection(self) -> Projection:
        pixels = example_pictures(128, 12)
        latents = self._vae.encode(pixels.to(self.device, self._vae.dtype), return_dict=False)[0].mode()
        # What the decoder makes of them, not what they were: a small autoencoder answers strange pictures faintly, and
        # a map that made up for that would shout on familiar ones.
        decoded = self._vae.decode(latents, return_dict=False)[0]
        return Projection.fit(decoded.float().cpu().clamp(-1, 1), latents.float().cpu())


@contextlib.contextmanager
def _in_pieces(vae: Any, longest: int, factor: int) -> Iterator[None]:
    """Within, it decodes pieces of half the side of `longest` latents, which fade into each other over a quarter."""
    before = vae.tile_latent_min_size, vae.tile_sample_min_size
    side = 4 * math.ceil(longest / 8)  # of no multiple of 4, diffusers' pieces do not meet
    vae.tile_latent_min_size, vae.tile_sample_min_size = side, side * factor
    vae.enable_tiling()
    try:
        yield
    finally:
        vae.disable_tiling()
        vae.tile_latent_min_size, vae.tile_sample_min_size = before


def _packed(latents: torch.Tensor) -> torch.Tensor:
    """(n, channels, h, w) -> (n, tokens, 4 channels): two by two latents are one token."""
    return FluxPipeline._pack_latents(latents, *latents.shape)


def _resized(image: Image.Image, width: int, height: int) -> Image.Image:
    return image.resize((width, height), Image.Resampling.LANCZOS)
