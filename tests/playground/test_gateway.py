"""The gateway with a bare socket and a real client: identify, intents, resume, compression, faults."""

import asyncio
import json
import zlib
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import discord
import pytest
from discord.gateway import DiscordWebSocket

from playground import ManualClock, Playground, permissions
from playground.intents import DIRECT_MESSAGES, GUILD_MESSAGES, GUILDS, MESSAGE_CONTENT
from tests.playground.conftest import Bot, online

ALL = GUILDS | GUILD_MESSAGES | DIRECT_MESSAGES


class Socket:
    """A gateway client of a few lines."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.inflate = zlib.decompressobj()

    async def send(self, op: int, data: Any) -> None:
        await self.socket.send_str(json.dumps({"op": op, "d": data}))

    async def next(self, name: str | None = None, op: int | None = None) -> dict[str, Any]:
        while True:
            message = await asyncio.wait_for(self.socket.receive(), 10)
            assert message.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY), message
            text = message.data if isinstance(message.data, str) else self.inflate.decompress(message.data).decode()
            payload = json.loads(text)
            if name in (None, payload["t"]) and op in (None, payload["op"]):
                return payload

    async def closed(self) -> int | None:
        while True:
            message = await asyncio.wait_for(self.socket.receive(), 10)
            if message.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.CLOSING):
                return self.socket.close_code


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def connect(pg: Playground, http: aiohttp.ClientSession, query: str = "?v=10&encoding=json") -> Socket:
    socket = Socket(await http.ws_connect(pg.gateway_url + query))
    assert (await socket.next(op=10))["d"]["heartbeat_interval"] == 41250
    return socket


async def identify(socket: Socket, pg: Playground, bits: int = ALL, **extra: Any) -> dict[str, Any]:
    await socket.send(2, {"token": pg.token, "intents": bits, "properties": {}, **extra})
    return (await socket.next("READY"))["d"]


@pytest.mark.parametrize("query", ["?v=10", "?v=10&compress=zlib-stream"])
async def test_a_client_identifies_beats_and_hears(pg: Playground, http: aiohttp.ClientSession, query: str) -> None:
    socket = await connect(pg, http, query)
    await socket.send(1, None)
    await socket.next(op=11)
    ready = await identify(socket, pg)
    assert ready["guilds"][0]["unavailable"] is True
    guild = (await socket.next("GUILD_CREATE"))["d"]
    assert [member["user"]["bot"] for member in guild["members"]] == [True]
    await pg.person("Ada").say("studio", "hello" * 100)
    heard = (await socket.next("MESSAGE_CREATE"))["d"]
    assert heard["author"]["username"] == "ada"
    assert heard["content"] == ""


@pytest.mark.parametrize(
    ("data", "close"),
    [
        ({"token": "wrong", "intents": 1}, 4004),
        ({"intents": MESSAGE_CONTENT}, 4014),
        ({"intents": -1}, 4013),
        ({"intents": 1 << 40}, 4013),
        ({}, 4013),
        ({"intents": 1, "shard": [2, 1]}, 4010),
    ],
)
async def test_a_bad_identify_closes_with_its_code(
    pg: Playground, http: aiohttp.ClientSession, data: dict[str, Any], close: int
) -> None:
    socket = await connect(pg, http)
    await socket.send(2, {"token": pg.token, "properties": {}, **data})
    assert await socket.closed() == close


@pytest.mark.parametrize(
    ("text", "close"),
    [("not json", 4002), ('{"op": 2, "d": []}', 4002), ('{"op": 8, "d": {}}', 4003), ("x" * 5000, 4002)],
)
async def test_bad_payloads_close_with_their_code(
    pg: Playground, http: aiohttp.ClientSession, text: str, close: int
) -> None:
    socket = await connect(pg, http)
    await socket.socket.send_str(text)
    assert await socket.closed() == close


async def test_identifying_twice_unknown_op_codes_and_a_flood_close(
    free: Playground, http: aiohttp.ClientSession
) -> None:
    for op, close in ((2, 4005), (99, 4001)):
        socket = await connect(free, http)
        await identify(socket, free)
        await socket.send(op, {"token": free.token, "intents": 1})
        assert await socket.closed() == close
    socket = await connect(free, http)
    await identify(socket, free)
    for _ in range(120):
        await socket.send(3, {"status": "idle"})
    assert await socket.closed() == 4008


async def test_events_need_their_intent(pg: Playground, http: aiohttp.ClientSession) -> None:
    deaf, keen = await connect(pg, http), await connect(pg, http)
    await identify(deaf, pg, GUILDS)
    pg.gateway.privileged_intents = MESSAGE_CONTENT
    await identify(keen, pg, ALL | MESSAGE_CONTENT)
    await pg.person("Ada").say("studio", "hello")
    assert (await keen.next("MESSAGE_CREATE"))["d"]["content"] == "hello"
    await pg.person("Ada").thread("studio", "later")
    assert (await deaf.next("THREAD_CREATE"))["s"] == 3  # after READY and GUILD_CREATE came nothing else


async def test_a_channel_that_the_bot_cannot_see_stays_silent(pg: Playground, http: aiohttp.ClientSession) -> None:
    pg.overwrite("general", deny=permissions.VIEW_CHANNEL)
    socket = await connect(pg, http)
    await identify(socket, pg)
    await pg.person("Ada").say("general", "secret")
    seen = await pg.person("Ada").say("studio", "open")
    assert (await socket.next("MESSAGE_CREATE"))["d"]["id"] == seen["id"]


async def test_a_resume_replays_what_was_missed(pg: Playground, http: aiohttp.ClientSession) -> None:
    socket = await connect(pg, http)
    ready = await identify(socket, pg)
    sequence = (await socket.next("GUILD_CREATE"))["s"]
    assert pg.faults.drop_gateway() == 1
    await pg.wait_for(lambda: not pg.gateway.bot_online)
    said = await pg.person("Ada").say("studio", "while you were away")
    socket = await connect(pg, http)
    await socket.send(6, {"token": pg.token, "session_id": ready["session_id"], "seq": sequence})
    assert (await socket.next("MESSAGE_CREATE"))["d"]["id"] == said["id"]
    assert (await socket.next("RESUMED"))["s"] == sequence + 2


async def test_a_session_that_said_good_bye_is_not_waited_for(pg: Playground, http: aiohttp.ClientSession) -> None:
    socket = await connect(pg, http)
    ready = await identify(socket, pg)
    await socket.socket.close(code=1000)
    await pg.wait_for(lambda: not pg.gateway.sessions)
    assert not pg.gateway.is_reachable
    socket = await connect(pg, http)
    await socket.send(6, {"token": pg.token, "session_id": ready["session_id"], "seq": 1})
    assert (await socket.next(op=9))["d"] is False


async def test_a_client_whose_heart_stops_is_dropped_and_resumes(pg: Playground, http: aiohttp.ClientSession) -> None:
    pg.gateway.heartbeat_interval = 3.0
    socket = Socket(await http.ws_connect(pg.gateway_url))
    ready = await identify(socket, pg)
    for _ in range(5):
        await asyncio.sleep(1)
        await socket.send(1, None)
    assert pg.gateway.bot_online
    assert await socket.closed() == 4009
    assert not pg.gateway.bot_online
    said = await pg.person("Ada").say("studio", "while you were blocked")
    socket = Socket(await http.ws_connect(pg.gateway_url))
    await socket.send(6, {"token": pg.token, "session_id": ready["session_id"], "seq": 2})
    assert (await socket.next("MESSAGE_CREATE"))["d"]["id"] == said["id"]


async def test_a_resume_of_nothing_is_an_invalid_session(pg: Playground, http: aiohttp.ClientSession) -> None:
    socket = await connect(pg, http)
    await socket.send(6, {"token": pg.token, "session_id": "none", "seq": 1})
    assert (await socket.next(op=9))["d"] is False


async def test_members_are_sent_on_request(pg: Playground, http: aiohttp.ClientSession) -> None:
    socket = await connect(pg, http)
    await identify(socket, pg)
    guild = next(iter(pg.world.guilds))
    await socket.send(8, {"guild_id": guild, "query": "b", "limit": 5, "nonce": "n"})
    chunk = (await socket.next("GUILD_MEMBERS_CHUNK"))["d"]
    assert ([member["user"]["username"] for member in chunk["members"]], chunk["nonce"]) == (["ben"], "n")
    await socket.send(8, {"guild_id": guild, "user_ids": [pg.person("Cleo").id, "5"]})
    chunk = (await socket.next("GUILD_MEMBERS_CHUNK"))["d"]
    assert (len(chunk["members"]), chunk["not_found"]) == (1, ["5"])


async def test_a_real_client_survives_every_gateway_fault(pg: Playground, bot: Bot) -> None:
    heard: list[int] = []
    resumed = asyncio.Event()

    @bot.event
    async def on_message(message: discord.Message) -> None:
        heard.append(message.id)

    @bot.event
    async def on_resumed() -> None:
        resumed.set()

    async with online(pg, bot):
        for fault in (pg.faults.drop_gateway, pg.faults.request_reconnect):
            resumed.clear()
            assert fault() == 1
            said = await pg.person("Ada").say("studio", fault.__name__)
            await asyncio.wait_for(resumed.wait(), 20)
            await pg.wait_for(lambda said=said: int(said["id"]) in heard)
        old = pg.gateway.sessions.copy()
        assert pg.faults.invalid_session() == 1
        await pg.wait_for(lambda: pg.gateway.bot_online and pg.gateway.sessions.keys() != old.keys(), 20)
        said = await pg.person("Ada").say("studio", "after")
        await pg.wait_for(lambda: int(said["id"]) in heard)
    assert len(heard) == 3
    assert bot.errors == []


async def test_an_interaction_of_a_dropped_connection_arrives_by_the_replay(pg: Playground, bot: Bot) -> None:
    @bot.tree.command(description="d")
    async def go(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("arrived")

    async with online(pg, bot):
        pg.faults.drop_gateway()
        await pg.wait_for(lambda: not pg.gateway.bot_online)
        row = await pg.person("Ada").slash("studio", "go")
        assert row.message is not None
        assert row.message["content"] == "arrived"


async def test_a_real_client_with_a_wrong_token_or_intents_is_told(pg: Playground) -> None:
    stranger = Bot()
    with pytest.raises(discord.LoginFailure):
        await stranger.login("wrong")
    await stranger.close()
    bot = Bot(discord.Intents.all())
    await bot.login(pg.token)
    with pytest.raises(discord.PrivilegedIntentsRequired):
        await bot.connect()
    await bot.close()


async def test_a_sharded_client_comes_online_too(pg: Playground) -> None:
    assert str(DiscordWebSocket.DEFAULT_GATEWAY) == pg.gateway_url
    client = discord.AutoShardedClient(intents=discord.Intents.default(), guild_ready_timeout=0.05)
    await client.login(pg.token)
    task = asyncio.create_task(client.connect())
    await asyncio.wait_for(client.wait_until_ready(), 20)
    assert (client.shard_count, [guild.name for guild in client.guilds]) == (1, ["Atelier"])
    await client.close()
    await task


async def test_old_sessions_do_not_pile_up(http: aiohttp.ClientSession) -> None:
    async with Playground(clock=ManualClock()) as pg:
        for _ in range(12):
            socket = await connect(pg, http)
            await identify(socket, pg)
            await socket.socket.close()
            await pg.wait_for(lambda: not pg.gateway.bot_online)
        assert len(pg.gateway.sessions) <= 6
