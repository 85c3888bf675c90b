"""Small facts the program keeps about itself, by key."""

from sqlalchemy import delete, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from db.errors import AnsweredAlready
from db.insert import insert
from db.models import State

_ANSWER = "answer:"


async def get(session: AsyncSession, key: str) -> str | None:
    return await session.scalar(select(State.value).where(State.key == key))


async def put(session: AsyncSession, key: str, value: str | None) -> None:
    """Remember `value` under `key` (at most 64 characters); None forgets it."""
    if value is None:
        await session.execute(delete(State).where(State.key == key))
        return
    statement = insert(session, State).values(key=key, value=value)
    await session.execute(
        statement.on_conflict_do_update(index_elements=[State.key], set_={"value": statement.excluded.value})
    )


async def answer(session: AsyncSession, question: int, interaction_id: int) -> None:
    """Let this interaction be the one answer to what a message asked. Raises AnsweredAlready when another one is."""
    key = f"{_ANSWER}{question}"
    statement = insert(session, State).values(key=key, value=str(interaction_id))
    await session.execute(statement.on_conflict_do_nothing(index_elements=[State.key]))
    if await get(session, key) != str(interaction_id):
        raise AnsweredAlready


async def forget_answers(session: AsyncSession, *, before: int) -> None:
    """Forget the answers that interactions with ids below `before` gave: their questions may be answered again."""
    # As text, by length and then digit by digit: PostgreSQL may try a cast on the values of other keys too.
    age = tuple_(func.length(State.value), State.value)
    old = delete(State).where(State.key.startswith(_ANSWER), age < (len(str(before)), str(before)))
    await session.execute(old.execution_options(synchronize_session=False))
