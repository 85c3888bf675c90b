"""The other side of exactness: diffusers' own pipelines, one request at a time, as anybody would call them.

Where a pipeline cannot drive a scheduler (it passes `sigmas` and `mu`, which only Euler's takes), a plain loop over
diffusers' transformer and that scheduler stands for it. Knows nothing of how Atelier draws.
"""

import contextlib
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from diffusers.pipelines.flux.pipeline_flux import FluxPipeline, calculate_shift
from diffusers.pipelines.flux.pipeline_flux_img2img import FluxImg2ImgPipeline
from diffusers.pipelines.flux.pipeline_flux_inpaint import FluxInpaintPipeline
from diffusers.schedulers.scheduling_dpmsolver_multistep import DPMSolverMultistepScheduler
from diffusers.schedulers.scheduling_flow_match_heun_discrete import FlowMatchHeunDiscreteScheduler
from diffusers.schedulers.scheduling_unipc_multistep import UniPCMultistepScheduler
from PIL import Image

from engine.models import ModelEntry
from engine.requests import ImageRequest


class Stock:
    """The stock pipelines over one model's folder, in fp32 on the CPU.

    Args:
        loras: where the file of each LoRA lies that requests name.
    """

    def __init__(self, entry: ModelEntry, *, loras: Mapping[str, Path] | None = None) -> None:
        assert entry.folder is not None
        self.entry = entry
        self.pipeline = FluxPipeline.from_pretrained(entry.folder, dtype=torch.float32)
        self._loras = loras or {}
        self._from_image = FluxImg2ImgPipeline(**self.pipeline.components)
        self._in_mask = FluxInpaintPipeline(**self.pipeline.components)
        for pipeline in (self.pipeline, self._from_image, self._in_mask):
            pipeline.set_progress_bar_config(disable=True)

    @torch.inference_mode()
    def draw(self, request: ImageRequest, index: int = 0) -> tuple[torch.Tensor, Image.Image]:
        """The final latents (1, tokens, channels) and the picture of the request's seed at `index`."""
        with self._adapters(request):
            if request.scheduler in ("euler", "ddim"):
                return self._by_pipeline(request, request.seeds[index])
            latents = self._by_loop(request, request.seeds[index])
            return latents, self._decoded(latents, request)

    def _by_pipeline(self, request: ImageRequest, seed: int) -> tuple[torch.Tensor, Image.Image]:
        last: dict[str, torch.Tensor] = {}

        def after_step(_: object, __: int, ___: object, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
            last["latents"] = tensors["latents"]
            return tensors

        arguments: dict[str, Any] = {}
        pipeline: Any = self.pipeline
        if request.negative_prompt:
            arguments |= {
                "negative_prompt": request.negative_prompt,
                "true_cfg_scale": self.entry.negative_scale,
            }
        if request.image is not None:
            pipeline = self._from_image
            arguments |= {"image": request.image, "strength": request.strength}
        if request.mask is not None:
            pipeline = self._in_mask
            arguments |= {"mask_image": request.mask}
        image = pipeline(
            request.prompt,
            width=request.width,
            height=request.height,
            num_inference_steps=request.steps,
            guidance_scale=request.guidance,
            generator=torch.Generator("cpu").manual_seed(seed),
            max_sequence_length=self.entry.text_tokens,
            callback_on_step_end=after_step,
            **arguments,
        ).images[0]
        return last["latents"], image

    def _by_loop(self, request: ImageRequest, seed: int) -> torch.Tensor:
        """From noise only, with or without a negative prompt."""
        assert request.image is None
        pipeline, transformer = self.pipeline, self.pipeline.transformer
        texts = [request.prompt, request.negative_prompt] if request.negative_prompt else [request.prompt]
        encoded = [pipeline.encode_prompt(text, max_sequence_length=self.entry.text_tokens) for text in texts]
        latents, ids = pipeline.prepare_latents(
            1,
            transformer.config.in_channels // 4,
            request.height,
            request.width,
            torch.float32,
            torch.device("cpu"),
            torch.Generator("cpu").manual_seed(seed),
        )
        scheduler = self._scheduler(request, latents.shape[1])
        for timestep in scheduler.timesteps:
            velocities = [
                transformer(
                    hidden_states=latents,
                    timestep=timestep.expand(1).to(latents.dtype) / 1000,
                    guidance=torch.full([1], request.guidance),
                    pooled_projections=pooled,
                    encoder_hidden_states=text,
                    txt_ids=text_ids,
                    img_ids=ids,
                    return_dict=False,
                )[0]
                for text, pooled, text_ids in encoded
            ]
            velocity = velocities[0]
            if len(velocities) == 2:
                velocity = velocities[1] + self.entry.negative_scale * (velocities[0] - velocities[1])
            latents = scheduler.step(velocity, timestep, latents, return_dict=False)[0]
        return latents

    def _scheduler(self, request: ImageRequest, tokens: int) -> Any:
        config: Any = self.pipeline.scheduler.config
        shift = config.shift
        if config.use_dynamic_shifting:
            shift = torch.tensor(calculate_shift(tokens)).exp().item()
        flow: dict[str, Any] = {"use_flow_sigmas": True, "flow_shift": shift, "prediction_type": "flow_prediction"}
        made: Any = {
            "heun": lambda: FlowMatchHeunDiscreteScheduler(shift=shift),
            "dpm++": lambda: DPMSolverMultistepScheduler(**flow),
            "unipc": lambda: UniPCMultistepScheduler(**flow),
        }[request.scheduler]()
        made.set_timesteps(request.steps)
        return made

    def _decoded(self, latents: torch.Tensor, request: ImageRequest) -> Image.Image:
        vae, factor = self.pipeline.vae, self.pipeline.vae_scale_factor
        unpacked = FluxPipeline._unpack_latents(latents, request.height, request.width, factor)
        pixels = vae.decode(unpacked / vae.config.scaling_factor + vae.config.shift_factor, return_dict=False)[0]
        return self.pipeline.image_processor.postprocess(pixels, output_type="pil")[0]  # type: ignore

    @contextlib.contextmanager
    def _adapters(self, request: ImageRequest) -> Iterator[None]:
        """The request's LoRAs, loaded as one does with the stock pipeline, and gone afterwards."""
        if not request.loras:
            yield
            return
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                for number, use in enumerate(request.loras):
                    self.pipeline.load_lora_weights(str(self._loras[use.name]), adapter_name=f"lora_{number}")
                self.pipeline.set_adapters(
                    [f"lora_{number}" for number in range(len(request.loras))], [use.weight for use in request.loras]
                )
            yield
        finally:
            self.pipeline.unload_lora_weights()
