"""The adapters' matrices on the device: pages of eight ranks, given out and taken back, the longest unused first.

Each linear layer has rows of its own for the first halves and for the second; a page is the same eight rows of all of
them, so an adapter of any rank takes whole pages anywhere, and what is free can always be used. The first page stays
zero. Layers of one width lie in one tensor, so that a composition is gathered by one call for each width. For the
device thread only. Knows no files and no rows of a batch.
"""

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias
from weakref import WeakValueDictionary

import torch
from diffusers.models.modeling_utils import get_parameter_dtype

from engine.lora.errors import BankFull
from engine.lora.files import Module

PAGE = 8

Matrices: TypeAlias = Mapping[Module, tuple[torch.Tensor, torch.Tensor]]
"""By module: (rank, in) and (rank, out), the alpha counted in."""


@dataclass(frozen=True, eq=False)
class Adapter:
    """A LoRA on the device: `rows` of the tensors hold its ranks, 0 the zero row where a module has fewer."""

    name: str
    rows: tuple[int, ...]
    modules: frozenset[Module]


@dataclass(frozen=True, eq=False)
class Halves:
    """The first or the second halves of all layers of one width in one component: (layers, rows, width)."""

    places: Mapping[Module, int]
    tensor: torch.Tensor

    def of(self, module: Module) -> torch.Tensor:
        return self.tensor[self.places[module]]


class Pages:
    """All adapters that are on the device.

    Args:
        linears: the layers that can be adapted.
        byte_budget: how much their matrices may take; at least one page is kept.
        leaves: called with an adapter that has to go, while its matrices are still here.

    Attributes:
        adapters: by name, the one used last at the end.
        evicted: how many had to go so far.
        count: how many pages there are.
        dtypes: what each layer computes with, whatever its weights are kept as.
    """

    def __init__(
        self,
        linears: Mapping[Module, torch.nn.Linear],
        byte_budget: int,
        *,
        leaves: Callable[[Adapter], None] = lambda _: None,
    ) -> None:
        self.adapters: OrderedDict[str, Adapter] = OrderedDict()
        self.evicted = 0
        self.dtypes = {module: get_parameter_dtype(linear) for module, linear in linears.items()}
        self.page_bytes = PAGE * sum(
            (linear.in_features + linear.out_features) * self.dtypes[module].itemsize
            for module, linear in linears.items()
        )
        self._linears = linears
        self._leaves = leaves
        self.count = max(1, byte_budget // max(1, self.page_bytes))
        self._free = list(range(self.count, 0, -1))
        self._modules: WeakValueDictionary[frozenset[Module], frozenset[Module]] = WeakValueDictionary()
        self._halves: dict[tuple[object, ...], Halves] = {}

    def use(self, name: str) -> Adapter | None:
        """The adapter, now the last to go; None when it is not here."""
        adapter = self.adapters.get(name)
        if adapter is not None:
            self.adapters.move_to_end(name)
        return adapter

    def put(self, name: str, matrices: Matrices, *, keep: Collection[str] = ()) -> Adapter:
        """Bring an adapter in, at the cost of others that are not in `keep`.

        Raises BankFull, and changes nothing. Where writing fails, its pages are free again.
        """
        rank = rank_of(matrices)
        pages = self._make_room(pages_of(rank), keep)
        rows = [page * PAGE + row for page in pages for row in range(PAGE)]
        try:
            for module, (down, up) in matrices.items():
                self._write(self.down(module).of(module), rows, down)
                self._write(self.up(module).of(module), rows, up)
        except BaseException:
            self._give_back(pages, matrices)
            raise
        modules = frozenset(matrices)
        adapter = Adapter(name, tuple(rows[:rank]), self._modules.setdefault(modules, modules))
        self.adapters[name] = adapter
        return adapter

    def matrices(self, adapter: Adapter) -> Matrices:
        """A copy in the host's memory, of one rank throughout: zeros where a module has fewer."""
        rows = list(adapter.rows)
        return {
            module: (self.down(module).of(module)[rows].cpu(), self.up(module).of(module)[rows].cpu())
            for module in adapter.modules
        }

    def down(self, module: Module) -> Halves:
        """Where the first halves of this layer are."""
        return self._of(module, "in_features")

    def up(self, module: Module) -> Halves:
        """Where the second halves of this layer are."""
        return self._of(module, "out_features")

    def _make_room(self, wanted: int, keep: Collection[str]) -> list[int]:
        going: list[Adapter] = []
        free = len(self._free)
        for adapter in self.adapters.values():
            if free >= wanted:
                break
            if adapter.name not in keep:
                going.append(adapter)
                free += len(_pages(adapter))
        if free < wanted:
            held = sum(len(_pages(adapter)) for adapter in self.adapters.values() if adapter.name in keep)
            raise BankFull((wanted + held) * self.page_bytes, self.count * self.page_bytes)
        for adapter in going:
            self._leaves(adapter)
            del self.adapters[adapter.name]
            self.evicted += 1
            self._give_back(_pages(adapter), adapter.modules)
        return [self._free.pop() for _ in range(wanted)]

    def _give_back(self, pages: Collection[int], modules: Iterable[Module]) -> None:
        """Cleared, since the next owner may leave these modules alone; in place, which takes no memory."""
        for module in modules:
            for side in ("in_features", "out_features"):
                if (halves := self._halves.get(self._kind(module, side))) is not None:
                    for page in pages:
                        halves.of(module)[page * PAGE : (page + 1) * PAGE].zero_()
        self._free.extend(pages)

    def _of(self, module: Module, side: Literal["in_features", "out_features"]) -> Halves:
        """Made when the first adapter needs it; outside of inference mode, so that it can be written to anywhere."""
        key = self._kind(module, side)
        if key not in self._halves:
            alike = [other for other in self._linears if self._kind(other, side) == key]
            device, width = self._linears[module].weight.device, getattr(self._linears[module], side)
            shape = len(alike), (self.count + 1) * PAGE, width
            with torch.inference_mode(False):
                tensor = torch.zeros(shape, dtype=self.dtypes[module], device=device)
            self._halves[key] = Halves({other: place for place, other in enumerate(alike)}, tensor)
        return self._halves[key]

    def _kind(self, module: Module, side: str) -> tuple[object, ...]:
        linear = self._linears[module]
        return module[0], side, getattr(linear, side), self.dtypes[module], linear.weight.device

    @staticmethod
    def _write(tensor: torch.Tensor, rows: list[int], values: torch.Tensor) -> None:
        tensor[rows[: len(values)]] = values.to(tensor.device, tensor.dtype)


def _pages(adapter: Adapter) -> list[int]:
    return sorted({row // PAGE for row in adapter.rows})


def rank_of(matrices: Matrices) -> int:
    """The largest rank of a module."""
    return max((down.shape[0] for down, _ in matrices.values()), default=0)


def pages_of(rank: int) -> int:
    """How many pages an adapter of this rank takes."""
    return -(-rank // PAGE)


def padded(rows: Iterable[tuple[int, ...]]) -> list[list[int]]:
    """Rows of one length each, the zero row at their ends."""
    given = [list(row) for row in rows]
    longest = max(len(row) for row in given)
    return [row + [0] * (longest - len(row)) for row in given]
