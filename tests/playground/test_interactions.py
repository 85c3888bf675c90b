"""Interactions: three seconds, fifteen minutes, one answer; ephemeral answers, follow-ups, who may press what."""

from typing import Any

import pytest

from playground import Interaction, ManualClock, NotOffered, Playground
from playground.uploads import Body
from tests.playground.conftest import Rest, code, problems

COMMANDS = [
    {"name": "go", "description": "d", "options": [{"type": 3, "name": "text", "description": "t"}]},
    {"name": "Look", "type": 3},
    {"name": "Who", "type": 2},
]
ROW = [{"type": 1, "components": [{"type": 2, "style": 1, "label": "Go", "custom_id": "go"}]}]


@pytest.fixture
async def hook(rest: Rest) -> Rest:
    """`rest` with commands registered."""
    application = rest.pg.world.application["id"]
    assert (await rest("PUT", f"/applications/{application}/commands", COMMANDS))[0] == 200
    return rest


async def begin(rest: Rest) -> Interaction:
    return await rest.pg.person("Ada").slash("studio", "go", wait=False)


def callback(row: Interaction) -> str:
    return f"/interactions/{row.id}/{row.token}/callback"


def webhook(row: Interaction, pg: Playground) -> str:
    return f"/webhooks/{pg.world.application['id']}/{row.token}"


def clock(rest: Rest) -> ManualClock:
    assert isinstance(rest.pg.clock, ManualClock)
    return rest.pg.clock


async def test_an_answer_in_time_becomes_a_message(hook: Rest) -> None:
    row = await begin(hook)
    clock(hook).advance(2.9)
    status, body = await hook("POST", callback(row) + "?with_response=1", {"type": 4, "data": {"content": "hi"}})
    assert status == 200
    message = body["resource"]["message"]
    assert (message["type"], message["content"]) == (20, "hi")
    assert message["interaction_metadata"]["user"]["id"] == hook.pg.person("Ada").id
    assert body["interaction"]["response_message_id"] == message["id"]
    assert row.state == "done"


async def test_without_with_response_the_answer_is_204(hook: Rest) -> None:
    assert (await hook("POST", callback(await begin(hook)), {"type": 5}))[0] == 204


async def test_after_three_seconds_the_interaction_has_failed(hook: Rest) -> None:
    row = await begin(hook)
    clock(hook).advance(3.1)
    assert (row.state, row.reason) == ("failed", "The application did not respond")
    assert code(await hook("POST", callback(row), {"type": 4, "data": {"content": "late"}})) == (404, 10062)
    assert [refusal.code for refusal in hook.pg.refusals] == [10062, 10062]
    assert hook.pg.messages("studio") == []


async def test_a_second_answer_is_refused(hook: Rest) -> None:
    row = await begin(hook)
    await hook("POST", callback(row), {"type": 5})
    assert code(await hook("POST", callback(row), {"type": 4, "data": {"content": "x"}})) == (400, 40060)
    clock(hook).advance(10)
    assert code(await hook("POST", callback(row), {"type": 4, "data": {"content": "x"}})) == (400, 40060)


async def test_a_refused_answer_leaves_the_interaction_open(hook: Rest) -> None:
    row = await begin(hook)
    refused = await hook("POST", callback(row), {"type": 4, "data": {"content": "x" * 2001}})
    assert problems(refused) == {"content": "BASE_TYPE_MAX_LENGTH"}
    assert (await hook("POST", callback(row), {"type": 4, "data": {"content": "x"}}))[0] == 204


@pytest.mark.parametrize("kind", [0, 6, 7, 8, 10, 99, "x", None])
async def test_a_command_takes_no_other_callback_types(hook: Rest, kind: Any) -> None:
    row = await begin(hook)
    assert list(problems(await hook("POST", callback(row), {"type": kind}))) == ["type"]


async def test_a_wrong_token_is_an_unknown_interaction(hook: Rest) -> None:
    row = await begin(hook)
    assert code(await hook("POST", f"/interactions/{row.id}/nonsense/callback", {"type": 5})) == (404, 10062)


async def test_the_token_dies_after_fifteen_minutes(hook: Rest) -> None:
    row = await begin(hook)
    await hook("POST", callback(row), {"type": 4, "data": {"content": "x"}})
    path = webhook(row, hook.pg) + "/messages/@original"
    clock(hook).advance(899)
    assert (await hook("PATCH", path, {"content": "in time"}))[0] == 200
    clock(hook).advance(2)
    assert code(await hook("PATCH", path, {"content": "late"})) == (401, 50027)
    assert row.message is not None
    assert row.message["content"] == "in time"
    assert (await hook("PATCH", f"{hook.studio}/{row.message['id']}", {"content": "by the bot's token"}))[0] == 200


async def test_before_an_answer_there_is_no_webhook(hook: Rest) -> None:
    row = await begin(hook)
    assert code(await hook("POST", webhook(row, hook.pg), {"content": "x"})) == (404, 10015)
    assert code(await hook("GET", webhook(row, hook.pg) + "/messages/@original")) == (404, 10015)


