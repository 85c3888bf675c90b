"""One composition of a batch: the matrices of its rows' adapters side by side, and the layers that add them.

Layers that are given the very same input (q, k and v) share the first product. Knows no files and no names of LoRAs.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from engine.lora.mixing import Block, block_of

Gather = Callable[[str, torch.Tensor], tuple[torch.Tensor, torch.Tensor]]
Weights = Callable[[Block], list[list[float]]]

_TOGETHER = (
    ("to_q", "to_k", "to_v", "proj_mlp"),
    ("add_q_proj", "add_k_proj", "add_v_proj"),
    ("q_proj", "k_proj", "v_proj"),
    ("q", "k", "v"),
    ("wi_0", "wi_1"),
)
"""Layers of one block with one input; that it is the same tensor is seen to at every call."""


class Plan:
    """The layers in `linears` for a batch whose row i has the adapter ranks `ranks[i]`, (rows, r).

    Args:
        gather: a layer's matrices for given ranks, (rows, r, in) and (rows, r, out).
        keeps: whatever must live as long as this does.
    """

    def __init__(
        self,
        linears: Mapping[str, torch.nn.Linear],
        gather: Gather,
        ranks: torch.Tensor,
        *,
        keeps: tuple[object, ...],
    ) -> None:
        self._keeps = keeps
        self._ranks = ranks
        self._layers: list[_Layer] = []
        self._firsts: list[_First] = []
        for names in _grouped(linears):
            halves = [gather(name, ranks) for name in names]
            downs = [down for down, _ in halves]
            down = downs[0] if len(downs) == 1 else torch.cat(downs, 1)
            first = _First(down.transpose(1, 2), block_of(names[0]), len(names))
            self._firsts.append(first)
            for place, (name, (_, up)) in enumerate(zip(names, halves, strict=True)):
                wide = up.shape[1]
                self._layers.append(_Layer(linears[name], first, up, slice(place * wide, (place + 1) * wide)))
        self.bytes = sum(_bytes(first.down) for first in self._firsts) + sum(_bytes(layer.up) for layer in self._layers)
        self._weighed: object = None

    def weigh(self, weights: Weights, *, blockwise: bool) -> None:
        """Set the factor of every rank of every row, (rows, r or less), the same for all blocks or one by one."""
        blocks = {first.block for first in self._firsts} if blockwise else {None}
        told = {block: weights(block) for block in blocks}
        if told == self._weighed:
            return
        wide = self._ranks.shape[1]
        padded = {block: [row + [0.0] * (wide - len(row)) for row in rows] for block, rows in told.items()}
        made: dict[tuple[object, ...], torch.Tensor] = {}
        for first in self._firsts:
            key = (first.block if blockwise else None), first.members, first.down.device, first.down.dtype
            if key not in made:
                rows = [[row * first.members] for row in padded[key[0]]]
                made[key] = torch.tensor(rows, dtype=first.down.dtype).to(first.down.device)
            first.scale = made[key]
        self._weighed = told

    @contextmanager
    def applied(self) -> Iterator[None]:
        """The layers add their adapters within; what they were is put back whatever happens."""
        before = [(layer.linear, layer.linear.__dict__.get("forward")) for layer in self._layers]
        try:
            for layer in self._layers:
                layer.linear.__dict__["forward"] = layer.forward(layer.linear.forward)
            yield
        finally:
            for linear, forward in before:
                if forward is None:
                    linear.__dict__.pop("forward", None)
                else:
                    linear.__dict__["forward"] = forward
            for first in self._firsts:
                first.forget()


class _First:
    """x @ A for all layers that have this input, times the ranks' factors: (rows, tokens, members x r)."""

    def __init__(self, down: torch.Tensor, block: Block, members: int) -> None:
        self.down = down
        self.block = block
        self.members = members
        self.scale = torch.ones(())
        self._given: torch.Tensor | None = None
        self._made = torch.empty(0)

    def __call__(self, given: torch.Tensor) -> torch.Tensor:
        if given is not self._given:
            tokens = given.unsqueeze(1) if given.dim() == 2 else given
            self._given, self._made = given, torch.bmm(tokens, self.down).mul_(self.scale)
        return self._made

    def forget(self) -> None:
        self._given, self._made = None, torch.empty(0)


@dataclass(frozen=True, eq=False)
class _Layer:
    linear: torch.nn.Linear
    first: _First
    up: torch.Tensor
    place: slice

    def forward(self, base: Callable[[torch.Tensor], torch.Tensor]) -> Callable[[torch.Tensor], torch.Tensor]:
        first, up, place, alone = self.first, self.up, self.place, self.first.members == 1

        def adapted(given: torch.Tensor) -> torch.Tensor:
            made = base(given)
            half = first(given) if alone else first(given)[:, :, place]
            # `made` is fresh, so the product is added where it stands.
            (made.unsqueeze(1) if made.dim() == 2 else made).baddbmm_(half, up)
            return made

        return adapted


def _grouped(linears: Mapping[str, torch.nn.Linear]) -> list[list[str]]:
    groups: dict[object, list[str]] = {}
    for name in linears:
        parent, _, leaf = name.rpartition(".")
        kind = next((index for index, leaves in enumerate(_TOGETHER) if leaf in leaves), None)
        # A single block's proj_mlp stands beside the attention that q, k and v are in.
        key = name if kind is None else (parent.removesuffix(".attn"), kind)
        groups.setdefault(key, []).append(name)
    return list(groups.values())


def _bytes(tensor: torch.Tensor) -> int:
    return tensor.numel() * tensor.element_size()
