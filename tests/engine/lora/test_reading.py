"""When a file is read and by whom, and what becomes of LoRAs that do not fit into the bank together."""

import asyncio
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from engine.engine import Engine
from engine.lora.bank import Bank
from engine.lora.errors import BankFull, LoraRefused
from engine.models import Catalogue
from engine.requests import ImageRequest, LoraUse, Progress
from engine.residents import InLanes
from tests.engine.asking import asked, drawn
from tests.engine.lora import making

PAGE = 2 << 20  # about one of the pocket model's


class Files:
    """Which files were read, how often, and whether the device thread waited for one."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.read: Counter[str] = Counter()
        self.threads: set[str] = set()
        self.may_read = threading.Event()
        self.may_read.set()
        real = Bank._matrices

        def matrices(bank: Bank, name: str) -> Any:
            self.read[name] += 1
            self.threads.add(threading.current_thread().name)
            assert self.may_read.wait(60)
            return real(bank, name)

        monkeypatch.setattr(Bank, "_matrices", matrices)

    def find(self, name: str) -> Path:
        return self.folder / f"{name}.safetensors"


@pytest.fixture(scope="module")
def folder(pipeline: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("loras")
    for seed, name in enumerate("abc"):
        making.save(pipeline, folder / f"{name}.safetensors", seed, rank=16)
    making.save(pipeline, folder / "vast.safetensors", 9, rank=64)
    (folder / "broken.safetensors").write_bytes(b"<html>" * 10)
    return folder


@pytest.fixture
def files(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Files:
    return Files(folder, monkeypatch)


def wish(name: str, **changes: Any) -> ImageRequest:
    return asked(loras=(LoraUse(name=name, weight=1.0),), **changes)


def bank_of(engine: Engine) -> Bank:
    resident = engine._residents.held("pocket")
    assert isinstance(resident, InLanes)
    return resident.bank


async def test_loras_that_do_not_fit_together_are_drawn_in_turns_and_read_once(
    catalogue: Catalogue, files: Files, caplog: pytest.LogCaptureFixture
):
    async with Engine(catalogue, device="cpu", threads=1, find_lora=files.find) as engine:
        alone = [(await drawn(engine, wish(name, steps=8)))[1].images[0].tobytes() for name in "abc"]
    files.read.clear()
    async with Engine(catalogue, device="cpu", threads=1, find_lora=files.find, lora_bytes=3 * PAGE) as engine:
        # Here before anybody asked for the others: what is on the device is not read either when it has to go.
        await drawn(engine, wish("a", steps=1))
        together = await asyncio.gather(*(drawn(engine, wish(name, steps=8)) for name in "abc"))
        bank = bank_of(engine)
        assert bank.pages.count == 3
        assert bank.pages.evicted > 8
        assert files.read == {"a": 1, "b": 1, "c": 1}
        assert bank._reading.bytes == 0, "what nobody uses any more is not kept"
    assert [pictures.images[0].tobytes() for _, pictures in together] == alone
    assert not [record for record in caplog.records if record.levelname in ("WARNING", "ERROR")]


async def test_lanes_whose_loras_fit_together_share_a_turn_when_those_of_all_do_not(catalogue: Catalogue, files: Files):
    async with Engine(catalogue, device="cpu", threads=1, find_lora=files.find, lora_bytes=3 * PAGE) as engine:
        await drawn(engine, asked(steps=1))
        resident = engine._residents.held("pocket")
        assert isinstance(resident, InLanes)
        real, batches = resident.family.predict, list[list[str]]()

        def predict(rows: Any, adapted: Any) -> Any:
            batches.append([use.name for row in rows for use in row.loras] + ["" for row in rows if not row.loras])
            return real(rows, adapted)

        resident.family.predict = predict
        await asyncio.gather(
            *(drawn(engine, wish(name, steps=6)) for name in "aab"), drawn(engine, asked(steps=6, seeds=(5,)))
        )
    assert any(sorted(batch) == ["", "a", "a"] for batch in batches)
    assert not any({"a", "b"} <= set(batch) for batch in batches)


async def test_a_lora_that_is_larger_than_the_bank_fails_by_name_and_nobody_elses_picture(
    catalogue: Catalogue, files: Files
):
    async with Engine(catalogue, device="cpu", threads=1, find_lora=files.find, lora_bytes=3 * PAGE) as engine:
        vast, other = await asyncio.gather(
            drawn(engine, wish("vast")), drawn(engine, wish("a")), return_exceptions=True
        )
    assert isinstance(vast, BankFull)
    assert vast.needed > vast.budget
    assert isinstance(other, tuple)


@pytest.mark.parametrize("name", ["broken", "a"])
async def test_a_file_is_read_once_and_nobody_stands_still_for_it(name: str, catalogue: Catalogue, files: Files):
    files.may_read.clear()
    async with Engine(catalogue, device="cpu", threads=1, find_lora=files.find) as engine:
        others = engine.generate(asked(steps=100))
        await anext(others)
        reads = asyncio.create_task(drawn(engine, wish(name)))
        moved = 0
        while moved < 5:
            event = await anext(others)
            assert isinstance(event, Progress), "the test is too short to tell"
            moved += bool(files.read)
        files.may_read.set()
        try:
            await reads
        except LoraRefused:
            assert name == "broken"
        await others.aclose()
    assert files.read == {name: 1}


async def test_the_device_thread_reads_no_file_even_for_the_first_request_of_a_model(
    catalogue: Catalogue, files: Files
):
    async with Engine(catalogue, device="cpu", threads=1, find_lora=files.find) as engine:
        progress, _ = await drawn(engine, wish("a", model="pocket"))
        with pytest.raises(LoraRefused):
            await drawn(engine, wish("broken"))
        with pytest.raises(LoraRefused):  # mended files are read again
            await drawn(engine, wish("broken"))
    assert files.read == {"a": 1, "broken": 2}
    assert all(name.startswith("lora") for name in files.threads)
    assert [event.step for event in progress][-1] == 3


async def test_loras_wait_for_memory_in_bytes_and_all_are_drawn(
    catalogue: Catalogue, files: Files, monkeypatch: pytest.MonkeyPatch
):
    most = 0
    real = Bank.ensure

    def ensure(bank: Bank, names: Any) -> Any:
        nonlocal most
        most = max(most, bank._reading.bytes)
        return real(bank, names)

    monkeypatch.setattr(Bank, "ensure", ensure)
    async with Engine(catalogue, device="cpu", threads=1, find_lora=files.find) as engine:
        await drawn(engine, asked(steps=1))
        bank_of(engine)._host_bytes = 1
        names = "abcabc"
        made = await asyncio.gather(
            *(drawn(engine, wish(name, seeds=(seed,))) for seed, name in enumerate(names)), drawn(engine, asked())
        )
        assert len(made) == len(names) + 1
        assert bank_of(engine)._reading.bytes == 0
        one = sum(half.numel() * 4 for pair in bank_of(engine)._matrices("a").values() for half in pair)
    assert most <= one
