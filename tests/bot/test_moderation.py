"""Reports, held prompts, sanctions and appeals, from the button to the row, as everybody who may and may not."""

from pathlib import Path

from db import reports, sanctions
from playground import permissions
from tests.bot.court import (
    REASON,
    desk_card,
    forge,
    give_role,
    guild_of,
    ids_of,
    labels_of,
    report,
    shared,
    submit,
    text_of,
    withheld,
)
from tests.bot.studio import Running, private_words, running, world


async def test_a_report_comes_to_the_moderators_who_hide_and_restore_the_picture(court: Running) -> None:
    await shared(court)
    told = await report(court)
    assert "moderators will look" in private_words(told)
    card = await desk_card(court)
    assert "a red house" in text_of(card)
    assert REASON in text_of(card)
    assert card["attachments"]
    assert labels_of(card) == ["Hide", "Nothing wrong", "Warn", "Time-out 24 h", "Ban"]
    job_card = court.pg.messages("studio")[0]
    await court.pg.person("Dan").click(card, "Hide")
    assert await withheld(court)
    await court.pg.wait_for(lambda: "Restore" in labels_of(card) and "hid the picture" in text_of(card))
    await court.pg.wait_for(lambda: not job_card["attachments"])
    assert "to only its author" in job_card["content"]
    looked = await court.pg.person("Ben").click(job_card, "Look")
    await court.pg.wait_for(lambda: bool(looked.message and looked.message["attachments"]))
    assert looked.message is not None
    assert looked.message["_viewer"] == court.pg.person("Ben").id
    assert "may see this" in private_words(await court.pg.person("Cleo").click(job_card, "Look"))
    again = await forge(court, "Cleo", card, "a:vary:1:subtle")
    assert "has to look at this picture" in private_words(again)
    await court.pg.person("Dan").click(card, "Restore")
    await court.pg.wait_for(lambda: "Restore" not in labels_of(card))
    await court.pg.wait_for(lambda: bool(job_card["attachments"]))
    assert not await withheld(court)


async def test_one_person_reports_a_picture_once_and_all_reports_have_one_card(court: Running) -> None:
    await shared(court)
    await report(court)
    card = await desk_card(court)
    assert "You have said so before" in private_words(await report(court))
    await report(court, "Dan")
    await court.pg.wait_for(lambda: "2 reports" in text_of(card))
    assert len([one for one in court.pg.messages("general") if ids_of(one)]) == 1


async def test_without_a_channel_for_reports_the_person_is_told(bot: Running) -> None:
    await shared(bot)
    card = bot.pg.messages("studio")[-1]
    assert "no channel for reports" in private_words(await bot.pg.person("Cleo").click(card, "Report"))


async def test_warnings_add_up_to_a_time_out_and_every_one_can_be_appealed_once(court: Running) -> None:
    await shared(court)
    ben, dan = court.pg.person("Ben"), court.pg.person("Dan")
    for number, reporter in enumerate(("Cleo", "Dan", "Ada"), 1):
        await report(court, reporter)
        card = await court.pg.wait_for(
            lambda: next((one for one in court.pg.messages("general") if "Warn" in labels_of(one)), None)
        )
        assert card is not None
        await dan.click(card, "Warn")
        await court.pg.wait_for(
            lambda card=card, number=number: (f"{number} of 3 strikes" if number < 3 else "3 strikes") in text_of(card)
        )
        await dan.click(card, "Nothing wrong")
        await court.pg.wait_for(lambda card=card: "Nothing wrong" not in labels_of(card))
    await court.pg.wait_for(lambda: "a time-out until" in court.pg.messages(ben.dm())[-1]["content"])
    notices = court.pg.messages(ben.dm())
    assert "shut you out" in private_words(await ben.slash("studio", "imagine", prompt="again"))
    asked = await ben.click(notices[-1], "Appeal")
    assert "have your words" in private_words(await submit(court, "Ben", asked, "It was a misunderstanding"))
    assert "said so before" in private_words(await ben.click(notices[-1], "Appeal"))
    plea = await desk_card(court, "a:plea:")
    assert "a misunderstanding" in text_of(plea)
    await dan.click(plea, "Lift")
    await court.pg.wait_for(lambda: "Lifted" in text_of(plea) and not ids_of(plea))
    await court.pg.wait_for(lambda: "lifted it" in court.pg.messages(ben.dm())[-1]["content"])
    await court.imagine("Ben", steps=1, count=1)


