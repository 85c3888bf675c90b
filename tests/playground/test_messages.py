"""Messages: what Discord demands of them, and what it does with them."""

from typing import Any

import pytest

from playground import ApiError, ManualClock, Playground, permissions
from tests.playground.conftest import Rest, code, problems


def embed(**fields: Any) -> dict[str, Any]:
    return {"embeds": [fields]}


@pytest.mark.parametrize(
    ("body", "path", "what"),
    [
        ({"content": "x" * 2001}, "content", "BASE_TYPE_MAX_LENGTH"),
        (embed(title="x" * 257), "embeds.0.title", "BASE_TYPE_MAX_LENGTH"),
        (embed(description="x" * 4097), "embeds.0.description", "BASE_TYPE_MAX_LENGTH"),
        (embed(title="t", url="ftp://here"), "embeds.0.url", "URL_TYPE_INVALID_SCHEME"),
        (embed(fields=[{"name": "n", "value": "v"}] * 26), "embeds.0.fields", "BASE_TYPE_MAX_LENGTH"),
        (embed(fields=[{"name": "n", "value": ""}]), "embeds.0.fields.0.value", "BASE_TYPE_REQUIRED"),
        (embed(footer={"text": "x" * 2049}), "embeds.0.footer.text", "BASE_TYPE_MAX_LENGTH"),
        (embed(title="t", color=0x1000000), "embeds.0.color", "NUMBER_TYPE_MAX"),
        (embed(color=1), "embeds.0.description", "BASE_TYPE_REQUIRED"),
        ({"embeds": [{"title": "t"}] * 11}, "embeds", "BASE_TYPE_MAX_LENGTH"),
        ({"embeds": [{"description": "x" * 4000}] * 2}, "embeds", "MAX_EMBED_SIZE_EXCEEDED"),
        ({"embeds": "no"}, "embeds", "LIST_TYPE_CONVERT"),
        ({"content": "x", "nonce": "n" * 26}, "nonce", "BASE_TYPE_MAX_LENGTH"),
        (
            {"content": "x", "allowed_mentions": {"parse": ["users"], "users": ["1"]}},
            "allowed_mentions",
            "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
        ),
        ({"content": "x", "message_reference": {"message_id": "5"}}, "message_reference", "REPLIES_UNKNOWN_MESSAGE"),
        ({"content": "x", "attachments": [{"id": 0}]}, "attachments.0.id", "ATTACHMENT_NOT_FOUND"),
    ],
)
async def test_a_bad_body_is_refused_at_its_place(rest: Rest, body: dict[str, Any], path: str, what: str) -> None:
    assert problems(await rest("POST", rest.studio, body)) == {path: what}
    assert rest.pg.messages("studio") == []
    assert rest.pg.refusals[-1].code == 50035


async def test_an_empty_message_and_broken_json_are_refused(rest: Rest) -> None:
    assert code(await rest("POST", rest.studio, {"content": "  "})) == (400, 50006)
    headers = rest.headers | {"Content-Type": "application/json"}
    async with rest.session.post(rest.pg.api + rest.studio, data="{", headers=headers) as answer:
        assert (answer.status, (await answer.json())["code"]) == (400, 50109)


async def test_an_edit_that_is_refused_changes_nothing(rest: Rest) -> None:
    _, message = await rest("POST", rest.studio, {"content": "x"}, {"a.txt": b"a"})
    before = dict(rest.pg.message(message))
    refused = await rest("PATCH", f"{rest.studio}/{message['id']}", {"content": "", "attachments": []})
    assert code(refused) == (400, 50006)
    assert rest.pg.message(message) == before
    assert rest.pg.files.read(message["attachments"][0]["id"]) == b"a"


async def test_an_enforced_nonce_makes_a_send_idempotent(rest: Rest) -> None:
    body = {"content": "once", "nonce": "job-1", "enforce_nonce": True}
    _, one = await rest("POST", rest.studio, body)
    _, two = await rest("POST", rest.studio, body)
    assert one["id"] == two["id"]
    assert one["nonce"] == "job-1"
    _, three = await rest("POST", rest.studio, {**body, "enforce_nonce": False})
    assert three["id"] != one["id"]


async def test_only_allowed_mentions_ping(rest: Rest) -> None:
    ada = rest.pg.person("Ada")
    text = f"{ada.mention} @everyone"
    _, quiet = await rest("POST", rest.studio, {"content": text, "allowed_mentions": {"parse": []}})
    assert (quiet["mentions"], quiet["mention_everyone"]) == ([], False)
    assert rest.pg.pings == []
    _, loud = await rest("POST", rest.studio, {"content": text})
    assert [user["id"] for user in loud["mentions"]] == [ada.id]
    assert rest.pg.pings == [{"message_id": loud["id"], "users": [ada.id], "roles": [], "everyone": False}]


