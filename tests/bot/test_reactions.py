"""Reactions: who gets pictures by an envelope and ends things by a cross, and who is passed over in silence."""

from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import delete

from bot import reactions
from db import images, models, sanctions, users
from db.models import SanctionKind
from tests.bot.court import guild_of
from tests.bot.studio import Json, Running, custom_ids
from tests.bot.test_rights import AUTHOR, MEMBER, MODERATOR, arrange

ENVELOPE, CROSS = "✉️", "❌"
TAKEN = {
    "private": {AUTHOR, MODERATOR, MEMBER},
    "guild": {AUTHOR, MODERATOR, MEMBER},
    "public": {AUTHOR, MODERATOR, MEMBER},
    "hidden": {AUTHOR, MODERATOR},
    "unsure": {AUTHOR, MODERATOR},
    "deleted": set[str](),
    "restricted": set[str](),
    "foreign private": {AUTHOR},
    "foreign guild": {AUTHOR},
    "foreign public": {AUTHOR, MODERATOR, MEMBER},
}
"""Who gets a picture in which state, asked for outside age-restricted channels."""
Reacts = Callable[[Running, str, Json, str], Awaitable[None]]


@pytest.fixture
def react(monkeypatch: pytest.MonkeyPatch) -> Reacts:
    """Puts a reaction on a message for a moment, until the bot is done with it."""
    done: list[int] = []
    original = reactions.added

    async def added(studio: object, payload: object) -> None:
        try:
            await original(studio, payload)  # type: ignore[arg-type]
        finally:
            done.append(1)

    async def react(bot: Running, who: str, message: Json, mark: str) -> None:
        count = len(done)
        await bot.pg.person(who).react(message, mark)
        await bot.pg.wait_for(lambda: len(done) > count)
        await bot.pg.person(who).unreact(message, mark)

    monkeypatch.setattr(reactions, "added", added)
    return react


def sent(bot: Running, who: str) -> int:
    """How many messages the bot has written to a person."""
    return len(bot.pg.messages(bot.pg.person(who).dm()))


async def test_reactions_send_the_pictures_apart_and_delete_them(bot: Running) -> None:
    card = await bot.imagine("Ben", count=2, steps=1, seed=5)
    cleo, ben = bot.pg.person("Cleo"), bot.pg.person("Ben")
    await cleo.react(card, "✉️")
    await bot.pg.wait_for(lambda: len(bot.pg.messages(cleo.dm())) == 2)
    sent = bot.pg.messages(cleo.dm())
    assert ["seed 5" in sent[0]["content"], "seed 6" in sent[1]["content"]] == [True, True]
    assert all("job 1" in one["content"] and len(one["attachments"]) == 1 for one in sent)
    bot.engine.hold()
    waiting = (await ben.slash("studio", "imagine", prompt="a cat", steps=5)).message
    assert waiting is not None
    await cleo.react(waiting, "❌")
    await ben.react(waiting, "❌")
    await bot.pg.wait_for(lambda: waiting["content"].endswith(("Stopping", "Cancelled")))
    bot.engine.release()
    await bot.pg.wait_for(lambda: waiting["content"].endswith("Cancelled"))
    await cleo.react(card, "❌")
    await ben.react(card, "❌")
    await bot.pg.wait_for(lambda: card["id"] not in [one["id"] for one in bot.pg.messages("studio")])
    assert list(bot.storage.folder.glob("*/*.png")) == []


async def test_an_envelope_brings_what_the_table_of_rights_allows(bot: Running, react: Reacts) -> None:
    card = await bot.imagine(AUTHOR, count=1, steps=1)
    found = {}
    for state in TAKEN:
        await arrange(bot, state)
        found[state] = set[str]()
        for who in (AUTHOR, MODERATOR, MEMBER):
            before = sent(bot, who)
            await react(bot, who, card, ENVELOPE)
            if sent(bot, who) > before:
                found[state].add(who)
    assert found == TAKEN


async def test_a_withheld_card_gives_its_pictures_to_nobody_but_those_who_may_look(bot: Running, react: Reacts) -> None:
    card = await bot.imagine("Ben", count=2, steps=1)
    single = (await bot.pg.person("Cleo").click(card, "U1")).message
    assert single is not None
    await bot.pg.wait_for(lambda: single["attachments"])
    async with bot.database.writing() as session:
        await images.withhold(session, 1)
    bot.studio.delivery.redraw(await bot.job(1))
    await bot.pg.wait_for(lambda: "a:look:1" in custom_ids(card))
    await react(bot, "Cleo", single, ENVELOPE)
    assert sent(bot, "Cleo") == 0
    await react(bot, "Cleo", card, ENVELOPE)
    assert sent(bot, "Cleo") == 1
    await react(bot, "Ben", card, ENVELOPE)
    assert sent(bot, "Ben") == 2


async def test_an_envelope_in_an_age_restricted_channel_brings_its_pictures(bot: Running, react: Reacts) -> None:
    card = await bot.imagine("Ben", "after-dark", count=1, steps=1)
    await react(bot, "Cleo", card, ENVELOPE)
    assert sent(bot, "Cleo") == 1


async def test_who_is_shut_out_reacts_in_vain(bot: Running, react: Reacts) -> None:
    card = await bot.imagine("Ben", count=1, steps=1)
    ben, moderator = int(bot.pg.person("Ben").id), int(bot.pg.person("Ada").id)
    async with bot.database.writing() as session:
        await users.touch(session, moderator, "Ada")
        await sanctions.put(session, int(guild_of(bot)), ben, SanctionKind.BAN, by_id=moderator, reason="spam")
    await react(bot, "Ben", card, ENVELOPE)
    await react(bot, "Ben", card, CROSS)
    assert sent(bot, "Ben") == 0
    assert card["attachments"]
    async with bot.database.writing() as session:
        await session.execute(delete(models.Sanction))
    await react(bot, "Ben", card, ENVELOPE)
    assert sent(bot, "Ben") == 1


async def test_a_reaction_that_a_stop_overtakes_is_no_error(
    bot: Running, react: Reacts, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def shown_by(*_: object) -> None:
        raise RuntimeError("Session is closed")

    card = await bot.imagine("Ben", count=1, steps=1)
    monkeypatch.setattr("bot.recognition.shown_by", shown_by)
    await react(bot, "Ben", card, CROSS)
    assert [record for record in caplog.records if record.levelname in ("ERROR", "CRITICAL")] == []
