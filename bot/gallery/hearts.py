"""Hearts as they are pressed: many at once become one transaction, and nobody is answered before it stands.

While one transaction is written the next presses gather, so a storm needs no more transactions than a drizzle. Knows no
messages; the poster shows the counts.
"""

import asyncio
import logging
from collections.abc import Callable

from db import likes, users
from db.database import Database
from db.likes import Press

log = logging.getLogger(__name__)


class Hearts:
    """Run it with `run`; `counted` is called after each transaction."""

    def __init__(self, database: Database, *, counted: Callable[[], None]) -> None:
        self._database = database
        self._counted = counted
        self._waiting: list[tuple[Press, str, asyncio.Future[bool | None]]] = []
        self._pressed = asyncio.Event()

    async def press(self, image_id: int, user_id: int, name: str) -> bool | None:
        """Whether the person likes the picture now, as a row says; None where nothing was to like."""
        answer: asyncio.Future[bool | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((Press(image_id, user_id), name, answer))
        self._pressed.set()
        return await answer

    async def run(self) -> None:
        """Until cancelled; what was pressed up to then is still written."""
        try:
            while True:
                await self._pressed.wait()
                await self._write()
        finally:
            await self._write()

    async def _write(self) -> None:
        self._pressed.clear()
        taken, self._waiting = self._waiting, []
        if not taken:
            return
        try:
            async with self._database.writing() as session:
                for user_id, name in {one.user_id: name for one, name, _ in taken}.items():
                    await users.touch(session, user_id, name)
                now_liked = await likes.press(session, [one for one, _, _ in taken])
        except Exception as error:
            log.warning("%d hearts could not be written: %s", len(taken), type(error).__name__)
            for _, _, answer in taken:
                if not answer.done():
                    answer.set_exception(error)
            return
        for one, _, answer in taken:
            if not answer.done():
                answer.set_result(now_liked.get(one))
        self._counted()
