"""Messages in channels: read, send, edit, delete, pin, with the permissions each needs."""

from playground import drafts, permissions
from playground.call import Call, Routes
from playground.direct import refuse_closed
from playground.drafts import Draft
from playground.errors import Json, forbidden, form_error, invalid
from playground.feed import Event
from playground.snowflake import seconds_of
from playground.world import DM, MESSAGEABLE, THREADS

DELETABLE = {0, 6, 7, 8, 9, 10, 11, 12, 18, 19, 20, 22, 23, 24}
"""Message types that can be deleted."""
FORTNIGHT = 14 * 86400


async def history(call: Call) -> list[Json]:
    channel = call.channel()
    limit = call.number("limit", 50, 1, 100)
    world = call.pg.world
    if not world.permissions(channel["id"], call.me) & permissions.READ_MESSAGE_HISTORY:
        return []
    rows = [row for row in world.messages.get(channel["id"], {}).values() if row["_viewer"] is None]
    query = call.request.query
    around, before, after = (
        int(query[key]) if query.get(key, "").isdecimal() else None for key in ("around", "before", "after")
    )
    if around is not None:
        older = [row for row in rows if int(row["id"]) <= around][-(limit // 2 + 1) :]
        newer = [row for row in rows if int(row["id"]) > around][: limit // 2]
        rows = older + newer
    elif before is not None:
        rows = [row for row in rows if int(row["id"]) < before][-limit:]
    elif after is not None:
        rows = [row for row in rows if int(row["id"]) > after][:limit]
    else:
        rows = rows[-limit:]
    return [call.shown(row) for row in reversed(rows)]


async def get(call: Call) -> Json:
    call.channel(permissions.READ_MESSAGE_HISTORY)
    return call.shown(call.message())


async def send(call: Call) -> Json:
    channel = call.channel(permissions.SEND_MESSAGES)
    if channel["type"] not in MESSAGEABLE:
        raise invalid(50008)
    body = await call.body()
    draft = drafts.new_message(body)
    check_may_post(call, channel, draft)
    record = call.pg.posts.send(draft, channel_id=channel["id"], author_id=call.me)
    return call.shown(record)


def check_may_post(call: Call, channel: Json, draft: Draft) -> None:
    """Raise ApiError 50007, 50013 or 160005 when this draft may not be posted in this channel."""
    world = call.pg.world
    if channel["type"] == DM:
        refuse_closed(world, channel, call.me)
        return
    bits = world.permissions(channel["id"], call.me)
    if draft.body.files and not bits & permissions.ATTACH_FILES:
        raise forbidden(50013)
    if draft.has_embeds and not bits & permissions.EMBED_LINKS:
        raise forbidden(50013)
    if draft.message_reference and not bits & permissions.READ_MESSAGE_HISTORY:
        text = "You cannot reply without permission to read message history"
        raise form_error(("message_reference",), "REPLIES_CANNOT_REPLY_WITHOUT_READ_MESSAGE_HISTORY", text)
    if channel["type"] in THREADS and channel["thread_metadata"]["locked"] and not bits & permissions.MANAGE_THREADS:
        raise invalid(160005)


async def edit(call: Call) -> Json:
    channel = call.channel()
    record = call.message()
    body = await call.body()
    if record["_author"] != call.me:
        only_flags = set(body.payload) <= {"flags"}
        if not only_flags:
            raise forbidden(50005)
        call.channel(permissions.MANAGE_MESSAGES)
    if channel["type"] in THREADS and channel["thread_metadata"]["archived"]:
        raise invalid(50083)
    if body.files:
        call.channel(permissions.ATTACH_FILES)
    return call.shown(call.pg.posts.edit(record, drafts.edit_of(record, body)))


async def delete(call: Call) -> None:
    channel = call.channel()
    record = call.message()
    if record["_author"] != call.me:
        if channel["type"] == DM:
            raise forbidden(50003)
        call.channel(permissions.MANAGE_MESSAGES)
    if record["type"] not in DELETABLE:
        raise forbidden(50021)
    call.pg.posts.delete(record)


async def bulk_delete(call: Call) -> None:
    channel = call.channel(permissions.MANAGE_MESSAGES)
    if channel["type"] == DM:
        raise forbidden(50003)
    asked = (await call.payload()).get("messages")
    wanted = list(dict.fromkeys(map(str, asked))) if isinstance(asked, list) else []
    if not 2 <= len(wanted) <= 100:
        raise invalid(50016)
    now = call.pg.clock.time()
    if any(not key.isdecimal() or now - seconds_of(key) > FORTNIGHT for key in wanted):
        raise invalid(50034)
    rows = call.pg.world.messages.get(channel["id"], {})
    for key in wanted:
        if key in rows:
            call.pg.posts.delete(rows[key])


async def typing(call: Call) -> None:
    channel = call.channel(permissions.SEND_MESSAGES)
    told = {"channel_id": channel["id"], "user_id": call.me, "timestamp": int(call.pg.clock.time())}
    call.pg.feed.publish(
        Event(name="TYPING_START", record=told, guild_id=channel.get("guild_id"), channel_id=channel["id"])
    )


async def pin(call: Call) -> None:
    channel, record = _pinnable(call)
    rows = call.pg.world.messages[channel["id"]].values()
    if not record["pinned"] and sum(1 for row in rows if row["pinned"]) >= 50:
        raise invalid(30003)
    _set_pinned(call, channel, record, True)


async def unpin(call: Call) -> None:
    channel, record = _pinnable(call)
    _set_pinned(call, channel, record, False)


async def pins(call: Call) -> Json:
    channel = call.channel(permissions.READ_MESSAGE_HISTORY)
    rows = [row for row in call.pg.world.history(channel["id"]) if row["pinned"]]
    items = [{"pinned_at": row.get("_pinned_at"), "message": call.shown(row)} for row in rows]
    return {"items": items, "has_more": False}


def _pinnable(call: Call) -> tuple[Json, Json]:
    channel = call.channel()
    bits = call.pg.world.permissions(channel["id"], call.me)
    if channel["type"] != DM and not bits & permissions.PIN_MESSAGES:
        raise forbidden(50013)
    return channel, call.message()


def _set_pinned(call: Call, channel: Json, record: Json, pinned: bool) -> None:
    record["pinned"] = pinned
    record["_pinned_at"] = call.pg.clock.iso() if pinned else None
    call.pg.posts.touch(record)
    told = {"channel_id": channel["id"], "last_pin_timestamp": call.pg.clock.iso()}
    if channel.get("guild_id"):
        told["guild_id"] = channel["guild_id"]
    call.pg.feed.publish(
        Event(name="CHANNEL_PINS_UPDATE", record=told, guild_id=channel.get("guild_id"), channel_id=channel["id"])
    )


ROUTES: Routes = [
    ("GET", "/channels/{channel_id}/messages", history),
    ("POST", "/channels/{channel_id}/messages", send),
    ("POST", "/channels/{channel_id}/messages/bulk-delete", bulk_delete),
    ("GET", "/channels/{channel_id}/messages/pins", pins),
    ("PUT", "/channels/{channel_id}/messages/pins/{message_id}", pin),
    ("DELETE", "/channels/{channel_id}/messages/pins/{message_id}", unpin),
    ("GET", "/channels/{channel_id}/messages/{message_id}", get),
    ("PATCH", "/channels/{channel_id}/messages/{message_id}", edit),
    ("DELETE", "/channels/{channel_id}/messages/{message_id}", delete),
    ("POST", "/channels/{channel_id}/typing", typing),
]
