from datetime import timedelta

import pytest

from db import guilds, ledger, state, users
from db.database import Database
from db.errors import AnsweredAlready
from tests.db.people import ADA, BEN, NOON, meet


async def test_a_person_seen_again_keeps_the_row_and_gets_the_new_name(database: Database) -> None:
    later = NOON + timedelta(days=1)
    async with database.writing() as session:
        await users.touch(session, ADA, "Ada", now=NOON)
        await users.touch(session, ADA, "Ada L." + "x" * 200, now=later)
        await users.touch(session, ADA, "Ada L.", now=later)
    async with database.reading() as session:
        person = await users.get(session, ADA)
        assert await users.get(session, BEN) is None
    assert person is not None
    assert (person.name, person.created_at, person.seen_at) == ("Ada L.", NOON, later)


async def test_a_servers_settings_survive_its_renaming(database: Database) -> None:
    async with database.writing() as session:
        assert not await guilds.put_settings(session, 1, {"model": "pocket"})
        await guilds.touch(session, 1, "Painters")
        assert await guilds.put_settings(session, 1, {"model": "pocket"})
        await guilds.touch(session, 1, "Sculptors")
    async with database.reading() as session:
        guild = await guilds.get(session, 1)
    assert guild is not None
    assert (guild.name, guild.settings) == ("Sculptors", {"model": "pocket"})


async def test_state_is_put_replaced_and_forgotten(database: Database) -> None:
    async with database.writing() as session:
        await state.put(session, "commands", "one")
        await state.put(session, "commands", "two")
        await state.put(session, "other", "x")
        await state.put(session, "other", None)
        await state.put(session, "never", None)
    async with database.reading() as session:
        assert await state.get(session, "commands") == "two"
        assert await state.get(session, "other") is None


async def test_a_balance_is_the_sum_of_a_persons_own_lines(database: Database) -> None:
    await meet(database)
    async with database.writing() as session:
        await ledger.grant(session, ADA, 10)
        await ledger.grant(session, ADA, -3)
        await ledger.grant(session, BEN, 100)
    async with database.reading() as session:
        assert await ledger.balance(session, ADA) == 7
        assert await ledger.balance(session, 404) == 0


async def test_a_question_has_one_answer_however_often_it_is_given(database: Database) -> None:
    async with database.writing() as session:
        await state.answer(session, 1, 10)
        await state.answer(session, 1, 10)
        await state.answer(session, 2, 11)
        with pytest.raises(AnsweredAlready):
            await state.answer(session, 1, 11)
