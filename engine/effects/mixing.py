"""Prompts as directions: weighted mixtures of texts, and embeddings turned towards noise.

Imports torch. Knows no steps beyond the share of them that is done.
"""

from collections.abc import Sequence

import torch

from engine.families import Conditioning

ANNEALED = 0.5
"""The share of the steps after which chaos leaves the prompt alone."""


def mixed(parts: Sequence[tuple[Conditioning, float]]) -> Conditioning:
    """The weighted mean of texts of one length, as long as they are on average; weights of any sign, sum over 0."""
    total = sum(weight for _, weight in parts)
    if total <= 0:
        raise ValueError("weights must add up to more than 0")
    shares = [weight / total for _, weight in parts]
    pooled = [one.pooled for one, _ in parts]
    return Conditioning(
        text=_mean([one.text for one, _ in parts], shares),
        pooled=None if any(one is None for one in pooled) else _mean(pooled, shares),  # type: ignore[arg-type]
    )


def turned(conditioning: Conditioning, amount: float, generator: torch.Generator) -> Conditioning:
    """The text turned by `amount` quarters of a circle, 0..1, towards noise of its own length.

    Mean and spread stay what they were, as in condition-annealed sampling (arXiv:2310.17347).
    """
    return Conditioning(
        text=_turned(conditioning.text, amount, generator),
        pooled=None if conditioning.pooled is None else _turned(conditioning.pooled, amount, generator),
    )


def _mean(tensors: Sequence[torch.Tensor], shares: Sequence[float]) -> torch.Tensor:
    mean = sum(tensor.float() * share for tensor, share in zip(tensors, shares, strict=True))
    assert isinstance(mean, torch.Tensor)
    length = sum(tensor.float().std() * abs(share) for tensor, share in zip(tensors, shares, strict=True))
    length = length / sum(abs(share) for share in shares)
    centre = mean.mean()
    return (centre + (mean - centre) * (length / mean.std().clamp_min(1e-6))).to(tensors[0].dtype)


def _turned(tensor: torch.Tensor, amount: float, generator: torch.Generator) -> torch.Tensor:
    values = tensor.float()
    mean, spread = values.mean(), values.std()
    noise = torch.randn(values.shape, generator=generator).to(values.device)
    angle = torch.tensor(amount * torch.pi / 2)
    both = torch.cos(angle) * (values - mean) + torch.sin(angle) * spread * noise
    return (mean + both * (spread / both.std().clamp_min(1e-6))).to(tensor.dtype)
