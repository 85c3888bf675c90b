"""Quotas, limits, word lists, channels, pauses and bans, as people and those who manage the server meet them."""

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bot.house.rules import Quota
from db import audit, ledger
from engine.errors import OutOfMemory
from engine.storage import encode_png
from tests.bot.studio import Running, private_words, running, world
from tests.db.people import NOON

LOTS: dict[str, Any] = {"steps": 50, "count": 1}
"""Of the pocket model's 256 x 256: four credits."""


async def balance(bot: Running, person: str) -> int:
    guild_id = int(bot.pg.channel("studio")["guild_id"])
    async with bot.database.reading() as session:
        user_id = int(bot.pg.person(person).id)
        held = await ledger.balance(session, user_id, guild_id)
        assert held == await ledger.total(session, user_id, guild_id)
    return held


async def book(bot: Running) -> list[str]:
    async with bot.database.reading() as session:
        found = await audit.read(session, int(bot.pg.channel("studio")["guild_id"]), limit=50)
    return [entry.action for entry in found][::-1]


async def admin(bot: Running, verb: str, channel: str = "studio", **options: Any) -> str:
    return private_words(await bot.pg.person("Ada").slash(channel, f"admin {verb}", **options))


async def asked(bot: Running, person: str = "Ben", channel: str = "studio", **options: Any) -> str:
    """What `/imagine` was refused with."""
    options.setdefault("prompt", "a red house")
    return private_words(await bot.pg.person(person).slash(channel, "imagine", **options))


async def test_nothing_costs_anything_until_a_quota_is_set(bot: Running) -> None:
    await bot.imagine("Ben", **LOTS)
    assert await balance(bot, "Ben") == 0
    assert "no limit is set" in private_words(await bot.pg.person("Ben").slash("studio", "info"))


async def test_a_job_costs_its_price_and_a_failed_one_nothing(bot: Running) -> None:
    told = await admin(bot, "quota", period="day", amount=10, first=2)
    assert "10 credits a day" in told
    await bot.imagine("Ben", **LOTS)
    assert await balance(bot, "Ben") == 12 - 4
    assert (await bot.job(1)).cost == 4
    bot.engine.fail_next(OutOfMemory("cpu"))
    await bot.pg.person("Ben").slash("studio", "imagine", prompt="too large", **LOTS)
    await bot.delivered(2)
    assert await balance(bot, "Ben") == 8
    assert await book(bot) == ["quota"]


async def test_who_has_too_little_is_told_what_it_costs_and_what_there_is(bot: Running) -> None:
    await admin(bot, "quota", period="month", amount=5)
    await bot.imagine("Ben", **LOTS)
    told = await asked(bot, **LOTS)
    assert "This costs 4, and you have 1 credit." in told
    assert len(await bot.jobs()) == 1
    assert "1 credit, filled up to 5" in private_words(await bot.pg.person("Ben").slash("studio", "info"))


async def test_a_dear_job_is_priced_before_it_is_drawn(bot: Running) -> None:
    await admin(bot, "quota", period="day", amount=20)
    ben = bot.pg.person("Ben")
    question = await ben.slash("studio", "imagine", prompt="a red house", steps=50, count=4)
    told = private_words(question)
    assert "This makes one job, 4 pictures in all, for 13 credits of your 20." in told
    assert await bot.jobs() == []
    assert question.message is not None
    await ben.click(question.message, "Draw 1")
    (job,) = await bot.delivered(1)
    assert (job.cost, await balance(bot, "Ben")) == (13, 7)
    assert "This costs 13, and you have 7 credits" in await asked(bot, steps=50, count=4)


async def test_relaxed_jobs_cost_nothing_where_the_server_says_so(bot: Running) -> None:
    await admin(bot, "quota", period="day", amount=5)
    await bot.imagine("Ben", prompt="a red house --relax", **LOTS)
    assert await balance(bot, "Ben") == 5
    await admin(bot, "quota", relaxed_free=False)
    await bot.imagine("Ben", prompt="a red house --relax", **LOTS)
    assert await balance(bot, "Ben") == 1


async def test_a_cancelled_job_that_had_not_begun_is_given_back(bot: Running) -> None:
    await admin(bot, "quota", period="day", amount=10)
    bot.engine.hold()
    ben = bot.pg.person("Ben")
    for _ in range(2):
        await ben.slash("studio", "imagine", prompt="a red house", **LOTS)
    assert await balance(bot, "Ben") == 2
    await ben.slash("studio", "cancel", job="2")
    assert await balance(bot, "Ben") == 6
    bot.engine.release()
    await bot.delivered(2)


