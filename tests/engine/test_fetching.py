"""Models that come from the hub while others are drawn. The hub is a server on this machine, and slow."""

import asyncio
import contextlib
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psutil
import pytest

from engine.engine import Engine
from engine.errors import EngineClosed, ModelUnavailable
from engine.fetching import Fetching
from engine.models import Catalogue
from engine.requests import Event, Progress
from tests.engine.asking import asked, drawn
from tests.engine.hubs import COMMIT, Hub
from tests.engine.test_residents import LIKE_POCKET

WITHIN = 120.0  # seconds after which a wait gives up


@pytest.fixture
def hub(blank_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with Hub({"a/far": blank_folder}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.address)
        monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
        yield hub


@pytest.fixture
def models(blank_folder: Path) -> Catalogue:
    return Catalogue.of({"pocket": {"folder": blank_folder}, "far": {"repository": "a/far", **LIKE_POCKET}})


async def reached(hub: Hub) -> None:
    """The weights are being asked for."""
    assert await asyncio.to_thread(hub.reached.wait, WITHIN)


async def waits_for_files(events: AsyncIterator[Event]) -> None:
    assert await anext(events) == Progress(step=0, steps=3, fetching=True)


async def test_a_model_is_fetched_once_for_all_who_wait_for_it_and_others_draw_meanwhile(
    hub: Hub, models: Catalogue
) -> None:
    async with Engine(models, device="cpu", threads=1) as engine:
        waiting = [engine.generate(asked(model="far")) for _ in range(2)]
        for events in waiting:
            await waits_for_files(events)
        await reached(hub)
        _, here = await drawn(engine, asked())
        assert engine._residents.loads == 1
        hub.open.set()
        ends = [[event async for event in events][-1] for events in waiting]
    assert set(hub.asked.values()) == {1}
    for end in ends:
        assert not isinstance(end, Progress)
        assert end.images[0].tobytes() == here.images[0].tobytes(), "the hub has the same weights"


async def test_who_cancels_while_a_model_is_fetched_is_gone_and_a_stop_ends_the_fetching(
    hub: Hub, models: Catalogue
) -> None:
    async with Engine(models, device="cpu", threads=1) as engine:
        cancelled, stays = (engine.generate(asked(model="far")) for _ in range(2))
        for events in (cancelled, stays):
            await waits_for_files(events)
        await reached(hub)
        await cancelled.aclose()
        children = list(engine._residents._fetching._children)
        late = asyncio.create_task(anext(stays))
        await drawn(engine, asked())
    with pytest.raises(EngineClosed):
        await late
    assert [await asyncio.to_thread(child.wait, WITHIN) for child in children] == [-signal.SIGKILL]
    assert not engine._thread.is_alive()


async def test_the_first_model_may_come_from_the_hub_too(hub: Hub, models: Catalogue) -> None:
    async with Engine(models, device="cpu", threads=1, model="far") as engine:
        await reached(hub)
        await drawn(engine, asked())
        assert not engine._settled.is_set()
        hub.open.set()
        await asyncio.wait_for(engine.ready(), WITHIN)
        assert engine._residents.held("far") is not None
    assert set(hub.asked.values()) == {1}


async def test_what_cannot_be_fetched_is_told_and_looked_for_again(
    hub: Hub, models: Catalogue, blank_folder: Path
) -> None:
    hub.open.set()
    hub.repositories.clear()
    async with Engine(models, device="cpu", threads=1) as engine:
        with pytest.raises(ModelUnavailable) as caught:
            await drawn(engine, asked(model="far"))
        assert (caught.value.name, caught.value.repository) == ("far", "a/far")
        assert caught.value.reason == "no such repository or revision"
        hub.repositories["a/far"] = blank_folder
        await drawn(engine, asked(model="far"))


def test_a_child_that_fetches_ends_with_its_parent_and_leaves_no_half_file(hub: Hub, tmp_path: Path) -> None:
    child = subprocess.Popen([sys.executable, "-m", "engine.fetching", "a/far", ""], stdin=subprocess.PIPE)
    assert child.stdin is not None
    assert hub.reached.wait(WITHIN)
    assert list(tmp_path.rglob("*.incomplete"))
    child.stdin.close()
    assert child.wait(WITHIN) == -signal.SIGKILL
    assert not list(tmp_path.rglob("*.incomplete"))


def test_a_child_that_is_killed_leaves_no_half_file_either(hub: Hub, tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-m", "engine.fetching", "a/far", ""], stdin=subprocess.PIPE) as child:
        assert hub.reached.wait(WITHIN)
        (watching,) = psutil.Process(child.pid).children()
        child.kill()
        child.wait(WITHIN)
        assert list(tmp_path.rglob("*.incomplete"))
    watching.wait(WITHIN)
    assert not list(tmp_path.rglob("*.incomplete"))


async def test_what_was_fetched_is_looked_after_again_when_it_is_damaged(hub: Hub, tmp_path: Path) -> None:
    hub.open.set()
    fetching = Fetching()
    with contextlib.closing(fetching):
        folder = await asyncio.wrap_future(fetching.ensure("far", "a/far"))
        assert folder.name == COMMIT
        assert folder.is_relative_to(tmp_path)
        assert await asyncio.wrap_future(fetching.ensure("far", "a/far")) == folder
        (folder / "model_index.json").unlink()
        fetching.forget("far", "a/far")
        assert await asyncio.wrap_future(fetching.ensure("far", "a/far")) == folder
        assert (folder / "model_index.json").exists()
