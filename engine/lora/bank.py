"""The LoRA bank: adapters on the device, and under `rows` a forward in which each row of the batch has its own mix.

    y = x W + sum over k of s_k(row, step, block) (x A_k) B_k

as two batched matrix products beside each linear layer, over the A and B of the rows' adapters. The base weights are
read and never written. Knows no requests beyond their mixes, and no steps beyond the share that lies behind.
"""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import torch

from engine.lora import files, mixing
from engine.lora.application import Layout, Plan
from engine.lora.errors import LoraRefused
from engine.lora.files import Module
from engine.lora.pages import Adapter, Matrices, Pages, padded
from engine.lora.shapes import Shapes
from engine.requests import LoraMix

_PLANS = 8  # compositions of a batch whose matrices are kept side by side
_LAYOUTS = 32  # sets of adapted layers
_WAITING = 64  # LoRAs that are read and not used yet
TEXT = ("text_encoder", "text_encoder_2")


class Bank:
    """The adapters of one model.

    `ensure` may be called from any thread; everything else belongs to the device thread.

    Args:
        parts: the model's modules that LoRAs are made for, by diffusers' names of the components.
        find: the file of a name; raises LoraMissing.
        byte_budget: what the adapters on the device may take.
    """

    def __init__(
        self, parts: Mapping[str, torch.nn.Module], *, find: Callable[[str], Path], byte_budget: int = 1 << 30
    ) -> None:
        self._linears: dict[Module, torch.nn.Linear] = {
            (component, name): module
            for component, part in parts.items()
            for name, module in part.named_modules()
            if isinstance(module, torch.nn.Linear)
        }
        self.shapes: Shapes = {
            component: {
                name: (linear.out_features, linear.in_features)
                for (owner, name), linear in self._linears.items()
                if owner == component
            }
            for component in parts
        }
        self._find = find
        self.pages = Pages(self._linears, byte_budget)
        self._plan_bytes = byte_budget // 4
        self._plans: OrderedDict[tuple[object, ...], Plan] = OrderedDict()
        self._layouts: dict[tuple[str, frozenset[Module]], Layout] = {}
        self._read: dict[str, Future[Matrices]] = {}
        self._reader = ThreadPoolExecutor(1, "lora")
        self._asking = threading.RLock()

    def close(self) -> None:
        """End the thread that reads."""
        self._reader.shutdown(wait=False, cancel_futures=True)

    def ensure(self, names: Iterable[str]) -> "list[Future[Matrices]]":
        """Read these in the background, unless they are on the device or on their way.

        The futures end with LoraRefused or LoraMissing for a file that cannot be used.
        """
        reading = [self._reading(name) for name in dict.fromkeys(names) if name not in self.pages.adapters]
        while len(self._read) > _WAITING:  # of requests that were cancelled
            self._read.pop(next(iter(self._read)), None)
        return reading

    @contextmanager
    def rows(
        self, mixes: Sequence[LoraMix | None], shares: Sequence[float | None], *, component: str = "transformer"
    ) -> Iterator[None]:
        """Within, a forward of `component` over exactly these rows adds each row's own mix.

        Args:
            mixes: for each row of the batch, in order.
            shares: how much of each row's schedule lies behind it, 0..1; None outside of the schedule.

        Raises:
            LoraRefused, LoraMissing: a file cannot be used.
            BankFull: the rows' adapters do not fit together.
        """
        used = [[use for use in mix or () if use.weight] for mix in mixes]
        if not any(used):
            yield
            return
        names = dict.fromkeys(use.name for row in used for use in row)
        adapters = {name: self._placed(name, names) for name in names}
        plan = self._plan([[adapters[use.name] for use in row] for row in used], component)
        plan.weigh(
            lambda block: [
                [weight for use in row for weight in [mixing.weight(use, share, block)] * len(adapters[use.name].rows)]
                for row, share in zip(used, shares, strict=True)
            ],
            blockwise=any(use.blocks for row in used for use in row),
        )
        with plan.applied():
            yield

    def text_mix(self, mix: LoraMix) -> LoraMix:
        """What of a mix changes the text encoders: two mixes with the same one make the same of a text."""
        names = dict.fromkeys(use.name for use in mix)
        texts = {name for name in names if any(owner in TEXT for owner, _ in self._placed(name, names).modules)}
        return tuple(replace(use, steps=(), blocks=()) for use in mix if use.name in texts and use.weight)

    @contextmanager
    def text(self, mix: LoraMix) -> Iterator[None]:
        """Within, the text encoders encode one text with this mix."""
        with ExitStack() as stack:
            for component in TEXT:
                stack.enter_context(self.rows([mix], [None], component=component))
            yield

    def _placed(self, name: str, keep: Collection[str]) -> Adapter:
        adapter = self.pages.use(name)
        if adapter is None:
            matrices = self._reading(name).result()
            adapter = self.pages.put(name, matrices, keep=keep)
            self._read.pop(name, None)
        return adapter

    def _reading(self, name: str) -> "Future[Matrices]":
        with self._asking:
            if name not in self._read:
                self._read[name] = future = self._reader.submit(self._matrices, name)
                # What failed may be mended: the next one to ask has it read again.
                future.add_done_callback(lambda done: self._read.pop(name, None) if done.exception() else None)
                return future
            return self._read[name]

    def _matrices(self, name: str) -> Matrices:
        path = self._find(name)
        _check_digest(path, name)
        return {
            module: (torch.from_numpy(pair.down), torch.from_numpy(pair.up.T * pair.scale))
            for module, pair in files.read(path, self.shapes).pairs()
        }

    def _plan(self, rows: Sequence[Sequence[Adapter]], component: str) -> Plan:
        key = (component, *(tuple(map(id, row)) for row in rows))
        plan = self._plans.get(key)
        if plan is None:
            ranks = padded(tuple(rank for adapter in row for rank in adapter.rows) for row in rows)
            touched = _together([adapter.modules for row in rows for adapter in row])
            layout, chosen = self._layout(component, touched), torch.tensor(ranks)
            keeps = tuple(adapter for row in rows for adapter in row)
            old = self._plans.popitem(last=False)[1] if len(self._plans) >= _PLANS else None
            if old is not None and old.layout is layout and old.shape == chosen.shape:
                plan = old
                plan.become(chosen, keeps=keeps)
            else:
                plan = Plan(layout, chosen, keeps=keeps)
            self._plans[key] = plan
        self._plans.move_to_end(key)
        while len(self._plans) > 1 and (
            len(self._plans) > _PLANS or sum(plan.bytes for plan in self._plans.values()) > self._plan_bytes
        ):
            self._plans.popitem(last=False)
        return plan

    def _layout(self, component: str, touched: frozenset[Module]) -> Layout:
        key = component, touched
        if key not in self._layouts:
            if len(self._layouts) >= _LAYOUTS:
                self._layouts.pop(next(iter(self._layouts)))
            self._layouts[key] = Layout(
                {
                    name: self._linears[component, name]
                    for name in self.shapes[component]
                    if (component, name) in touched
                },
                lambda name: self.pages.down((component, name)),
                lambda name: self.pages.up((component, name)),
                lambda half, name: half.places[component, name],
            )
        return self._layouts[key]


def _together(modules: Sequence[frozenset[Module]]) -> frozenset[Module]:
    first = modules[0]  # nearly always all are this very set, whose hash is known already
    return first if all(one is first for one in modules) else first.union(*modules)


def _check_digest(path: Path, name: str) -> None:
    """A file named by its digest must still have it. Raises LoraRefused."""
    if path.stem != name or len(name) != 64:
        return
    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != name:
            raise LoraRefused("digest", what=name)
