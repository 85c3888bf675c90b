"""Models that lanes cannot run: diffusers' stock pipeline, whichever the folder names, one request at a time.

What the pipeline has no argument for is refused by name, never left out in silence. Imported on the device thread.
Knows no lanes, no LoRAs and no queue.
"""

import inspect
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

import torch
from diffusers.pipelines.pipeline_utils import DiffusionPipeline
from PIL import Image

from engine.errors import ModelDamaged, NotByThisModel, NotFinite
from engine.folders import check_folder
from engine.models import ModelEntry
from engine.plans import Plan
from engine.requests import ImageRequest, Progress


class Interrupted(Exception):
    """The drawing was stopped between two steps, as it was asked to."""


class StockPipeline:
    """One loaded pipeline of any family. Not for two threads."""

    def __init__(self, entry: ModelEntry, pipeline: Any) -> None:
        self.entry = entry
        self.pipeline = pipeline
        pipeline.set_progress_bar_config(disable=True)

    @classmethod
    def load(cls, entry: ModelEntry, folder: Path, *, plan: Plan, device: torch.device, dtype: torch.dtype) -> Self:
        """Read the weights, from safetensors only and without running code of the folder's.

        Raises ModelDamaged, ModelQuantised, or what the device raises.
        """
        check_folder(folder)
        try:
            pipeline = DiffusionPipeline.from_pretrained(
                folder, dtype=dtype, local_files_only=True, use_safetensors=True, trust_remote_code=False
            )
        except (MemoryError, torch.OutOfMemoryError):
            raise
        except Exception as error:  # damaged files surface as almost anything
            raise ModelDamaged(str(folder), f"unreadable: {type(error).__name__}") from error
        if "prompt" not in _arguments(pipeline):
            raise ModelDamaged(str(folder), f"unreadable: {type(pipeline).__name__} takes no prompt")
        if plan == "split":
            pipeline.enable_model_cpu_offload(device=device)
        else:
            pipeline.to(device)
        return cls(entry, pipeline)

    def draw(
        self, request: ImageRequest, *, report: Callable[[Progress], None], stop: Callable[[], bool]
    ) -> list[Image.Image]:
        """One picture after another, each from its own seed.

        Raises NotByThisModel before anything is drawn, NotFinite, Interrupted once `stop` holds at the end of a step.
        """
        pipeline, given = self._asked(request)
        count, steps = len(request.seeds), request.steps_run
        told = 0

        def after_step(index: int) -> Callable[..., dict[str, Any]]:
            def call(_: object, step: int, __: object, tensors: dict[str, Any]) -> dict[str, Any]:
                nonlocal told
                if stop():
                    raise Interrupted
                latents = tensors.get("latents")
                if isinstance(latents, torch.Tensor) and not bool(latents.isfinite().all()):
                    raise NotFinite([index])
                now = (index * steps + min(step + 1, steps)) // count
                if now > told:
                    told = now
                    report(Progress(step=now, steps=steps))
                return tensors

            return call

        images: list[Image.Image] = []
        try:
            for index, seed in enumerate(request.seeds):
                if stop():
                    raise Interrupted
                steered = {"callback_on_step_end"} & _arguments(pipeline).keys()
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    made = pipeline(
                        **given,
                        **{name: after_step(index) for name in steered},
                        generator=torch.Generator("cpu").manual_seed(seed),
                    )
                images.append(made.images[0].convert("RGB"))
        finally:
            pipeline.maybe_free_model_hooks()
        return images

    def _asked(self, request: ImageRequest) -> tuple[Any, dict[str, Any]]:
        """The pipeline for this request and what it is called with. Raises NotByThisModel."""
        for wish, is_wished in {
            "scheduler": request.scheduler != "euler",  # the name that stands for the model's own
            "loras": bool(request.loras),
            "mask": request.mask is not None,
            "tile": request.tile,
            "stop": request.stop != 1.0,
            "texts": bool(request.texts),
            "references": bool(request.references),
            "chaos": bool(request.chaos),
            "weird": bool(request.weird),
            "stylize": request.stylize is not None,
        }.items():
            if is_wished:
                raise NotByThisModel(self.entry.name, wish)
        pipeline = self.pipeline if request.image is None else self._from_image()
        takes = _arguments(pipeline)
        given: dict[str, Any] = {"prompt": request.prompt}

        def give(argument: str, value: Any, wish: str, *, wished: bool = True) -> None:
            if argument in takes:
                given[argument] = value
            elif wished:
                raise NotByThisModel(self.entry.name, wish)

        size = (request.width, request.height)
        give("num_inference_steps", request.steps, "steps", wished=request.steps != self.entry.steps)
        give("guidance_scale", request.guidance, "guidance", wished=request.guidance != self.entry.guidance)
        if request.negative_prompt:
            give("negative_prompt", request.negative_prompt, "negative_prompt")
        if "max_sequence_length" in takes:
            given["max_sequence_length"] = self.entry.text_tokens
        if request.image is None:
            give("width", request.width, "size", wished=size != (self.entry.width, self.entry.height))
            give("height", request.height, "size", wished=size != (self.entry.width, self.entry.height))
        else:
            give("image", request.image.convert("RGB").resize(size, Image.Resampling.LANCZOS), "image")
            give("strength", request.strength, "image")
        return pipeline, given

    def _from_image(self) -> Any:
        """The pipeline that starts from a picture, over the same components."""
        from diffusers.pipelines.auto_pipeline import AutoPipelineForImage2Image  # imports every pipeline there is

        try:
            made: Any = AutoPipelineForImage2Image.from_pipe(self.pipeline)
        except Exception as error:  # it knows no such pipeline, in several ways
            raise NotByThisModel(self.entry.name, "image") from error
        made.set_progress_bar_config(disable=True)
        return made


def _arguments(pipeline: Any) -> Mapping[str, inspect.Parameter]:
    return inspect.signature(type(pipeline).__call__).parameters
