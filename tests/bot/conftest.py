"""The whole bot in this process: real client, real rows, real files, over sockets to the playground; fake engine."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from playground import permissions
from tests.bot.court import give_role, guild_of
from tests.bot.studio import Running, private_words, running


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """First answers wait for rows, however busy the machine is; tests of a slow disk set this themselves."""
    monkeypatch.setattr("bot.answering.PATIENCE", 60.0)


@pytest.fixture
async def bot(tmp_path: Path, sqlite_url: str) -> AsyncIterator[Running]:
    """A playground with the bot in it, ready to serve; nobody may be pinged and nothing refused in the whole test."""
    async with running(tmp_path, sqlite_url) as started:
        yield started
        started.was_polite()


@pytest.fixture
async def court(bot: Running) -> Running:
    """A server with a channel for reports, and Dan who may delete messages but neither ban nor manage."""
    bot.pg.set_roles(guild_of(bot), bot.pg.person("Dan").id, [give_role(bot, "Helper", permissions.MANAGE_MESSAGES)])
    told = await bot.pg.person("Ada").slash("general", "admin channel", use="reports")
    assert "Reports" in private_words(told)
    return bot
