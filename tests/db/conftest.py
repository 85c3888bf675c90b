"""Every test here that asks for `database` runs twice: on a SQLite file and on a real PostgreSQL."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from db.database import Database, default_url
from tests import databases

KINDS = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(scope="session")
def postgres() -> Iterator[databases.Postgres]:
    """A private cluster for the session."""
    if (reason := databases.can_run_postgres()) is not None:
        pytest.skip(reason)
    programs = databases.postgres_programs()
    assert programs is not None
    with databases.postgres(programs) as server:
        yield server


@pytest.fixture(params=KINDS)
async def url(request: pytest.FixtureRequest) -> str:
    """The address of this test's own database, at the head."""
    if request.param == "sqlite":
        return request.getfixturevalue("sqlite_url")
    server: databases.Postgres = request.getfixturevalue("postgres")
    return await server.clean()


@pytest.fixture(params=KINDS)
async def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without tables."""
    if request.param == "sqlite":
        return default_url(tmp_path)
    server: databases.Postgres = request.getfixturevalue("postgres")
    return await server.empty()


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    async with Database.open(url) as opened:
        yield opened
