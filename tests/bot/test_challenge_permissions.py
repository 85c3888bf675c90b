"""Who may do what to a contest in which phase: the whole table, each cell tried; and custom ids nobody was given."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from db import guilds, images
from db.challenges import ballots, entries, finding
from db.models import Ballot, Entry, Phase
from playground import ManualClock
from tests.bot import contest
from tests.bot.contest import DAY, contests, create, later, pressable, public, reached, seen, texts
from tests.bot.studio import Json, Running

ROLES = ("moderator", "entrant", "member", "newcomer")
ACTIONS = ("create", "cancel", "enter", "withdraw", "withdraw another's", "vote", "results", "list", "rules")
EVERYBODY = frozenset(ROLES)
TABLE: dict[str, dict[Phase, frozenset[str]]] = {
    "create": dict.fromkeys(Phase, frozenset({"moderator"})),
    "cancel": dict.fromkeys((Phase.SCHEDULED, Phase.OPEN, Phase.VOTING), frozenset({"moderator"})),
    "enter": {Phase.OPEN: EVERYBODY},
    "withdraw": {Phase.OPEN: frozenset({"entrant"}), Phase.VOTING: frozenset({"entrant"})},
    "withdraw another's": {},
    "vote": {Phase.VOTING: EVERYBODY - {"newcomer"}},
    "results": {Phase.DONE: EVERYBODY},
    "list": dict.fromkeys(Phase, EVERYBODY),
    "rules": dict.fromkeys(Phase, EVERYBODY),
}
"""Who succeeds, by action and phase; whoever is not named is refused in words, and nothing changes."""
YES = {
    "create": "is announced",
    "cancel": "Cancelled:",
    "enter": "In: ",
    "withdraw": "Withdrawn from",
    "withdraw another's": "Withdrawn from",
    "vote": "Which is the better",
    "results": "voted",
    "list": "Lighthouses",
    "rules": "Who votes",
}


@pytest.fixture
async def bot(tmp_path: Path, sqlite_url: str) -> AsyncIterator[Running]:
    async with contests(tmp_path, sqlite_url) as started:
        yield started
        started.was_polite()


class Cast:
    """One contest, put into any phase by hand, and the four who try things on it."""

    def __init__(self, bot: Running) -> None:
        self.bot = bot

    async def begin(self) -> None:
        bot = self.bot
        self.number = await create(bot, entries=5)
        self.people = {
            "moderator": bot.pg.person("Ada"),
            "entrant": bot.pg.person("Ben"),
            "member": bot.pg.person("Dan"),
        }
        await reached(bot, self.number, Phase.OPEN)
        self.pictures: dict[str, int] = {}
        clock = bot.pg.clock
        assert isinstance(clock, ManualClock)
        clock.advance(60)
        self.people["newcomer"] = bot.pg.add_person("Newcomer")
        for who, person in self.people.items():
            self.pictures[who] = await self.picture(person.name)
        # Two of somebody else's, so that an entrant has a pair to vote on.
        self.others = await self.put_in("Cleo", await self.picture("Cleo"))
        await self.put_in("Cleo", await self.picture("Cleo"))
        self.entered = await self.picture("Ben")
        await self.put_in("Ben", self.entered)

    async def picture(self, name: str) -> int:
        """A new picture of this person's."""
        await self.bot.imagine(name, prompt="a house", count=1, steps=1)
        async with self.bot.database.reading() as session:
            return (await images.of_author(session, int(self.bot.pg.person(name).id)))[0].id

    async def put_in(self, name: str, picture: int) -> Entry:
        async with self.bot.database.writing() as session:
            now = self.bot.studio.challenges.moment
            return await entries.enter(session, self.number, int(self.bot.pg.person(name).id), picture, now=now)

    async def put(self, phase: Phase) -> None:
        """Into this phase, with its times around now."""
        async with self.bot.database.writing() as session:
            held = await finding.hold(session, self.number)
            now = await self.bot.studio.challenges.now(session)
            held.phase = phase
            held.opens_at = now - DAY / 1440 if phase is not Phase.SCHEDULED else now + DAY
            voting = phase in (Phase.SCHEDULED, Phase.OPEN)
            held.votes_at, held.closes_at = (now + 2 * DAY, now + 3 * DAY) if voting else (held.opens_at, now + DAY)

    async def act(self, action: str, who: str) -> str:
        """Do it as a person does; the words that came back."""
        person, pg = self.people[who], self.bot.pg
        before = {one["id"] for one in pg.messages("studio")}
        options: dict[str, Any]
        match action:
            case "create":
                options = {"theme": "Another"}
            case "cancel" | "vote" | "results":
                options = {"challenge": str(self.number)}
            case "enter":
                options = {"challenge": str(self.number), "picture": str(self.pictures[who])}
            case "withdraw":
                options = {"entry": str(await self.own_entry(who))}
            case "withdraw another's":
                options = {"entry": str(self.others.id)}
            case _:
                options = {}
        if action == "rules":
            asked = await person.click(public(self.bot)[0], "How it works")
            return texts(seen(asked))
        name = {"withdraw another's": "withdraw"}.get(action, action)
        await person.slash("studio", f"challenge {name}", **options)

        def said() -> str:
            new = [m for m in pg.messages("studio") if m["id"] not in before and m["_viewer"] == person.id]
            return next((words for m in reversed(new) if (words := texts(m))), "")

        return await pg.wait_for(said)

    async def own_entry(self, who: str) -> int:
        async with self.bot.database.reading() as session:
            mine = await entries.of_author(session, int(self.people[who].id), [self.number])
        return mine[0].id if mine else 9999

    async def undo(self, action: str, who: str) -> None:
        """Bring back what a success changed, so that the next cell finds the same."""
        async with self.bot.database.writing() as session:
            mine = await entries.of_author(session, int(self.people[who].id), [self.number])
            now = await self.bot.studio.challenges.now(session)
            if action == "enter" and mine:
                await entries.withdraw(session, mine[-1].id, now=now)
            if action == "withdraw":
                held = await finding.hold(session, self.number)
                was, held.phase = held.phase, Phase.OPEN
                held.votes_at, held.closes_at = now + DAY, now + 2 * DAY
                await session.flush()
                await entries.enter(session, self.number, int(self.people[who].id), self.entered, now=now)
                held.phase = was


