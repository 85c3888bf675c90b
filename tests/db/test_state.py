"""Questions are answered once, for as long as anybody may press their buttons."""

import pytest

from db import state
from db.database import Database
from db.errors import AnsweredAlready


async def test_a_question_is_answered_by_one_interaction(database: Database) -> None:
    async with database.writing() as session:
        for _ in range(2):
            await state.answer(session, 7, 1000)
        with pytest.raises(AnsweredAlready):
            await state.answer(session, 7, 1001)


async def test_old_answers_are_forgotten_and_nothing_else_is(database: Database) -> None:
    async with database.writing() as session:
        await state.put(session, "commands", "1")
        for question, interaction in ((7, 99), (8, 1000), (9, 1001), (10, 99_999)):
            await state.answer(session, question, interaction)
        await state.forget_answers(session, before=1001)
    async with database.reading() as session:
        left = [await state.get(session, f"answer:{question}") for question in (7, 8, 9, 10)]
        assert left == [None, None, "1001", "99999"]
        assert await state.get(session, "commands") == "1"
