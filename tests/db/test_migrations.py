import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import inspect, select, text

import db
import migrations
from db.database import Database, default_url
from db.errors import DatabaseBehind, DatabaseTooNew
from db.models import Queue, metadata
from migrations.running import config


async def tables(database: Database) -> set[str]:
    async with database.reading() as session:
        return await (await session.connection()).run_sync(lambda sync: set(inspect(sync).get_table_names()))


async def test_up_makes_every_table_and_down_takes_them_away(empty_url: str) -> None:
    async with Database.open(empty_url) as database:
        assert await migrations.revision(database) is None
        assert await migrations.upgrade(database) is None
        assert await migrations.revision(database) == migrations.head()
        assert await tables(database) >= set(metadata.tables)
        await migrations.downgrade(database, "base")
        assert await migrations.revision(database) is None
        assert await tables(database) - {"sqlite_sequence"} == {"alembic_version"}
        await migrations.upgrade(database)
        await migrations.check(database)


async def test_the_revisions_make_exactly_what_the_models_say(database: Database) -> None:
    async with database.migrating() as connection:
        await connection.run_sync(lambda sync: command.check(config(sync)))


async def test_a_second_upgrade_has_nothing_to_do(database: Database) -> None:
    assert await migrations.upgrade(database) == migrations.head()


async def test_the_queue_has_its_one_row_from_the_start(database: Database) -> None:
    async with database.reading() as session:
        rows = (await session.scalars(select(Queue))).all()
    assert [(row.id, row.fast, row.relaxed, row.streak, row.turn, row.last_turn) for row in rows] == [
        (1, 0, 0, 0, 0, 0)
    ]


async def test_an_interrupted_upgrade_leaves_nothing_half_done(empty_url: str) -> None:
    async with Database.open(empty_url) as database:

        async def die_at_the_end() -> None:
            async with database.migrating() as connection:
                await connection.run_sync(lambda sync: command.upgrade(config(sync), "head"))
                raise KeyError

        with pytest.raises(KeyError):
            await die_at_the_end()
        assert await tables(database) == set()
        await migrations.upgrade(database)
        await migrations.check(database)


async def test_a_database_without_tables_is_behind(empty_url: str) -> None:
    async with Database.open(empty_url) as database:
        with pytest.raises(DatabaseBehind) as refused:
            await migrations.check(database)
    assert (refused.value.revision, refused.value.head) == (None, migrations.head())


async def test_a_database_from_a_newer_version_is_neither_used_nor_changed(database: Database) -> None:
    async with database.writing() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for use in (migrations.check, migrations.upgrade):
        with pytest.raises(DatabaseTooNew) as refused:
            await use(database)
        assert refused.value.revision == "9999"
    assert await migrations.revision(database) == "9999"


async def test_references_are_enforced_again_after_an_upgrade(tmp_path: Path) -> None:
    async with Database.open(default_url(tmp_path)) as database:
        await migrations.upgrade(database)
        async with database.writing() as session:
            assert await session.scalar(text("PRAGMA foreign_keys")) == 1


def test_an_installed_copy_upgrades_from_any_folder(tmp_path: Path) -> None:
    site, elsewhere = tmp_path / "site %20 packages", tmp_path / "elsewhere"
    elsewhere.mkdir()
    for package in (db, migrations):
        (source,) = package.__path__
        shutil.copytree(source, site / package.__name__, ignore=shutil.ignore_patterns("__pycache__"))
    program = (
        "import asyncio, sys, migrations; from db.database import Database, default_url; from pathlib import Path\n"
        "async def main():\n"
        "    async with Database.open(default_url(Path())) as database:\n"
        "        await migrations.upgrade(database); await migrations.check(database)\n"
        "        print(migrations.__file__)\n"
        "asyncio.run(main())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=elsewhere,
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=True,
        timeout=150,
    )
    assert done.stdout.strip().startswith(str(site))
    assert (elsewhere / "atelier.db").exists()
