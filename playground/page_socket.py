"""Live events for the pages, each as one person sees them. It does not know how the page shows them."""

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING

from aiohttp import WSMsgType, web

from playground.errors import ApiError, Json
from playground.feed import Event

if TYPE_CHECKING:
    from playground.server import Playground


class PageSockets:
    """All open pages."""

    def __init__(self, playground: "Playground") -> None:
        self.pg = playground
        self.open: dict[web.WebSocketResponse, tuple[str, asyncio.Queue[str]]] = {}
        playground.feed.listeners.append(self.hear)

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """One page's connection, as the person in `?as=`."""
        try:
            viewer = self.pg.world.find_user(request.query.get("as", ""))["id"]
        except ApiError as error:
            raise web.HTTPNotFound(text=error.message) from None
        socket = web.WebSocketResponse(heartbeat=30.0)
        await socket.prepare(request)
        queue: asyncio.Queue[str] = asyncio.Queue()
        self.open[socket] = (viewer, queue)
        writer = asyncio.create_task(self._write(socket, queue))
        try:
            async for message in socket:
                if message.type == WSMsgType.ERROR:
                    break
        finally:
            del self.open[socket]
            writer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await writer
        return socket

    async def close(self) -> None:
        """Close every page's connection."""
        for socket in tuple(self.open):
            await socket.close()

    def hear(self, event: Event) -> None:
        """Queue an event for every page whose person may see it."""
        if not event.page or not self.open:
            return
        made: dict[str, str | None] = {}
        for viewer, queue in self.open.values():
            if viewer not in made:
                made[viewer] = self._text(event, viewer)
            text = made[viewer]
            if text is not None:
                queue.put_nowait(text)

    def _text(self, event: Event, viewer: str) -> str | None:
        world = self.pg.world
        if event.viewer not in (None, viewer):
            return None
        if (
            event.channel_id is not None
            and event.channel_id in world.channels
            and not world.can_see(event.channel_id, viewer)
        ):
            if event.name == "CHANNEL_UPDATE":
                return json.dumps({"t": "CHANNEL_DELETE", "d": {"id": event.channel_id}})
            return None
        return json.dumps({"t": event.name, "d": self._data(event, viewer)})

    def _data(self, event: Event, viewer: str) -> Json:
        if event.name in ("MESSAGE_CREATE", "MESSAGE_UPDATE"):
            return self.pg.render.for_page(event.record, viewer)
        if event.name in ("CHANNEL_CREATE", "CHANNEL_UPDATE"):
            return self.pg.world.channel_of(event.record["id"], viewer)
        return event.record

    @staticmethod
    async def _write(socket: web.WebSocketResponse, queue: asyncio.Queue[str]) -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                await socket.send_str(await queue.get())
