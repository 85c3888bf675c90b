"""One gateway connection: op codes, compression, close codes. Which events pass is decided by `gateway.py`."""

import asyncio
import contextlib
import json
import zlib
from typing import Any

from aiohttp import WSMsgType, web

from playground import gateway as ops
from playground import intents
from playground.errors import Json
from playground.gateway import Gateway, Session

MOST_BYTES = 4096
"""Bytes of a payload from the client; more closes with 4002."""
MOST_COMMANDS, COMMAND_WINDOW = 120, 60.0
UNKNOWN_OP, DECODE, NOT_AUTHENTICATED, BAD_TOKEN, TWICE = 4001, 4002, 4003, 4004, 4005
GOOD_BYE = (1000, 1001)
"""Close codes after which a session cannot be resumed."""
PATIENCE = 1.5
"""Heartbeat intervals without a heartbeat after which the client is taken for gone: a blocked one sends none."""
PARTING = 10.0
"""Seconds for what is still to be sent to a client whose connection is closed."""
RATE_LIMITED, TIMED_OUT, BAD_SHARD, BAD_VERSION, BAD_INTENTS, DISALLOWED = 4008, 4009, 4010, 4012, 4013, 4014


class Closed(Exception):
    """The connection ends with `code`."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class GatewaySocket:
    """Serves one client from hello to close."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.session: Session | None = None
        self.socket = web.WebSocketResponse(autoping=True, compress=False)
        self.outbox: asyncio.Queue[str | None] = asyncio.Queue()
        self.deflate: Any = None
        self.commands: list[float] = []
        self.request: web.Request | None = None
        self.silence = asyncio.timeout(None)

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Run the connection. Close codes as Discord's."""
        self.request = request
        await self.socket.prepare(request)
        if request.query.get("compress") == "zlib-stream":
            self.deflate = zlib.compressobj(wbits=zlib.MAX_WBITS)
        writer = asyncio.create_task(self._write())
        try:
            if request.query.get("v", "10") not in ("9", "10"):
                raise Closed(BAD_VERSION, "Invalid API version")
            self.send(ops.HELLO, {"heartbeat_interval": int(self.gateway.heartbeat_interval * 1000), "_trace": []})
            await self._listen()
        except Closed as closed:
            self.detach()
            self.outbox.put_nowait(None)
            # A client that is blocked reads nothing either, and the last words to it would never be sent.
            with contextlib.suppress(ConnectionError, TimeoutError):
                async with asyncio.timeout(PARTING):
                    await writer
                    await self.socket.close(code=closed.code, message=closed.reason.encode())
        finally:
            self.detach()
            writer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await writer
        return self.socket

    def send(self, op: int, data: Any = None) -> None:
        """Queue a payload that is no dispatch."""
        self.outbox.put_nowait(json.dumps({"op": op, "d": data, "s": None, "t": None}))

    def detach(self) -> None:
        """Leave the session to wait for a resume, or end it when the client said good-bye."""
        session = self.session
        self.session = None
        if session is not None and session.send == self.outbox.put_nowait:
            self.gateway.lose(session, over=self.socket.close_code in GOOD_BYE)

    def abort(self) -> None:
        """Drop the connection as a broken network would: no close frame."""
        if self.request is not None and self.request.transport is not None:
            self.request.transport.abort()

    async def _write(self) -> None:
        with contextlib.suppress(ConnectionError):
            while (text := await self.outbox.get()) is not None:
                if self.deflate is None:
                    await self.socket.send_str(text)
                else:
                    data = self.deflate.compress(text.encode()) + self.deflate.flush(zlib.Z_SYNC_FLUSH)
                    await self.socket.send_bytes(data)

    async def _listen(self) -> None:
        # By the loop's time, not the playground's clock: a client beats by its own, whatever a test makes of ours.
        try:
            async with self.silence:
                self._beat()
                await self._read()
        except TimeoutError:
            raise Closed(TIMED_OUT, "Session timed out.") from None

    def _beat(self) -> None:
        patience = PATIENCE * self.gateway.heartbeat_interval
        self.silence.reschedule(asyncio.get_running_loop().time() + patience)

    async def _read(self) -> None:
        async for message in self.socket:
            if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                continue
            if len(message.data) > MOST_BYTES:
                raise Closed(DECODE, "Payload too large")
            try:
                payload = json.loads(message.data)
                op, data = payload["op"], payload.get("d")
            except (ValueError, TypeError, KeyError, AttributeError):
                raise Closed(DECODE, "Error while decoding payload.") from None
            self._count(op)
            self._handle(op, data)

    def _handle(self, op: Any, data: Any) -> None:
        if op == ops.HEARTBEAT:
            self._beat()
            self.send(ops.ACK)
        elif op == ops.IDENTIFY:
            self._identify(data)
        elif op == ops.RESUME:
            self._resume(data)
        elif self.session is None:
            raise Closed(NOT_AUTHENTICATED, "Not authenticated.")
        elif op == ops.PRESENCE:
            data = _object(data)
            self.gateway.presence = {"status": data.get("status"), "activities": data.get("activities") or []}
            self.gateway.announce()
        elif op == ops.REQUEST_MEMBERS:
            self.gateway.members_chunk(self.session, _object(data))
        elif op not in (ops.VOICE_STATE, ops.SOUNDBOARD):
            raise Closed(UNKNOWN_OP, "Unknown opcode.")

    def _identify(self, data: Any) -> None:
        if self.session is not None:
            raise Closed(TWICE, "Already authenticated.")
        data = _object(data)
        self._check_token(data)
        bits, shard = data.get("intents"), data.get("shard")
        if not isinstance(bits, int) or bits < 0 or bits & ~intents.KNOWN:
            raise Closed(BAD_INTENTS, "Invalid intent(s).")
        if bits & intents.PRIVILEGED & ~self.gateway.privileged_intents:
            raise Closed(DISALLOWED, "Disallowed intent(s).")
        if shard is not None and not _is_shard(shard):
            raise Closed(BAD_SHARD, "Invalid shard.")
        session = self.gateway.identify(bits, shard)
        self._attach(session)
        presence = data.get("presence")
        if isinstance(presence, dict):
            activities = presence.get("activities") or []
            self.gateway.presence = {"status": presence.get("status") or "online", "activities": activities}
        self.gateway.welcome(session)
        self.gateway.announce()

    def _resume(self, data: Any) -> None:
        data = _object(data)
        self._check_token(data)
        session = self.gateway.sessions.get(str(data.get("session_id")))
        sequence = data.get("seq") if isinstance(data.get("seq"), int) else 0
        missed = session.missed_since(sequence) if session is not None else None
        if session is None or missed is None:
            self.send(ops.INVALID_SESSION, False)
            return
        for text in missed:
            self.outbox.put_nowait(text)
        self._attach(session)
        session.dispatch("RESUMED", {"_trace": []})
        self.gateway.announce()

    def _attach(self, session: Session) -> None:
        self.session = session
        session.send = self.outbox.put_nowait

    def _check_token(self, data: Json) -> None:
        token = str(data.get("token", "")).removeprefix("Bot ")
        if token != self.gateway.world.application["token"]:
            raise Closed(BAD_TOKEN, "Authentication failed.")

    def _count(self, op: Any) -> None:
        if op == ops.HEARTBEAT:
            return
        now = self.gateway.clock.time()
        self.commands = [at for at in self.commands if now - at < COMMAND_WINDOW] + [now]
        if len(self.commands) > MOST_COMMANDS:
            raise Closed(RATE_LIMITED, "Rate limited.")


