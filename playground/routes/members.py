"""Members of servers: reading, roles, nicknames, time-outs, kicks and bans."""

from datetime import datetime

from playground import permissions
from playground.call import Call, Routes
from playground.errors import Json, Problems, forbidden, form_error, unknown
from playground.feed import Event
from playground.intents import GUILD_MEMBERS
from playground.routes.guilds import top_position
from playground.shapes import Items, Record, Snowflake, Text
from playground.world import clean

_MEMBER = Record({"nick": Text(32), "roles": Items(Snowflake(), 250), "communication_disabled_until": Text(64)})


async def get(call: Call) -> Json:
    return call.pg.world.member_object(call.guild()["id"], call.arg("user_id"))


async def listed(call: Call) -> list[Json]:
    guild_id = call.guild()["id"]
    if not call.pg.gateway.privileged_intents & GUILD_MEMBERS:
        raise forbidden(50001)
    limit, after = call.number("limit", 1, 1, 1000), call.number("after", 0, 0, 2**63)
    found = sorted((user_id for user_id in call.pg.world.members[guild_id] if int(user_id) > after), key=int)
    return [call.pg.world.member_object(guild_id, user_id) for user_id in found[:limit]]


async def search(call: Call) -> list[Json]:
    guild_id = call.guild()["id"]
    query = call.request.query.get("query", "").lower()
    if not query:
        raise form_error(("query",), "BASE_TYPE_REQUIRED", "This field is required")
    world = call.pg.world
    found: list[str] = []
    for user_id, member in world.members[guild_id].items():
        names = (world.user(user_id)["username"], world.user(user_id).get("global_name"), member["nick"])
        if any(name and name.lower().startswith(query) for name in names):
            found.append(user_id)
    return [world.member_object(guild_id, user_id) for user_id in found[: call.number("limit", 1, 1, 1000)]]


async def edit(call: Call) -> Json:
    guild_id = call.guild()["id"]
    user_id = call.me if call.arg("user_id") == "@me" else call.arg("user_id")
    member = call.pg.world.member(guild_id, user_id)
    problems = Problems()
    payload = await call.payload()
    values: Json = _MEMBER.check(payload, (), problems)
    problems.raise_if_any()
    held = call.pg.world.guild_permissions(guild_id, call.me)
    need = {
        "nick": 1 << 26 if user_id == call.me else permissions.MANAGE_NICKNAMES,
        "roles": permissions.MANAGE_ROLES,
        "communication_disabled_until": permissions.MODERATE_MEMBERS,
    }
    for key, bit in need.items():
        if key in payload and not held & bit:
            raise forbidden(50013)
    if user_id != call.me:
        _refuse_higher(call, guild_id, user_id)
    if "communication_disabled_until" in payload:
        until = values.get("communication_disabled_until")
        member["communication_disabled_until"] = call.pg.clock.iso(_moment(until)) if until else None
    if "nick" in payload:
        member["nick"] = values.get("nick") or None
    if "roles" in values:
        _refuse_roles(call, guild_id, set(values["roles"]) ^ set(member["roles"]))
        call.pg.set_roles(guild_id, user_id, values["roles"])
    else:
        _tell(call, guild_id, user_id)
    return call.pg.world.member_object(guild_id, user_id)


def _moment(text: str) -> float:
    """Seconds since 1970 of an ISO 8601 time. Raises ApiError 50035."""
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        told = "Could not parse. Should be ISO8601."
        raise form_error(("communication_disabled_until",), "DATE_TIME_TYPE_PARSE", told) from None


async def add_role(call: Call) -> None:
    _change_role(call, give=True)


async def remove_role(call: Call) -> None:
    _change_role(call, give=False)


async def kick(call: Call) -> None:
    guild_id = call.guild(permissions.KICK_MEMBERS)["id"]
    user_id = call.arg("user_id")
    call.pg.world.member(guild_id, user_id)
    _refuse_higher(call, guild_id, user_id)
    _remove(call, guild_id, user_id)


async def ban(call: Call) -> None:
    guild = call.guild(permissions.BAN_MEMBERS)
    user = call.pg.world.user(call.arg("user_id"))
    if user["id"] in call.pg.world.members[guild["id"]]:
        _refuse_higher(call, guild["id"], user["id"])
        _remove(call, guild["id"], user["id"])
    bans = guild.setdefault("_bans", [])
    if user["id"] not in bans:
        bans.append(user["id"])
    told = {"guild_id": guild["id"], "user": clean(user)}
    call.pg.feed.publish(Event(name="GUILD_BAN_ADD", record=told, guild_id=guild["id"]))


async def unban(call: Call) -> None:
    guild = call.guild(permissions.BAN_MEMBERS)
    if call.arg("user_id") not in guild.get("_bans", []):
        raise unknown("ban")
    guild["_bans"].remove(call.arg("user_id"))
    told = {"guild_id": guild["id"], "user": call.pg.world.user_object(call.arg("user_id"))}
    call.pg.feed.publish(Event(name="GUILD_BAN_REMOVE", record=told, guild_id=guild["id"]))


def _change_role(call: Call, *, give: bool) -> None:
    guild_id = call.guild(permissions.MANAGE_ROLES)["id"]
    user_id, role_id = call.arg("user_id"), call.arg("role_id")
    held = [role for role in call.pg.world.member(guild_id, user_id)["roles"] if role != role_id]
    _refuse_roles(call, guild_id, {role_id})
    call.pg.set_roles(guild_id, user_id, [*held, role_id] if give else held)


def _refuse_roles(call: Call, guild_id: str, changed: set[str]) -> None:
    top = top_position(call, guild_id)
    for role_id in changed:
        row = call.pg.world.role(guild_id, role_id)
        if row["position"] >= top or row["managed"]:
            raise forbidden(50013)


def _refuse_higher(call: Call, guild_id: str, user_id: str) -> None:
    known = call.pg.world.roles(guild_id)
    held = call.pg.world.members[guild_id][user_id]["roles"]
    highest = max((known[role_id]["position"] for role_id in held), default=0)
    owner = call.pg.world.guild(guild_id)["owner_id"] == user_id
    if owner or highest >= top_position(call, guild_id):
        raise forbidden(50013)


def _remove(call: Call, guild_id: str, user_id: str) -> None:
    del call.pg.world.members[guild_id][user_id]
    told = {"guild_id": guild_id, "user": call.pg.world.user_object(user_id)}
    call.pg.feed.publish(Event(name="GUILD_MEMBER_REMOVE", record=told, guild_id=guild_id))


def _tell(call: Call, guild_id: str, user_id: str) -> None:
    told = {"guild_id": guild_id, **call.pg.world.member_object(guild_id, user_id)}
    call.pg.feed.publish(Event(name="GUILD_MEMBER_UPDATE", record=told, guild_id=guild_id))


ROUTES: Routes = [
    ("GET", "/guilds/{guild_id}/members", listed),
    ("GET", "/guilds/{guild_id}/members/search", search),
    ("GET", "/guilds/{guild_id}/members/{user_id}", get),
    ("PATCH", "/guilds/{guild_id}/members/{user_id}", edit),
    ("DELETE", "/guilds/{guild_id}/members/{user_id}", kick),
    ("PUT", "/guilds/{guild_id}/members/{user_id}/roles/{role_id}", add_role),
    ("DELETE", "/guilds/{guild_id}/members/{user_id}/roles/{role_id}", remove_role),
    ("PUT", "/guilds/{guild_id}/bans/{user_id}", ban),
    ("DELETE", "/guilds/{guild_id}/bans/{user_id}", unban),
]
