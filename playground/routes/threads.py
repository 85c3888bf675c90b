"""Threads and forum posts as the bot starts, joins and changes them."""

from playground import drafts, permissions
from playground.call import Call, Routes
from playground.errors import Json, Problems, forbidden, form_error, invalid, unknown
from playground.shapes import Integer, Items, OneOf, Record, Shape, Snowflake, Text, Truth
from playground.threads import ARCHIVE_MINUTES
from playground.uploads import Body
from playground.world import FORUM, NEWS, PRIVATE_THREAD, TEXT, THREADS, clean

_FIELDS: dict[str, Shape] = {
    "name": Text(100, 1),
    "auto_archive_duration": OneOf(ARCHIVE_MINUTES),
    "rate_limit_per_user": Integer(0, 21_600),
    "applied_tags": Items(Snowflake(), 5),
    "type": OneOf((10, 11, 12)),
    "invitable": Truth(),
    "archived": Truth(),
    "locked": Truth(),
    "flags": Integer(0, 2**31),
}
_NEW, _CHANGED = Record(_FIELDS, required=("name",)), Record(_FIELDS)


async def from_message(call: Call) -> tuple[int, Json]:
    call.channel(permissions.CREATE_PUBLIC_THREADS)
    record = call.message()
    values = _checked(_NEW, await call.payload())
    archive_after = values.get("auto_archive_duration", 1440)
    row = call.pg.threads.from_message(record, owner_id=call.me, name=values["name"], archive_after=archive_after)
    return 201, _shown(call, row)


async def start(call: Call) -> tuple[int, Json]:
    home = call.channel()
    body = await call.body()
    values = _checked(_NEW, body.payload)
    archive_after = values.get("auto_archive_duration", 1440)
    if home["type"] == FORUM:
        call.channel(permissions.SEND_MESSAGES)
        message = body.payload.get("message")
        if not isinstance(message, dict):
            raise form_error(("message",), "BASE_TYPE_REQUIRED", "This field is required")
        draft = drafts.new_message(Body(message, body.files))
        row, record = call.pg.threads.post(
            home,
            draft,
            owner_id=call.me,
            name=values["name"],
            tags=values.get("applied_tags"),
            archive_after=archive_after,
        )
        return 201, _shown(call, row) | {"message": call.shown(record)}
    if home["type"] not in (TEXT, NEWS):
        raise invalid(50024)
    private = values.get("type", PRIVATE_THREAD) == PRIVATE_THREAD
    call.channel(permissions.CREATE_PRIVATE_THREADS if private else permissions.CREATE_PUBLIC_THREADS)
    row = call.pg.threads.without_message(
        home, owner_id=call.me, name=values["name"], private=private, archive_after=archive_after
    )
    return 201, _shown(call, row)


def edit_thread(call: Call, row: Json, payload: Json) -> Json:
    """Change a thread's fields (its owner may rename and archive it, and who may write there reopen it).

    Raises ApiError 50013, 50035 or 50083.
    """
    values = _checked(_CHANGED, payload)
    manager = bool(call.pg.world.permissions(row["id"], call.me) & permissions.MANAGE_THREADS)
    owner = row["owner_id"] == call.me
    state = row["thread_metadata"]
    if values == {"archived": False} and not state["locked"]:
        call.channel(permissions.SEND_MESSAGES)
    elif not manager and (not owner or values.get("locked") is not None):
        raise forbidden(50013)
    if state["archived"] and values.get("archived") is not False:
        raise invalid(50083)
    for key in ("archived", "locked", "auto_archive_duration", "invitable"):
        if key in values:
            state[key] = values.pop(key)
    if "archived" in payload:
        state["archive_timestamp"] = call.pg.clock.iso()
    values.pop("type", None)
    row.update(values)
    call.pg.threads.changed(row)
    return clean(row)


async def join(call: Call) -> None:
    row = _thread(call)
    call.pg.threads.join(row, call.me)


async def add_member(call: Call) -> None:
    row = _thread(call, permissions.SEND_MESSAGES)
    call.pg.world.member(row["guild_id"], call.arg("user_id"))
    call.pg.threads.join(row, call.arg("user_id"))


async def leave(call: Call) -> None:
    call.pg.threads.leave(_thread(call), call.me)


async def remove_member(call: Call) -> None:
    row = _thread(call)
    if row["owner_id"] != call.me:
        call.channel(permissions.MANAGE_THREADS)
    call.pg.threads.leave(row, call.arg("user_id"))


async def members(call: Call) -> list[Json]:
    row = _thread(call)
    return [call.pg.threads.member_object(row, user_id) for user_id in row["_thread_members"]]


async def member(call: Call) -> Json:
    row = _thread(call)
    if call.arg("user_id") not in row["_thread_members"]:
        raise unknown("member")
    return call.pg.threads.member_object(row, call.arg("user_id"))


async def active(call: Call) -> Json:
    guild_id = call.guild()["id"]
    rows = [
        row
        for row in call.pg.world.guild_channels(guild_id, threads=True)
        if not row["thread_metadata"]["archived"] and call.pg.world.can_see(row["id"], call.me)
    ]
    return _page(call, rows)


async def archived(call: Call) -> Json:
    home = call.channel(permissions.READ_MESSAGE_HISTORY)
    rows = [
        row
        for row in call.pg.world.guild_channels(home["guild_id"], threads=True)
        if row["parent_id"] == home["id"] and row["thread_metadata"]["archived"] and row["type"] != PRIVATE_THREAD
    ]
    return _page(call, rows) | {"has_more": False}


def _page(call: Call, rows: list[Json]) -> Json:
    mine = [call.pg.threads.member_object(row, call.me) for row in rows if call.me in row["_thread_members"]]
    return {"threads": [clean(row) for row in rows], "members": mine}


def _thread(call: Call, need: int = 0) -> Json:
    row = call.channel(need)
    if row["type"] not in THREADS:
        raise invalid(50024)
    return row


def _shown(call: Call, row: Json) -> Json:
    return clean(row) | {"member": call.pg.threads.member_object(row, call.me)}


def _checked(shape: Record, payload: Json) -> Json:
    problems = Problems()
    values: Json = shape.check(payload, (), problems)
    problems.raise_if_any()
    return values


ROUTES: Routes = [
    ("POST", "/channels/{channel_id}/messages/{message_id}/threads", from_message),
    ("POST", "/channels/{channel_id}/threads", start),
    ("GET", "/channels/{channel_id}/threads/archived/public", archived),
    ("GET", "/guilds/{guild_id}/threads/active", active),
    ("GET", "/channels/{channel_id}/thread-members", members),
    ("PUT", "/channels/{channel_id}/thread-members/@me", join),
    ("DELETE", "/channels/{channel_id}/thread-members/@me", leave),
    ("GET", "/channels/{channel_id}/thread-members/{user_id}", member),
    ("PUT", "/channels/{channel_id}/thread-members/{user_id}", add_member),
    ("DELETE", "/channels/{channel_id}/thread-members/{user_id}", remove_member),
]
