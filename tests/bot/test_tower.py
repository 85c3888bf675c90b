"""The tower: what is opened, in which order it refuses, and that a stop leaves nothing behind."""

import asyncio
import os
import signal
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import discord
import pytest
from discord.gateway import DiscordWebSocket
from discord.http import Route

import migrations
from bot import sweeping
from bot.__main__ import serve
from bot.cli.words import reason
from bot.config import Config, ConfigError
from db.database import Database, default_url
from db.errors import DatabaseLost, DatabaseTooNew, StorageLocked
from db.lock import StorageLock
from engine.errors import UnknownModel
from playground import Playground
from tests.fakes import FakeEngine


@pytest.fixture
async def playground(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Playground]:
    monkeypatch.delenv("ATELIER_DISCORD__TOKEN", raising=False)
    # Pointing the client elsewhere is for the whole process; after the test everything points where it did.
    for owner, name in ((Route, "BASE"), (discord.Asset, "BASE"), (DiscordWebSocket, "DEFAULT_GATEWAY")):
        monkeypatch.setattr(owner, name, getattr(owner, name))
    async with Playground() as opened:
        yield opened


def config_for(playground: Playground, folder: Path, **more: object) -> Config:
    document = {
        "discord": {"token": playground.token, "api": playground.api},
        "storage": {"folder": folder / "storage"},
    }
    return Config.of(document | more)


def fake(told: list[str]):
    """Makes fake engines and writes down what becomes of them."""

    @asynccontextmanager
    async def make_engine(config: Config) -> AsyncIterator[FakeEngine]:
        told.append("opened")
        try:
            async with FakeEngine() as engine:
                yield engine
        finally:
            told.append("closed")

    return make_engine


async def test_sigterm_ends_it_in_order_and_what_a_killed_process_left_is_swept(playground: Playground, tmp_path: Path):
    config = config_for(playground, tmp_path)
    shelf = config.storage.folder / "pictures" / "ab"
    shelf.mkdir(parents=True)
    async with Database.open(config.database_url) as database:
        await migrations.upgrade(database)
    for name in (".tmp-0123", f"ab{'0' * 62}.png", f"ab{'0' * 62}.webp", "somebody's notes.txt"):
        (shelf / name).write_bytes(b"x")
    engines: list[str] = []
    running = asyncio.create_task(serve(config, make_engine=fake(engines)))
    online = asyncio.create_task(playground.wait_until_online())
    await asyncio.wait({running, online}, return_when=asyncio.FIRST_COMPLETED)
    assert not running.done(), running.exception()
    assert [file.name for file in shelf.iterdir()] == ["somebody's notes.txt"]
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(running, 20)
    assert engines == ["opened", "closed"]
    with StorageLock(config.storage.folder):
        pass


@pytest.mark.parametrize("kept", [f"pictures/ab/ab{'0' * 62}.png", f"loras/ab/ab{'0' * 62}.safetensors"])
async def test_a_new_database_beside_the_files_of_another_one_is_refused_and_nothing_is_swept(
    playground: Playground, tmp_path: Path, kept: str
):
    config = config_for(playground, tmp_path)
    file = config.storage.folder / kept
    file.parent.mkdir(parents=True)
    file.write_bytes(b"x")
    engines: list[str] = []
    with pytest.raises(DatabaseLost):
        await serve(config, make_engine=fake(engines))
    with pytest.raises(DatabaseLost):
        await serve(config, make_engine=fake(engines))
    assert (file.exists(), engines) == (True, [])


async def test_a_file_that_waits_to_be_taken_in_does_not_belong_to_another_database(tmp_path: Path):
    incoming = tmp_path / "loras" / "incoming"
    incoming.mkdir(parents=True)
    (incoming / "ink.safetensors").write_bytes(b"x")
    async with Database.open(default_url(tmp_path)) as database:
        await sweeping.require_own(database, tmp_path)


async def test_a_wrong_token_is_said_in_words_and_the_lock_is_let_go(playground: Playground, tmp_path: Path):
    config = config_for(playground, tmp_path, discord={"token": "wrong", "api": playground.api})
    with pytest.raises(ExceptionGroup) as caught:
        await serve(config, make_engine=fake([]))
    assert "refused the token" in (reason(caught.value) or "")
    with StorageLock(config.storage.folder):
        pass


async def test_no_token_and_an_unknown_model_touch_nothing(playground: Playground, tmp_path: Path):
    with pytest.raises(ConfigError):
        await serve(config_for(playground, tmp_path, discord={}), make_engine=fake([]))
    with pytest.raises(UnknownModel):
        await serve(config_for(playground, tmp_path, engine={"model": "poket"}), make_engine=fake([]))
    assert list(tmp_path.iterdir()) == []


async def test_a_second_one_in_the_same_folder_is_refused(playground: Playground, tmp_path: Path):
    config = config_for(playground, tmp_path)
    engines: list[str] = []
    with StorageLock(config.storage.folder), pytest.raises(StorageLocked) as caught:
        await serve(config, make_engine=fake(engines))
    assert caught.value.pid == os.getpid()
    assert engines == []


async def test_a_database_from_a_newer_version_is_refused_before_anything_runs(
    playground: Playground, tmp_path: Path, sqlite_template: Path
):
    config = config_for(playground, tmp_path)
    config.storage.folder.mkdir()
    file = config.storage.folder / "atelier.db"
    file.write_bytes(sqlite_template.read_bytes())
    connection = sqlite3.connect(file)
    connection.execute("UPDATE alembic_version SET version_num = 'from_the_future'")
    connection.commit()
    connection.close()
    engines: list[str] = []
    with pytest.raises(DatabaseTooNew):
        await serve(config, make_engine=fake(engines))
    assert engines == []
