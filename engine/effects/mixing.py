"""Prompts as directions: weighted mixtures of what texts became. Imports torch; knows no words and no steps."""

from collections.abc import Sequence

import torch

from engine.families import Conditioning


def mixed(parts: Sequence[tuple[Conditioning, float]]) -> Conditioning:
    """The weighted mean of texts of one length, as long as they are on average; weights of any sign, sum over 0.

    Pictures are not mixed: those of the first text stay as they are.
    """
    if len(parts) == 1:
        return parts[0][0]
    total = sum(weight for _, weight in parts)
    if total <= 0:
        raise ValueError("weights must add up to more than 0")
    shares = [weight / total for _, weight in parts]
    pooled = [one.pooled for one, _ in parts]
    first = parts[0][0]
    words = _mean([one.words for one, _ in parts], shares)
    return Conditioning(
        text=torch.cat((words, first.text[:, words.shape[1] :]), 1) if first.shown else words,
        pooled=None if any(one is None for one in pooled) else _mean(pooled, shares),  # type: ignore[arg-type]
        shown=first.shown,
        beside=first.beside,
    )


def _mean(tensors: Sequence[torch.Tensor], shares: Sequence[float]) -> torch.Tensor:
    mean = sum(tensor.float() * share for tensor, share in zip(tensors, shares, strict=True))
    assert isinstance(mean, torch.Tensor)
    length = sum(tensor.float().std() * abs(share) for tensor, share in zip(tensors, shares, strict=True))
    length = length / sum(abs(share) for share in shares)
    centre = mean.mean()
    return (centre + (mean - centre) * (length / mean.std().clamp_min(1e-6))).to(tensors[0].dtype)
