"""Roles that contests hand out: the maker may give no more than they could themselves, and a bell no power at all."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from db.models import Phase
from playground import permissions
from playground.feed import Event
from tests.bot.contest import add_role, contests, create, public, reached, role, told
from tests.bot.studio import Running, private_words, world

ROLES = {
    "Manager": (3, permissions.MANAGE_GUILD),
    "Keeper": (3, permissions.MANAGE_GUILD | permissions.MANAGE_ROLES),
    "Laurel": (1, 0),
    "Challengers": (1, 0),
    "Powerful": (1, permissions.ADMINISTRATOR),
    "High": (4, 0),
}


@pytest.fixture
async def bot(tmp_path: Path, sqlite_url: str) -> AsyncIterator[Running]:
    async with world() as pg:
        for name, (position, bits) in ROLES.items():
            add_role(pg, name, position, bits)
        async with contests(tmp_path, sqlite_url, pg) as started:
            hold(started, "Ben", "Manager")
            hold(started, "Cleo", "Keeper")
            yield started


def hold(bot: Running, person: str, *names: str) -> None:
    """Give a member exactly these roles."""
    guild_id = bot.pg.channel("challenges")["guild_id"]
    bot.pg.set_roles(guild_id, bot.pg.person(person).id, [role(bot, name) for name in names])


def held(bot: Running, person: str) -> list[str]:
    guild_id = bot.pg.channel("challenges")["guild_id"]
    return bot.pg.world.members[guild_id][bot.pg.person(person).id]["roles"]


def empower(bot: Running, name: str, bits: int) -> None:
    """What a moderator does in the server's settings."""
    (guild,) = bot.pg.world.guilds.values()
    row = next(one for one in guild["roles"] if one["name"] == name)
    row["permissions"] = str(bits)
    record = {"guild_id": guild["id"], "role": row}
    bot.pg.feed.publish(Event(name="GUILD_ROLE_UPDATE", record=record, guild_id=guild["id"], page=False))


@pytest.mark.parametrize(
    ("maker", "name", "words"),
    [
        ("Ben", "Challengers", "You may not give"),
        ("Cleo", "Challengers", ""),
        ("Cleo", "High", "You may not give"),
        ("Cleo", "Keeper", "You may not give"),
        ("Ada", "High", ""),
    ],
)
async def test_a_role_is_given_away_only_by_who_could_give_it_themselves(
    bot: Running, maker: str, name: str, words: str
) -> None:
    for option in ("winner_role", "ping"):
        for weekly in (False, True):
            options = {option: role(bot, name), "weekly": weekly, "entering": "2d", "voting": "1d"}
            asked = await bot.pg.person(maker).slash("challenges", "challenge create", theme="Tea", **options)
            answered = private_words(asked)
            if words:
                assert words in answered
            else:
                assert "Every week" in answered or "is announced" in answered or "would call nobody" in answered


async def test_a_role_with_power_may_be_won_and_never_taken_by_a_bell(bot: Running) -> None:
    powerful = role(bot, "Powerful")
    asked = await bot.pg.person("Ada").slash("challenges", "challenge create", theme="Tea", ping=powerful)
    assert "not everybody has" in private_words(asked)
    assert public(bot) == []
    await create(bot, winner_role=powerful)


async def test_a_bell_gives_no_role_that_gained_power_meanwhile_and_still_takes_it_back(bot: Running) -> None:
    called = role(bot, "Challengers")
    number = await create(bot, ping=called)
    await reached(bot, number, Phase.OPEN)
    await bot.pg.person("Dan").click(public(bot)[0], "🔔")
    await bot.pg.wait_for(lambda: called in held(bot, "Dan"))
    empower(bot, "Challengers", permissions.MANAGE_MESSAGES)
    await bot.pg.person("Ada").click(public(bot)[0], "🔔")
    await told(bot, "Ada", "not everybody has", "challenges")
    assert called not in held(bot, "Ada")
    await bot.pg.person("Dan").click(public(bot)[0], "🔔")
    await bot.pg.wait_for(lambda: called not in held(bot, "Dan"))
