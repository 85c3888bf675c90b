"""What people prefer, a row each. Knows no language of parameters: texts are texts."""

from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.errors import TooManyOptions
from db.insert import insert
from db.models import Preference

MOST_OPTIONS = 50


async def get(session: AsyncSession, user_id: int) -> Preference:
    """What the person prefers; of one who never said anything, a row of defaults that is not written."""
    empty = Preference(user_id=user_id, remix=False, hide_prompts=False, suffix="", defaults="", options={})
    return await session.get(Preference, user_id) or empty


async def put(session: AsyncSession, user_id: int, **changes: Any) -> None:
    """Change some of the columns of `Preference` and leave the others. The person's row must exist."""
    statement = insert(session, Preference).values(user_id=user_id, **changes)
    await session.execute(statement.on_conflict_do_update(index_elements=[Preference.user_id], set_=changes))


async def set_option(session: AsyncSession, user_id: int, name: str, text: str | None) -> bool:
    """Make, change or (None) take away a parameter of the person's own; False when there was none to take away.

    Raises TooManyOptions. The person's row must exist.
    """
    await session.execute(insert(session, Preference).values(user_id=user_id).on_conflict_do_nothing())
    found = select(Preference.options).where(Preference.user_id == user_id).with_for_update()
    options = dict(await session.scalar(found) or {})
    had = name in options
    if text is None:
        options.pop(name, None)
    else:
        options[name] = text
    if len(options) > MOST_OPTIONS:
        raise TooManyOptions(MOST_OPTIONS)
    await put(session, user_id, options=options)
    return had or text is not None


async def forget(session: AsyncSession, user_id: int) -> None:
    await session.execute(delete(Preference).where(Preference.user_id == user_id))
