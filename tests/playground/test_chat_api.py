"""What the chat page asks for, without a browser: state, writing, interactions, live events."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import discord
import pytest
from discord import app_commands

from playground import Playground
from tests.playground.conftest import Bot, online


@pytest.fixture
async def http(pg: Playground) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(pg.url) as session:
        yield session


async def next_event(socket: aiohttp.ClientWebSocketResponse, *names: str) -> dict[str, Any]:
    while True:
        event = await asyncio.wait_for(socket.receive_json(), 10)
        if event["t"] in names:
            return event


async def test_the_state_shows_the_world_as_one_person_sees_it(pg: Playground, http: aiohttp.ClientSession) -> None:
    async with http.get("/page/state", params={"as": pg.person("Ben").id}) as answer:
        state = await answer.json()
    assert state["me"]["global_name"] == "Ben"
    assert {"studio", "showcase"} <= {channel["name"] for channel in state["guilds"][0]["channels"]}
    assert state["bot"]["online"] is False
    assert state["base"] == pg.url


async def test_a_person_writes_and_another_page_hears_it(pg: Playground, http: aiohttp.ClientSession) -> None:
    channel = pg.channel("general")["id"]
    async with http.ws_connect("/page/socket", params={"as": pg.person("Ben").id}) as socket:
        form = aiohttp.FormData(quote_fields=False)
        form.add_field("payload_json", json.dumps({"as": pg.person("Ada").id, "content": "hello"}))
        form.add_field("files[0]", b"bytes", filename="note.txt", content_type="text/plain")
        async with http.post(f"/page/channels/{channel}/messages", data=form) as answer:
            assert answer.status == 200
        heard = await next_event(socket, "MESSAGE_CREATE")
    assert heard["d"]["content"] == "hello"
    async with http.get(heard["d"]["attachments"][0]["url"]) as answer:
        assert await answer.read() == b"bytes"


async def test_an_empty_message_is_refused_with_discords_code(pg: Playground, http: aiohttp.ClientSession) -> None:
    channel = pg.channel("general")["id"]
    async with http.post(
        f"/page/channels/{channel}/messages", json={"as": pg.person("Ada").id, "content": ""}
    ) as answer:
        assert (answer.status, (await answer.json())["code"]) == (400, 50006)


async def test_the_page_runs_a_command_fills_its_modal_and_sees_the_answer(
    pg: Playground, http: aiohttp.ClientSession, bot: Bot
) -> None:
    class Form(discord.ui.Modal, title="Remix"):
        prompt: discord.ui.Label[Any] = discord.ui.Label(text="Prompt", component=discord.ui.TextInput(custom_id="p"))

        async def on_submit(self, interaction: discord.Interaction) -> None:
            assert isinstance(self.prompt.component, discord.ui.TextInput)
            await interaction.response.send_message(f"got {self.prompt.component.value}")

    @bot.tree.command(description="d")
    @app_commands.describe(size="s")
    async def remix(interaction: discord.Interaction, size: int = 1) -> None:
        await interaction.response.send_modal(Form())

    ada, channel = pg.person("Ada").id, pg.channel("studio")["id"]
    command = {"as": ada, "type": 2, "channel_id": channel, "nonce": "n1"}
    async with online(pg, bot), http.ws_connect("/page/socket", params={"as": ada}) as socket:
        data = {"name": "remix", "type": 1, "options": [{"name": "size", "type": 4, "value": 3}]}
        async with http.post("/page/interactions", json={**command, "data": data}) as answer:
            assert answer.status == 200
        modal = (await next_event(socket, "MODAL_OPEN"))["d"]
        assert (modal["title"], modal["nonce"]) == ("Remix", "n1")
        filled = [{"type": 18, "component": {"type": 4, "custom_id": "p", "value": "blue"}}]
        submit = {"as": ada, "type": 5, "channel_id": channel, "interaction_id": modal["interaction_id"]}
        submit["data"] = {"custom_id": modal["custom_id"], "components": filled}
        async with http.post("/page/interactions", json=submit) as answer:
            assert answer.status == 200
        message = (await next_event(socket, "MESSAGE_CREATE"))["d"]
    assert message["content"] == "got blue"
    assert message["interaction_metadata"]["triggering_interaction_metadata"]["name"] == "remix"


async def test_the_page_is_told_why_a_command_cannot_run(pg: Playground, http: aiohttp.ClientSession) -> None:
    asked = {
        "as": pg.person("Ada").id,
        "type": 2,
        "channel_id": pg.channel("studio")["id"],
        "data": {"name": "nothing"},
    }
    async with http.post("/page/interactions", json=asked) as answer:
        assert answer.status == 400
        assert "there is no such command" in (await answer.json())["message"]


async def test_the_restart_button_calls_the_supervisor(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[bool] = []

    async def restart(kill: bool) -> None:
        calls.append(kill)

    async with Playground(on_restart=restart) as pg, aiohttp.ClientSession(pg.url) as http:
        async with http.post("/page/bot/restart", json={"kill": True}) as answer:
            assert answer.status == 202
        async with http.get("/page/state") as answer:
            assert (await answer.json())["bot"]["restartable"] is True
    assert calls == [True]


async def test_nobody_can_restart_a_bot_that_has_no_supervisor(pg: Playground, http: aiohttp.ClientSession) -> None:
    async with http.post("/page/bot/restart", json={}) as answer:
        assert answer.status == 404
