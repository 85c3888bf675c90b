"""Contests as people meet them: by command and by button, in the playground.

Over 300 lines because all of it shares one contest's people and pictures.
"""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from db import images, ledger
from db.challenges import entries, finding, results
from db.models import Award, Ballot, Phase
from playground import permissions
from tests.bot import contest
from tests.bot.contest import (
    DAY,
    add_role,
    answer,
    contests,
    create,
    enter,
    later,
    make,
    places,
    pressable,
    public,
    question,
    reached,
    role,
    seen,
    texts,
    told,
    voting,
)
from tests.bot.studio import Running, private_words, world

ROLES = {"Jury": 1, "Laurel": 1, "Challengers": 1, "Above": 9}


@pytest.fixture
async def bot(tmp_path: Path, sqlite_url: str) -> AsyncIterator[Running]:
    async with world() as pg:
        for name, position in ROLES.items():
            add_role(pg, name, position)
        contest.advance(pg, DAY)
        async with contests(tmp_path, sqlite_url, pg) as started:
            yield started
            started.was_polite()


async def test_the_announcement_tells_rules_and_reward_and_is_edited_in_place(bot: Running) -> None:
    number = await create(bot, credits=20, description="At the *sea*", opens="2h", entries=2, fresh=True)
    await reached(bot, number, Phase.SCHEDULED)
    (card,) = public(bot)
    for words in ("Lighthouses", r"At the \*sea\*", "2 pictures each", "made after the opening", "20 credits", "Opens"):
        assert words in texts(card)
    assert list(pressable(card)) == ["How it works"]
    assert "Bradley-Terry" in private_words(await bot.pg.person("Ben").click(card, "How it works"))
    await later(bot, timedelta(hours=2))
    await reached(bot, number, Phase.OPEN)
    assert public(bot) == [card]
    assert list(pressable(card)) == ["Enter", "My entries", "How it works"]


async def test_pairs_from_the_card_to_the_podium(bot: Running) -> None:
    number = await voting(bot, "Ben", "Cleo", credits=20)
    shown = await question(bot, "Dan")
    assert contest.alt_texts(shown) == ["Left", "Right"]
    assert list(pressable(shown)) == ["Left", "Right", "Skip"]
    await answer(bot, "Dan", shown, "Skip")
    assert "Thank you" in texts(shown)
    await answer(bot, "Dan", shown, "Back")
    assert "You said: Skip" in texts(shown)
    await answer(bot, "Dan", shown, "Left")
    await later(bot, DAY)
    await reached(bot, number, Phase.DONE)
    podium = public(bot)[-1]
    assert "1 person voted on 2 entries" in texts(podium)
    assert [one["filename"] for one in podium["attachments"]] == ["1.webp", "2.webp"]
    first, second = await places(bot, number)
    assert first.score > second.score
    async with bot.database.reading() as session:
        winner = (await entries.get(session, first.entry_id)).author_id
        assert winner is not None
        assert await ledger.total(session, winner, int(bot.pg.channel("challenges")["guild_id"])) == 20
    assert f"1. <@{winner}>" in private_words(await bot.pg.person("Dan").slash("studio", "challenge results"))


async def test_stars_are_given_one_by_one_and_can_be_changed(bot: Running) -> None:
    number = await voting(bot, "Ben", "Cleo", mode="stars")
    shown = await question(bot, "Dan")
    assert list(pressable(shown)) == ["1", "2", "3", "4", "5"]
    await answer(bot, "Dan", shown, "5")
    await answer(bot, "Dan", shown, "Back")
    assert "You said: 5 of 5" in texts(shown)
    await answer(bot, "Dan", shown, "1")
    await answer(bot, "Dan", shown, "4")
    await later(bot, DAY)
    await reached(bot, number, Phase.DONE)
    async with bot.database.reading() as session:
        assert list(await session.scalars(select(Ballot.value).order_by(Ballot.value))) == [1, 4]
    assert "stars" in texts(public(bot)[-1])


async def test_approval_marks_what_one_likes_and_takes_it_back(bot: Running) -> None:
    number = await voting(bot, "Ben", "Cleo", "Dan", mode="approval")
    shown = await question(bot, "Ada")
    assert list(pressable(shown)) == ["1", "2", "3"]
    assert len(shown["attachments"]) == 3
    green = 3

    def marked() -> list[str]:
        return [part["label"] for part in contest.walk(shown) if part["type"] == 2 and part["style"] == green]

    for label, expected in (("2", ["2"]), ("3", ["2", "3"]), ("2", ["3"])):
        await bot.pg.person("Ada").click(shown, label)
        await bot.pg.wait_for(lambda expected=expected: marked() == expected)
    assert len(shown["attachments"]) == 3
    await later(bot, DAY)
    await reached(bot, number, Phase.DONE)
    assert [place.score for place in await places(bot, number)] == [1.0, 0.0, 0.0]