async def test_strikes_grow_old(court: Running) -> None:
    from tests.db.people import NOON

    await shared(court)
    guild_id, ben = int(guild_of(court)), int(court.pg.person("Ben").id)
    async with court.database.writing() as session:
        for _ in range(2):
            await sanctions.warn(session, guild_id, ben, by_id=ben, reason="", now=NOON)
        assert await sanctions.strikes(session, guild_id, ben, now=NOON + sanctions.STRIKE_LIFE / 2) == 2
        assert await sanctions.strikes(session, guild_id, ben, now=NOON + sanctions.STRIKE_LIFE) == 0


async def test_a_prompt_that_moderators_are_asked_about_waits_for_their_word(court: Running) -> None:
    ada, ben = court.pg.person("Ada"), court.pg.person("Ben")
    await ada.slash("studio", "admin filter", ask="war")
    await ada.slash("studio", "admin quota", period="day", amount=10)
    told = await ben.slash("studio", "imagine", prompt="a w-a-r scene", steps=50, count=1)
    assert "A moderator looks at this prompt first" in private_words(told)
    card = await desk_card(court, "a:word:")
    assert "a w-a-r scene" in text_of(card)
    assert await court.jobs() == []
    await court.pg.person("Dan").click(card, "Allow")
    (job,) = await court.delivered(1)
    assert (job.prompt.startswith("a w-a-r scene"), job.cost, job.status.value) == (True, 4, "succeeded")
    assert "Allowed by" in text_of(card)
    await ben.slash("studio", "imagine", prompt="war", steps=1, count=1)
    second = await court.pg.wait_for(lambda: next((one for one in court.pg.messages("general") if ids_of(one)), None))
    assert second is not None
    await court.pg.person("Dan").click(second, "Refuse")
    await court.pg.wait_for(lambda: bool(court.pg.messages(ben.dm())))
    assert "refused this prompt" in court.pg.messages(ben.dm())[-1]["content"]
    assert len(await court.jobs()) == 1


async def test_held_prompts_count_as_waiting_so_that_nobody_floods_the_moderators(
    tmp_path: Path, sqlite_url: str
) -> None:
    async with running(tmp_path, sqlite_url, document={"queue": {"waiting_per_person": 2}}) as bot:
        ada, ben = bot.pg.person("Ada"), bot.pg.person("Ben")
        await ada.slash("general", "admin channel", use="reports")
        await ada.slash("studio", "admin filter", ask="war")
        told = [
            private_words(await ben.slash("studio", "imagine", prompt=f"war {number}", count=1)) for number in range(3)
        ]
        assert ["looks at this prompt first" in words for words in told] == [True, True, False]
        assert "may have 2 jobs waiting" in told[2]
        await bot.pg.person("Ada").click(await desk_card(bot, "a:word:"), "Refuse")
        again = private_words(await ben.slash("studio", "imagine", prompt="war 4", count=1))
        assert "looks at this prompt first" in again


