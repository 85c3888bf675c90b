"""Reactions of the bot, and who reacted."""

from playground import emoji, permissions
from playground.call import Call, Routes
from playground.errors import Json, forbidden, unknown
from playground.world import DM


async def add(call: Call) -> None:
    channel = call.channel(permissions.READ_MESSAGE_HISTORY)
    record = call.message()
    mark = emoji.parse(call.pg.world, call.arg("emoji"))
    there = any(_same(row["emoji"], mark) for row in record["_reactions"])
    if not there and channel["type"] != DM:
        call.channel(permissions.ADD_REACTIONS)
    call.pg.reactions.add(record, mark, call.me)


async def remove_own(call: Call) -> None:
    call.channel()
    call.pg.reactions.remove(call.message(), emoji.parse(call.pg.world, call.arg("emoji")), call.me)


async def remove(call: Call) -> None:
    _refuse_direct(call)
    call.channel(permissions.MANAGE_MESSAGES)
    call.pg.reactions.remove(call.message(), emoji.parse(call.pg.world, call.arg("emoji")), call.arg("user_id"))


async def clear(call: Call) -> None:
    _refuse_direct(call)
    call.channel(permissions.MANAGE_MESSAGES)
    call.pg.reactions.clear(call.message())


async def clear_one(call: Call) -> None:
    _refuse_direct(call)
    call.channel(permissions.MANAGE_MESSAGES)
    call.pg.reactions.clear(call.message(), emoji.parse(call.pg.world, call.arg("emoji")))


async def who(call: Call) -> list[Json]:
    call.channel(permissions.READ_MESSAGE_HISTORY)
    record = call.message()
    mark = emoji.parse(call.pg.world, call.arg("emoji"))
    limit = call.number("limit", 25, 1, 100)
    after = call.number("after", 0, 0, 2**64)
    row = next((row for row in record["_reactions"] if _same(row["emoji"], mark)), None)
    if row is None:
        raise unknown("emoji")
    users = sorted((user for user in row["users"] if int(user) > after), key=int)
    return [call.pg.world.user_object(user) for user in users[:limit]]


def _refuse_direct(call: Call) -> None:
    if call.is_direct(call.arg("channel_id")):
        raise forbidden(50003)


def _same(one: Json, other: Json) -> bool:
    return (one["id"], one["name"]) == (other["id"], other["name"])


_BASE = "/channels/{channel_id}/messages/{message_id}/reactions"
ROUTES: Routes = [
    ("PUT", f"{_BASE}/{{emoji}}/@me", add),
    ("DELETE", f"{_BASE}/{{emoji}}/@me", remove_own),
    ("DELETE", f"{_BASE}/{{emoji}}/{{user_id}}", remove),
    ("DELETE", f"{_BASE}/{{emoji}}", clear_one),
    ("DELETE", _BASE, clear),
    ("GET", f"{_BASE}/{{emoji}}", who),
]
