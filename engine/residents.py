"""The models on the device: several at once while memory allows, the one used longest ago let go for another.

For the device thread only; imports what is heavy when a model is first loaded. Knows no requests and no lanes.
"""

import gc
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from engine import device as devices
from engine import families, plans
from engine.errors import ModelDamaged, ModelTooLarge
from engine.fetching import Fetching
from engine.folders import check_folder
from engine.models import Catalogue, ModelEntry

if TYPE_CHECKING:
    import torch

    from engine.exclusive import StockPipeline
    from engine.families import Family
    from engine.lora.bank import Bank
    from engine.room import Measured

log = logging.getLogger(__name__)


@dataclass(eq=False, kw_only=True)
class InLanes:
    """A model whose pictures share forwards, with the bank of its LoRAs, and what a forward of it takes."""

    entry: ModelEntry
    bytes: int
    family: "Family"
    bank: "Bank"
    measured: "Measured"


@dataclass(eq=False, kw_only=True)
class ByItself:
    """A model that lanes cannot run."""

    entry: ModelEntry
    bytes: int
    pipeline: "StockPipeline"


Resident: TypeAlias = InLanes | ByItself


class Residents:
    """The models that are loaded.

    Args:
        find_lora: the file of a LoRA by its name.
        lora_bytes: what the LoRAs of one model may take.
        model_bytes: what the weights of all models may take together; None for whatever the device has.
        threads: torch's threads on a CPU.
        gone: called with the name of a model that was let go.

    Attributes:
        loads: how often a model was read so far.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        *,
        device: str,
        dtype: str,
        find_lora: Callable[[str], Path],
        lora_bytes: int,
        model_bytes: int | None,
        threads: int | None,
        gone: Callable[[str], None],
    ) -> None:
        self.loads = 0
        self._catalogue = catalogue
        self._device_name, self._dtype_name = device, dtype
        self._find_lora = find_lora
        self._lora_bytes = lora_bytes
        self._model_bytes = model_bytes
        self._threads = threads
        self._gone = gone
        self._held: OrderedDict[str, Resident] = OrderedDict()  # the one used last at the end
        self._fetching = Fetching()

    def held(self, name: str) -> Resident | None:
        """The model if it is here, as the catalogue has it now; it stays where it is in the line of those that go."""
        entry = self._catalogue.get(name)
        resident = self._held.get(entry.name)
        return resident if resident is not None and resident.entry == entry else None

    def files(self, name: str) -> "list[Future[Path]]":
        """What `get` needs of the hub, fetched beside the device's work; none for a model that lies in a folder.

        The futures end with ModelUnavailable for what cannot be fetched, or EngineClosed.
        """
        entry = self._catalogue.get(name)
        if entry.must_accept and not entry.accepted:
            return []  # `get` refuses it
        return [self._fetching.ensure(*place) for place in _places(entry).values()]

    def get(self, name: str) -> Resident:
        """The model, loaded when it is not here. Raises EngineError, or what the device raises.

        Waits for its `files`, if they are not there yet.
        """
        resident = self.held(name)
        if resident is None:
            entry = self._catalogue.get(name)
            entry.check_licence()
            if entry.name in self._held:
                self._let_go(entry.name)
            try:
                resident = self._held[entry.name] = self._load(self._here(entry))
            except ModelDamaged:
                for place in _places(entry).values():
                    self._fetching.forget(*place)
                raise
            resident.entry = entry
        self._held.move_to_end(resident.entry.name)
        return resident

    def of(self, family: "Family") -> InLanes:
        resident = self._held[family.entry.name]
        assert isinstance(resident, InLanes)
        return resident

    def close(self) -> None:
        """End the threads that read LoRAs, and what fetches files."""
        self._fetching.close()
        for resident in self._held.values():
            if isinstance(resident, InLanes):
                resident.bank.close()
        self._held.clear()

    def _here(self, entry: ModelEntry) -> ModelEntry:
        """With folders in the place of repositories. Raises ModelUnavailable, EngineClosed."""
        found = {part: self._fetching.ensure(*place).result() for part, place in _places(entry).items()}
        return replace(entry, folder=found.get("model", entry.folder), redux=str(found.get("redux", entry.redux)))

    def _load(self, entry: ModelEntry) -> Resident:
        began = time.perf_counter()
        import_quietly()
        imported = time.perf_counter()
        import torch

        if self._threads is not None:
            torch.set_num_threads(self._threads)
        device, dtype = devices.pick(self._device_name, self._dtype_name)
        folder = entry.folder
        assert folder is not None
        check_folder(folder)
        plan, size = self._make_room(entry, folder, device, dtype)
        made = None
        try:
            made = self._read(entry, folder, plan, size, device, dtype)
        except (MemoryError, torch.OutOfMemoryError):
            if not self._held:
                raise
        if made is None:  # outside of `except`: the error's frames held what had been read
            log.warning("out of memory while model %s was read: the others are let go", entry.name)
            for name in list(self._held):
                self._let_go(name)
            plan, size = self._make_room(entry, folder, device, dtype)
            made = self._read(entry, folder, plan, size, device, dtype)
        self.loads += 1
        # What is loaded stays: the collector need not walk through it, with everybody waiting, ever again.
        gc.collect()
        gc.freeze()
        self._look_at_memory(device)
        log.info(
            "model %s is on %s as %s (%s): %.1f s, and %.1f s for imports",
            *(entry.name, device, str(dtype).removeprefix("torch."), plan),
            *(time.perf_counter() - imported, imported - began),
        )
        if plan == "float8":
            log.warning(
                "model %s: its weights are kept in float8 for want of memory; pictures differ a little", entry.name
            )
        return made

    def _read(
        self,
        entry: ModelEntry,
        folder: Path,
        plan: plans.Plan,
        size: int,
        device: "torch.device",
        dtype: "torch.dtype",
    ) -> Resident:
        import torch

        if entry.family not in families.IN_LANES:
            from engine.exclusive import StockPipeline

            with torch.inference_mode(False):
                pipeline = StockPipeline.load(entry, folder, plan=plan, device=device, dtype=dtype)
            return ByItself(entry=entry, bytes=size, pipeline=pipeline)
        from engine.lora.bank import Bank
        from engine.room import measure

        with torch.inference_mode(False):
            family = families.load(entry, folder, plan=plan, device=device, dtype=dtype)
        with torch.inference_mode():
            measured = measure(family)
        bank = Bank(family.parts, find=self._find_lora, byte_budget=self._lora_bytes)
        return InLanes(entry=entry, bytes=size, family=family, bank=bank, measured=measured)

    def _make_room(
        self, entry: ModelEntry, folder: Path, device: "torch.device", dtype: "torch.dtype"
    ) -> tuple[plans.Plan, int]:
        """Let models go until one plan for this one fits; which, and what it will take. Raises ModelTooLarge."""
        from engine.room import free_bytes

        counted = plans.possible(entry, folder, bytes_each=dtype.itemsize, device=device.type)
        while True:
            held = sum(resident.bytes for resident in self._held.values())
            free = free_bytes(device)
            if self._model_bytes is not None:
                free = min(free, self._model_bytes - held)
            try:
                plan = plans.choose(entry, counted, free=free, most=free + held)
            except ModelTooLarge as error:
                if error.needed > free + held:  # nobody goes for a model that cannot come
                    raise
                self._let_go(next(iter(self._held)))
            else:
                return plan, counted[plan]

    def _let_go(self, name: str) -> None:
        resident = self._held.pop(name)
        if isinstance(resident, InLanes):
            resident.bank.close()
        self._gone(name)
        log.info("model %s is let go", name)
        del resident
        gc.unfreeze()
        collect()

    def _look_at_memory(self, device: "torch.device") -> None:
        """How many rows fit in a forward changes with what else is on the device."""
        from engine.room import free_bytes

        free = free_bytes(device)
        for resident in self._held.values():
            if isinstance(resident, InLanes):
                resident.measured = replace(resident.measured, free=free)


def collect() -> None:
    """Give back what nobody holds any more."""
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _places(entry: ModelEntry) -> dict[str, tuple[str, str, str]]:
    """What of it lies on the hub, "model" or "redux": for which model, in which repository, at which revision."""
    places = {}
    if entry.folder is None:
        places["model"] = entry.name, entry.repository, entry.revision
    if entry.redux and not Path(entry.redux).is_dir():
        places["redux"] = entry.name, entry.redux, ""
    return places


def import_quietly() -> None:
    """diffusers and transformers without their warnings, which quote prompts; the first time takes seconds."""
    from transformers.utils import logging as of_transformers

    of_transformers.set_verbosity_error()  # before the import that warns of what we do not use
    from diffusers.utils import logging as of_diffusers

    for library in (of_transformers, of_diffusers):
        library.set_verbosity_error()
        library.disable_progress_bar()
