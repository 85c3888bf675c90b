"""One composition of a batch: the matrices of its rows' adapters side by side, and the layers that add them.

Layers that are given the very same input (q, k and v) share the first product. Knows no files and no names of LoRAs.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

import torch

from engine.lora.mixing import Block, block_of
from engine.lora.pages import Halves

Weights: TypeAlias = Callable[[Block], list[list[float]]]
Forward: TypeAlias = Callable[[torch.Tensor], torch.Tensor]

_TOGETHER = (
    ("to_q", "to_k", "to_v", "proj_mlp"),
    ("add_q_proj", "add_k_proj", "add_v_proj"),
    ("q_proj", "k_proj", "v_proj"),
    ("q", "k", "v"),
    ("wi_0", "wi_1"),
)
"""Layers of one block with one input; that it is the same tensor is seen to at every call."""


class Layout:
    """Which layers are adapted and where their matrices lie in the pages; the same for many compositions.

    Args:
        linears: the layers by name, all of one component.
        down, up: where a layer's halves are.
    """

    def __init__(
        self,
        linears: Mapping[str, torch.nn.Linear],
        down: Callable[[str], Halves],
        up: Callable[[str], Halves],
        place: Callable[[Halves, str], int],
    ) -> None:
        self.groups = _grouped(linears)
        self.linears = linears
        names = [name for group in self.groups for name in group]
        self.downs = _Gathering(names, down, place)
        self.ups = _Gathering(names, up, place)
        self.blocks = {group[0]: block_of(group[0]) for group in self.groups}

    def bytes(self, rows: int, wide: int) -> int:
        """What a plan for so many rows of so many ranks takes."""
        return rows * wide * (self.downs.bytes_each + self.ups.bytes_each)


class _Gathering:
    """The places of one half of all layers: a composition is one call for each tensor that they are in."""

    def __init__(
        self, names: Sequence[str], halves: Callable[[str], Halves], place: Callable[[Halves, str], int]
    ) -> None:
        tensors: dict[int, tuple[Halves, list[int]]] = {}
        self.slots: dict[str, tuple[int, int]] = {}
        """By layer: which of the tensors, and the how manieth in what is gathered from it."""
        for name in names:
            half = halves(name)
            order = tensors.setdefault(id(half), (half, []))[1]
            self.slots[name] = (list(tensors).index(id(half)), len(order))
            order.append(place(half, name))
        self._sources: list[tuple[torch.Tensor, torch.Tensor]] = []
        for half, order in tensors.values():
            rows = half.tensor.shape[1]
            begins = torch.tensor([place * rows for place in order], device=half.tensor.device)
            self._sources.append((half.tensor.flatten(0, 1), begins.view(1, -1, 1)))
        self.bytes_each = sum(
            begins.numel() * source.shape[1] * source.element_size() for source, begins in self._sources
        )
        """Of a rank of a row, in all layers."""

    def buffers(self, rows: int, wide: int) -> list[torch.Tensor]:
        """For each tensor what is gathered from it, (rows, layers x wide, width), not filled yet."""
        return [
            torch.empty(rows, begins.shape[1] * wide, source.shape[1], dtype=source.dtype, device=source.device)
            for source, begins in self._sources
        ]

    def fill(self, buffers: Sequence[torch.Tensor], ranks: torch.Tensor) -> None:
        """With the matrices of ranks (rows, wide)."""
        for (source, begins), buffer in zip(self._sources, buffers, strict=True):
            chosen = (ranks.to(source.device).unsqueeze(1) + begins).flatten()
            torch.index_select(source, 0, chosen, out=buffer.view(-1, source.shape[1]))


class Plan:
    """The layers of a layout for a batch whose row i has the adapter ranks `ranks[i]`, (rows, r).

    Args:
        keeps: whatever must live as long as this composition does.
    """

    def __init__(self, layout: Layout, ranks: torch.Tensor, *, keeps: tuple[object, ...]) -> None:
        self.layout = layout
        self.shape = ranks.shape
        self._layers: list[_Layer] = []
        self._firsts: list[_First] = []
        rows, wide = ranks.shape
        with torch.inference_mode(False):  # so that they can be filled anywhere
            self._downs, self._ups = layout.downs.buffers(rows, wide), layout.ups.buffers(rows, wide)
        for names in layout.groups:
            # Layers of a group have one width, so they stand side by side in what was gathered.
            which, slot = layout.downs.slots[names[0]]
            down = self._downs[which].narrow(1, slot * wide, len(names) * wide)
            first = _First(down.transpose(1, 2), layout.blocks[names[0]], len(names))
            self._firsts.append(first)
            for place, name in enumerate(names):
                which, slot = layout.ups.slots[name]
                up = self._ups[which].narrow(1, slot * wide, wide)
                part = slice(place * wide, (place + 1) * wide)
                self._layers.append(_Layer(layout.linears[name], first, up, part))
        self.bytes = layout.bytes(rows, wide)
        self._weighed: object = None
        self.become(ranks, keeps=keeps)

    def become(self, ranks: torch.Tensor, *, keeps: tuple[object, ...]) -> None:
        """Another composition of the same shape, in the place of this one."""
        self._keeps = keeps
        self.layout.downs.fill(self._downs, ranks)
        self.layout.ups.fill(self._ups, ranks)

    def weigh(self, weights: Weights, *, blockwise: bool) -> None:
        """Set the factor of every rank of every row, (rows, r or less), the same for all blocks or one by one."""
        blocks = {first.block for first in self._firsts} if blockwise else {None}
        told = {block: weights(block) for block in blocks}
        if told == self._weighed:
            return
        wide = self.shape[1]
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
        before = [layer.linear.__dict__.get("forward") for layer in self._layers]
        try:
            for layer in self._layers:
                layer.linear.__dict__["forward"] = layer.forward()
            yield
        finally:
            for layer, forward in zip(self._layers, before, strict=True):
                if forward is None:
                    layer.linear.__dict__.pop("forward", None)
                else:
                    layer.linear.__dict__["forward"] = forward
            for first in self._firsts:
                first.forget()


class _First:
    """x @ A for all layers that have this input, times the ranks' factors: (rows, tokens, members x r).

    Kept until the last of them has asked for it and no longer, since the inputs of all layers together take many times
    what a forward takes.
    """

    def __init__(self, down: torch.Tensor, block: Block, members: int) -> None:
        self.down = down
        self.block = block
        self.members = members
        self.scale: torch.Tensor | None = None
        self._given: torch.Tensor | None = None
        self._made: torch.Tensor | None = None
        self._left = 0

    def __call__(self, given: torch.Tensor) -> torch.Tensor:
        made = self._made
        if made is None or given is not self._given:
            assert self.scale is not None
            tokens = given.unsqueeze(1) if given.dim() == 2 else given
            made = torch.bmm(tokens, self.down).mul_(self.scale)
            self._given, self._made, self._left = given, made, self.members
        self._left -= 1
        if not self._left:
            self.forget()
        return made

    def forget(self) -> None:
        self._given = self._made = None


class _Layer:
    def __init__(self, linear: torch.nn.Linear, first: _First, up: torch.Tensor, place: slice) -> None:
        self.linear = linear
        self._first = first
        self._up = up
        self._place = place
        self._over: tuple[Any, Forward] | None = None

    def forward(self) -> Forward:
        """What the layer does now, and this on top of it; made once for the layer as it usually is."""
        under = self.linear.__dict__.get("forward")
        if self._over is None or self._over[0] is not under:
            self._over = under, self._on_top_of(self.linear.forward)
        return self._over[1]

    def _on_top_of(self, base: Forward) -> Forward:
        first, up, place, alone = self._first, self._up, self._place, self._first.members == 1

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
