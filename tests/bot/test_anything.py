"""Any text into `/imagine` ends in a card or in words, never in an unhandled exception, and pings nobody."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playground import Person
from tests.bot.studio import Running, running, world

PARTS = st.sampled_from(
    [
        "--ar",
        "--seed",
        "--steps",
        "--no",
        "--repeat 3",
        "--model",
        "—guidance",
        "--seed=",
        "16:9",
        "0:0",
        "-1",
        "99999999999999999999",
        "nan",
        "²",
        "@everyone",
        "@here",
        "<@{}>",
        "<@&{}>",
        "**",
        "||",
        "```",
        "[x](https://example.com)",
        "discord.gg/abc",
        "\\",
        "\u202e",
        "\x00",
        "\u200d",
        "👩‍👩‍👧‍👦",
        "a red house",
    ]
)
TEXTS = st.lists(PARTS | st.text(max_size=30), min_size=1, max_size=12).map(" ".join) | st.text(
    min_size=1, max_size=6000
)


@asynccontextmanager
async def serving(folder: Path, url: str) -> AsyncIterator[Running]:
    """A bot with a short queue for each person and a long one for all."""
    queue = {"waiting_per_person": 5, "waiting_total": 100_000}
    async with (
        world() as pg,
        running(folder, url, pg=pg, document={"queue": queue}) as bot,
    ):
        yield bot


def test_any_text_is_answered_and_pings_nobody(
    tmp_path: Path, sqlite_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    with asyncio.Runner() as runner:
        # One bot for all examples: each interaction is independent, and starting one takes a second.
        opened = serving(tmp_path, sqlite_url)
        bot = runner.run(opened.__aenter__())
        people = [bot.pg.person(name) for name in ("Ada", "Ben", "Cleo", "Dan")]

        @settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
        @given(TEXTS, st.sampled_from(people))
        def check(text: str, person: Person) -> None:
            text = text.replace("{}", people[1].id)[:6000]
            runner.run(answered(bot, person, text))

        try:
            check()
            assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []
            bot.was_polite()
        finally:
            runner.run(opened.__aexit__(None, None, None))


async def answered(bot: Running, person: Person, text: str) -> None:
    asked = await person.slash("studio", "imagine", prompt=text, count=1, steps=1)
    assert asked.state == "done", asked.reason
    assert asked.message is not None
    said = asked.message["content"]
    assert "Something broke" not in said
    assert 0 < len(said) <= 2000
    assert not any(asked.message["_pings"].values())
