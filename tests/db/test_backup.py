import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

import migrations
from db import state
from db.backup import backup, restore, verify
from db.database import Database, default_url
from db.errors import CopyFailed, DatabaseBusy, DatabaseDamaged, DatabaseMissing, DatabaseTooNew, TargetExists


async def put(folder: Path, value: str) -> None:
    async with Database.open(default_url(folder)) as database:
        await migrations.upgrade(database)
        async with database.writing() as session:
            await state.put(session, "value", value)


async def value(folder: Path) -> str | None:
    async with Database.open(default_url(folder)) as database, database.reading() as session:
        return await state.get(session, "value")


@pytest.fixture
async def folder(tmp_path: Path) -> Path:
    """A storage folder whose database says "old"."""
    made = tmp_path / "storage"
    made.mkdir()
    await put(made, "old")
    return made


def everything(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


async def test_a_backup_beside_the_writer_holds_what_was_committed_and_nothing_else(folder: Path) -> None:
    copy = folder.parent / "copy.db"
    async with Database.open(default_url(folder)) as database:
        async with database.writing() as session:
            await state.put(session, "value", "committed")
        assert (folder / "atelier.db-wal").stat().st_size > 0, "what was committed last is not in the file itself"
        async with database.writing() as session:
            await state.put(session, "value", "not yet")
            await session.flush()
            backup(folder / "atelier.db", copy)
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT value FROM state").fetchall() == [("committed",)]
    assert [path.name for path in folder.parent.iterdir() if path.is_file()] == ["copy.db"]
    assert verify(copy) == migrations.head()


async def test_restoring_brings_back_the_rows_and_keeps_what_was_there(folder: Path) -> None:
    copy = folder.parent / "copy.db"
    backup(folder / "atelier.db", copy)
    await put(folder, "new")
    kept = restore(copy, folder / "atelier.db", migrations.known())
    assert await value(folder) == "old"
    assert kept is not None
    elsewhere = folder.parent / "elsewhere"
    elsewhere.mkdir()
    kept.rename(elsewhere / "atelier.db")
    assert await value(elsewhere) == "new"


async def test_restoring_into_an_empty_place_keeps_nothing(folder: Path, tmp_path: Path) -> None:
    copy, fresh = tmp_path / "copy.db", tmp_path / "fresh"
    backup(folder / "atelier.db", copy)
    assert restore(copy, fresh / "atelier.db", migrations.known()) is None
    assert await value(fresh) == "old"


async def test_the_log_of_a_crash_is_not_replayed_onto_a_restored_file(folder: Path, tmp_path: Path) -> None:
    copy, crashed = tmp_path / "copy.db", tmp_path / "crashed"
    backup(folder / "atelier.db", copy)
    crashed.mkdir()
    async with Database.open(default_url(folder)) as database:
        async with database.writing() as session:
            await state.put(session, "value", "only in the log")
        for name, content in everything(folder).items():
            (crashed / name).write_bytes(content)
    assert (crashed / "atelier.db-wal").stat().st_size > 0
    kept = restore(copy, crashed / "atelier.db", migrations.known())
    assert await value(crashed) == "old"
    assert kept is not None
    with closing(sqlite3.connect(kept)) as connection:
        assert connection.execute("SELECT value FROM state").fetchall() == [("only in the log",)]


async def test_a_backup_is_never_written_over_a_file(folder: Path, tmp_path: Path) -> None:
    there = tmp_path / "there.db"
    there.write_text("precious")
    with pytest.raises(TargetExists):
        backup(folder / "atelier.db", there)
    assert there.read_text() == "precious"


def test_there_must_be_a_database_to_back_up(tmp_path: Path) -> None:
    with pytest.raises(DatabaseMissing):
        backup(tmp_path / "atelier.db", tmp_path / "copy.db")
    assert list(tmp_path.iterdir()) == []


async def test_a_target_that_cannot_be_written_is_told(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(CopyFailed):
        backup(folder / "atelier.db", tmp_path / "nowhere" / "copy.db")


def _truncate(copy: Path) -> None:
    copy.write_bytes(copy.read_bytes()[: copy.stat().st_size // 2])


def _scribble(copy: Path) -> None:
    content = bytearray(copy.read_bytes())
    content[4096:8192] = b"\xff" * 4096
    copy.write_bytes(content)


def _diary(copy: Path) -> None:
    copy.write_bytes(b"dear diary, " * 500)


def _nothing(copy: Path) -> None:
    copy.write_bytes(b"")


def _orphan(copy: Path) -> None:
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute(
            "INSERT INTO ledger (user_id, kind, amount, created_at) VALUES (404, 'grant', 1, '2026-01-01')"
        )
        connection.commit()


def _foreign(copy: Path) -> None:
    copy.unlink()
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")


@pytest.mark.parametrize("damage", [_truncate, _scribble, _diary, _nothing, _orphan, _foreign])
async def test_a_damaged_backup_changes_nothing(folder: Path, tmp_path: Path, damage: Callable[[Path], None]) -> None:
    copy = tmp_path / "copy.db"
    backup(folder / "atelier.db", copy)
    damage(copy)
    before = everything(folder)
    with pytest.raises(DatabaseDamaged) as refused:
        restore(copy, folder / "atelier.db", migrations.known())
    assert refused.value.path == copy
    assert refused.value.reason
    assert everything(folder) == before


async def test_a_backup_of_a_newer_version_changes_nothing(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    backup(folder / "atelier.db", copy)
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    before = everything(folder)
    with pytest.raises(DatabaseTooNew) as refused:
        restore(copy, folder / "atelier.db", migrations.known())
    assert refused.value.revision == "9999"
    assert everything(folder) == before


def test_a_backup_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(DatabaseMissing):
        restore(tmp_path / "copy.db", tmp_path / "atelier.db", migrations.known())
    assert list(tmp_path.iterdir()) == []


async def test_a_damaged_database_can_be_replaced_and_is_kept(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    backup(folder / "atelier.db", copy)
    _diary(folder / "atelier.db")
    (folder / "atelier.db-wal").write_bytes(b"half a log")
    kept = restore(copy, folder / "atelier.db", migrations.known())
    assert await value(folder) == "old"
    assert kept is not None
    assert kept.read_bytes().startswith(b"dear diary")
    assert kept.with_name(kept.name + "-wal").read_bytes() == b"half a log"


async def test_a_database_somebody_reads_is_not_replaced_under_them(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    backup(folder / "atelier.db", copy)
    await put(folder, "new")
    async with Database.open(default_url(folder), read_only=True) as reader, reader.reading() as session:
        assert await state.get(session, "value") == "new"
        with pytest.raises(DatabaseBusy):
            restore(copy, folder / "atelier.db", migrations.known())
        assert await state.get(session, "value") == "new"
    assert await value(folder) == "new"
    assert not list(folder.glob("*replaced*"))
