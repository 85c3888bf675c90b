"""The connections: one that writes and several that read on SQLite, a pool on PostgreSQL. Knows no table.

On SQLite every `writing()` session uses the same connection, one after another: two connections that write or
checkpoint at the same moment can corrupt a WAL database (SQLite 3.7.0 to 3.51.2). The others are `query_only`.
`synchronous=FULL`, because a person who was told "accepted" must find the job again after a power cut. Errors come
without the values of their statements, which are people's words and end in logs.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any, Literal, Self
from weakref import WeakSet

from sqlalchemy import Connection, ExceptionContext, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, EmulatedDBAPIException, NoSuchModuleError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import NullPool

from db.errors import DatabaseDamaged, DatabaseFull, DatabaseUnavailable, ReadOnlyDatabase, UnsupportedDatabase

FILE_NAME = "atelier.db"
READERS = 4
CONNECTIONS = 15
"""Of one process to PostgreSQL, which allows a hundred unless told otherwise."""

Role = Literal["writer", "reader", "migrator"]


def default_url(folder: Path) -> str:
    """The address of the SQLite file in a storage folder."""
    return URL.create("sqlite+aiosqlite", database=str(folder / FILE_NAME)).render_as_string(hide_password=False)


class Database:
    """Where sessions come from. Open it with `async with Database.open(url) as database`."""

    def __init__(self, url: URL, *, read_only: bool = False) -> None:
        self.url = url
        self.is_sqlite = url.get_backend_name() == "sqlite"
        self.read_only = read_only
        self._turnstile = asyncio.Lock()
        if self.is_sqlite:
            self._writer = _sqlite(url, "writer", pool_size=1, max_overflow=0)
            self._reader = _sqlite(url, "reader", pool_size=READERS, max_overflow=0)
        else:
            self._writer = _postgres(url)
            self._reader = self._writer.execution_options(postgresql_readonly=True)
        self._writing = async_sessionmaker(self._writer, expire_on_commit=False)
        self._reading = async_sessionmaker(self._reader, expire_on_commit=False)

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str | URL, *, read_only: bool = False) -> AsyncIterator[Self]:
        """Connect to `sqlite+aiosqlite:///FILE` or `postgresql+asyncpg://...`; a missing SQLite file is made.

        With `read_only`, for a process beside the one that writes, `writing()` is refused.
        Raises `UnsupportedDatabase`, `DatabaseUnavailable`, `DatabaseDamaged`.
        """
        database = cls(_checked(url), read_only=read_only)
        # aiosqlite does not wait for the thread of a connection that never opened; it may outlive the loop.
        if database.is_sqlite and not (folder := Path(database.url.database or "").parent).is_dir():
            raise DatabaseUnavailable("FileNotFoundError") from FileNotFoundError(str(folder))
        try:
            async with database.reading() if read_only else database.writing() as session:
                await session.connection()
            await database._open_readers()
        except (DBAPIError, OSError) as error:
            await database.close()
            raise _opening_error(database.url, error) from error
        try:
            yield database
        finally:
            await database.close()

    async def _open_readers(self) -> None:
        """All of them now: the driver never closes a connection whose opening was cancelled, as at a stop."""
        if self.is_sqlite:
            async with AsyncExitStack() as opened:
                for _ in range(READERS):
                    await opened.enter_async_context(self._reader.connect())

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        """One transaction that may write: commits at the end, rolls back on an error. On SQLite one at a time.

        Raises `ReadOnlyDatabase`, `DatabaseFull`.
        """
        if self.read_only:
            raise ReadOnlyDatabase
        # The lock keeps the order of arrival and, unlike the pool of one, has no time limit.
        turn = self._turnstile if self.is_sqlite else nullcontext()
        try:
            async with turn, self._writing.begin() as session:
                yield session
        except DBAPIError as error:
            if _is_full(error):
                raise DatabaseFull from error
            raise

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """One transaction that sees a single moment on SQLite and cannot write on either database."""
        async with self._reading.begin() as session:
            yield session

    @asynccontextmanager
    async def migrating(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that may rebuild tables: on SQLite without foreign keys, and while nobody else writes."""
        if self.read_only:
            raise ReadOnlyDatabase
        if not self.is_sqlite:
            async with self._writer.begin() as connection:
                yield connection
            return
        async with self._turnstile:
            # The writer's own connection would be a second one that checkpoints.
            await self._writer.dispose()
            migrator = _sqlite(self.url, "migrator", poolclass=NullPool)
            try:
                async with migrator.begin() as connection:
                    yield connection
            finally:
                await migrator.dispose()

    async def settle(self) -> None:
        """Fold SQLite's log into the file and empty it, so that it holds no older text; waits for readers a moment."""
        if not self.is_sqlite:
            return
        async with self._turnstile, self._writer.connect() as connection:
            driver = (await connection.get_raw_connection()).driver_connection
            assert driver is not None
            await driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    async def close(self) -> None:
        """Readers first: the last connection to close folds the WAL into the file, and that must be the writer."""
        await self._reader.dispose()
        await self._writer.dispose()


