"""Channels as the bot reads, makes and changes them, with their overwrites."""

from typing import Any

from playground import permissions, seed
from playground.call import Call, Routes
from playground.errors import Json, Problems, form_error, invalid
from playground.feed import Event
from playground.routes.threads import edit_thread
from playground.shapes import Anything, Integer, Items, OneOf, Record, Shape, Snowflake, Text, Truth
from playground.world import CATEGORY, DM, FORUM, THREADS, clean

_OVERWRITE = Record(
    {
        "id": Snowflake(),
        "type": OneOf((0, 1, "0", "1")),
        "allow": Integer(0, 2**63),
        "deny": Integer(0, 2**63),
    },
    required=("id",),
)
_TAG = Record(
    {"id": Snowflake(), "name": Text(20, 1), "moderated": Truth(), "emoji_id": Snowflake(), "emoji_name": Text(32)},
    required=("name",),
)
_FIELDS: dict[str, Shape] = {
    "name": Text(100, 1),
    "type": Integer(0, 16),
    "position": Integer(0, 10_000),
    "topic": Text(4096),
    "nsfw": Truth(),
    "rate_limit_per_user": Integer(0, 21_600),
    "parent_id": Snowflake(),
    "permission_overwrites": Items(_OVERWRITE, 100),
    "available_tags": Items(_TAG, 20),
    "default_reaction_emoji": Anything(),
    "default_sort_order": Integer(0, 1),
    "default_forum_layout": Integer(0, 2),
    "default_auto_archive_duration": OneOf((60, 1440, 4320, 10080)),
    "flags": Integer(0, 2**31),
}
_CHANNEL = Record(_FIELDS)
_NEW = Record(_FIELDS, required=("name",))
_MADE = (0, 2, CATEGORY, 5, FORUM)


async def get(call: Call) -> Json:
    row = call.channel()
    return call.pg.world.channel_object(row["id"], call.me)


async def edit(call: Call) -> Json:
    row = call.channel()
    payload = await call.payload()
    if row["type"] == DM:
        raise invalid(50024)
    if row["type"] in THREADS:
        return edit_thread(call, row, payload)
    call.channel(permissions.MANAGE_CHANNELS)
    if payload.get("permission_overwrites") is not None:
        call.channel(permissions.MANAGE_ROLES)
    row.update(_checked(call, _CHANNEL, payload, row["type"], row["guild_id"]))
    for key in ("parent_id", "topic", "default_reaction_emoji", "default_sort_order"):
        if key in payload and payload[key] is None:
            row[key] = None
    _tell(call, "CHANNEL_UPDATE", row)
    return clean(row)


async def delete(call: Call) -> Json:
    row = call.channel()
    if row["type"] == DM:
        return call.pg.world.channel_object(row["id"], call.me)
    if row["type"] in THREADS:
        call.channel(permissions.MANAGE_THREADS)
        call.pg.threads.remove(row)
        return clean(row)
    call.channel(permissions.MANAGE_CHANNELS)
    world = call.pg.world
    for thread in world.guild_channels(row["guild_id"], threads=True):
        if thread["parent_id"] == row["id"]:
            call.pg.threads.remove(thread)
    for child in world.guild_channels(row["guild_id"]):
        if child["parent_id"] == row["id"]:
            child["parent_id"] = None
            _tell(call, "CHANNEL_UPDATE", child)
    for record in list(world.messages.get(row["id"], {}).values()):
        call.pg.posts.delete(record)
    told = clean(row)
    world.messages.pop(row["id"], None)
    del world.channels[row["id"]]
    call.pg.feed.publish(Event(name="CHANNEL_DELETE", record=told, guild_id=row["guild_id"]))
    return told


async def create(call: Call) -> tuple[int, Json]:
    guild_id = call.guild(permissions.MANAGE_CHANNELS)["id"]
    payload = await call.payload()
    kind = payload.get("type") or 0
    if kind not in _MADE:
        raise form_error(("type",), "BASE_TYPE_CHOICES", f"Value must be one of {_MADE}.")
    values = _checked(call, _NEW, payload, kind, guild_id)
    position = len(call.pg.world.guild_channels(guild_id))
    row = seed.channel(call.pg.ids.new(), guild_id, values["name"], kind, position=position) | values
    call.pg.world.channels[row["id"]] = row
    call.pg.world.messages[row["id"]] = {}
    _tell(call, "CHANNEL_CREATE", row)
    return 201, clean(row)


async def set_overwrite(call: Call) -> None:
    row = _overwritable(call)
    problems = Problems()
    target = call.arg("overwrite_id")
    overwrite = _overwrite(_OVERWRITE.check({**await call.payload(), "id": target}, (), problems))
    problems.raise_if_any()
    rest = [old for old in row["permission_overwrites"] if old["id"] != target]
    row["permission_overwrites"] = [*rest, overwrite]
    _tell(call, "CHANNEL_UPDATE", row)


async def delete_overwrite(call: Call) -> None:
    row = _overwritable(call)
    target = call.arg("overwrite_id")
    row["permission_overwrites"] = [old for old in row["permission_overwrites"] if old["id"] != target]
    _tell(call, "CHANNEL_UPDATE", row)


def _overwritable(call: Call) -> Json:
    row = call.channel()
    if row["type"] == DM or row["type"] in THREADS:
        raise invalid(50024)
    return call.channel(permissions.MANAGE_ROLES)


def _checked(call: Call, shape: Record, payload: Json, kind: int, guild_id: str) -> Json:
    problems = Problems()
    values: Json = shape.check(payload, (), problems)
    if kind in (0, 5) and len(values.get("topic") or "") > 1024:
        problems.add(("topic",), "BASE_TYPE_MAX_LENGTH", "Must be 1024 or fewer in length.")
    parent = call.pg.world.channels.get(values.get("parent_id", ""))
    if values.get("parent_id") and (parent is None or parent["type"] != CATEGORY or parent["guild_id"] != guild_id):
        problems.add(("parent_id",), "CHANNEL_PARENT_INVALID", "Category does not exist")
    problems.raise_if_any()
    values.pop("type", None)
    if kind in (0, 5) and "name" in values:
        values["name"] = values["name"].strip().lower().replace(" ", "-")
    if "permission_overwrites" in values:
        values["permission_overwrites"] = [_overwrite(row) for row in values["permission_overwrites"]]
    for tag in values.get("available_tags", []):
        tag.setdefault("id", call.pg.ids.new())
        tag |= {"moderated": tag.get("moderated", False), "emoji_id": tag.get("emoji_id")}
        tag.setdefault("emoji_name", None)
    return values


def _overwrite(row: Json) -> Json:
    bits: dict[str, Any] = {key: str(row.get(key) or 0) for key in ("allow", "deny")}
    return {"id": row["id"], "type": int(row.get("type") or 0), **bits}


def _tell(call: Call, name: str, row: Json) -> None:
    event = Event(name=name, record=clean(row), guild_id=row["guild_id"], channel_id=row["id"])
    call.pg.feed.publish(event)


ROUTES: Routes = [
    ("GET", "/channels/{channel_id}", get),
    ("PATCH", "/channels/{channel_id}", edit),
    ("DELETE", "/channels/{channel_id}", delete),
    ("POST", "/guilds/{guild_id}/channels", create),
    ("PUT", "/channels/{channel_id}/permissions/{overwrite_id}", set_overwrite),
    ("DELETE", "/channels/{channel_id}/permissions/{overwrite_id}", delete_overwrite),
]