async def test_the_desks_cards_come_and_work_after_a_restart(tmp_path: Path, sqlite_url: str) -> None:
    async with world() as pg:
        async with running(tmp_path, sqlite_url, pg=pg) as bot:
            await pg.person("Ada").slash("general", "admin channel", use="reports")
            await shared(bot)
            guild_id, cleo = int(guild_of(bot)), int(pg.person("Cleo").id)
            async with bot.database.writing() as session:
                from db import users

                await users.touch(session, cleo, "Cleo")
                await reports.put(session, guild_id, 1, reporter_id=cleo, reason=REASON)
        async with running(tmp_path, sqlite_url, pg=pg) as bot:
            card = await desk_card(bot)
            assert len([one for one in pg.messages("general") if ids_of(one)]) == 1
            await pg.person("Ada").click(card, "Nothing wrong")
            await pg.wait_for(lambda: "found nothing wrong" in text_of(card))
            assert not await withheld(bot)


PRESSES = {
    "hide": "manage_messages",
    "restore": "manage_messages",
    "dismiss": "manage_messages",
    "warn": "manage_messages",
    "timeout": "manage_messages",
    "ban": "ban_members",
}
ROLES = {
    "member": 0,
    "author": 0,
    "helper": permissions.MANAGE_MESSAGES,
    "bouncer": permissions.BAN_MEMBERS,
    "manager": permissions.MANAGE_GUILD,
    "both": permissions.MANAGE_MESSAGES | permissions.BAN_MEMBERS,
}
BITS = {"manage_messages": permissions.MANAGE_MESSAGES, "ban_members": permissions.BAN_MEMBERS}


async def test_who_may_press_what_on_a_reported_picture(court: Running) -> None:
    """Action x role, every cell: with the permission it is done, without it refused with words and nothing written."""
    await shared(court)
    await report(court)
    card = await desk_card(court)
    outcomes: dict[tuple[str, str], bool] = {}
    for name, bits in ROLES.items():
        person = court.pg.person("Ben" if name == "author" else "Dan")
        court.pg.set_roles(guild_of(court), person.id, [give_role(court, name, bits)] if bits else [])
        for verb in PRESSES:
            pressed = await forge(court, person.name, card, f"a:mod:{verb}:1")
            told = pressed.message["content"] if pressed.message else ""
            outcomes[name, verb] = "This is for members who may" not in told
    assert outcomes == {
        (name, verb): bool(bits & BITS[wanted]) for name, bits in ROLES.items() for verb, wanted in PRESSES.items()
    }


async def test_forged_buttons_are_refused(court: Running) -> None:
    """Ids of nothing, and of another server's rows: the same answer for both, and nothing is done."""
    from db import guilds

    await shared(court)
    await report(court)
    card = await desk_card(court)
    ada, ben = int(court.pg.person("Ada").id), int(court.pg.person("Ben").id)
    async with court.database.writing() as session:
        await guilds.touch(session, 4242, "elsewhere")
        other = await reports.put(session, 4242, 1, reporter_id=ben, reason="")
        sanction = await sanctions.put(session, 4242, ben, sanctions.SanctionKind.BAN, by_id=ada, reason="")
        await sanctions.appeal(session, sanction.id, "please")
        await sanctions.decide(session, sanction.id, lifted=True)
        second = await sanctions.warn(session, 4242, ben, by_id=ada, reason="")
        await sanctions.appeal(session, second.id, "please")
        assert other is not None
    forged = [
        *(f"a:mod:{verb}:{number}" for verb in PRESSES for number in (other.id, 999, 10**19 - 1)),
        *(f"a:word:{verb}:{number}" for verb in ("allow", "refuse") for number in (1, 10**19 - 1)),
        *(f"a:plea:{verb}:{number}" for verb in ("lift", "keep") for number in (second.id, 999)),
        *(f"a:appeal:{number}" for number in (second.id, 999)),
        *(f"a:report:{number}" for number in (999, 10**19 - 1)),
    ]
    for custom_id in forged:
        pressed = await forge(court, "Ada", card, custom_id)
        assert pressed.modal is None, custom_id
        assert "deleted" in private_words(pressed), custom_id
    assert not await withheld(court)
    async with court.database.reading() as session:
        found = await sanctions.get(session, second.id)
    assert found is not None
    assert found.appeal_closed_at is None
