import asyncio
import threading
import traceback
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from db import state, users
from db.database import Database, default_url
from db.errors import (
    DatabaseDamaged,
    DatabaseFull,
    DatabaseUnavailable,
    ReadOnlyDatabase,
    UnsupportedDatabase,
)
from db.models import Image, Job, State, User
from tests.db.people import NOON, enqueue, meet, wish


async def pragma(database: Database, name: str, *, writing: bool) -> object:
    async with database.writing() if writing else database.reading() as session:
        return await session.scalar(text(f"PRAGMA {name}"))


async def test_what_is_written_is_read(database: Database) -> None:
    async with database.writing() as session:
        await state.put(session, "commands", "abc")
    async with database.reading() as session:
        assert await state.get(session, "commands") == "abc"


async def test_a_write_that_is_cancelled_in_the_middle_holds_up_nobody_even_while_its_error_is_kept(
    sqlite_url: str,
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def wait() -> int:
        begun.set()
        return int(go_on.wait(60))

    async with Database.open(sqlite_url) as database:

        async def write_slowly() -> None:
            async with database.writing() as session:
                connection = await (await session.connection()).get_raw_connection()
                assert connection.driver_connection is not None
                await connection.driver_connection.create_function("wait", 0, wait)
                await session.execute(text("INSERT INTO state (key, value) VALUES ('a', '1') RETURNING wait()"))

        writing = asyncio.create_task(write_slowly())
        assert await asyncio.to_thread(begun.wait, 60)
        writing.cancel()
        await asyncio.sleep(0)
        go_on.set()
        with pytest.raises(asyncio.CancelledError) as kept:
            await writing
        async with database.writing() as session:
            assert await state.get(session, "a") is None
    assert kept.tb is not None


async def test_an_error_takes_the_whole_transaction_back(database: Database) -> None:
    async def fail_halfway() -> None:
        async with database.writing() as session:
            await state.put(session, "commands", "abc")
            raise KeyError

    with pytest.raises(KeyError):
        await fail_halfway()
    async with database.reading() as session:
        assert await state.get(session, "commands") is None


async def test_a_failing_statement_does_not_tell_the_words_that_it_was_given(database: Database) -> None:
    missing = text("INSERT INTO nowhere (prompt) VALUES (:prompt)")
    for opened in (database.writing, database.reading):
        with pytest.raises(DBAPIError) as failed:
            async with opened() as session:
                await session.execute(missing, {"prompt": "a red house"})
        assert "nowhere" in str(failed.value)
        assert "a red house" not in str(failed.value)
    with pytest.raises(DBAPIError) as failed:
        async with database.migrating() as connection:
            await connection.execute(missing, {"prompt": "a red house"})
    assert "a red house" not in str(failed.value)


@pytest.mark.parametrize(
    "values",
    [
        {"work": None},  # PostgreSQL quotes the row that it refuses
        {"status": "no status"},
        {"prompt": "a red house \ud800"},  # its driver quotes what it cannot send
    ],
)
async def test_the_story_of_a_refused_row_does_not_tell_its_values(database: Database, values: dict[str, Any]) -> None:
    await meet(database)
    first = await enqueue(database, wish())
    columns = [column.key for column in Job.__table__.c if column.key not in ("id", "interaction_id")]
    chosen = ", ".join(f":{column}" if column in values else column for column in columns)
    again = text(f"INSERT INTO jobs (interaction_id, {', '.join(columns)}) SELECT 404, {chosen} FROM jobs")
    with pytest.raises((DBAPIError, UnicodeError)) as refused:
        async with database.writing() as session:
            await session.execute(again, values)
    assert first.prompt == "a red house"
    assert first.prompt not in "".join(traceback.format_exception(refused.value))


async def test_a_cancelled_writer_takes_its_transaction_back_and_lets_others_write(database: Database) -> None:
    began = asyncio.Event()

    async def slow() -> None:
        async with database.writing() as session:
            await state.put(session, "who", "slow")
            began.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(slow())
    await began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with database.writing() as session:
        assert await state.get(session, "who") is None
        await state.put(session, "who", "quick")


async def test_a_reading_session_cannot_write(database: Database) -> None:
    with pytest.raises(DBAPIError):
        async with database.reading() as session:
            await state.put(session, "commands", "abc")
    async with database.reading() as session:
        assert await state.get(session, "commands") is None


async def test_fifty_writers_at_once_lose_nothing(database: Database) -> None:
    async def add(number: int) -> None:
        async with database.writing() as session:
            await state.put(session, f"key {number}", "x")

    await asyncio.gather(*(add(number) for number in range(50)))
    async with database.reading() as session:
        assert len((await session.scalars(select(State))).all()) == 50


async def test_references_are_enforced(database: Database) -> None:
    orphan = Image(job_id=404, index=0, author_id=1, digest="", width=1, height=1, seed=0, bytes=1, created_at=NOON)
    with pytest.raises(IntegrityError):
        async with database.writing() as session:
            session.add(orphan)


async def test_a_snowflake_fits(database: Database) -> None:
    largest = 2**63 - 1
    async with database.writing() as session:
        await users.touch(session, largest, "Zoe")
    async with database.reading() as session:
        person = await users.get(session, largest)
    assert person is not None
    assert person.name == "Zoe"


async def test_times_come_back_in_utc_and_naive_ones_are_refused(database: Database) -> None:
    async with database.writing() as session:
        await users.touch(session, 1, "Ada", now=NOON)
    async with database.reading() as session:
        person = await users.get(session, 1)
    assert person is not None
    assert (person.created_at, person.created_at.utcoffset()) == (NOON, NOON.utcoffset())
    with pytest.raises(Exception, match="naive"):
        async with database.writing() as session:
            session.add(User(id=2, name="Ben", created_at=NOON.replace(tzinfo=None), seen_at=NOON))


async def test_the_sqlite_writer_waits_for_the_disk_and_readers_only_query(sqlite_url: str) -> None:
    async with Database.open(sqlite_url) as database:
        assert await pragma(database, "journal_mode", writing=True) == "wal"
        assert await pragma(database, "synchronous", writing=True) == 2  # FULL
        assert await pragma(database, "foreign_keys", writing=True) == 1
        assert await pragma(database, "query_only", writing=True) == 0
        assert await pragma(database, "query_only", writing=False) == 1


async def test_every_sqlite_writer_uses_the_one_connection(sqlite_url: str) -> None:
    async def mark(database: Database, number: int) -> None:
        async with database.writing() as session:
            # A temporary table is seen by its own connection only.
            await session.execute(text("CREATE TEMPORARY TABLE IF NOT EXISTS marks (number INTEGER)"))
            await session.execute(text(f"INSERT INTO marks VALUES ({number})"))

    async with Database.open(sqlite_url) as database:
        await asyncio.gather(*(mark(database, number) for number in range(20)))
        async with database.writing() as session:
            assert await session.scalar(text("SELECT count(*) FROM marks")) == 20


async def test_a_full_disk_is_told_and_nothing_is_half_written(sqlite_url: str) -> None:
    async with Database.open(sqlite_url) as database:
        async with database.writing() as session:
            pages = await session.scalar(text("PRAGMA page_count"))
            await session.execute(text(f"PRAGMA max_page_count={pages}"))

        async def fill() -> None:
            async with database.writing() as session:
                await state.put(session, "small", "x")
                await state.put(session, "large", "x" * 1_000_000)

        with pytest.raises(DatabaseFull):
            await fill()
        async with database.writing() as session:
            assert await state.get(session, "small") is None
            await session.execute(text("PRAGMA max_page_count=1000000"))
            await state.put(session, "large", "x" * 1_000_000)


async def test_a_database_opened_for_reading_refuses_to_write(sqlite_url: str) -> None:
    async with Database.open(sqlite_url) as writer, Database.open(sqlite_url, read_only=True) as reader:
        async with writer.writing() as session:
            await state.put(session, "commands", "abc")
        async with reader.reading() as session:
            assert await state.get(session, "commands") == "abc"
        with pytest.raises(ReadOnlyDatabase):
            async with reader.writing():
                pass
        with pytest.raises(ReadOnlyDatabase):
            async with reader.migrating():
                pass


@pytest.mark.parametrize(
    ("url", "scheme"),
    [
        ("mysql+aiomysql://localhost/atelier", "mysql+aiomysql"),
        ("sqlite:///atelier.db", "sqlite"),
        ("sqlite+aiosqlite://", "sqlite :memory:"),
        ("sqlite+aiosqlite:///:memory:", "sqlite :memory:"),
        ("somewhere://me:secret@host", "somewhere"),
        ("no address", "no address"),
    ],
)
async def test_an_address_that_cannot_serve_is_named_by_its_scheme_alone(url: str, scheme: str) -> None:
    with pytest.raises(UnsupportedDatabase) as refused:
        async with Database.open(url):
            pass
    assert refused.value.scheme == scheme
    assert "secret" not in str(refused.value)


async def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailable):
        async with Database.open(default_url(tmp_path / "nowhere")):
            pass
    assert not (tmp_path / "nowhere").exists()


async def test_a_server_that_is_not_there_is_told_without_its_password() -> None:
    with pytest.raises(DatabaseUnavailable) as refused:
        async with Database.open("postgresql+asyncpg://me:secret@127.0.0.1:9/atelier"):
            pass
    assert "secret" not in str(refused.value)


async def test_a_file_that_is_no_database_is_told_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "atelier.db"
    file.write_bytes(b"dear diary, " * 500)
    with pytest.raises(DatabaseDamaged) as refused:
        async with Database.open(default_url(tmp_path)):
            pass
    assert refused.value.path == file
    assert file.read_bytes() == b"dear diary, " * 500
