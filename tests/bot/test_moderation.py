"""Reports, held prompts, sanctions and appeals, from the button to the row, as everybody who may and may not."""

from pathlib import Path
from typing import Any

import pytest

from db import images, reports, sanctions
from playground import permissions
from playground.seed import role
from tests.bot.studio import Json, Running, private_words, running, world

REASON = "not nice"


@pytest.fixture
async def court(bot: Running) -> Running:
    """A server with a channel for reports, and Dan who may delete messages but neither ban nor manage."""
    bot.pg.set_roles(_guild(bot), bot.pg.person("Dan").id, [_role(bot, "Helper", permissions.MANAGE_MESSAGES)])
    told = await bot.pg.person("Ada").slash("general", "admin channel", use="reports")
    assert "Reports" in private_words(told)
    return bot


def _guild(bot: Running) -> str:
    return bot.pg.channel("studio")["guild_id"]


def _role(bot: Running, name: str, bits: int) -> str:
    made = role(bot.pg.ids.new(), name, bits, position=1)
    bot.pg.world.guild(_guild(bot))["roles"].append(made)
    return made["id"]


async def submit(bot: Running, person: str, asked: Any, words: str) -> Any:
    """Fill the one field of the modal that a press opened."""
    assert asked.modal is not None, asked.reason
    return await bot.pg.person(person).submit(asked, {"words": words})


async def report(bot: Running, person: str = "Cleo", image_id: int = 1) -> Any:
    """Press Report below a picture that Ben shared."""
    card = next(one for one in bot.pg.messages("studio")[::-1] if f"a:report:{image_id}" in _ids(one))
    asked = await bot.pg.person(person).click(card, f"a:report:{image_id}")
    return await submit(bot, person, asked, REASON)


def _walk(parts: list[Json]) -> list[Json]:
    return [one for part in parts for one in (part, *_walk(part.get("components", [])))]


def _ids(message: Json) -> list[str]:
    return [one["custom_id"] for one in _walk(message["components"]) if "custom_id" in one]


def _labels(message: Json) -> list[str]:
    return [one["label"] for one in _walk(message["components"]) if "label" in one]


def _text(message: Json) -> str:
    return "\n".join(one["content"] for one in _walk(message["components"]) if "content" in one)


async def desk_card(bot: Running, starts: str = "a:mod:") -> Json:
    """The moderators' card, once it stands."""

    def found() -> Json | None:
        cards = [one for one in bot.pg.messages("general") if any(id_.startswith(starts) for id_ in _ids(one))]
        return cards[-1] if cards else None

    card = await bot.pg.wait_for(found, what="no card for the moderators")
    assert card is not None
    return card


async def withheld(bot: Running, image_id: int = 1) -> bool:
    async with bot.database.reading() as session:
        image = await images.get(session, image_id)
    assert image is not None
    return image.unsure


async def shared(bot: Running) -> None:
    """Ben's picture with a Report button below it, as a gallery would show it."""
    await bot.imagine("Ben", prompt="a red house", steps=1, count=1)
    from bot.ui.moderating import ReportPicture
    from bot.ui.press import view_of

    async with bot.database.reading() as session:
        image = await images.get(session, 1)
    assert image is not None
    channel = bot.studio.get_partial_messageable(int(bot.pg.channel("studio")["id"]))
    await channel.send("shared", view=view_of(ReportPicture.on(image)))


async def test_a_report_comes_to_the_moderators_who_hide_and_restore_the_picture(court: Running) -> None:
    await shared(court)
    told = await report(court)
    assert "moderators will look" in private_words(told)
    card = await desk_card(court)
    assert "a red house" in _text(card)
    assert REASON in _text(card)
    assert card["attachments"]
    assert _labels(card) == ["Hide", "Nothing wrong", "Warn", "Time-out 24 h", "Ban"]
    job_card = court.pg.messages("studio")[0]
    await court.pg.person("Dan").click(card, "Hide")
    assert await withheld(court)
    await court.pg.wait_for(lambda: "Restore" in _labels(card) and "hid the picture" in _text(card))
    await court.pg.wait_for(lambda: not job_card["attachments"])
    assert "to only its author" in job_card["content"]
    looked = await court.pg.person("Ben").click(job_card, "Look")
    await court.pg.wait_for(lambda: bool(looked.message and looked.message["attachments"]))
    assert looked.message is not None
    assert looked.message["_viewer"] == court.pg.person("Ben").id
    assert "may see this" in private_words(await court.pg.person("Cleo").click(job_card, "Look"))
    again = await _forge(court, "Cleo", card, "a:vary:1:subtle")
    assert "has to look at this picture" in private_words(again)
    await court.pg.person("Dan").click(card, "Restore")
    await court.pg.wait_for(lambda: "Restore" not in _labels(card))
    await court.pg.wait_for(lambda: bool(job_card["attachments"]))
    assert not await withheld(court)


