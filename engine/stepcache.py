"""Step caching, decided for each row by itself: what a row's transformer gave when it last ran through.

The idea is the first-block cache of ParaAttention (github.com/chengzeyi/ParaAttention): where the first block changes
the picture's tokens almost as it did at the last computed step, the other blocks would as well. Knows no models.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


@dataclass(eq=False)
class StepMemory:
    """One row's memory over its steps; a lane with a negative prompt has two.

    Attributes:
        threshold: how much the first block's residual may differ from the remembered one, as a share of it, 0..1.
        first: what the first block added to the tokens at the last computed step, (1, tokens, width).
        rest: what all other blocks added then.
        computed, reused: forwards of either kind so far.
    """

    threshold: float
    first: "torch.Tensor | None" = None
    rest: "torch.Tensor | None" = None
    computed: int = 0
    reused: int = 0

    def holds(self, first: "torch.Tensor") -> bool:
        """Whether what is remembered may stand for what the blocks after the first would add now."""
        if self.first is None or self.rest is None:
            return False
        return bool((first - self.first).abs().mean() < self.threshold * self.first.abs().mean())

    def remember(self, first: "torch.Tensor", rest: "torch.Tensor") -> None:
        self.first, self.rest = first, rest
        self.computed += 1
