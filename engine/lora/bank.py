"""The LoRA bank: adapters on the device, and under `rows` a forward in which each row of the batch has its own mix.

    y = x W + sum over k of s_k(row, step, block) (x A_k) B_k

as two batched matrix products beside each linear layer, over the A and B of the rows' adapters. The base weights are
read and never written. Knows no requests beyond their mixes, and no steps beyond the share that lies behind.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import torch

from engine.lora import files, mixing
from engine.lora.application import Layout, Plan
from engine.lora.errors import BankFull, LoraRefused
from engine.lora.files import Module
from engine.lora.pages import Adapter, Matrices, Pages, padded, pages_of, rank_of
from engine.lora.reading import Lora, Reading
from engine.lora.shapes import Shapes
from engine.requests import LoraMix

_PLANS = 8  # compositions of a batch whose matrices are kept side by side
_LAYOUTS = 32  # sets of adapted layers
TEXT = ("text_encoder", "text_encoder_2")


class Bank:
    """The adapters of one model.

    For the device thread; files are read in a thread beside it.

    Args:
        parts: the model's modules that LoRAs are made for, by diffusers' names of the components.
        find: the file of a name; raises LoraMissing.
        byte_budget: what the adapters on the device may take. Those in use may take twice that of the host's memory
            before `has_room_for` says no.
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
        self.pages = Pages(self._linears, byte_budget, leaves=self._leaves)
        self._plan_bytes = byte_budget // 4
        self._host_bytes = byte_budget * 2
        self._plans: OrderedDict[tuple[object, ...], Plan] = OrderedDict()
        self._layouts: dict[tuple[str, frozenset[Module]], Layout] = {}
        self._reading = Reading(self._matrices)

    def close(self) -> None:
        """End the thread that reads."""
        self._reading.close()

    def ensure(self, names: Iterable[str]) -> "list[Future[Lora]]":
        """Have these read in the background, unless they are at hand; while what comes is held, none is read again.

        The futures end with LoraRefused or LoraMissing for a file that cannot be used.
        """
        return [self._reading.use(name, on_device=name in self.pages.adapters) for name in dict.fromkeys(names)]

    def has_room_for(self, names: Iterable[str]) -> bool:
        """Whether these can be had without more of the host's memory than those in use should take.

        How much a file takes is known when it is read, so one request's are read at a time.
        """
        unread = any(name not in self.pages.adapters and not self._reading.knows(name) for name in names)
        return not unread or (not self._reading.busy and self._reading.bytes < self._host_bytes)

    def fits(self, mixes: Sequence[LoraMix]) -> bool:
        """Whether the adapters of all of these can be on the device together."""
        return self._needed(mixes) <= self.pages.count

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
        """What of a mix changes the text encoders: two mixes with the same one make the same of a text.

        Raises BankFull for a mix that no turn could ever have on the device.
        """
        if not self.fits([mix]):
            raise BankFull(self._needed([mix]) * self.pages.page_bytes, self.pages.count * self.pages.page_bytes)
        names = dict.fromkeys(use.name for use in mix)
        texts = {name for name in names if any(owner in TEXT for owner, _ in self._modules(name))}
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
        return adapter or self.pages.put(name, self._here(name), keep=keep)

    def _here(self, name: str) -> Matrices:
        """What is not on the device. Waits for the file only when nobody `ensure`d the LoRA and holds it."""
        lora = self._reading.used(name) or self._reading.use(name, on_device=False).result()
        assert lora.matrices is not None, "it was kept when it left the device"
        return lora.matrices

    def _leaves(self, adapter: Adapter) -> None:
        lora = self._reading.used(adapter.name)
        if lora is not None and lora.matrices is None:
            lora.bring(self.pages.matrices(adapter))

    def _needed(self, mixes: Iterable[LoraMix]) -> int:
        """The pages of their adapters together."""
        names = {use.name for mix in mixes for use in mix if use.weight}
        return sum(pages_of(self._rank(name)) for name in names)

    def _rank(self, name: str) -> int:
        adapter, lora = self.pages.adapters.get(name), self._reading.used(name)
        if adapter is not None:
            return len(adapter.rows)
        return lora.rank if lora is not None else rank_of(self._here(name))

    def _modules(self, name: str) -> Collection[Module]:
        adapter = self.pages.adapters.get(name)
        return adapter.modules if adapter is not None else self._here(name).keys()

    def _matrices(self, name: str) -> Matrices:
        path = self._find(name)
        _check_digest(path, name)
        made = {}
        for module, pair in files.read(path, self.shapes).pairs():
            dtype = self.pages.dtypes[module]
            made[module] = torch.from_numpy(pair.down).to(dtype), torch.from_numpy(pair.up.T * pair.scale).to(dtype)
        return made

    def _plan(self, rows: Sequence[Sequence[Adapter]], component: str) -> Plan:
        key = (component, *(tuple(map(id, row)) for row in rows))
        plan = self._plans.get(key)
        if plan is None:
            ranks = padded(tuple(rank for adapter in row for rank in adapter.rows) for row in rows)
            touched = _together([adapter.modules for row in rows for adapter in row])
            layout, chosen = self._layout(component, touched), torch.tensor(ranks)
            keeps = tuple(adapter for row in rows for adapter in row)
            plan = self._spare(layout, chosen.shape)
            if plan is None:
                plan = Plan(layout, chosen, keeps=keeps)
            else:
                plan.become(chosen, keeps=keeps)
            self._plans[key] = plan
        self._plans.move_to_end(key)
        return plan

    def _spare(self, layout: Layout, shape: torch.Size) -> Plan | None:
        """Let plans go until there is room for one more; the last of them, where it can become the new one."""
        wanted, old = layout.bytes(*shape), None
        while self._plans and (
            len(self._plans) >= _PLANS or wanted + sum(plan.bytes for plan in self._plans.values()) > self._plan_bytes
        ):
            _, old = self._plans.popitem(last=False)
        return old if old is not None and old.layout is layout and old.shape == shape else None

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
