"""Sanctions by button: what may follow what, and how a person who could not be told learns of a way to appeal."""

import asyncio

from db import sanctions
from db.models import SanctionKind
from tests.bot.court import REASON, desk_card, forge, guild_of, labels_of, report, shared, submit, text_of
from tests.bot.studio import Json, Running, private_words


async def held(bot: Running) -> list[SanctionKind]:
    async with bot.database.reading() as session:
        found = await sanctions.of(session, int(guild_of(bot)), int(bot.pg.person("Ben").id))
    return [one.kind for one in found]


async def test_who_is_timed_out_can_be_banned_but_not_timed_out_again(court: Running) -> None:
    await shared(court)
    await report(court)
    card = await desk_card(court)
    ada = court.pg.person("Ada")
    for label in ("Time-out 24 h", "Time-out 24 h", "Ban", "Ban"):
        before = text_of(card)
        await ada.click(card, label)
        told = before  # the card of a refused press is drawn again as it was
        await court.pg.wait_for(
            lambda told=told: text_of(card) != told or "decided this already" in ada.messages("general")[-1]["content"]
        )
    assert await held(court) == [SanctionKind.BAN, SanctionKind.TIMEOUT]


async def test_a_warning_that_two_moderators_give_from_one_card_is_one_strike(court: Running) -> None:
    await shared(court)
    await report(court)
    card = await desk_card(court)
    await asyncio.gather(*(court.pg.person(name).click(card, "Warn") for name in ("Ada", "Dan")))

    def told() -> list[Json]:
        return [one for one in court.pg.messages("general") if "decided this already" in one["content"]]

    await court.pg.wait_for(lambda: len(told()) == 1 and "Warn" not in labels_of(card))
    assert await held(court) == [SanctionKind.WARNING]
    assert "1 of 3 strikes" in text_of(card)
    await forge(court, "Dan", card, "a:mod:warn:1")
    await court.pg.wait_for(lambda: len(told()) == 2)
    assert await held(court) == [SanctionKind.WARNING]


async def test_a_report_whose_person_was_forgotten_is_still_a_report(court: Running) -> None:
    await shared(court)
    await report(court, "Cleo")
    card = await desk_card(court)
    cleo = court.pg.person("Cleo")
    done = await submit(court, "Cleo", await cleo.slash("studio", "privacy delete"), "delete everything")
    await court.pg.wait_for(lambda: bool(done.message and "Deleted" in private_words(done)))
    await court.pg.wait_for(lambda: REASON not in text_of(card))
    await court.pg.person("Dan").click(card, "Hide")
    await court.pg.wait_for(lambda: "hid the picture" in text_of(card))
    assert "Reported picture" in text_of(card)
    assert "1 report" in text_of(card)
    assert "Restore" in labels_of(card)


async def test_who_could_not_be_told_of_a_ban_appeals_where_it_is_met(court: Running) -> None:
    """Direct messages are closed, or the process died before it sent one."""
    court.expected_refusals.add(50007)
    ada, ben = court.pg.person("Ada"), court.pg.person("Ben")
    ben.close_dms()
    await ada.slash("studio", "admin ban", person=ben.id, reason="spam")
    met = await ben.slash("studio", "imagine", prompt="a red house")
    assert "shut you out" in private_words(met)
    assert met.message is not None
    assert labels_of(met.message) == ["Appeal"]
    asked = await ben.click(met.message, "Appeal")
    assert "have your words" in private_words(await submit(court, "Ben", asked, "It was a misunderstanding"))
    assert "misunderstanding" in text_of(await desk_card(court, "a:plea:"))
    again = await ben.slash("studio", "imagine", prompt="a red house")
    assert again.message is not None
    assert labels_of(again.message) == []