async def test_the_first_follow_up_after_a_deferral_takes_the_place_of_thinking(hook: Rest) -> None:
    row = await begin(hook)
    await hook("POST", callback(row), {"type": 5, "data": {"flags": 64}})
    assert row.state == "acknowledged"
    assert row.message is not None
    assert (row.message["_thinking"], row.message["flags"]) == (True, 64 | 128)
    _, first = await hook("POST", webhook(row, hook.pg), {"content": "one"})
    assert (first["id"], first["flags"]) == (row.message["id"], 64)
    _, second = await hook("POST", webhook(row, hook.pg), {"content": "two"})
    assert second["id"] != first["id"]
    assert second["message_reference"]["message_id"] == first["id"]
    assert second["flags"] == 0
    assert row.state == "done"


async def test_an_ephemeral_answer_exists_for_one_person_and_only_by_its_token(hook: Rest) -> None:
    row = await begin(hook)
    await hook("POST", callback(row), {"type": 4, "data": {"content": "psst", "flags": 64, "components": ROW}})
    assert row.message is not None
    assert code(await hook("GET", f"{hook.studio}/{row.message['id']}")) == (404, 10008)
    assert code(await hook("PATCH", f"{hook.studio}/{row.message['id']}", {"content": "x"})) == (404, 10008)
    assert row.message in hook.pg.person("Ada").messages("studio")
    assert row.message not in hook.pg.person("Ben").messages("studio")
    with pytest.raises(NotOffered):
        await hook.pg.person("Ben").click(row.message, "Go", wait=False)
    assert (await hook("PATCH", webhook(row, hook.pg) + "/messages/@original", {"content": "ok"}))[0] == 200
    assert (await hook("DELETE", webhook(row, hook.pg) + "/messages/@original"))[0] == 204
    assert code(await hook("GET", webhook(row, hook.pg) + "/messages/@original")) == (404, 10008)


async def test_ephemeral_is_fixed_by_the_first_answer(hook: Rest) -> None:
    row = await begin(hook)
    await hook("POST", callback(row), {"type": 5})
    _, message = await hook("PATCH", webhook(row, hook.pg) + "/messages/@original", {"content": "x", "flags": 64})
    assert message["flags"] & 64 == 0


async def test_a_pressed_button_can_update_its_message_or_answer_with_a_reply(hook: Rest) -> None:
    _, message = await hook("POST", hook.studio, {"content": "card", "components": ROW})
    ben = hook.pg.person("Ben")
    update = await ben.click(message["id"], "Go", wait=False)
    await hook("POST", callback(update), {"type": 7, "data": {"content": "changed"}})
    assert hook.pg.message(message)["content"] == "changed"
    answer = await ben.click(message["id"], "Go", wait=False)
    await hook("POST", callback(answer), {"type": 4, "data": {"content": "new"}})
    assert answer.message is not None
    assert answer.message["type"] == 19
    assert answer.message["message_reference"]["message_id"] == message["id"]
    assert answer.message["interaction_metadata"]["interacted_message_id"] == message["id"]
    silent = await ben.click(message["id"], "Go", wait=False)
    await hook("POST", callback(silent), {"type": 6})
    _, original = await hook("GET", webhook(silent, hook.pg) + "/messages/@original")
    assert original["id"] == message["id"]


async def test_an_answer_may_bring_files(hook: Rest) -> None:
    row = await begin(hook)
    data = {"type": 4, "data": {"attachments": [{"id": 0, "filename": "a.png", "description": "a"}]}}
    assert (await hook("POST", callback(row), data, {"a.png": b"pixels"}))[0] == 204
    assert row.message is not None
    assert hook.pg.attachment_bytes(row.message["attachments"][0]) == b"pixels"


async def test_an_offline_bot_fails_the_interaction_at_once(hook: Rest) -> None:
    hook.pg.interactions.is_bot_online = lambda: False
    assert (await begin(hook)).state == "failed"


async def test_a_disabled_or_missing_button_cannot_be_pressed(hook: Rest) -> None:
    off = [{"type": 1, "components": [{"type": 2, "style": 1, "label": "Go", "custom_id": "go", "disabled": True}]}]
    _, message = await hook("POST", hook.studio, {"content": "card", "components": off})
    with pytest.raises(NotOffered, match="disabled"):
        await hook.pg.person("Ben").click(message["id"], "Go")
    with pytest.raises(NotOffered, match="no button"):
        await hook.pg.person("Ben").click(message["id"], "Stop")


async def test_interactions_and_their_messages_survive_a_restart(tmp_path: Any) -> None:
    file = tmp_path / "state.json"
    async with Playground(state_file=file) as pg:
        pg.interactions.is_bot_online = lambda: True
        pg.world.commands["1"] = {"id": "1", "type": 1, "name": "go", "options": [], "application_id": "1"}
        row = await pg.person("Ada").slash("studio", "go", wait=False)
        pg.interactions.answer(row.id, row.token, Body({"type": 4, "data": {"content": "kept"}}))
    async with Playground(state_file=file) as pg:
        again = pg.interaction(row.id)
        assert again.message is not None
        assert again.message["content"] == "kept"
        assert pg.interactions.by_token(pg.world.application["id"], row.token) is again
