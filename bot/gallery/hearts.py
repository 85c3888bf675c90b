"""Hearts as they are pressed: many at once become one transaction, and nobody is answered before it stands.

While one transaction is written the next presses gather, so a storm needs no more transactions than a drizzle. Who may
press is decided in the same transaction. Knows no messages; the poster shows the counts.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from bot.gallery import rights
from bot.gallery.rights import Act, Viewer
from bot.ui.moderating import kept_out
from db import likes, sanctions, users
from db.database import Database
from db.likes import Press

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Pressed:
    image_id: int
    viewer: Viewer
    name: str
    answer: "asyncio.Future[None]"

    def refuse(self, error: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)


class Hearts:
    """Run it with `run`; `counted` is called after each transaction."""

    def __init__(self, database: Database, *, counted: Callable[[], None]) -> None:
        self._database = database
        self._counted = counted
        self._waiting: list[_Pressed] = []
        self._woken = asyncio.Event()

    async def press(self, image_id: int, viewer: Viewer, name: str) -> None:
        """Like a picture, or take it back; returns when a row says so. Raises Banned, Gone, OwnPicture."""
        pressed = _Pressed(image_id, viewer, name, asyncio.get_running_loop().create_future())
        self._waiting.append(pressed)
        self._woken.set()
        await pressed.answer

    async def run(self) -> None:
        """Until cancelled; what was pressed up to then is still written."""
        try:
            while True:
                await self._woken.wait()
                await self._write()
        finally:
            await self._write()

    async def _write(self) -> None:
        self._woken.clear()
        taken, self._waiting = self._waiting, []
        if not taken:
            return
        try:
            async with self._database.writing() as session:
                allowed = await _allowed(session, taken)
                if allowed:
                    await users.touch_many(session, {one.viewer.user_id: one.name for one in allowed})
                    await likes.press(session, [Press(one.image_id, one.viewer.user_id) for one in allowed])
        except Exception as error:
            log.warning("%d hearts could not be written: %s", len(taken), type(error).__name__)
            for one in taken:
                one.refuse(error)
            return
        for one in allowed:
            if not one.answer.done():
                one.answer.set_result(None)
        self._counted()


async def _allowed(session: AsyncSession, taken: Sequence[_Pressed]) -> list[_Pressed]:
    """Those who may; the others are told why not."""
    pictures = {image_id: await rights.find(session, image_id) for image_id in {one.image_id for one in taken}}
    people: defaultdict[int | None, set[int]] = defaultdict(set)
    for one in taken:
        people[one.viewer.guild_id].add(one.viewer.user_id)
    shut_out = {guild_id: await sanctions.shut_out_of(session, guild_id, some) for guild_id, some in people.items()}
    allowed = []
    for one in taken:
        try:
            if (held := shut_out[one.viewer.guild_id].get(one.viewer.user_id)) is not None:
                raise kept_out(held)
            rights.permitted(Act.LIKE, one.viewer, pictures[one.image_id])
        except Exception as error:
            one.refuse(error)
        else:
            allowed.append(one)
    return allowed