@pytest.mark.timeout(600)
async def test_every_cell_of_action_by_role_by_phase(bot: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    cast = Cast(bot)
    await cast.begin()

    async def nothing() -> None:
        """Phases stay where the table puts them."""

    monkeypatch.setattr(bot.studio.challenges, "_change_phases", nothing)
    wrong: list[str] = []
    cells = 0
    for phase in Phase:
        for action in ACTIONS:
            for who in ROLES:
                await cast.put(phase)
                said = await cast.act(action, who)
                cells += 1
                if (YES[action] in said) != (who in TABLE[action].get(phase, frozenset())):
                    wrong.append(f"{who}, {action}, {phase.value}: {said[:80]}")
                elif YES[action] in said and action in ("enter", "withdraw"):
                    await cast.undo(action, who)
    assert wrong == []
    assert cells == len(ROLES) * len(ACTIONS) * len(Phase) == 216


async def forge(bot: Running, person: str, message: Json, custom_id: str) -> str:
    """Press a button that this message does not have, as a changed client could; the words that came back."""
    button = next(part for part in contest.walk(message) if part["type"] == 2)
    honest, button["custom_id"] = button["custom_id"], custom_id
    before = {one["id"] for one in bot.pg.messages(message["channel_id"])}
    who = bot.pg.person(person)
    try:
        await who.click(message, custom_id)
    finally:
        button["custom_id"] = honest

    def said() -> str:
        new = [m for m in bot.pg.messages(message["channel_id"]) if m["id"] not in before and m["_viewer"] == who.id]
        return next((words for m in reversed(new) if (words := texts(m))), "")

    return await bot.pg.wait_for(said)


async def test_forged_custom_ids_do_nothing(bot: Running) -> None:
    number = await create(bot)
    cards = {}
    for person in ("Ben", "Cleo", "Dan"):
        cards[person] = await bot.imagine(person, prompt="a house", count=1, steps=1)
    for person in ("Ben", "Cleo"):
        entered = seen(await bot.pg.person(person).click(cards[person], "🏆"))
        await bot.pg.wait_for(lambda entered=entered: entered["content"].startswith("In: "))
    card = public(bot)[0]
    async with bot.database.reading() as session:
        bens, cleos = await entries.standing(session, number)
    # Another person's picture and entry; a contest that never was.
    assert "your own pictures" in await forge(bot, "Dan", card, f"a:c:enter:{bens.image_id}:{number}")
    assert "your own pictures" in await forge(bot, "Dan", card, f"a:c:out:{cleos.id}")
    assert "no such challenge" in await forge(bot, "Dan", card, "a:c:enter:1:424242")
    assert "was taken out" in await forge(bot, "Dan", card, "a:c:out:424242")
    assert "not begun" in await forge(bot, "Dan", card, f"a:c:vote:{number}")

    await later(bot, DAY)
    await reached(bot, number, Phase.VOTING)
    card = public(bot)[0]
    mine = seen(await bot.pg.person("Dan").click(card, "Vote"))
    await bot.pg.wait_for(lambda: "Left" in pressable(mine))
    async with bot.database.reading() as session:
        (dealt,) = await ballots.of_voter(session, number, int(bot.pg.person("Dan").id))
    # Another person's ballot, one that never was, and a value that is none.
    assert "somebody else" in await forge(bot, "Ada", card, f"a:c:say:{dealt.id}:1")
    assert "somebody else" in await forge(bot, "Ada", card, f"a:c:back:{dealt.id}")
    assert "somebody else" in await forge(bot, "Dan", card, "a:c:say:424242:1")
    assert "somebody else" in await forge(bot, "Dan", card, f"a:c:say:{dealt.id}:5")

    # Another server's contest.
    async with bot.database.writing() as session:
        held = await finding.hold(session, number)
        real = held.guild_id
        await guilds.touch(session, 12345, "elsewhere")
        held.guild_id = 12345
    for forged in (f"a:c:vote:{number}", f"a:c:offer:{number}", f"a:c:mine:{number}", f"a:c:rules:{number}:card"):
        assert "no such challenge" in await forge(bot, "Dan", card, forged)
    assert "somebody else" in await forge(bot, "Dan", card, f"a:c:say:{dealt.id}:1")
    assert "no such challenge" in await forge(bot, "Ben", card, f"a:c:out:{bens.id}")
    async with bot.database.writing() as session:
        (await finding.hold(session, number)).guild_id = real

    # A closed contest's buttons, kept in an old message.
    await later(bot, DAY)
    await reached(bot, number, Phase.DONE)
    for forged in (f"a:c:say:{dealt.id}:1", f"a:c:back:{dealt.id}", f"a:c:vote:{number}"):
        assert "Voting is over" in await forge(bot, "Dan", card, forged)
    assert "nothing can be withdrawn" in await forge(bot, "Ben", card, f"a:c:out:{bens.id}")
    async with bot.database.reading() as session:
        assert await ballots.votes(session, number) == []
        assert await session.get(Ballot, dealt.id) is not None
        assert await entries.count(session, number) == 2