def _is_shard(value: Any) -> bool:
    numbers = isinstance(value, list) and len(value) == 2 and all(isinstance(part, int) for part in value)
    return numbers and 0 <= value[0] < value[1]


def _object(data: Any) -> Json:
    if not isinstance(data, dict):
        raise Closed(DECODE, "Error while decoding payload.")
    return data


class GatewaySockets:
    """All open connections, and the faults that befall them together."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.open: set[GatewaySocket] = set()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Serve one connection to its end."""
        socket = GatewaySocket(self.gateway)
        self.open.add(socket)
        try:
            return await socket.serve(request)
        finally:
            self.open.discard(socket)

    def drop(self) -> int:
        """Break every connection without a close frame; returns how many."""
        broken = tuple(self.open)
        for socket in broken:
            socket.abort()
        return len(broken)

    def reconnect(self) -> int:
        """Ask every client to reconnect and resume; returns how many."""
        for socket in self.open:
            socket.send(ops.RECONNECT)
        return len(self.open)

    def invalidate(self, resumable: bool) -> int:
        """Declare every session invalid; returns how many."""
        for socket in self.open:
            if not resumable and socket.session is not None:
                self.gateway.sessions.pop(socket.session.id, None)
            socket.send(ops.INVALID_SESSION, resumable)
        return len(self.open)