async def test_many_entries_to_approve_of_are_turned_page_by_page(bot: Running) -> None:
    await create(bot, mode="approval", entries=10)
    for _ in range(10):
        await enter(bot, "Ben")
    await later(bot, DAY)
    await reached(bot, 1, Phase.VOTING)
    shown = await question(bot, "Cleo")
    assert list(pressable(shown)) == [*"12345678", "Earlier", "More"]
    await answer(bot, "Cleo", shown, "More")
    assert list(pressable(shown)) == ["9", "10", "Earlier", "More"]
    assert len(shown["attachments"]) == 2
    await bot.pg.person("Cleo").click(shown, "10")
    await bot.pg.wait_for(lambda: any(part.get("style") == 3 for part in contest.walk(shown)))
    assert "Numbers 9 to 10 of 10" in texts(shown)


async def test_one_enters_from_the_card_by_command_and_below_a_picture_and_sees_only_ones_own(bot: Running) -> None:
    number = await create(bot, entries=3)
    for _ in range(3):
        await make(bot, "Ben", prompt="mine")
    await make(bot, "Cleo", prompt="hers")
    card = public(bot)[0]
    offered = seen(await bot.pg.person("Ben").click(card, "Enter"))
    await bot.pg.wait_for(lambda: len(offered["attachments"]) == 3)
    await bot.pg.person("Ben").click(offered, "Enter 1")
    async with bot.database.reading() as session:
        theirs = [image.id for image in await images.of_author(session, int(bot.pg.person("Ben").id))]
    choices = await bot.pg.person("Ben").autocomplete("studio", "challenge enter", "picture", "mine")
    assert {int(choice["value"]) for choice in choices} <= set(theirs)
    asked = seen(await bot.pg.person("Ben").slash("studio", "challenge enter", picture=str(theirs[1])))
    await bot.pg.wait_for(lambda: asked["content"].startswith("In: "), what=asked["content"])
    await bot.pg.person("Ben").slash("studio", "challenge enter", picture=str(theirs[1]))
    await told(bot, "Ben", "already")
    own = seen(await bot.pg.person("Ben").click(card, "My entries"))
    await bot.pg.wait_for(lambda: len(own["attachments"]) == 2)
    none = seen(await bot.pg.person("Cleo").click(card, "My entries"))
    await bot.pg.wait_for(lambda: "not entered anything" in texts(none))
    gone = seen(await bot.pg.person("Ben").click(own, "Withdraw 1"))
    await bot.pg.wait_for(lambda: gone["content"].startswith("Withdrawn"))
    (left,) = await bot.pg.person("Ben").autocomplete("studio", "challenge withdraw", "entry", "")
    words = private_words(await bot.pg.person("Ben").slash("studio", "challenge withdraw", entry=left["value"]))
    assert words == "Withdrawn from **Lighthouses**."
    async with bot.database.reading() as session:
        assert await entries.count(session, number) == 0


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({"fresh": True}, "made after the opening"),
        ({"lora": "watercolour"}, "with the LoRA"),
        ({"no_image_prompts": True}, None),
    ],
)
async def test_only_fitting_pictures_get_in(bot: Running, rules: dict[str, Any], words: str | None) -> None:
    made = await make(bot, "Ben")
    await later(bot, timedelta(hours=1))
    await create(bot, **rules)
    await bot.pg.person("Ben").click(made, "🏆")
    await told(bot, "Ben", words or "In: ")


async def test_a_picture_from_an_age_restricted_channel_stays_out(bot: Running) -> None:
    await create(bot)
    made = await bot.imagine("Ben", "after-dark", prompt="a night", count=1, steps=1)
    await bot.pg.person("Ben").click(made, "🏆")
    await told(bot, "Ben", "age-restricted", "after-dark")


