"""A contest as people see it in the playground: made, entered, voted on and looked at, on the playground's clock."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from db.challenges import finding, results
from db.challenges.counting import Place
from db.models import Challenge, Phase
from playground import Interaction, ManualClock, Playground, permissions, seed
from tests.bot.studio import Json, Running, running, world

DAY = timedelta(days=1)


def clock_of(pg: Playground) -> Callable[[], datetime]:
    return lambda: datetime.fromtimestamp(pg.clock.time(), UTC)


@asynccontextmanager
async def contests(folder: Path, url: str, pg: Playground | None = None) -> AsyncIterator[Running]:
    """A bot whose contests go by the playground's clock; with a `pg` of before, the next process in the same world."""
    if pg is None:
        async with world() as made:
            # Members for a day, so that they were members before anything opens.
            advance(made, DAY)
            async with contests(folder, url, made) as bot:
                yield bot
        return
    async with running(folder, url, pg=pg, clock=clock_of(pg)) as bot:
        yield bot


def advance(pg: Playground, length: timedelta) -> None:
    assert isinstance(pg.clock, ManualClock)
    pg.clock.advance(length.total_seconds())


async def later(bot: Running, length: timedelta) -> None:
    """Let the playground's clock go on, and tell the bot."""
    advance(bot.pg, length)
    bot.studio.challenges.wake()


async def create(bot: Running, by: str = "Ada", channel: str = "challenges", **options: Any) -> int:
    """`/challenge create`; the number of what was made."""
    given: dict[str, Any] = {"theme": "Lighthouses", "entering": "1d", "voting": "1d"} | options
    asked = await bot.pg.person(by).slash(channel, "challenge create", **given)
    assert asked.message is not None, asked.reason
    words = asked.message["content"]
    assert "is announced" in words, words
    return int(words.split("`")[1])


async def phase(bot: Running, challenge_id: int) -> Challenge:
    async with bot.database.reading() as session:
        return await finding.get(session, challenge_id)


async def reached(bot: Running, challenge_id: int, wanted: Phase) -> Challenge:
    """Wait until the contest is in this phase and its messages say so."""
    async with asyncio.timeout(20):
        while True:
            found = await phase(bot, challenge_id)
            if found.phase is wanted and not await _behind(bot):
                return found
            await asyncio.sleep(0.02)


async def places(bot: Running, challenge_id: int) -> list[Place]:
    async with bot.database.reading() as session:
        return await results.places(session, challenge_id)


async def _behind(bot: Running) -> bool:
    from db.challenges import announcing

    async with bot.database.reading() as session:
        return bool(await announcing.behind(session))


def walk(message: Json) -> list[Json]:
    """Every component of a message, however deep."""

    def down(parts: list[Json]) -> list[Json]:
        return [found for part in parts for found in (part, *down(part.get("components") or []))]

    return down(message["components"])


def texts(message: Json) -> str:
    """All that can be read in a message."""
    return "\n".join([message["content"], *(part["content"] for part in walk(message) if part["type"] == 10)])


def pressable(message: Json) -> dict[str, str]:
    """Custom ids by label or emoji."""
    return {
        part.get("label") or part["emoji"]["name"]: part["custom_id"] for part in walk(message) if part["type"] == 2
    }


def alt_texts(message: Json) -> list[str]:
    return [item.get("description") or "" for part in walk(message) if part["type"] == 12 for item in part["items"]]


def public(bot: Running, channel: str = "challenges") -> list[Json]:
    return [message for message in bot.pg.messages(channel) if not message["_viewer"]]


def seen(asked: Interaction) -> Json:
    """What a person was shown, to their eyes only."""
    assert asked.message is not None, (asked.state, asked.reason)
    assert asked.message["_viewer"] == asked.user_id
    return asked.message


async def make(bot: Running, person: str, **options: Any) -> Json:
    """The card of one new picture."""
    return await bot.imagine(person, count=1, steps=1, **{"prompt": "a lighthouse", **options})


async def enter(bot: Running, *people: str) -> None:
    """Make a picture each and enter it by the button under it."""
    for person in people:
        entered = seen(await bot.pg.person(person).click(await make(bot, person), "🏆"))
        await bot.pg.wait_for(lambda entered=entered: entered["content"].startswith("In: "), what=entered["content"])


async def voting(bot: Running, *people: str, **options: Any) -> int:
    """A contest in which these people have an entry each and voting has begun."""
    number = await create(bot, **options)
    await enter(bot, *people)
    await later(bot, DAY)
    await reached(bot, number, Phase.VOTING)
    return number


async def question(bot: Running, person: str) -> Json:
    """The private message that `Vote` shows."""
    shown = seen(await bot.pg.person(person).click(public(bot)[-1], "Vote"))
    await bot.pg.wait_for(lambda: shown["attachments"] or shown["content"] or shown["components"])
    return shown


async def answer(bot: Running, person: str, shown: Json, label: str) -> None:
    before = dict(pressable(shown))
    await bot.pg.person(person).click(shown, label)
    await bot.pg.wait_for(lambda: pressable(shown) != before, what=texts(shown))


def add_role(pg: Playground, name: str, position: int, bits: int = 0) -> None:
    """A role of the server; the bot stands at 5 and may hand out what is below it."""
    (guild,) = pg.world.guilds.values()
    guild["roles"].append(seed.role(pg.ids.new(), name, bits, position=position, mentionable=name == "Challengers"))
    own = next(one for one in guild["roles"] if one.get("tags"))
    own["permissions"] = str(int(own["permissions"]) | permissions.MANAGE_ROLES)
    own["position"] = 5


def role(bot: Running, name: str) -> str:
    (guild,) = bot.pg.world.guilds.values()
    return next(one["id"] for one in guild["roles"] if one["name"] == name)


async def told(bot: Running, person: str, words: str, channel: str = "studio") -> None:
    """Wait until the newest private message to this person holds these words."""

    def holds() -> bool:
        theirs = [one for one in bot.pg.messages(channel) if one["_viewer"] == bot.pg.person(person).id]
        return bool(theirs) and words in texts(theirs[-1])

    await bot.pg.wait_for(holds, what=words)
