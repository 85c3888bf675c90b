"""What the chat page asks for, without a browser: state, writing, interactions, live events."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import discord
import pytest
from discord import app_commands

from playground import Playground, permissions
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
        assert (await next_event(socket, "INTERACTION_UPDATE"))["d"]["modal"] is None
        opener = (await next_event(socket, "INTERACTION_UPDATE"))["d"]
        modal = opener["modal"]
        assert (modal["title"], opener["nonce"]) == ("Remix", "n1")
        filled = [{"type": 18, "component": {"type": 4, "custom_id": "p", "value": "blue"}}]
        submit = {"as": ada, "type": 5, "channel_id": channel, "interaction_id": opener["id"]}
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


async def test_the_page_is_served_with_a_policy_that_lets_nothing_else_in(
    pg: Playground, http: aiohttp.ClientSession
) -> None:
    async with http.get("/") as answer:
        assert answer.status == 200
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    async with http.get("/page/static/../server.py") as answer:
        assert answer.status == 404


async def test_threads_posts_reactions_and_roles_can_be_tried(pg: Playground, http: aiohttp.ClientSession) -> None:
    ada, studio, forum = pg.person("Ada").id, pg.channel("studio")["id"], pg.channel("showcase")["id"]
    message = await pg.person("Ben").say("studio", "look")
    asked = {"as": ada, "name": "talk", "message_id": message["id"], "content": "first"}
    async with http.post(f"/page/channels/{studio}/threads", json=asked) as answer:
        thread = await answer.json()
    assert (thread["id"], thread["parent_id"]) == (message["id"], studio)
    assert [row["content"] for row in pg.messages(thread)] == ["", "first"]
    async with http.post(f"/page/channels/{forum}/threads", json={"as": ada, "name": "p", "content": "c"}) as answer:
        assert (await answer.json())["parent_id"] == forum
    async with http.post(f"/page/channels/{forum}/threads", json={"as": ada, "name": "", "content": "c"}) as answer:
        assert (answer.status, (await answer.json())["code"]) == (400, 50035)
    reaction = f"/page/channels/{studio}/messages/{message['id']}/reactions/❤️"
    async with http.put(reaction, params={"as": ada}) as answer:
        assert answer.status == 204
    async with http.get(reaction, params={"as": ada}) as answer:
        assert [user["id"] for user in await answer.json()] == [ada]
    moderator = next(
        role for role in pg.world.roles(next(iter(pg.world.guilds))).values() if role["name"] == "Moderator"
    )
    async with http.put(f"/page/members/{pg.person('Dan').id}/roles/{moderator['id']}") as answer:
        assert (await answer.json())["roles"] == [moderator["id"]]


async def test_select_upload_and_autocomplete_travel_from_the_page(
    pg: Playground, http: aiohttp.ClientSession, bot: Bot
) -> None:
    got: list[Any] = []

    class Choose(discord.ui.View):
        @discord.ui.select(custom_id="what", options=[discord.SelectOption(label="One", value="1")])
        async def what(self, interaction: discord.Interaction, select: discord.ui.Select[Any]) -> None:
            got.extend(select.values)
            await interaction.response.defer()

    async def complete(interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=typed + "!", value=typed)]

    @bot.tree.command(description="d")
    @app_commands.autocomplete(word=complete)
    async def blend(interaction: discord.Interaction, image: discord.Attachment, word: str = "") -> None:
        got.append(await image.read())
        await interaction.response.send_message("mixed", view=Choose())

    ada, studio = pg.person("Ada").id, pg.channel("studio")["id"]
    start = {"as": ada, "channel_id": studio}
    async with online(pg, bot), http.ws_connect("/page/socket", params={"as": ada}) as socket:
        typed = {"name": "blend", "type": 1, "options": [{"name": "word", "type": 3, "value": "hi", "focused": True}]}
        async with http.post("/page/interactions", json={**start, "type": 4, "nonce": "n", "data": typed}):
            heard = (await next_event(socket, "AUTOCOMPLETE_RESULT"))["d"]
        assert (heard["nonce"], heard["choices"][0]["name"]) == ("n", "hi!")
        form = aiohttp.FormData(quote_fields=False)
        data = {"name": "blend", "type": 1, "options": [{"name": "image", "type": 11, "value": "0"}]}
        form.add_field("payload_json", json.dumps({**start, "type": 2, "data": data}))
        form.add_field("files[0]", b"pixels", filename="a.png", content_type="image/png")
        async with http.post("/page/interactions", data=form) as answer:
            assert answer.status == 200
        card = (await next_event(socket, "MESSAGE_CREATE"))["d"]
        chosen = {"custom_id": "what", "component_type": 3, "values": ["1"]}
        asked = {**start, "type": 3, "message_id": card["id"], "data": chosen}
        async with http.post("/page/interactions", json=asked) as answer:
            pressed = pg.interaction((await answer.json())["interaction_id"])
        await pg.interactions.settled(pressed)
    assert got == [b"pixels", "1"]
    assert bot.errors == []


async def test_refusals_reach_every_page_as_they_happen(pg: Playground, http: aiohttp.ClientSession) -> None:
    async with http.ws_connect("/page/socket", params={"as": pg.person("Dan").id}) as socket:
        headers = {"Authorization": f"Bot {pg.token}"}
        path = f"/api/v10/channels/{pg.channel('studio')['id']}/messages"
        async with http.post(path, json={"content": "x" * 2001}, headers=headers) as answer:
            assert answer.status == 400
        told = (await next_event(socket, "REFUSAL"))["d"]
    assert (told["status"], told["code"], told["method"]) == (400, 50035, "POST")
    assert told["detail"] == "content: Must be 2000 or fewer in length. (BASE_TYPE_MAX_LENGTH)"


async def test_somebody_elses_ephemeral_answer_stays_hidden(
    pg: Playground, http: aiohttp.ClientSession, bot: Bot
) -> None:
    @bot.tree.command(description="d")
    async def whisper(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("psst", ephemeral=True)

    studio = pg.channel("studio")["id"]
    async with online(pg, bot):
        await pg.person("Ada").slash("studio", "whisper")
    seen: dict[str, list[str]] = {}
    for name in ("Ada", "Ben"):
        async with http.get(f"/page/channels/{studio}/messages", params={"as": pg.person(name).id}) as answer:
            seen[name] = [row["content"] for row in await answer.json()]
    assert seen == {"Ada": ["psst"], "Ben": []}


async def test_another_site_in_the_same_browser_is_turned_away(pg: Playground, http: aiohttp.ClientSession) -> None:
    for origin, status in (("https://elsewhere.example", 403), (pg.url, 200), ("null", 403)):
        async with http.post("/page/faults", json={}, headers={"Origin": origin}) as answer:
            assert answer.status == status


async def test_people_talk_among_themselves_without_the_bot(pg: Playground, http: aiohttp.ClientSession) -> None:
    ada, ben = pg.person("Ada"), pg.person("Ben")
    async with http.post("/page/dm", json={"as": ada.id, "recipient_id": ben.id}) as answer:
        channel = await answer.json()
    assert [user["id"] for user in channel["recipients"]] == [ben.id]
    await ada.say(channel, "psst")
    async with http.get(f"/page/channels/{channel['id']}/messages", params={"as": pg.person("Cleo").id}) as answer:
        assert answer.status == 403
    assert ada.commands(channel) == []


async def test_every_channel_of_a_persons_page_says_what_they_may_there(
    pg: Playground, http: aiohttp.ClientSession
) -> None:
    ada, ben = pg.person("Ada"), pg.person("Ben")
    studio, everyone = pg.channel("studio")["id"], next(iter(pg.world.guilds))
    ben.dm()
    async with http.ws_connect("/page/socket", params={"as": ben.id}) as socket:
        thread = await ada.thread("studio", "talk")
        heard = (await next_event(socket, "CHANNEL_CREATE"))["d"]
        assert int(heard["permissions"]) == pg.world.permissions(thread["id"], ben.id)
        pg.overwrite("studio", everyone, deny=permissions.VIEW_CHANNEL)
        assert (await next_event(socket, "CHANNEL_DELETE"))["d"]["id"] == studio
    async with http.get("/page/state", params={"as": ben.id}) as answer:
        state = await answer.json()
    shown = {row["id"]: int(row["permissions"]) for row in state["guilds"][0]["channels"] + state["dms"]}
    assert len(shown) > 5
    assert shown == {channel: pg.world.permissions(channel, ben.id) for channel in shown}
    assert not {thread["id"], studio} & set(shown)