async def test_gates_keep_newcomers_young_accounts_and_others_from_voting(bot: Running) -> None:
    member = role(bot, "Jury")
    number = await voting(bot, "Ben", "Cleo", account_days=1, voter_role=member)
    newcomer = bot.pg.add_person("Newcomer")
    card = public(bot)[-1]
    assert "members before the opening" in private_words(await newcomer.click(card, "Vote"))
    assert "Only those with" in private_words(await bot.pg.person("Dan").click(card, "Vote"))
    guild_id = bot.pg.channel("challenges")["guild_id"]
    bot.pg.set_roles(guild_id, bot.pg.person("Dan").id, [member])
    assert pressable(await question(bot, "Dan"))
    young = bot.pg.world.members[guild_id][newcomer.id]
    young["joined_at"] = bot.pg.clock.iso(bot.pg.clock.time() - 30 * 86400)
    assert "1 days old" in private_words(await newcomer.click(card, "Vote"))
    assert number


async def test_whoever_only_sees_their_own_entry_is_told_so(bot: Running) -> None:
    number = await voting(bot, "Ben", "Cleo", "Dan")
    async with bot.database.writing() as session:
        for entry in (await entries.standing(session, number))[1:]:
            await entries.withdraw(session, entry.id, now=await bot.studio.challenges.now(session))
    shown = await question(bot, "Ben")
    assert "only your own entries" in texts(shown)


async def test_pictures_that_go_during_the_vote_are_not_asked_about_and_the_contest_goes_on(bot: Running) -> None:
    await create(bot)
    cards = {}
    for person in ("Ben", "Cleo", "Dan"):
        cards[person] = await make(bot, person)
        entered = seen(await bot.pg.person(person).click(cards[person], "🏆"))
        await bot.pg.wait_for(lambda entered=entered: entered["content"].startswith("In: "))
    await later(bot, DAY)
    await reached(bot, 1, Phase.VOTING)
    shown = await question(bot, "Ada")
    asked = await bot.pg.person("Dan").menu(cards["Dan"], "Cancel or delete")
    await bot.pg.wait_for(lambda: asked.message is not None and asked.message["content"] == "Deleted.")
    while "Left" in pressable(shown):
        await answer(bot, "Ada", shown, "Left")
    await later(bot, DAY)
    await reached(bot, 1, Phase.DONE)
    assert len(await places(bot, 1)) == 2


async def test_a_role_and_a_pin_reach_the_winner_and_a_winner_who_left_stays_the_winner(bot: Running) -> None:
    laurel = role(bot, "Laurel")
    number = await voting(bot, "Ben", "Cleo", winner_role=laurel, pin=True, credits=5)
    await answer(bot, "Dan", await question(bot, "Dan"), "Left")
    guild_id = bot.pg.channel("challenges")["guild_id"]
    for person in ("Ben", "Cleo"):
        del bot.pg.world.members[guild_id][bot.pg.person(person).id]
    await later(bot, DAY)
    await reached(bot, number, Phase.DONE)
    bot.expected_refusals = {10007}

    def settled() -> bool:
        return any(message.get("pinned") for message in bot.pg.messages("challenges"))

    await bot.pg.wait_for(settled)
    async with bot.database.reading() as session:
        awards = {award.kind.value: award for award in await session.scalars(select(Award))}
    assert awards["role"].failed_for is not None
    assert "10007" in awards["role"].failed_for
    assert (awards["credit"].failed_for, awards["pin"].failed_for) == (None, None)


async def test_the_winner_gets_the_role(bot: Running) -> None:
    laurel = role(bot, "Laurel")
    number = await voting(bot, "Ben", "Cleo", winner_role=laurel)
    await answer(bot, "Dan", await question(bot, "Dan"), "Right")
    await later(bot, DAY)
    await reached(bot, number, Phase.DONE)
    guild_id = bot.pg.channel("challenges")["guild_id"]
    async with bot.database.reading() as session:
        winner = (await entries.get(session, (await results.places(session, number))[0].entry_id)).author_id
    await bot.pg.wait_for(lambda: laurel in bot.pg.world.members[guild_id][str(winner)]["roles"])
    holders = [one for one, row in bot.pg.world.members[guild_id].items() if laurel in row["roles"]]
    assert holders == [str(winner)]


async def test_a_deleted_channel_ends_no_contest_and_a_deleted_card_is_not_posted_again(bot: Running) -> None:
    number = await voting(bot, "Ben", "Cleo")
    await bot.pg.person("Ada").delete(public(bot)[0])
    shown = seen(await bot.pg.person("Dan").slash("studio", "challenge vote"))
    await bot.pg.wait_for(lambda: "Left" in pressable(shown))
    await answer(bot, "Dan", shown, "Left")
    bot.pg.overwrite("challenges", deny=permissions.VIEW_CHANNEL | permissions.SEND_MESSAGES)
    bot.expected_refusals = {10008, 50001, 50013}
    await later(bot, DAY)
    await reached(bot, number, Phase.DONE)
    assert "1. <@" in private_words(await bot.pg.person("Dan").slash("studio", "challenge results"))