def _is_full(error: DBAPIError) -> bool:
    # asyncpg carries the SQLSTATE, sqlite3 its own code.
    code = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "sqlite_errorcode", None)
    return code in ("53100", sqlite3.SQLITE_FULL)


def _opening_error(url: URL, error: DBAPIError | OSError) -> Exception:
    cause = error.orig if isinstance(error, DBAPIError) else error
    if getattr(cause, "sqlite_errorcode", None) in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        return DatabaseDamaged(Path(url.database or ""), str(cause))
    return DatabaseUnavailable(type(cause).__name__)


def _checked(url: str | URL) -> URL:
    try:
        parsed = make_url(url)
        parsed.get_dialect()
    except (ArgumentError, NoSuchModuleError, ImportError):
        raise UnsupportedDatabase(str(url).partition("://")[0]) from None
    if parsed.drivername not in ("sqlite+aiosqlite", "postgresql+asyncpg"):
        raise UnsupportedDatabase(parsed.drivername)
    # In memory every connection would be a database of its own.
    if parsed.drivername == "sqlite+aiosqlite" and (parsed.database or ":memory:") == ":memory:":
        raise UnsupportedDatabase("sqlite :memory:")
    return parsed


def _postgres(url: URL) -> AsyncEngine:
    # As many as a burst needs, kept: opening one takes longer than most transactions.
    engine = create_async_engine(url, pool_pre_ping=True, pool_size=CONNECTIONS, max_overflow=0, hide_parameters=True)

    # The server quotes the row that it refuses, its driver the value that it cannot send: only names are kept of both.
    @event.listens_for(engine.sync_engine, "handle_error")
    def handle_error(context: ExceptionContext) -> None:
        refused, raised = context.original_exception, context.sqlalchemy_exception
        if raised is None or not isinstance(refused, EmulatedDBAPIException):
            return
        cause = refused.driver_exception
        known = (getattr(cause, name, None) for name in ("sqlstate", "table_name", "column_name", "constraint_name"))
        refused.args = raised.args = (" ".join([type(cause).__name__, *(name for name in known if name)]),)
        refused.__cause__ = None

    return engine


class _Connection(sqlite3.Connection):
    """Ends its statements when it is closed.

    SQLite keeps a closed connection's transaction, and with it everybody's lock, as long as a statement has rows left
    (https://www.sqlite.org/c3ref/close.html). A cancelled one has, until the error that names its cursor is forgotten.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._cursors: WeakSet[sqlite3.Cursor] = WeakSet()

    def cursor(self, *args: Any, **kwargs: Any) -> Any:
        cursor = super().cursor(*args, **kwargs)
        self._cursors.add(cursor)
        return cursor

    def close(self) -> None:
        while self._cursors:
            self._cursors.pop().close()
        super().close()


def _sqlite(url: URL, role: Role, **pool: Any) -> AsyncEngine:
    engine = create_async_engine(url, hide_parameters=True, connect_args={"factory": _Connection}, **pool)
    pragmas = {
        # Deleted text is overwritten: whoever asks to be forgotten is not to be found in the file's free pages.
        "writer": ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"),
        "reader": ("query_only=ON", "foreign_keys=ON"),
        "migrator": ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=OFF"),
    }[role]

    # The driver would begin transactions late and its own way; here SQLAlchemy's "begin" is the only one.
    @event.listens_for(engine.sync_engine, "connect")
    def connect(connection: Any, record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("busy_timeout=10000", *pragmas):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN" if role == "reader" else "BEGIN IMMEDIATE")

    return engine