async def test_a_role_has_an_allowance_of_its_own_and_a_gift_comes_on_top(bot: Running) -> None:
    guild_id = bot.pg.channel("studio")["guild_id"]
    role = next(one for one in bot.pg.world.roles(guild_id).values() if one["name"] not in ("@everyone",))
    await admin(bot, "quota", period="day", amount=1, role=role["id"])
    await admin(bot, "quota", amount=9)
    told = await admin(bot, "quota")
    assert f"<@&{role['id']}>** 1 credits" in told
    await bot.pg.person("Dan").slash("studio", "info")
    bot.pg.set_roles(guild_id, bot.pg.person("Cleo").id, [role["id"]])
    await bot.pg.person("Cleo").slash("studio", "info")
    assert (await balance(bot, "Dan"), await balance(bot, "Cleo")) == (9, 1)
    assert "now has 21" in await admin(bot, "quota", person=bot.pg.person("Cleo").id, gift=20)
    assert "now has 0" in await admin(bot, "quota", person=bot.pg.person("Cleo").id, gift=-50)
    assert await book(bot) == ["quota", "quota", "gift", "gift"]


@pytest.mark.parametrize(
    ("options", "words"),
    [({"gift": 5}, "person and gift together"), ({"role": "first"}, "a role together with an amount")],
)
async def test_a_quota_that_makes_no_sense_is_explained(bot: Running, options: dict[str, Any], words: str) -> None:
    if "role" in options:
        guild_id = bot.pg.channel("studio")["guild_id"]
        options = {"role": next(one for one in bot.pg.world.roles(guild_id))}
    assert words in await admin(bot, "quota", **options)


def test_a_period_ends_at_midnight_and_a_month_on_its_last_day() -> None:
    day, month = Quota(period="day"), Quota(period="month")
    assert (day.key(NOON), month.key(NOON)) == ("day:2026-05-17", "month:2026-05")
    assert day.refills_at(NOON).isoformat() == "2026-05-18T00:00:00+00:00"
    assert month.refills_at(NOON.replace(month=12)).isoformat() == "2027-01-01T00:00:00+00:00"


async def test_limits_hold_for_everyone_and_are_wider_for_a_role(bot: Running) -> None:
    guild_id = bot.pg.channel("studio")["guild_id"]
    role = next(one for one in bot.pg.world.roles(guild_id).values() if one["name"] != "@everyone")
    await admin(bot, "limit", steps=4, pixels=40000)
    await admin(bot, "limit", steps=20, pixels=65536, role=role["id"])
    assert "4 steps at most, and this has 12" in await asked(bot, steps=12, count=1)
    assert "pixels" in await asked(bot, steps=2, count=1)
    bot.pg.set_roles(guild_id, bot.pg.person("Cleo").id, [role["id"]])
    await bot.imagine("Cleo", steps=12, count=1)
    await admin(bot, "limit", steps=0, pixels=0)
    await bot.imagine("Ben", steps=12, count=1)
    assert await book(bot) == ["limit"] * 3


async def test_a_model_that_is_not_allowed_is_refused(bot: Running) -> None:
    assert "no model" in await admin(bot, "model", action="forbid", name="pocket")
    assert "may not use the model `pocket`" in await asked(bot, steps=1, count=1)
    await admin(bot, "model", action="any")
    await bot.imagine("Ben", steps=1, count=1)
    assert "pocket" in await admin(bot, "model", action="forbid", name="nonsense")


async def test_a_blocked_word_costs_nothing_and_makes_no_job(bot: Running) -> None:
    await admin(bot, "quota", period="day", amount=10)
    told = await admin(bot, "filter", block="gore, naked lady", test="a g0r3 scene")
    assert "refused for `gore`" in told
    assert "does not draw `gore`" in await asked(bot, prompt="G.O.R.E everywhere")
    assert "does not draw `naked lady`" in await asked(bot, prompt="a nakéd lady")
    picture = ("a.png", encode_png(Image.new("RGB", (64, 64), "red"), None))
    refused = await bot.pg.person("Ben").slash("studio", "edit", image=picture, instruction="add some gore")
    await bot.pg.wait_for(lambda: "does not draw `gore`" in bot.pg.messages("studio")[-1]["content"], 60)
    assert refused.message is not None
    assert await bot.jobs() == []
    await bot.imagine("Ben", prompt="a gorge --no gore", steps=1, count=1)
    (job,) = await bot.jobs()
    assert await balance(bot, "Ben") == 10 - job.cost
    await admin(bot, "filter", remove="gore, naked lady")
    await bot.imagine("Ben", prompt="gore", steps=1, count=1)


