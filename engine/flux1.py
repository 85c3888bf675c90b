"""The FLUX.1 family (pocket, schnell, dev, Krea): a request's pixels through diffusers' own pipelines.

Imported on the device thread, since diffusers takes seconds to import. Knows no queue, no event loop and no rows.
"""

import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

import torch
from diffusers.pipelines.flux.pipeline_flux import FluxPipeline
from diffusers.pipelines.flux.pipeline_flux_img2img import FluxImg2ImgPipeline
from diffusers.schedulers.scheduling_flow_match_euler_discrete import FlowMatchEulerDiscreteScheduler
from PIL import Image

from engine.errors import ModelDamaged, ModelUnavailable, NotFinite
from engine.models import ModelEntry, check_folder
from engine.previews import Projection, example_pictures
from engine.requests import ImageRequest, Pictures, Progress

log = logging.getLogger(__name__)


class Flux1:
    """One loaded model on one device. Not for two threads and not for two requests at a time."""

    def __init__(self, entry: ModelEntry, pipeline: FluxPipeline, device: torch.device, *, offload: bool) -> None:
        self.entry = entry
        self._device = device
        self._from_noise = pipeline
        self._from_image = FluxImg2ImgPipeline(**pipeline.components)
        self._vae = pipeline.vae
        self._scheduler_settings = _settings(pipeline.scheduler)
        self._offload = offload
        for each in (self._from_noise, self._from_image):
            each.set_progress_bar_config(disable=True)
        self._projection = self._fit_projection()

    @classmethod
    def load(cls, entry: ModelEntry, *, device: torch.device, dtype: torch.dtype) -> Self:
        """Read the weights onto the device. Raises ModelDamaged, ModelUnavailable, or what the device raises."""
        folder = entry.folder or _download(entry)
        check_folder(folder)
        try:
            pipeline = FluxPipeline.from_pretrained(folder, dtype=dtype, local_files_only=True)
        except (MemoryError, torch.OutOfMemoryError):
            raise
        except Exception as error:  # damaged files surface as almost anything
            raise ModelDamaged(str(folder), f"unreadable: {type(error).__name__}") from error
        offload = device.type == "cuda" and _bytes(pipeline) > 0.9 * torch.cuda.mem_get_info(device)[0]
        if not offload:
            pipeline.to(device)
        return cls(entry, pipeline, device, offload=offload)

    def generate(self, request: ImageRequest, report: Callable[[Progress], None], preview_every: int) -> Pictures:
        """Draw all pictures of one request. `report` is called after each step; what it raises ends the drawing.

        Raises NotFinite, or what the device raises.
        """
        began = time.perf_counter()
        scheduler = ObservedEuler(**self._scheduler_settings)
        pipeline, arguments = self._pipeline_for(request)
        pipeline.scheduler = scheduler
        if self._offload:
            pipeline.enable_model_cpu_offload(device=self._device)

        def after_step(_pipeline: object, index: int, _timestep: object, tensors: dict[str, Any]) -> dict[str, Any]:
            step = index + 1
            previews = None
            if preview_every and step % preview_every == 0 and step < request.steps_run:
                previews = self._projection.draw(self._unpacked(scheduler.clean, request))
            report(Progress(step=step, steps=request.steps_run, previews=previews))
            return tensors

        try:
            latents = pipeline(
                **arguments,
                height=request.height,
                width=request.width,
                num_inference_steps=request.steps,
                guidance_scale=request.guidance,
                num_images_per_prompt=len(request.seeds),
                # The noise is made on the CPU, one generator per picture: a seed gives the same picture on every
                # device, alone or in company.
                generator=[torch.Generator("cpu").manual_seed(seed) for seed in request.seeds],
                max_sequence_length=self.entry.text_tokens,
                output_type="latent",
                return_dict=False,
                callback_on_step_end=after_step,
            )[0]
            denoised = time.perf_counter()
            images = self._decoded(latents, request)
        finally:
            pipeline.maybe_free_model_hooks()
        return Pictures(
            images=images,
            timings={"denoise": denoised - began, "decode": time.perf_counter() - denoised},
        )

    def _pipeline_for(self, request: ImageRequest) -> tuple[Any, Mapping[str, Any]]:
        arguments: dict[str, Any] = {"prompt": request.prompt}
        if request.negative_prompt:
            arguments |= {"negative_prompt": request.negative_prompt, "true_cfg_scale": self.entry.negative_scale}
        if request.image is None:
            return self._from_noise, arguments
        image = request.image.convert("RGB").resize((request.width, request.height), Image.Resampling.LANCZOS)
        # Once per picture: with a single copy only the first generator would pay for encoding it, and a seed's picture
        # would depend on its place.
        return self._from_image, arguments | {"image": [image] * len(request.seeds), "strength": request.strength}

    def _decoded(self, latents: torch.Tensor, request: ImageRequest) -> tuple[Image.Image, ...]:
        """One at a time, so that the memory it takes does not grow with the number of pictures."""
        finite = latents.flatten(1).isfinite().all(1).tolist()
        if not all(finite):
            raise NotFinite([index for index, well in enumerate(finite) if not well])
        images = []
        for row in self._unpacked(latents, request).split(1):
            pixels = self._vae.decode(row, return_dict=False)[0]
            images.extend(self._from_noise.image_processor.postprocess(pixels, output_type="pil"))  # type: ignore[arg-type]
        return tuple(images)

    def _unpacked(self, latents: torch.Tensor, request: ImageRequest) -> torch.Tensor:
        """(n, tokens, 4 channels) -> (n, channels, h, w) in the autoencoder's own scale."""
        factor = self._from_noise.vae_scale_factor
        unpacked = FluxPipeline._unpack_latents(latents, request.height, request.width, factor)
        return unpacked / self._vae.config.scaling_factor + self._vae.config.shift_factor

    @torch.inference_mode()
    def _fit_projection(self) -> Projection:
        pixels = example_pictures(128, 12)
        device = torch.device("cpu") if self._offload else self._device
        latents = self._vae.encode(pixels.to(device, self._vae.dtype), return_dict=False)[0].mode()
        # What the decoder makes of them, not what they were: a small autoencoder answers strange pictures faintly, and
        # a map that made up for that would shout on familiar ones.
        decoded = self._vae.decode(latents, return_dict=False)[0]
        return Projection.fit(decoded.float().cpu().clamp(-1, 1), latents.float().cpu())


