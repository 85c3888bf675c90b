"""The whole bot in this process: real client, real rows, real files, over sockets to the playground; fake engine."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.bot.studio import Running, running


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """First answers wait for rows, however busy the machine is; test_imagine and test_sharing show a slow disk."""
    monkeypatch.setattr("bot.orders.PATIENCE", 60.0)
    monkeypatch.setattr("bot.ui.sharing.PATIENCE", 60.0)


@pytest.fixture
async def bot(tmp_path: Path, sqlite_url: str) -> AsyncIterator[Running]:
    """A playground with the bot in it, ready to serve; nobody may be pinged and nothing refused in the whole test."""
    async with running(tmp_path, sqlite_url) as started:
        yield started
        started.was_polite()
