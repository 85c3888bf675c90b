"""Muon for the matrices and AdamW for the rest, in one optimiser with one learning-rate factor. It knows no model.

Muon: momentum, then the nearest orthogonal matrix by a Newton-Schulz iteration (Keller Jordan, 2024); steps are scaled
by sqrt(rows / columns) where rows exceed columns. Convolutions count as matrices of (out, in * height * width).
"""

from collections.abc import Iterable

import torch
from torch import Tensor, nn


def orthogonal(matrix: Tensor, steps: int = 5) -> Tensor:
    """Return roughly the nearest (semi-)orthogonal matrix; singular values end between 0.7 and 1.2."""
    a, b, c = 3.4445, -4.7750, 2.0315
    x = matrix.bfloat16()
    x = x / (x.norm() + 1e-7)
    flat = x.size(0) > x.size(1)
    if flat:
        x = x.T
    for _ in range(steps):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return (x.T if flat else x).to(matrix.dtype)


class Optimizer:
    """Two update rules over the named parameters of one or more modules.

    `matrix_rate` and `rest_rate` are the learning rates at factor 1; `step(factor)` scales both (warm-up, decay).
    Embeddings and everything below two dimensions go to AdamW.
    """

    def __init__(
        self,
        named: Iterable[tuple[str, nn.Parameter]],
        *,
        matrix_rate: float,
        rest_rate: float,
        decay: float = 0.0,
        adam_only: Iterable[str] = (),
    ) -> None:
        marks = tuple(adam_only)
        self.matrices: dict[str, nn.Parameter] = {}
        rest: dict[str, nn.Parameter] = {}
        for name, parameter in named:
            if not parameter.requires_grad:
                continue
            matrix = parameter.ndim >= 2 and min(parameter.shape[0], parameter[0].numel()) > 4
            if matrix and not any(mark in name for mark in marks):
                self.matrices[name] = parameter
            else:
                rest[name] = parameter
        self.momentum = {name: torch.zeros_like(parameter) for name, parameter in self.matrices.items()}
        self.adam = torch.optim.AdamW(
            list(rest.values()), lr=rest_rate, betas=(0.9, 0.98), weight_decay=0.0, fused=True
        )
        self.matrix_rate, self.rest_rate, self.decay = matrix_rate, rest_rate, decay
        self.parameters = [*self.matrices.values(), *rest.values()]

    @torch.no_grad()
    def step(self, factor: float = 1.0, *, beta: float = 0.95) -> None:
        for name, parameter in self.matrices.items():
            if parameter.grad is None:
                continue
            held = self.momentum[name].lerp_(parameter.grad, 1 - beta)
            mixed = parameter.grad.lerp(held, beta).flatten(1)
            scale = max(1.0, mixed.size(0) / mixed.size(1)) ** 0.5
            rate = self.matrix_rate * factor
            if self.decay:
                parameter.mul_(1 - rate * self.decay)
            parameter.add_(orthogonal(mixed).view_as(parameter), alpha=-rate * scale)
        for group in self.adam.param_groups:
            group["lr"] = self.rest_rate * factor
        self.adam.step()
        for parameter in self.parameters:
            parameter.grad = None

    def state_dict(self) -> dict[str, object]:
        return {"momentum": self.momentum, "adam": self.adam.state_dict()}

    def load_state_dict(self, state: dict) -> None:
        for name, held in state["momentum"].items():
            self.momentum[name].copy_(held)
        self.adam.load_state_dict(state["adam"])


def rate_factor(step: int, *, steps: int, warm: int = 50, decay: float = 0.3) -> float:
    """Warm up, stay, and fall linearly to zero over the last `decay` share of the steps."""
    fall = (steps - step) / max(1.0, decay * steps)
    return max(0.0, min(1.0, (step + 1) / warm, fall))
