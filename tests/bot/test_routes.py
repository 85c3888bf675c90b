"""Where results go: threads, and places that the bot's own token does not reach."""

from pathlib import Path

import pytest

from bot.delivery import place
from db import guilds, jobs, pace, users
from db.jobs import NewJob, QueueLimits
from db.models import Route
from tests.bot.studio import Running, is_result, private_words, running, world


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bot is in none of the places it is asked in, as where only its commands were installed."""
    monkeypatch.setattr(place, "_reaches", lambda interaction: False)


async def test_a_thread_is_a_place_like_any_other(bot: Running) -> None:
    thread = await bot.pg.person("Ben").thread("studio", "houses")
    asked = await bot.pg.person("Ben").slash(thread, "imagine", prompt="a house", steps=1)
    assert asked.message is not None, asked.reason
    await bot.pictures(asked.message)
    (job,) = await bot.delivered(1)
    assert job.channel_id == int(thread["id"])


@pytest.mark.usefixtures("elsewhere")
async def test_where_the_bot_is_no_member_the_interactions_token_brings_the_result(bot: Running) -> None:
    asked = await bot.pg.person("Ben").slash("studio", "imagine", prompt="a house --repeat 2", count=1, steps=1)
    assert asked.message is not None
    made = await bot.delivered(2)
    assert [job.route for job in made] == [Route.TOKEN, Route.TOKEN]
    assert [is_result(message) for message in bot.pg.messages("studio")] == [True, True]


@pytest.mark.usefixtures("elsewhere")
async def test_a_token_that_a_restart_lost_leaves_the_direct_message(tmp_path: Path, sqlite_url: str) -> None:
    async with world() as pg:
        async with running(tmp_path, sqlite_url, pg=pg) as first:
            first.engine.hold()
            await pg.person("Ben").slash("studio", "imagine", prompt="a house", count=1, steps=1)
        async with running(tmp_path, sqlite_url, pg=pg) as second:
            await second.delivered(1)
            (message,) = pg.messages(pg.person("Ben").dm())
            assert is_result(message)
            second.was_polite()


@pytest.mark.usefixtures("elsewhere")
async def test_a_queue_longer_than_a_token_lives_is_told_and_goes_to_the_history(bot: Running) -> None:
    async with bot.database.writing() as session:
        await pace.record(session, "pocket", seconds=3600, work=1)
    asked = await bot.pg.person("Ben").slash("studio", "imagine", prompt="a house", count=1, steps=1)
    assert "/history" in private_words(asked)
    (job,) = await bot.delivered(1)
    assert job.route is Route.HISTORY
    shown = await bot.pg.person("Ben").slash("studio", "show", job=str(job.id))
    await bot.pg.wait_for(lambda: bool(shown.message and shown.message["attachments"]))


@pytest.mark.usefixtures("elsewhere")
async def test_what_a_paused_server_keeps_waiting_outlives_nobodys_token(bot: Running) -> None:
    eve, server = 7, 9
    async with bot.database.writing() as session:
        await pace.record(session, "pocket", seconds=60, work=1)
        await users.touch(session, eve, "Eve")
        await guilds.touch(session, server, "another server")
        await guilds.pause(session, server, paused=True)
        held = NewJob(
            interaction_id=1, author_id=eve, guild_id=server, channel_id=1, prompt="a house", request={}, work=100
        )
        await jobs.enqueue(session, held, QueueLimits(waiting_per_person=1, waiting_total=10))
    await bot.pg.person("Ben").slash("studio", "imagine", prompt="a house", count=1, steps=1)
    (job,) = await bot.delivered(1)
    assert job.route is Route.TOKEN
