"""What happened, told to whoever listens: gateway, pages, state file, waiting tests. It does not know them."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from playground.errors import Json


@dataclass(frozen=True, kw_only=True)
class Event:
    """One change. `record` is the row (a message, a channel, ...) or the wire object, by name of the event.

    `viewer` restricts it to one person's page (ephemeral messages, modals); such events never reach the bot.
    """

    name: str
    record: Json = field(default_factory=dict)
    guild_id: str | None = None
    channel_id: str | None = None
    viewer: str | None = None
    bot: bool = True
    page: bool = True


class Feed:
    """Calls every listener, in order, inside `publish`."""

    def __init__(self) -> None:
        self.listeners: list[Callable[[Event], None]] = []
        self._waiting: list[asyncio.Future[None]] = []

    def publish(self, event: Event) -> None:
        """Tell every listener, then wake every waiter."""
        for listener in tuple(self.listeners):
            listener(event)
        self.nudge()

    def nudge(self) -> None:
        """Wake waiters without an event (something that nobody hears of has changed)."""
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def wait(self, timeout: float) -> None:
        """Return at the next event, or after `timeout` seconds."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        await asyncio.wait([future], timeout=timeout)
        if not future.done():
            self._waiting.remove(future)
