"""While the disk keeps everybody waiting: first answers come before what is written, which is written once."""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from bot.ui.moderating import ReportPicture
from bot.ui.press import view_of
from bot.ui.sharing import Unshare
from db import audit, images, preferences, shares
from db.challenges import entries, finding
from playground import Interaction, Person, permissions
from tests.bot import contest
from tests.bot.court import desk_card, give_role, guild_of, ids_of, submit, text_of
from tests.bot.studio import Json, Running, custom_ids, labels
from tests.bot.test_lora import add_quietly

Cases = dict[str, tuple[Awaitable[Interaction], Callable[[], object]]]
"""Commands, presses and forms, each with whether its person sees what came of it."""


@pytest.fixture
async def bot(tmp_path: Path, sqlite_url: str) -> AsyncIterator[Running]:
    """A server with contests, a channel for reports, and Dan who may delete messages."""
    async with contest.contests(tmp_path, sqlite_url) as started:
        dan = started.pg.person("Dan")
        started.pg.set_roles(guild_of(started), dan.id, [give_role(started, "Helper", permissions.MANAGE_MESSAGES)])
        await started.pg.person("Ada").slash("general", "admin channel", use="reports")
        yield started
        started.was_polite()


async def test_nothing_that_is_written_before_a_first_answer_keeps_it_waiting(
    bot: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = await _contests(bot) | await _people(bot) | await _pictures(bot) | await _moderators(bot)
    jobs, booked = await bot.jobs(), await _book(bot)
    monkeypatch.setattr("bot.answering.PATIENCE", 0.05)
    async with bot.database.writing():  # nobody else writes meanwhile
        asked = {name: await act for name, (act, _) in cases.items()}
        for name, one in asked.items():
            await bot.pg.wait_for(lambda one=one: one.state != "pending", what=name)
        assert {name: one.state for name, one in asked.items()} == dict.fromkeys(cases, "acknowledged")
    for name, (_, seen) in cases.items():
        await bot.pg.wait_for(seen, what=name)
    drawn = (await bot.delivered(len(jobs) + 6))[len(jobs) :]
    assert sorted(job.prompt for job in drawn) == ["a castle --steps 1", *(f"{one} house" for one in "abcde")]
    once = ("hide", "warn", "allow", "lift", "ban", "retention", "challenge", "challenge_cancel")
    assert await _book(bot) - booked == Counter(once)
    async with bot.database.reading() as session:
        own = await preferences.get(session, int(bot.pg.person("Ben").id))
        made = [one.theme for one in await finding.of_guild(session, int(guild_of(bot)))]
    assert (own.suffix, own.defaults, own.options) == ("--s 200", "--steps 4", {"wide": "--ar 2:1"})
    assert (own.remix, own.hide_prompts) == (True, True)
    assert made.count("Ships") == 1
    assert not [one for one in bot.pg.messages("studio") if not one["_viewer"] and "On its way" in one["content"]]


async def _people(bot: Running) -> Cases:
    ben = bot.pg.person("Ben")
    await add_quietly(bot, "Ink", "Wash", author="Ben")
    await ben.slash("studio", "prefer option set", name="old", value="--ar 3:2")
    remix, words, own = [await _message(ben.slash("studio", "settings")) for _ in range(3)]
    form = await ben.click(own, "My defaults")
    return {
        "/info": (ben.slash("studio", "info", wait=False), _told(bot, ben, "**Studio**")),
        "/prefer suffix": (
            ben.slash("studio", "prefer suffix", parameters="--s 200", wait=False),
            _told(bot, ben, "Your suffix is"),
        ),
        "/prefer option set": (
            ben.slash("studio", "prefer option set", name="wide", value="--ar 2:1", wait=False),
            _told(bot, ben, "`--wide` stands for"),
        ),
        "/prefer option remove": (
            ben.slash("studio", "prefer option remove", name="old", wait=False),
            _told(bot, ben, "Gone."),
        ),
        "Remix mode": (
            ben.click(remix, "Remix mode: off", wait=False),
            lambda: "Remix mode: on" in labels(remix),
        ),
        "Prompts in files": (
            ben.click(words, "Prompts in files: on", wait=False),
            lambda: "Prompts in files: off" in labels(words),
        ),
        "My defaults": (ben.submit(form, {"prompt": "--steps 4"}, wait=False), lambda: "--steps 4" in own["content"]),
        "/lora share": (
            ben.slash("studio", "lora share", name="Ink", private=True, wait=False),
            _told(bot, ben, "`Ink` is for you alone now."),
        ),
        "/lora remove": (
            ben.slash("studio", "lora remove", name="Wash", wait=False),
            _told(bot, ben, "`Wash` is off the list."),
        ),
    }


async def _pictures(bot: Running) -> Cases:
    ben, cleo = bot.pg.person("Ben"), bot.pg.person("Cleo")
    card = await contest.make(bot, "Ben")
    question = await _message(ben.click(card, "Share"))
    shown = await _shown(bot)
    report = await cleo.click(shown, "Report")
    remix = await ben.submit(await ben.click(card, "Remix"), {"prompt": "{a,b,c,d,e} house"})
    assert remix.message is not None
    many = remix.message
    return {
        "Share": (ben.click(question, "Share", wait=False), lambda: question["content"] == "Shared in `/gallery`."),
        "Unshare": (ben.click(shown, "Unshare", wait=False), _told(bot, ben, "It is private again")),
        "Report": (cleo.submit(report, {"words": "not nice"}, wait=False), _told(bot, cleo, "The moderators will")),
        "Draw 5": (ben.click(many, "Draw 5", wait=False), lambda: many["content"].startswith("On its way")),
    }


async def _moderators(bot: Running) -> Cases:
    ada, ben, dan = bot.pg.person("Ada"), bot.pg.person("Ben"), bot.pg.person("Dan")
    await submit(bot, "Dan", await dan.click(await _shown(bot), "Report"), "not nice")
    case = await desk_card(bot)
    await ada.slash("studio", "admin filter", ask="castle")
    await ben.slash("studio", "imagine", prompt="a castle", count=1, steps=1)
    held = await desk_card(bot, "a:word:")
    eve, finn, gil = [bot.pg.add_person(name) for name in ("Eve", "Finn", "Gil")]
    await submit(bot, "Finn", await _appeal(bot, finn), "sorry")
    plea = await desk_card(bot, "a:plea:")
    form = await _appeal(bot, eve)
    return {
        "Hide": (dan.click(case, "Hide", wait=False), lambda: "hid the picture" in text_of(case)),
        "Warn": (dan.click(case, "Warn", wait=False), lambda: "1 of 3 strikes" in text_of(case)),
        "Allow": (dan.click(held, "Allow", wait=False), lambda: not ids_of(held)),
        "Lift": (ada.click(plea, "Lift", wait=False), lambda: not ids_of(plea)),
        "Appeal": (
            eve.submit(form, {"words": "sorry"}, wait=False),
            _told(bot, eve, "The moderators have your words.", eve.dm()["id"]),
        ),
        "/admin ban": (
            ada.slash("studio", "admin ban", person=gil.id, wait=False),
            _told(bot, ada, f"{gil.mention} is shut out"),
        ),
        "/admin retention": (
            ada.slash("studio", "admin retention", days=30, wait=False),
            _told(bot, ada, "deleted after 30 days"),
        ),
    }


async def _contests(bot: Running) -> Cases:
    ada, ben, dan = bot.pg.person("Ada"), bot.pg.person("Ben"), bot.pg.person("Dan")
    await contest.voting(bot, "Ben", "Cleo")
    ballot = await contest.question(bot, "Dan")
    bridges = await contest.create(bot, theme="Bridges")
    await contest.enter(bot, "Ben")
    async with bot.database.reading() as session:
        (entry,) = await entries.of_author(session, int(ben.id), [bridges])
    towers = await contest.create(bot, theme="Towers")
    return {
        "Left": (dan.click(ballot, "Left", wait=False), lambda: "Thank you" in contest.texts(ballot)),
        "/challenge withdraw": (
            ben.slash("studio", "challenge withdraw", entry=str(entry.id), wait=False),
            _told(bot, ben, "Withdrawn from"),
        ),
        "/challenge cancel": (
            ada.slash("studio", "challenge cancel", challenge=str(towers), wait=False),
            _told(bot, ada, "Cancelled:"),
        ),
        "/challenge create": (
            ada.slash("studio", "challenge create", theme="Ships", wait=False),
            _told(bot, ada, "is announced in"),
        ),
    }


async def _message(asking: Awaitable[Interaction]) -> Json:
    asked = await asking
    assert asked.message is not None, asked.reason
    return asked.message


async def _shown(bot: Running) -> Json:
    """A new picture of Ben's that is shared, with buttons to report it and to take it back."""
    (own,) = [one for one in custom_ids(await contest.make(bot, "Ben")) if one.startswith("a:share:")]
    image_id = int(own.rpartition(":")[2])
    async with bot.database.writing() as session:
        await shares.share(session, image_id, show_prompt=True, anonymous=False)
        image = await images.get(session, image_id)
    assert image is not None
    channel = bot.studio.get_partial_messageable(int(bot.pg.channel("studio")["id"]))
    sent = await channel.send("shared", view=view_of(ReportPicture.on(image), Unshare.on(image_id)))
    return bot.pg.message(str(sent.id))


async def _appeal(bot: Running, person: Person) -> Interaction:
    """The form that a person opens whom Ada has shut out."""
    await bot.pg.person("Ada").slash("studio", "admin ban", person=person.id)
    await bot.pg.wait_for(lambda: bool(bot.pg.messages(person.dm())))
    return await person.click(bot.pg.messages(person.dm())[-1], "Appeal")


def _told(bot: Running, person: Person, words: str, channel: str = "studio") -> Callable[[], bool]:
    """Whether the person was told so once, to their eyes only."""
    return lambda: sum(words in one["content"] for one in bot.pg.messages(channel) if one["_viewer"] == person.id) == 1


async def _book(bot: Running) -> Counter[str]:
    async with bot.database.reading() as session:
        return Counter(one.action for one in await audit.read(session, int(guild_of(bot)), limit=100))
