"""From a request to its lanes: texts to conditionings, seeds to noise, pictures and masks to latents.

Imports torch: for the device thread only. Knows no batches and no queue.
"""

import contextlib
import math
from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from engine.effects.effects import corrections_of, effects_of, prompt_of
from engine.effects.showing import with_pictures
from engine.families import Conditioning, Family, Sampler
from engine.lanes import Drawing, Kept, Lane
from engine.requests import ImageRequest, LoraMix
from engine.schedulers import Walk
from engine.stepcache import StepMemory

if TYPE_CHECKING:
    from engine.lora.bank import Bank

_PROMPT_BYTES = 256 << 20
_CACHED_STEPS = 20  # with fewer, each step changes too much for another's result


class PromptCache:
    """What texts became, by model, text and the LoRAs of its text encoders; the ones used longest ago go first.

    Args:
        limit: bytes of all embeddings together.
    """

    def __init__(self, limit: int = _PROMPT_BYTES) -> None:
        self._limit = limit
        self._held: OrderedDict[tuple[str, str, LoraMix], Conditioning] = OrderedDict()
        self._bytes = 0

    def encode(self, model: Family, text: str, *, loras: LoraMix = (), bank: "Bank | None" = None) -> Conditioning:
        """The text as the model understands it under these LoRAs, which `bank` applies."""
        mix = bank.text_mix(loras) if bank is not None and loras else ()
        key = (model.entry.name, text, mix)
        if key in self._held:
            self._held.move_to_end(key)
            return self._held[key]
        with bank.text(mix) if bank is not None and mix else contextlib.nullcontext():
            conditioning = self._held[key] = model.encode(text)
        self._bytes += _bytes(conditioning)
        while self._bytes > self._limit and len(self._held) > 1:
            self._bytes -= _bytes(self._held.popitem(last=False)[1])
        return conditioning

    def forget(self, model: str) -> None:
        """For a model that goes: its name may come back with other weights."""
        for key in [key for key in self._held if key[0] == model]:
            self._bytes -= _bytes(self._held.pop(key))

    def __len__(self) -> int:
        return len(self._held)


def lanes_of(drawing: Drawing, prompts: PromptCache, bank: "Bank | None" = None) -> list[Lane]:
    """One lane for each seed of the drawing's request, in order, each with a generator of its own.

    Raises LoraRefused or LoraMissing for a LoRA that cannot be used, BankFull for LoRAs that do not fit together.
    """
    request, model = drawing.request, drawing.model
    if bank is not None:
        drawing.loras = tuple(one.result() for one in bank.ensure(use.name for use in request.loras))

    def encoded(text: str) -> Conditioning:
        return prompts.encode(model, text, loras=request.loras, bank=bank)

    conditionings = [with_pictures(prompt_of(request, encoded), request, model)]
    if request.negative_prompt:
        conditionings.append(replace(encoded(request.negative_prompt), beside=conditionings[0].beside))
    corrections = corrections_of(request, model)
    size = (request.width, request.height)
    sample = model.encode_image(request.image, *size) if request.image is not None else None
    mask = model.encode_mask(request.mask, *size) if request.mask is not None else None
    lanes = []
    for index, seed in enumerate(request.seeds):
        walk = _walk(request, model)
        latents, kept = _start(request, model, walk, seed=seed, sample=sample, mask=mask)
        lanes.append(
            Lane(
                drawing=drawing,
                index=index,
                walk=walk,
                latents=latents,
                conditionings=tuple(conditionings),
                memories=tuple(_memory(request, model) for _ in conditionings),
                kept=kept,
                effects=effects_of(request, model, seed, corrections, encoded),
            )
        )
    return lanes


def _walk(request: ImageRequest, model: Family) -> Walk:
    return Walk(
        request.scheduler,
        model.scheduler_settings,
        steps=request.steps,
        skipped=request.skipped,
        run=request.steps_run,
        tokens=math.prod(model.grid(request.width, request.height)),
        device=model.device,
    )


def _start(
    request: ImageRequest,
    model: Family,
    walk: Walk,
    *,
    seed: int,
    sample: Sampler | None,
    mask: torch.Tensor | None,
) -> tuple[torch.Tensor, Kept | None]:
    """The first latents: noise, or the picture under as much noise as its first step expects."""
    # The noise is made on the CPU, one generator a picture: a seed gives the same picture on every device, alone or in
    # company. The picture's sample is drawn before the noise, as diffusers' pipelines do.
    generator = torch.Generator("cpu").manual_seed(seed)
    latents = sample(generator) if sample is not None else None
    noise = model.noise(request.width, request.height, generator)
    if latents is None:
        return noise, None
    kept = None if mask is None else Kept(latents=latents, noise=noise, mask=mask)
    return walk.sigma * noise + (1.0 - walk.sigma) * latents, kept


def _memory(request: ImageRequest, model: Family) -> StepMemory | None:
    threshold = model.entry.step_cache
    # Rolled latents are never like those of the step before.
    is_alike = request.steps_run >= _CACHED_STEPS and not request.tile
    return StepMemory(threshold) if threshold > 0 and is_alike else None


def _bytes(conditioning: Conditioning) -> int:
    tensors = [conditioning.text] + ([] if conditioning.pooled is None else [conditioning.pooled])
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)
