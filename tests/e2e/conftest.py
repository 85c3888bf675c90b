"""The real bot as a process of its own, in a playground, and what its rows say from outside."""

import contextlib
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from playground import Playground

Json = dict[str, Any]


class Rows:
    """The bot's database, read from beside it."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "storage" / "atelier.db"

    def __call__(self, query: str, *values: object) -> list[Any]:
        with contextlib.closing(sqlite3.connect(f"file:{self._file}?mode=ro", uri=True)) as database:
            return database.execute(query, values).fetchall()

    def undelivered(self) -> int:
        return self("SELECT count(*) FROM jobs WHERE delivered_at IS NULL")[0][0]


@pytest.fixture
def rows(tmp_path: Path) -> Rows:
    return Rows(tmp_path)


@pytest.fixture
async def pg() -> AsyncIterator[Playground]:
    """With rate limits as Discord has them."""
    async with Playground() as made:
        yield made