async def test_one_person_reports_a_picture_once_and_all_reports_have_one_card(court: Running) -> None:
    await shared(court)
    await report(court)
    card = await desk_card(court)
    assert "You have said so before" in private_words(await report(court))
    await report(court, "Dan")
    await court.pg.wait_for(lambda: "2 reports" in _text(card))
    assert len([one for one in court.pg.messages("general") if _ids(one)]) == 1


async def test_without_a_channel_for_reports_the_person_is_told(bot: Running) -> None:
    await shared(bot)
    card = bot.pg.messages("studio")[-1]
    assert "no channel for reports" in private_words(await bot.pg.person("Cleo").click(card, "Report"))


async def test_warnings_add_up_to_a_time_out_and_every_one_can_be_appealed_once(court: Running) -> None:
    await shared(court)
    await report(court)
    card = await desk_card(court)
    ben, dan = court.pg.person("Ben"), court.pg.person("Dan")
    for number in (1, 2, 3):
        await dan.click(card, "Warn")
        await court.pg.wait_for(
            lambda number=number: (f"{number} of 3 strikes" if number < 3 else "3 strikes") in _text(card)
        )
    await court.pg.wait_for(lambda: "a time-out until" in court.pg.messages(ben.dm())[-1]["content"])
    notices = court.pg.messages(ben.dm())
    assert "shut you out" in private_words(await ben.slash("studio", "imagine", prompt="again"))
    asked = await ben.click(notices[-1], "Appeal")
    assert "have your words" in private_words(await submit(court, "Ben", asked, "It was a misunderstanding"))
    assert "said so before" in private_words(await ben.click(notices[-1], "Appeal"))
    plea = await desk_card(court, "a:plea:")
    assert "a misunderstanding" in _text(plea)
    await dan.click(plea, "Lift")
    await court.pg.wait_for(lambda: "Lifted" in _text(plea) and not _ids(plea))
    await court.pg.wait_for(lambda: "lifted it" in court.pg.messages(ben.dm())[-1]["content"])
    await court.imagine("Ben", steps=1, count=1)


async def test_strikes_grow_old(court: Running) -> None:
    from tests.db.people import NOON

    await shared(court)
    guild_id, ben = int(_guild(court)), int(court.pg.person("Ben").id)
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
    assert "a w-a-r scene" in _text(card)
    assert await court.jobs() == []
    await court.pg.person("Dan").click(card, "Allow")
    (job,) = await court.delivered(1)
    assert (job.prompt.startswith("a w-a-r scene"), job.cost, job.status.value) == (True, 4, "succeeded")
    assert "Allowed by" in _text(card)
    await ben.slash("studio", "imagine", prompt="war", steps=1, count=1)
    second = await court.pg.wait_for(lambda: next((one for one in court.pg.messages("general") if _ids(one)), None))
    assert second is not None
    await court.pg.person("Dan").click(second, "Refuse")
    await court.pg.wait_for(lambda: bool(court.pg.messages(ben.dm())))
    assert "refused this prompt" in court.pg.messages(ben.dm())[-1]["content"]
    assert len(await court.jobs()) == 1


async def test_the_desks_cards_come_and_work_after_a_restart(tmp_path: Path, sqlite_url: str) -> None:
    async with world() as pg:
        async with running(tmp_path, sqlite_url, pg=pg) as bot:
            await pg.person("Ada").slash("general", "admin channel", use="reports")
            await shared(bot)
            guild_id, cleo = int(_guild(bot)), int(pg.person("Cleo").id)
            async with bot.database.writing() as session:
                from db import users

                await users.touch(session, cleo, "Cleo")
                await reports.put(session, guild_id, 1, reporter_id=cleo, reason=REASON)
        async with running(tmp_path, sqlite_url, pg=pg) as bot:
            card = await desk_card(bot)
            assert len([one for one in pg.messages("general") if _ids(one)]) == 1
            await pg.person("Ada").click(card, "Nothing wrong")
            await pg.wait_for(lambda: "found nothing wrong" in _text(card))
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
        court.pg.set_roles(_guild(court), person.id, [_role(court, name, bits)] if bits else [])
        for verb in PRESSES:
            pressed = await _forge(court, person.name, card, f"a:mod:{verb}:1")
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
        pressed = await _forge(court, "Ada", card, custom_id)
        assert pressed.modal is None, custom_id
        assert "deleted" in private_words(pressed), custom_id
    assert not await withheld(court)
    async with court.database.reading() as session:
        found = await sanctions.get(session, second.id)
    assert found is not None
    assert found.appeal_closed_at is None


async def _forge(bot: Running, person: str, card: Json, custom_id: str) -> Any:
    """A press of a button that the message may not have, as a changed client could send it."""
    kept = card["components"]
    button = {"type": 2, "style": 2, "label": "forged", "custom_id": custom_id, "id": 3}
    row = {"type": 1, "id": 2, "components": [button]}
    card["components"] = [{"type": 17, "id": 1, "accent_color": None, "spoiler": False, "components": [row]}]
    try:
        return await bot.pg.person(person).click(card, custom_id)
    finally:
        if card["components"] and _ids(card) == [custom_id]:
            card["components"] = kept