async def test_a_reply_pings_its_author_unless_told_not_to(rest: Rest) -> None:
    ben = rest.pg.person("Ben")
    asked = await ben.say("studio", "hello")
    reply = {"content": "yes", "message_reference": {"message_id": asked["id"]}}
    _, loud = await rest("POST", rest.studio, reply)
    assert loud["type"] == 19
    assert loud["referenced_message"]["id"] == asked["id"]
    _, quiet = await rest("POST", rest.studio, {**reply, "allowed_mentions": {"parse": [], "replied_user": False}})
    assert [ping["message_id"] for ping in rest.pg.pings] == [loud["id"]]
    assert quiet["mentions"] == []


async def test_a_reply_to_a_deleted_message_falls_back_when_asked_to(rest: Rest) -> None:
    reference = {"message_id": "5", "fail_if_not_exists": False}
    status, message = await rest("POST", rest.studio, {"content": "x", "message_reference": reference})
    assert (status, message["type"]) == (200, 0)


async def test_strangers_words_are_hidden_without_the_content_intent(rest: Rest) -> None:
    said = await rest.pg.person("Ben").say("studio", "secret", files=[("a.txt", b"a")])
    _, seen = await rest("GET", f"{rest.studio}/{said['id']}")
    assert (seen["content"], seen["attachments"]) == ("", [])
    named = await rest.pg.person("Ben").say("studio", f"hello <@{rest.pg.world.bot['id']}>")
    _, seen = await rest("GET", f"{rest.studio}/{named['id']}")
    assert seen["content"].startswith("hello")
    rest.pg.gateway.privileged_intents = 1 << 15
    _, seen = await rest("GET", f"{rest.studio}/{said['id']}")
    assert seen["content"] == "secret"


async def test_history_is_paged_newest_first(rest: Rest) -> None:
    ids = [(await rest("POST", rest.studio, {"content": str(index)}))[1]["id"] for index in range(5)]
    _, page = await rest("GET", f"{rest.studio}?limit=2")
    assert [row["id"] for row in page] == [ids[4], ids[3]]
    _, older = await rest("GET", f"{rest.studio}?limit=2&before={ids[3]}")
    assert [row["id"] for row in older] == [ids[2], ids[1]]
    _, newer = await rest("GET", f"{rest.studio}?limit=2&after={ids[1]}")
    assert [row["id"] for row in newer] == [ids[3], ids[2]]
    _, around = await rest("GET", f"{rest.studio}?limit=3&around={ids[2]}")
    assert [row["id"] for row in around] == [ids[3], ids[2], ids[1]]


@pytest.mark.parametrize(
    ("bits", "body", "files", "expected"),
    [
        (permissions.VIEW_CHANNEL, {"content": "x"}, None, (403, 50001)),
        (permissions.SEND_MESSAGES, {"content": "x"}, None, (403, 50013)),
        (permissions.ATTACH_FILES, {"content": "x"}, {"a.txt": b"a"}, (403, 50013)),
        (permissions.EMBED_LINKS, {"embeds": [{"title": "t"}]}, None, (403, 50013)),
    ],
)
async def test_a_missing_permission_is_refused(
    rest: Rest, bits: int, body: dict[str, Any], files: dict[str, bytes] | None, expected: tuple[int, int]
) -> None:
    rest.pg.overwrite("studio", deny=bits)
    assert code(await rest("POST", rest.studio, body, files)) == expected
    assert rest.pg.messages("studio") == []


async def test_other_peoples_messages_are_out_of_reach(rest: Rest) -> None:
    said = await rest.pg.person("Ben").say("studio", "mine")
    path = f"{rest.studio}/{said['id']}"
    assert code(await rest("PATCH", path, {"content": "yours"})) == (403, 50005)
    assert code(await rest("DELETE", path)) == (403, 50013)
    rest.pg.overwrite("studio", allow=permissions.MANAGE_MESSAGES)
    assert (await rest("DELETE", path))[0] == 204
    assert code(await rest("DELETE", path)) == (404, 10008)
    assert code(await rest("GET", "/channels/5/messages")) == (404, 10003)


async def test_edits_of_old_messages_are_limited(rest: Rest, free: Playground) -> None:
    assert isinstance(free.clock, ManualClock)
    _, message = await rest("POST", rest.studio, {"content": "old"})
    free.clock.advance(3601)
    path = f"{rest.studio}/{message['id']}"
    for index in range(3):
        assert (await rest("PATCH", path, {"content": str(index)}))[0] == 200
    status, body = await rest("PATCH", path, {"content": "no"})
    assert (status, body["code"]) == (429, 30046)
    assert body["retry_after"] > 0
    free.clock.advance(61)
    assert (await rest("PATCH", path, {"content": "again"}))[0] == 200


