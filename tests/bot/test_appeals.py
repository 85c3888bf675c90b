"""An appeal: its card comes whatever happens to the process or the channel, and it is decided once."""

from pathlib import Path
from typing import Any

import pytest

from db import sanctions, users
from db.models import Sanction, SanctionKind
from playground import Playground, permissions
from tests.bot.court import desk_card, guild_of, ids_of, labels_of, submit, text_of
from tests.bot.studio import Json, Running, private_words, running, world

WORDS = "It was a misunderstanding"


def cards(pg: Playground) -> list[Json]:
    return [one for one in pg.messages("general") if any(id_.startswith("a:plea:") for id_ in ids_of(one))]


async def banned(bot: Running) -> Json:
    """Ben is shut out; the message that tells him, with a button to appeal."""
    ada, ben = bot.pg.person("Ada"), bot.pg.person("Ben")
    await ada.slash("studio", "admin ban", person=ben.id, reason="spam")
    await bot.pg.wait_for(lambda: bool(bot.pg.messages(ben.dm())))
    return bot.pg.messages(ben.dm())[-1]


async def appeal(bot: Running, notice: Json) -> str:
    asked = await bot.pg.person("Ben").click(notice, "Appeal")
    return private_words(await submit(bot, "Ben", asked, WORDS))


async def forgotten(bot: Running) -> None:
    """`/privacy delete`, which those who are shut out may use as well."""
    ben = bot.pg.person("Ben")
    done = await submit(bot, "Ben", await ben.slash("studio", "privacy delete"), "delete everything")
    await bot.pg.wait_for(lambda: bool(done.message and "Deleted" in done.message["content"]))


async def sanction(bot: Running) -> Sanction:
    async with bot.database.reading() as session:
        found = await sanctions.get(session, 1)
    assert found is not None
    return found


async def test_an_appeal_whose_card_was_lost_gets_one_after_a_restart(tmp_path: Path, sqlite_url: str) -> None:
    async with world() as pg:
        async with running(tmp_path, sqlite_url, pg=pg) as bot:
            await pg.person("Ada").slash("general", "admin channel", use="reports")
        async with running(tmp_path, sqlite_url, pg=pg) as bot:
            guild_id, ada, ben = int(guild_of(bot)), int(pg.person("Ada").id), int(pg.person("Ben").id)
            async with bot.database.writing() as session:
                await users.touch(session, ben, "Ben")
                made = await sanctions.put(session, guild_id, ben, SanctionKind.BAN, by_id=ada, reason="")
                await sanctions.appeal(session, made.id, WORDS)
        async with running(tmp_path, sqlite_url, pg=pg) as bot:
            card = await desk_card(bot, "a:plea:")
            assert WORDS in text_of(card)
        async with running(tmp_path, sqlite_url, pg=pg) as bot:
            assert len(cards(pg)) == 1
            await pg.person("Ada").click(card, "Lift")
            await pg.wait_for(lambda: not ids_of(card))
            assert (await sanction(bot)).lifted_at is not None


async def test_an_appeal_waits_for_a_channel_that_refuses_it(court: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.house.desk.REST", 0.0)
    court.expected_refusals |= {50001, 50013}
    notice = await banned(court)
    court.pg.overwrite("general", deny=permissions.SEND_MESSAGES)
    assert "have your words" in await appeal(court, notice)
    await court.pg.wait_for(lambda: bool(court.pg.refusals))
    assert cards(court.pg) == []
    court.pg.overwrite("general")
    assert WORDS in text_of(await desk_card(court, "a:plea:"))


async def test_who_is_forgotten_stays_banned_and_has_had_the_one_appeal(court: Running) -> None:
    notice = await banned(court)
    await appeal(court, notice)
    card = await desk_card(court, "a:plea:")
    await court.pg.person("Ada").click(card, "Keep")
    await court.pg.wait_for(lambda: "Kept" in text_of(card))
    await forgotten(court)
    found = await sanction(court)
    assert (found.reason, found.appeal, found.lifted_at) == ("", "", None)
    assert found.appeal_closed_at is not None
    ben = court.pg.person("Ben")
    assert "said so before" in private_words(await ben.click(notice, "Appeal"))
    assert "shut you out" in private_words(await ben.slash("studio", "imagine", prompt="again"))
    await court.pg.wait_for(lambda: all(WORDS not in text_of(one) for one in court.pg.messages("general")))


async def test_who_is_forgotten_while_an_appeal_waits_is_decided_on_without_the_words(court: Running) -> None:
    notice = await banned(court)
    await appeal(court, notice)
    first = await desk_card(court, "a:plea:")
    await forgotten(court)
    await court.pg.wait_for(lambda: cards(court.pg) and cards(court.pg)[-1] is not first and len(cards(court.pg)) == 1)
    card = await desk_card(court, "a:plea:")
    assert WORDS not in text_of(card)
    ben = court.pg.person("Ben")
    assert "said so before" in private_words(await ben.click(notice, "Appeal"))
    await court.pg.person("Ada").click(card, "Lift")
    await court.pg.wait_for(lambda: "Lifted" in text_of(card))
    assert (await sanction(court)).lifted_at is not None


async def test_a_ban_that_was_lifted_by_command_has_no_appeal_left_to_decide(court: Running) -> None:
    ada = court.pg.person("Ada")
    await appeal(court, await banned(court))
    card = await desk_card(court, "a:plea:")
    await ada.slash("studio", "admin unban", person=court.pg.person("Ben").id)
    before: list[Any] = court.pg.messages(court.pg.person("Ben").dm())
    await ada.click(card, "Keep")
    await court.pg.wait_for(lambda: "decided this already" in ada.messages("general")[-1]["content"])
    await court.pg.wait_for(lambda: "Lifted" in text_of(card) and not labels_of(card))
    assert court.pg.messages(court.pg.person("Ben").dm()) == before
