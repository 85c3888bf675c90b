"""Muon for the matrices and AdamW for the rest, in one optimiser with one learning-rate factor. It knows no model.

Muon: momentum, then the nearest orthogonal matrix by a Newton-Schulz iteration (Keller Jordan, 2024); steps are scaled
by sqrt(rows / columns) where rows exceed columns. Convolutions count as matrices of (out, in * height * width).
"""

from collections.abc import Iterable

import torch
import torch.distributed as dist
from torch import Tensor, nn

from .precision import short


def orthogonal(matrices: Tensor, steps: int = 5) -> Tensor:
    """Return roughly the nearest (semi-)orthogonal matrices of (..., rows, columns); singular values 0.7 to 1.2."""
    a, b, c = 3.4445, -4.7750, 2.0315
    x = matrices.to(short(matrices.device))
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    flat = x.size(-2) > x.size(-1)
    if flat:
        x = x.mT
    for _ in range(steps):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return (x.mT if flat else x).to(matrices.dtype)


class Optimizer:
    """Two update rules over named parameters.

    `matrix_rate` and `rest_rate` are the learning rates at factor 1; `step(factor)` scales both (warm-up, decay), and a
    `slow` mark in a parameter's name (value: a further factor) slows it. What is named by an `adam_only` mark, and
    everything below two dimensions, goes to AdamW. With several ranks each orthogonalises its share of the matrices.
    """

    def __init__(
        self,
        named: Iterable[tuple[str, nn.Parameter]],
        *,
        matrix_rate: float,
        rest_rate: float,
        decay: float = 0.0,
        adam_only: Iterable[str] = (),
        slow: dict[str, float] | None = None,
        ranks: int = 1,
        rank: int = 0,
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
        slow = slow or {}

        def factor(name: str) -> float:
            return next((value for mark, value in slow.items() if mark in name), 1.0)

        self.factors = {name: factor(name) for name in self.matrices}
        self.momentum = {name: torch.zeros_like(parameter) for name, parameter in self.matrices.items()}
        groups: dict[float, list[nn.Parameter]] = {}
        for name, parameter in rest.items():
            groups.setdefault(factor(name), []).append(parameter)
        self.adam = torch.optim.AdamW(
            [{"params": held, "lr": rest_rate * value} for value, held in groups.items()],
            betas=(0.9, 0.98),
            weight_decay=0.0,
            fused=True,
        )
        self.group_factors = list(groups)
        self.matrix_rate, self.rest_rate, self.decay = matrix_rate, rest_rate, decay
        self.parameters = [*self.matrices.values(), *rest.values()]
        self.rank, self.ranks = rank, ranks
        shapes: dict[tuple[int, int], list[str]] = {}
        for name, parameter in self.matrices.items():
            rows, columns = parameter.shape[0], parameter[0].numel()
            shapes.setdefault((rows, columns), []).append(name)
        self.shapes = shapes

    @torch.no_grad()
    def step(self, factor: float = 1.0, *, beta: float = 0.95) -> None:
        updates: dict[str, Tensor] = {}
        for (rows, columns), names in self.shapes.items():
            mixed = []
            for name in names:
                gradient = self.matrices[name].grad
                assert gradient is not None, name
                held = self.momentum[name].lerp_(gradient, 1 - beta)
                mixed.append(gradient.lerp(held, beta).view(rows, columns))
            mine = [i for i in range(len(names)) if i % self.ranks == self.rank]
            stack = torch.zeros(len(names), rows, columns, device=mixed[0].device)
            if mine:
                stack[mine] = orthogonal(torch.stack([mixed[i] for i in mine]))
            updates.update(zip(names, stack, strict=True))
        if self.ranks > 1:
            flat = torch.cat([update.reshape(-1) for update in updates.values()])
            dist.all_reduce(flat)
            at = 0
            for name, update in updates.items():
                updates[name] = flat[at : at + update.numel()].view_as(update)
                at += update.numel()
        for name, update in updates.items():
            parameter = self.matrices[name]
            rate = self.matrix_rate * self.factors[name] * factor
            scale = max(1.0, update.size(0) / update.size(1)) ** 0.5
            if self.decay:
                parameter.mul_(1 - rate * self.decay)
            parameter.add_(update.view_as(parameter), alpha=-rate * scale)
        for group, value in zip(self.adam.param_groups, self.group_factors, strict=True):
            group["lr"] = self.rest_rate * value * factor
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
