"""A picture that is reported again after a decision, and reports that cannot be brought."""

import asyncio
from pathlib import Path

from db import guilds, reports, reviews, shares
from playground import permissions
from tests.bot.court import REASON, desk_card, guild_of, ids_of, labels_of, report, shared, submit, text_of, withheld
from tests.bot.studio import Json, Running, private_words, running, world
from tests.bot.test_privacy import deleted
from tests.db import people


def cards(bot: Running) -> list[Json]:
    return [one for one in bot.pg.messages("general") if ids_of(one)]


async def waiting(bot: Running) -> int:
    async with bot.database.reading() as session:
        return await reports.open_in(session, int(guild_of(bot)))


async def reported_again(bot: Running) -> tuple[Json, Json]:
    """Cleo reports, Dan finds nothing wrong, Ada reports: both cards."""
    await shared(bot)
    await report(bot, "Cleo")
    first = await desk_card(bot)
    await bot.pg.person("Dan").click(first, "Nothing wrong")
    await bot.pg.wait_for(lambda: "Nothing wrong" not in labels_of(first))
    await report(bot, "Ada")
    await bot.pg.wait_for(lambda: len(cards(bot)) == 2, what="no card for the second report")
    return first, cards(bot)[-1]


async def test_a_report_after_a_decision_gets_a_card_of_its_own_with_all_buttons(court: Running) -> None:
    first, second = await reported_again(court)
    assert labels_of(second) == ["Hide", "Nothing wrong", "Warn", "Time-out 24 h", "Ban"]
    assert "1 report" in text_of(second)
    assert "found nothing wrong" in text_of(second)
    assert "Nothing wrong" not in labels_of(first)
    assert await waiting(court) == 1
    await court.pg.person("Dan").click(second, "Nothing wrong")
    await court.pg.wait_for(lambda: "Nothing wrong" not in labels_of(second))
    assert await waiting(court) == 0
    assert len(cards(court)) == 2


async def test_a_decision_on_the_old_card_decides_the_new_report_too(court: Running) -> None:
    first, second = await reported_again(court)
    await court.pg.person("Dan").click(first, "Hide")
    await court.pg.wait_for(lambda: "Restore" in labels_of(first) and "Restore" in labels_of(second))
    assert "Nothing wrong" not in labels_of(second)
    assert await withheld(court)
    assert await waiting(court) == 0


async def test_a_hidden_picture_that_is_reported_again_can_be_kept_hidden_or_shown(court: Running) -> None:
    await shared(court)
    async with court.database.writing() as session:
        await shares.share(session, 1)
    await report(court, "Cleo")
    first = await desk_card(court)
    await court.pg.person("Dan").click(first, "Hide")
    await court.pg.wait_for(lambda: "Restore" in labels_of(first))
    await report(court, "Ada")
    await court.pg.wait_for(lambda: len(cards(court)) == 2, what="no card for the second report")
    second = cards(court)[-1]
    assert labels_of(second)[:3] == ["Restore", "Hide", "Nothing wrong"]
    await court.pg.person("Dan").click(second, "Hide")
    await court.pg.wait_for(lambda: "Hide" not in labels_of(second))
    assert await withheld(court)
    assert await waiting(court) == 0
    await report(court, "Dan")
    await court.pg.wait_for(lambda: len(cards(court)) == 3, what="no card for the third report")
    await court.pg.person("Dan").click(cards(court)[-1], "Nothing wrong")
    await court.pg.wait_for(lambda: "Restore" not in labels_of(second))
    assert not await withheld(court)
    async with court.database.reading() as session:
        share = await shares.of_image(session, 1)
    assert share is not None
    assert shares.is_listed(share)


async def test_a_press_that_comes_too_late_is_told_so_and_brings_the_card_up_to_date(court: Running) -> None:
    """As after a process that died between the decision and the card."""
    await shared(court)
    await report(court)
    card = await desk_card(court)
    async with court.database.writing() as session:
        await reports.close(session, 1)
    dan = court.pg.person("Dan")
    await dan.click(card, "Nothing wrong")
    await court.pg.wait_for(lambda: "Nothing wrong" not in labels_of(card))
    await court.pg.wait_for(lambda: "decided this already" in dan.messages("general")[-1]["content"])


async def test_a_server_without_a_channel_for_reports_holds_up_no_other_one(court: Running) -> None:
    ada = int(court.pg.person("Ada").id)
    async with court.database.writing() as session:
        await guilds.touch(session, 4242, "elsewhere")
        for _ in range(100):
            await reviews.put(session, [people.wish(ada, guild_id=4242)], word="war", limit=1000)
    await court.pg.person("Ada").slash("studio", "admin filter", ask="war")
    await court.pg.person("Ben").slash("studio", "imagine", prompt="war", steps=1, count=1)
    assert "war" in text_of(await desk_card(court, "a:word:"))


async def test_a_channel_that_refuses_a_card_is_left_alone_for_a_while(court: Running) -> None:
    """Discord shuts out a bot that is refused too often."""
    court.expected_refusals |= {50001, 50013}
    await court.pg.person("Ada").slash("studio", "admin filter", ask="war")
    court.pg.overwrite("general", deny=permissions.SEND_MESSAGES)
    for number in range(3):
        await court.pg.person("Ben").slash("studio", "imagine", prompt=f"war {number}", steps=1, count=1)
        court.studio.desk.wake()
        await asyncio.sleep(0.3)
    assert len(court.pg.refusals) == 1


async def test_what_moderators_see_of_a_person_goes_with_the_persons_data(court: Running) -> None:
    await shared(court)
    await report(court)
    await court.pg.person("Ada").slash("studio", "admin filter", ask="war")
    await court.pg.person("Ben").slash("studio", "imagine", prompt="war", steps=1, count=1)
    await desk_card(court, "a:word:")
    await desk_card(court)
    ben = court.pg.person("Ben")
    done = await submit(court, "Ben", await ben.slash("studio", "privacy delete"), "delete everything")
    await court.pg.wait_for(lambda: bool(done.message and "Deleted" in private_words(done)))
    await court.pg.wait_for(lambda: cards(court) == [])
    assert await waiting(court) == 0


async def test_the_words_of_who_is_forgotten_go_from_the_card_as_soon_as_it_can_be_reached(
    tmp_path: Path, sqlite_url: str
) -> None:
    async with world() as pg:
        async with running(tmp_path, sqlite_url, pg=pg) as bot:
            await pg.person("Ada").slash("general", "admin channel", use="reports")
            await shared(bot)
            await report(bot)
            card = await desk_card(bot)
            pg.overwrite("general", deny=permissions.VIEW_CHANNEL)
            await deleted(bot, "Cleo")
            await pg.wait_for(lambda: bool(pg.refusals))
            bot.studio.desk.wake()
            await asyncio.sleep(0.3)
            assert len(pg.refusals) == 1
        assert REASON in text_of(card)
        pg.overwrite("general")
        async with running(tmp_path, sqlite_url, pg=pg) as bot:
            await pg.wait_for(lambda: REASON not in text_of(card))
            assert "1 report" in text_of(card)
            assert card["attachments"]
            await pg.person("Ada").click(card, "Nothing wrong")
            await pg.wait_for(lambda: "found nothing wrong" in text_of(card))