async def test_members_take_and_leave_the_role_that_is_called(bot: Running) -> None:
    called = role(bot, "Challengers")
    number = await create(bot, ping=called)
    await reached(bot, number, Phase.OPEN)
    assert [ping["roles"] for ping in bot.pg.pings] == [[called]]
    guild_id = bot.pg.channel("challenges")["guild_id"]
    held = bot.pg.world.members[guild_id]
    for expected in (True, False):
        answered = seen(await bot.pg.person("Ben").click(public(bot)[0], "🔔"))
        await bot.pg.wait_for(lambda answered=answered: "called" in answered["content"])
        assert (called in held[bot.pg.person("Ben").id]["roles"]) is expected
    for message in public(bot):
        await bot.pg.person("Ada").delete(message)


async def test_a_weekly_list_opens_by_itself_and_can_be_stopped(bot: Running) -> None:
    asked = await bot.pg.person("Ada").slash(
        "challenges", "challenge create", theme="Tea | Robots", weekly=True, entering="4d", voting="2d", opens="1h"
    )
    assert "Every week" in private_words(asked)
    await later(bot, timedelta(hours=1))
    await bot.pg.wait_for(lambda: len(public(bot)) == 1)
    assert "Tea" in texts(public(bot)[0])
    listed = private_words(await bot.pg.person("Ben").slash("studio", "challenge list"))
    assert "**Tea**" in listed
    assert "Weekly · **Robots**" in listed
    weekly = [
        choice
        for choice in await bot.pg.person("Ada").autocomplete("studio", "challenge cancel", "challenge", "")
        if choice["value"].startswith("w")
    ]
    for nothing in ("w", "w²", "w99", "x"):
        refused = await bot.pg.person("Ada").slash("studio", "challenge cancel", challenge=nothing)
        assert "no such challenge" in private_words(refused).lower()
    await bot.pg.person("Ada").slash("studio", "challenge cancel", challenge=weekly[0]["value"])
    await later(bot, 7 * DAY)
    await reached(bot, 1, Phase.CANCELLED)
    assert len(public(bot)) == 1
    assert "fewer than two entries" in texts(public(bot)[0])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"entering": "soon"}, "`entering` cannot be `soon`"),
        ({"voting": "-1d"}, "`voting` cannot be `-1d`"),
        ({"voting": "900d"}, "`voting` cannot be `900d`"),
        ({"opens": "yesterday"}, "`opens` cannot be `yesterday`"),
        ({"opens": "2020-01-01 10:00"}, "`opens` cannot be"),
        ({"model": "gpt"}, "no model `gpt`"),
        ({"theme": "x" * 101}, "`theme` cannot be"),
        ({"theme": " | ", "weekly": True}, "`theme` cannot be"),
        ({"weekly": True, "entering": "6d", "voting": "6d"}, "a week together"),
        ({"pin": True}, ""),
    ],
)
async def test_what_cannot_be_a_contest_is_refused_in_words(bot: Running, options: dict[str, Any], words: str) -> None:
    given: dict[str, Any] = {"theme": "Tea"} | options
    answered = private_words(await bot.pg.person("Ada").slash("challenges", "challenge create", **given))
    assert words in answered
    assert ("is announced" in answered) == (not words)
    async with bot.database.reading() as session:
        made = await finding.of_guild(session, int(bot.pg.channel("challenges")["guild_id"]))
    assert len(made) == (0 if words else 1)


async def test_a_pin_is_promised_only_where_the_bot_may_pin(bot: Running) -> None:
    bot.pg.overwrite("challenges", allow=permissions.MANAGE_MESSAGES, deny=permissions.PIN_MESSAGES)
    asked = await bot.pg.person("Ada").slash("challenges", "challenge create", theme="Tea", pin=True)
    assert "I lack permissions in this channel: Pin Messages." in private_words(asked)
    assert public(bot) == []


async def test_a_role_that_cannot_be_given_makes_no_contest(bot: Running) -> None:
    high = role(bot, "Above")
    asked = await bot.pg.person("Ada").slash("challenges", "challenge create", theme="Tea", winner_role=high)
    assert "Manage Roles" in private_words(asked)
    silent = role(bot, "Jury")
    asked = await bot.pg.person("Ada").slash("challenges", "challenge create", theme="Tea", ping=silent)
    assert "would call nobody" in private_words(asked)
    assert public(bot) == []