class ObservedEuler(FlowMatchEulerDiscreteScheduler):
    """The stock scheduler, which also keeps what the model believes the finished latents to be: the previews' source.

    Attributes:
        clean: after a step, its noisy latents minus sigma times the predicted velocity; same shape as the latents.
    """

    clean: torch.Tensor

    def step(self, model_output: Any, timestep: Any, sample: Any, *args: Any, **kwargs: Any) -> Any:  # type: ignore[override]
        if self.step_index is None:
            self._init_step_index(timestep)
        sigma: torch.Tensor = self.sigmas[self.step_index]  # type: ignore[index]
        self.clean = sample - sigma * model_output
        return super().step(model_output, timestep, sample, *args, **kwargs)


def _settings(scheduler: FlowMatchEulerDiscreteScheduler) -> dict[str, Any]:
    """The constructor's arguments that the model's folder names."""
    return {key: value for key, value in scheduler.config.items() if not key.startswith("_")}


def _bytes(pipeline: FluxPipeline) -> int:
    modules = (part for part in pipeline.components.values() if isinstance(part, torch.nn.Module))
    return sum(tensor.numel() * tensor.element_size() for module in modules for tensor in module.parameters())


def _download(entry: ModelEntry) -> Path:
    """The model's files from the hub, or from its cache on this machine where they are there already."""
    log.info("fetching model %s from %s", entry.name, entry.repository)
    try:
        return Path(FluxPipeline.download(entry.repository, revision=entry.revision or None))
    except Exception as error:  # the hub's client raises errors of five libraries
        raise ModelUnavailable(entry.name, entry.repository, type(error).__name__) from error