async def test_commands_are_taken_where_a_manager_allows_them(bot: Running) -> None:
    await admin(bot, "channel", use="allow")
    told = await asked(bot, channel="general", steps=1, count=1)
    assert f"I work in <#{bot.pg.channel('studio')['id']}>" in told
    await bot.imagine("Ben", steps=1, count=1)
    assert "every channel" in await admin(bot, "channel", channel="general", use="everywhere")
    await bot.imagine("Ben", channel="general", steps=1, count=1)


async def test_a_pause_holds_the_queue_through_a_restart(tmp_path: Path, sqlite_url: str) -> None:
    async with world() as pg:
        async with running(tmp_path, sqlite_url, pg=pg) as bot:
            await admin(bot, "pause")
            assert "already" in await admin(bot, "pause")
            await pg.person("Ben").slash("studio", "imagine", prompt="later", steps=1, count=1)
        async with running(tmp_path, sqlite_url, pg=pg) as bot:
            bot.worker.wake()
            assert "paused" in private_words(await pg.person("Ben").slash("studio", "queue"))
            assert [job.status.value for job in await bot.jobs()] == ["queued"]
            await admin(bot, "resume")
            await bot.delivered(1)
            assert await book(bot) == ["pause", "resume"]


async def test_who_is_shut_out_is_told_why_and_until_when(bot: Running) -> None:
    card = await bot.imagine("Ben", steps=1, count=1)
    ada, ben = bot.pg.person("Ada"), bot.pg.person("Ben")
    assert "is shut out until" in await admin(bot, "ban", person=ben.id, hours=2.5, reason="spam")
    assert "shut you out of this studio until" in await asked(bot)
    assert "spam" in await asked(bot)
    assert "shut you out" in private_words(await ben.click(card, "🔄"))
    assert "a time-out until" in bot.pg.messages(ben.dm())[-1]["content"]
    assert "may use" in await admin(bot, "unban", person=ben.id)
    assert "was not" in await admin(bot, "unban", person=ben.id)
    await bot.imagine("Ben", steps=1, count=1)
    assert "other than yourself" in await admin(bot, "ban", person=ada.id)
    assert await book(bot) == ["timeout", "unban"]


async def test_the_book_is_read_in_pages_and_by_person(bot: Running) -> None:
    for _ in range(6):
        await admin(bot, "pause")
        await admin(bot, "resume")
    await admin(bot, "ban", person=bot.pg.person("Cleo").id)
    asked_ = await bot.pg.person("Ada").slash("studio", "admin audit")
    page = asked_.message
    assert page is not None
    await bot.pg.wait_for(lambda: bool(page["embeds"]))
    assert "shut out" in page["embeds"][0]["description"].split("\n")[0]
    await bot.pg.person("Ada").click(page, "Older")
    await bot.pg.wait_for(lambda: "shut out" not in page["embeds"][0]["description"])
    about = await bot.pg.person("Ada").slash("studio", "admin audit", person=bot.pg.person("Cleo").id)
    assert about.message is not None
    message = about.message
    await bot.pg.wait_for(lambda: bool(message["embeds"]))
    assert "1 of 3 strikes" in message["embeds"][0]["description"]


VERBS: dict[str, dict[str, Any]] = {
    "ban": {"person": "Cleo"},
    "unban": {"person": "Cleo"},
    "quota": {"period": "day", "amount": 1},
    "filter": {"block": "gore"},
    "pause": {},
    "resume": {},
    "channel": {"use": "allow"},
    "model": {"action": "any"},
    "limit": {"steps": 1},
    "retention": {"days": 1},
    "audit": {},
}


async def test_only_those_who_manage_the_server_may_use_any_admin_verb(bot: Running) -> None:
    """Discord hides the command, and a server may show it again: then the bot refuses by itself."""
    for command in bot.pg.world.commands.values():
        command["default_member_permissions"] = None
    before = await book(bot)
    for verb, options in VERBS.items():
        given: dict[str, Any] = dict(options)
        if "person" in given:
            given["person"] = bot.pg.person(given["person"]).id
        for person in ("Ben", "Dan"):
            done = await bot.pg.person(person).slash("studio", f"admin {verb}", **given)
            assert "manage guild" in private_words(done), verb
    assert await book(bot) == before
