"""From noise to picture in steps: diffusers' flow schedulers by our names, one object for each lane.

Imports torch: for the device thread only. Knows no models, no batches and no requests.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from diffusers.schedulers.scheduling_dpmsolver_multistep import DPMSolverMultistepScheduler
from diffusers.schedulers.scheduling_flow_match_euler_discrete import FlowMatchEulerDiscreteScheduler
from diffusers.schedulers.scheduling_flow_match_heun_discrete import FlowMatchHeunDiscreteScheduler
from diffusers.schedulers.scheduling_unipc_multistep import UniPCMultistepScheduler


class Walk:
    """The calls of one lane from its first noisy latents to its last: which timestep is next, and what a velocity does.

    Args:
        name: one of `engine.requests.SCHEDULERS`.
        settings: of the model's own FlowMatchEulerDiscreteScheduler, as its folder says.
        steps: of the whole schedule, 1 and more.
        skipped: steps at its beginning that are left out.
        run: steps that run; fewer than `steps - skipped` stop before the picture is clean.
        tokens: image tokens, on which some models' schedules depend.

    Attributes:
        order: calls of the model a step; the last step of Heun's method takes one.
        calls: calls in all.
        call: calls done.
    """

    def __init__(
        self,
        name: str,
        settings: Mapping[str, Any],
        *,
        steps: int,
        skipped: int = 0,
        run: int,
        tokens: int,
        device: torch.device,
    ) -> None:
        self._scheduler = scheduler(name, settings, steps=steps, tokens=tokens, device=device)
        self.order = self._scheduler.order
        self._first = skipped * self.order
        self._scheduler.set_begin_index(self._first)
        self._steps, self._skipped, self._run = steps, skipped, run
        self._whole = run >= steps - skipped
        remaining = len(self._scheduler.timesteps) - self._first
        self.calls = remaining if self._whole else run * self.order
        self.call = 0
        self._clean: tuple[torch.Tensor, torch.Tensor, torch.Tensor] | None = None

    @property
    def timestep(self) -> torch.Tensor:
        """Of the next call, 0..1000, a tensor without dimensions."""
        return self._scheduler.timesteps[self._first + self.call]

    @property
    def sigma(self) -> torch.Tensor:
        """The share of noise in the latents as they are now, 0..1."""
        return self._scheduler.sigmas[self._first + self.call]

    @property
    def done(self) -> bool:
        return self.call >= self.calls

    @property
    def step(self) -> int:
        """Whole steps done."""
        return self._run if self.done else self.call // self.order

    @property
    def share(self) -> float:
        """How much of the whole schedule lies behind the step that is next, 0..1."""
        return (self._skipped + self.call // self.order) / self._steps

    def advance(self, velocity: torch.Tensor, latents: torch.Tensor) -> torch.Tensor:
        """The latents after a call of the model gave `velocity` for `latents`; all three of one shape."""
        self._clean = (latents, velocity, self.sigma)
        moved = self._scheduler.step(velocity, self.timestep, latents, return_dict=False)[0]
        self.call += 1
        return moved

    @property
    def clean(self) -> torch.Tensor | None:
        """What the model last believed the finished latents to be; None before the first call."""
        if self._clean is None:
            return None
        latents, velocity, sigma = self._clean
        return latents - sigma * velocity

    def finished(self, latents: torch.Tensor) -> torch.Tensor:
        """What to decode: the last latents, or for a walk that stopped early what the model believed in by then."""
        clean = self.clean
        return latents if self._whole or clean is None else clean


def scheduler(name: str, settings: Mapping[str, Any], *, steps: int, tokens: int, device: torch.device) -> Any:
    """diffusers' scheduler with its timesteps set, for latents that are mixed linearly with noise (flow matching).

    "ddim" gives Euler's: on straight paths DDIM's step is Euler's. Heun, DPM++ and UniPC spread their own timesteps,
    shifted as the model's are.
    """
    euler = FlowMatchEulerDiscreteScheduler(**settings)
    config: Any = euler.config
    mu = _mu(tokens, config)
    if name in ("euler", "ddim"):
        euler.set_timesteps(sigmas=np.linspace(1.0, 1 / steps, steps), mu=mu, device=device)  # type: ignore[arg-type]
        return euler
    # A schedule that depends on the size shifts by exp(mu), where others have a constant.
    shift = math.exp(mu) if config.use_dynamic_shifting else config.shift
    flow = {"use_flow_sigmas": True, "flow_shift": shift, "prediction_type": "flow_prediction"}
    made: Any
    match name:
        case "heun":
            made = FlowMatchHeunDiscreteScheduler(shift=shift)
        case "dpm++":
            made = DPMSolverMultistepScheduler(**flow)  # type: ignore[arg-type]
        case "unipc":
            made = UniPCMultistepScheduler(**flow)  # type: ignore[arg-type]
        case _:
            raise ValueError(f"no scheduler {name}")
    made.set_timesteps(steps, device=device)
    return made


def _mu(tokens: int, config: Any) -> float:
    """The exponent of the shift for a picture of so many tokens; the line that BFL's sampling.py draws."""
    tokens_range = config.get("max_image_seq_len", 4096) - config.get("base_image_seq_len", 256)
    slope = (config.get("max_shift", 1.15) - config.get("base_shift", 0.5)) / tokens_range
    return tokens * slope + config.get("base_shift", 0.5) - slope * config.get("base_image_seq_len", 256)
