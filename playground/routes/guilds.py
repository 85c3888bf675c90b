"""Servers and their roles."""

from playground import permissions, seed
from playground.call import Call, Routes
from playground.errors import Json, Problems, forbidden, invalid
from playground.feed import Event
from playground.shapes import Anything, Integer, Record, Text, Truth
from playground.world import clean

_ROLE = Record(
    {
        "name": Text(100),
        "permissions": Integer(0, 2**63),
        "color": Integer(0, 0xFFFFFF),
        "colors": Anything(),
        "hoist": Truth(),
        "mentionable": Truth(),
    }
)


async def get(call: Call) -> Json:
    guild = clean(call.guild())
    if call.request.query.get("with_counts", "").lower() in ("1", "true"):
        count = len(call.pg.world.members[guild["id"]])
        guild |= {"approximate_member_count": count, "approximate_presence_count": count}
    return guild


async def channels(call: Call) -> list[Json]:
    return [clean(row) for row in call.pg.world.guild_channels(call.guild()["id"])]


async def roles(call: Call) -> list[Json]:
    return call.guild()["roles"]


async def role(call: Call) -> Json:
    return call.pg.world.role(call.guild()["id"], call.arg("role_id"))


async def create_role(call: Call) -> Json:
    guild = call.guild(permissions.MANAGE_ROLES)
    values = _values(call, guild["id"], await call.payload())
    everyone = call.pg.world.role(guild["id"], guild["id"])
    row = seed.role(call.pg.ids.new(), "new role", int(everyone["permissions"]), position=1)
    for other in guild["roles"]:
        if other["position"] >= 1:
            other["position"] += 1
    row.update(values)
    guild["roles"].append(row)
    _tell(call, "GUILD_ROLE_CREATE", {"guild_id": guild["id"], "role": row})
    return row


async def edit_role(call: Call) -> Json:
    guild = call.guild(permissions.MANAGE_ROLES)
    row = call.pg.world.role(guild["id"], call.arg("role_id"))
    _refuse_higher(call, guild["id"], row)
    row.update(_values(call, guild["id"], await call.payload()))
    _tell(call, "GUILD_ROLE_UPDATE", {"guild_id": guild["id"], "role": row})
    return row


async def delete_role(call: Call) -> None:
    guild = call.guild(permissions.MANAGE_ROLES)
    row = call.pg.world.role(guild["id"], call.arg("role_id"))
    _refuse_higher(call, guild["id"], row)
    if row["managed"] or row["id"] == guild["id"]:
        raise invalid(50028)
    guild["roles"].remove(row)
    for member in call.pg.world.members[guild["id"]].values():
        if row["id"] in member["roles"]:
            member["roles"].remove(row["id"])
    _tell(call, "GUILD_ROLE_DELETE", {"guild_id": guild["id"], "role_id": row["id"]})


def top_position(call: Call, guild_id: str) -> int:
    """The position of the bot's highest role."""
    known = call.pg.world.roles(guild_id)
    held = call.pg.world.members[guild_id][call.me]["roles"]
    return max((known[role_id]["position"] for role_id in held), default=0)


def _refuse_higher(call: Call, guild_id: str, row: Json) -> None:
    if row["position"] >= top_position(call, guild_id) and row["id"] != guild_id:
        raise forbidden(50013)


def _values(call: Call, guild_id: str, payload: Json) -> Json:
    problems = Problems()
    values: Json = _ROLE.check(payload, (), problems)
    problems.raise_if_any()
    if "permissions" in values:
        bits = values["permissions"]
        if bits & ~call.pg.world.guild_permissions(guild_id, call.me):
            raise forbidden(50013)
        values["permissions"] = str(bits)
    if "color" in values:
        values["colors"] = {"primary_color": values["color"], "secondary_color": None, "tertiary_color": None}
    elif isinstance(values.get("colors"), dict):
        values["color"] = values["colors"].get("primary_color") or 0
    return values


def _tell(call: Call, name: str, record: Json) -> None:
    call.pg.feed.publish(Event(name=name, record=record, guild_id=record["guild_id"]))


ROUTES: Routes = [
    ("GET", "/guilds/{guild_id}", get),
    ("GET", "/guilds/{guild_id}/channels", channels),
    ("GET", "/guilds/{guild_id}/roles", roles),
    ("POST", "/guilds/{guild_id}/roles", create_role),
    ("GET", "/guilds/{guild_id}/roles/{role_id}", role),
    ("PATCH", "/guilds/{guild_id}/roles/{role_id}", edit_role),
    ("DELETE", "/guilds/{guild_id}/roles/{role_id}", delete_role),
]
