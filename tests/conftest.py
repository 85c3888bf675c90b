"""What several folders of tests share: a migrated database; log lines set up by one test are so for that one only."""

import logging
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot import log
from db.database import Database, default_url
from tests.databases import migrated


@pytest.fixture(autouse=True)
def _logging_restored(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """`bot.log.setup` is for the whole process; put back what it changes."""
    monkeypatch.setenv("TRANSFORMERS_VERBOSITY", "error")
    loggers = [logging.getLogger(name) for name in (None, "discord", *log.OURS)]
    handlers, levels = list(loggers[0].handlers), [logger.level for logger in loggers]
    yield
    loggers[0].handlers[:] = handlers
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file at the head, without rows; copy it, never open it."""
    folder = tmp_path_factory.mktemp("template")
    migrated(default_url(folder))
    return folder / "atelier.db"


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The address of this test's own file, at the head."""
    shutil.copyfile(sqlite_template, tmp_path / "atelier.db")
    return default_url(tmp_path)


@pytest.fixture
async def database(sqlite_url: str) -> AsyncIterator[Database]:
    """This test's own database, open: SQLite here, both kinds under tests/db."""
    async with Database.open(sqlite_url) as opened:
        yield opened
