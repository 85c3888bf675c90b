"""Databases for tests: migrated once by alembic, then copied for each test. Starts a private PostgreSQL where there is
one installed; it listens on a socket in a temporary folder only."""

import asyncio
import getpass
import os
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg

import migrations
from db.database import Database
from db.models import metadata

SERVER_USER = "postgres"  # initdb refuses to run as root
TEMPLATE = "atelier_template"
# Ten times quicker than a new database for each test, and no gigabyte of copies at the end.
RESET = f"""
    TRUNCATE {", ".join(table for table in (*metadata.tables, "search") if table != "queue")} RESTART IDENTITY;
    DELETE FROM queue;
    INSERT INTO queue (id) VALUES (1);
    UPDATE alembic_version SET version_num = '{migrations.head()}';
"""
_numbers = count()


def migrated(url: str) -> None:
    """Bring an empty database to the head, from any thread and beside any loop."""

    async def upgrade() -> None:
        async with Database.open(url) as database:
            await migrations.upgrade(database)

    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, upgrade()).result()


@dataclass(frozen=True)
class Postgres:
    """A running cluster with one migrated database to copy."""

    folder: Path

    def url(self, name: str) -> str:
        return f"postgresql+asyncpg://{SERVER_USER}@/{name}?host={self.folder}"

    async def execute(self, statement: str, *, database: str = "postgres") -> None:
        connection = await asyncpg.connect(host=str(self.folder), user=SERVER_USER, database=database)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    async def empty(self) -> str:
        """The address of a new database without tables."""
        name = f"atelier_{next(_numbers)}"
        await self.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    async def clean(self) -> str:
        """The address of the one database at the head that tests use in turn, without rows."""
        name = "atelier_clean"
        try:
            await self.execute(RESET, database=name)
        except asyncpg.InvalidCatalogNameError:
            await self.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        return self.url(name)

    async def copy(self) -> str:
        """The address of a new database at the head, without rows."""
        name = f"atelier_{next(_numbers)}"
        # FILE_COPY takes a checkpoint each time; the template is small enough to go through the log.
        await self.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY WAL_LOG")
        return self.url(name)


def postgres_programs() -> Path | None:
    """The folder of the newest installed server's programs."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


@contextmanager
def postgres(programs: Path, *, durable: bool = False) -> Iterator[Postgres]:
    """Run a cluster for as long as the block lasts; `durable` makes it wait for the disk, as a real one does."""
    # Sockets have short names, so this cannot be pytest's own deep folder.
    with TemporaryDirectory(prefix="atelier-pg-") as made:
        folder = Path(made)
        if os.geteuid() == 0:
            shutil.chown(folder, SERVER_USER)
            prefix = ["runuser", "-u", SERVER_USER, "--"]
        else:
            prefix = []

        def run(program: str, *arguments: str) -> None:
            # The server inherits the pipes of pg_ctl, so reading them to the end would wait for the server's end.
            with (folder / f"{program}.out").open("ab") as output:
                subprocess.run(
                    [*prefix, str(programs / program), *arguments], check=True, cwd=folder, stdout=output, stderr=output
                )

        data = str(folder / "data")
        run("initdb", "-D", data, "-U", SERVER_USER, "-A", "trust", "-E", "UTF8", "--no-sync", "--no-locale")
        quick = "" if durable else "-c fsync=off -c full_page_writes=off -c synchronous_commit=off"
        options = f"-k {folder} -c listen_addresses='' -c max_connections=60 {quick}"
        run("pg_ctl", "-D", data, "-o", options, "-l", str(folder / "server.log"), "-w", "start")
        try:
            server = Postgres(folder)
            with ThreadPoolExecutor(1) as thread:
                thread.submit(asyncio.run, server.execute(f"CREATE DATABASE {TEMPLATE}")).result()
            migrated(server.url(TEMPLATE))
            yield server
        finally:
            run("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")


def can_run_postgres() -> str | None:
    """Why PostgreSQL cannot be tested here; None when it can."""
    if postgres_programs() is None:
        return "no PostgreSQL server is installed"
    if os.geteuid() == 0 and shutil.which("runuser") is None:
        return f"PostgreSQL does not run as {getpass.getuser()} and there is no runuser"
    return None