async def test_a_direct_message_to_somebody_who_takes_none_is_refused(rest: Rest) -> None:
    ben = rest.pg.person("Ben")
    _, channel = await rest("POST", "/users/@me/channels", {"recipient_id": ben.id})
    assert channel["recipients"][0]["id"] == ben.id
    path = f"/channels/{channel['id']}/messages"
    assert (await rest("POST", path, {"content": "hello"}))[0] == 200
    ben.close_dms()
    assert code(await rest("POST", path, {"content": "hello"})) == (403, 50007)
    _, again = await rest("POST", "/users/@me/channels", {"recipient_id": ben.id})
    assert again["id"] == channel["id"]
    assert code(await rest("POST", "/users/@me/channels", {"recipient_id": "5"})) == (400, 50033)


async def test_a_forum_takes_no_loose_messages(rest: Rest) -> None:
    path = f"/channels/{rest.pg.channel('showcase')['id']}/messages"
    assert code(await rest("POST", path, {"content": "x"})) == (400, 50008)


async def test_bulk_delete_has_its_limits(rest: Rest) -> None:
    assert isinstance(rest.pg.clock, ManualClock)
    rest.pg.overwrite("studio", allow=permissions.MANAGE_MESSAGES)
    ids = [(await rest("POST", rest.studio, {"content": "x"}))[1]["id"] for _ in range(3)]
    path = f"{rest.studio}/bulk-delete"
    assert code(await rest("POST", path, {"messages": ids[:1]})) == (400, 50016)
    assert (await rest("POST", path, {"messages": ids[:2]}))[0] == 204
    assert [row["id"] for row in rest.pg.messages("studio")] == ids[2:]
    rest.pg.clock.advance(15 * 86400)
    assert code(await rest("POST", path, {"messages": [*ids[2:], "5"]})) == (400, 50034)


async def test_pins_are_listed_and_announced(rest: Rest) -> None:
    _, message = await rest("POST", rest.studio, {"content": "x"})
    path = f"/channels/{message['channel_id']}/messages/pins/{message['id']}"
    assert (await rest("PUT", path))[0] == 204
    _, pins = await rest("GET", f"/channels/{message['channel_id']}/messages/pins")
    assert [row["message"]["id"] for row in pins["items"]] == [message["id"]]
    assert (await rest("DELETE", path))[0] == 204
    assert rest.pg.message(message)["pinned"] is False


async def test_reactions_count_once_and_need_a_known_emoji(rest: Rest) -> None:
    _, message = await rest("POST", rest.studio, {"content": "x"})
    path = f"{rest.studio}/{message['id']}/reactions"
    assert (await rest("PUT", f"{path}/❌/@me"))[0] == 204
    assert (await rest("PUT", f"{path}/❌/@me"))[0] == 204
    await rest.pg.person("Ben").react(message["id"], "❌")
    _, seen = await rest("GET", f"{rest.studio}/{message['id']}")
    assert [(row["emoji"]["name"], row["count"], row["me"]) for row in seen["reactions"]] == [("❌", 2, True)]
    _, users = await rest("GET", f"{path}/❌")
    assert {user["username"] for user in users} == {"Atelier", "ben"}
    assert code(await rest("PUT", f"{path}/none:123456789012345678/@me")) == (404, 10014)
    assert code(await rest("PUT", f"{path}/word/@me")) == (404, 10014)
    rest.pg.overwrite("studio", allow=permissions.MANAGE_MESSAGES)
    assert (await rest("DELETE", f"{path}/❌/{rest.pg.person('Ben').id}"))[0] == 204
    assert (await rest("DELETE", f"{path}/❌"))[0] == 204
    assert rest.pg.message(message)["_reactions"] == []


async def test_a_person_without_the_permission_cannot_write(rest: Rest) -> None:
    guild = next(iter(rest.pg.world.guilds))
    rest.pg.overwrite("studio", guild, deny=permissions.SEND_MESSAGES)
    with pytest.raises(ApiError, match="50013"):
        await rest.pg.person("Ben").say("studio", "x")
    await rest.pg.person("Ada").say("studio", "the owner may")


async def test_an_unknown_route_and_a_wrong_token_are_refused(rest: Rest) -> None:
    assert code(await rest("GET", "/nothing/here")) == (404, 0)
    rest.headers = {"Authorization": "Bot wrong"}
    assert code(await rest("GET", "/users/@me")) == (401, 0)
