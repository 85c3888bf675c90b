"""Application commands: register, change, list, bulk overwrite, for all servers or for one."""

from playground import command_rules
from playground.call import Call, Routes
from playground.errors import Json, Problems, forbidden, invalid, unknown
from playground.feed import Event

MOST = {1: 100, 2: 15, 3: 15, 4: 1}
"""Commands of each type, global and per guild."""


async def listed(call: Call) -> list[Json]:
    return list(_scope(call).values())


async def get(call: Call) -> Json:
    return _row(call)


async def create(call: Call) -> tuple[int, Json]:
    problems = Problems()
    command = command_rules.check(await call.payload(), (), problems)
    problems.raise_if_any()
    scope = _scope(call)
    old = _same(scope, command)
    if old is None:
        _refuse_too_many([*scope.values(), command])
    row = _complete(call, command, old)
    call.pg.world.commands[row["id"]] = row
    _tell(call)
    return (200 if old else 201), row


async def change(call: Call) -> Json:
    row = _row(call)
    problems = Problems()
    editable = {key: value for key, value in row.items() if key not in ("application_id", "version", "guild_id")}
    command = command_rules.check(editable | await call.payload() | {"type": row["type"]}, (), problems)
    problems.raise_if_any()
    new = _complete(call, command, row)
    call.pg.world.commands[row["id"]] = new
    _tell(call)
    return new


async def delete(call: Call) -> None:
    del call.pg.world.commands[_row(call)["id"]]
    _tell(call)


async def overwrite(call: Call) -> list[Json]:
    problems = Problems()
    commands = [command_rules.check(payload, (index,), problems) for index, payload in enumerate(await call.rows())]
    names: set[tuple[int, str]] = set()
    for index, command in enumerate(commands):
        key = (command["type"], command.get("name", ""))
        if key in names:
            text = "Application command names must be unique"
            problems.add((index,), "APPLICATION_COMMANDS_DUPLICATE_NAME", text)
        names.add(key)
    problems.raise_if_any()
    _refuse_too_many(commands)
    scope = _scope(call)
    rows = [_complete(call, command, _same(scope, command)) for command in commands]
    for command_id in scope:
        del call.pg.world.commands[command_id]
    call.pg.world.commands.update({row["id"]: row for row in rows})
    _tell(call)
    return rows


async def no_permissions(call: Call) -> Json:
    _row(call)
    raise unknown("command permissions")


async def all_permissions(call: Call) -> list[Json]:
    _scope(call)
    return []


def _scope(call: Call) -> dict[str, Json]:
    world = call.pg.world
    if call.arg("application_id") != world.application["id"]:
        raise forbidden(50001)
    guild_id = call.request.match_info.get("guild_id")
    if guild_id is not None and not world.is_bot_in(guild_id):
        raise forbidden(50001)
    return {key: row for key, row in world.commands.items() if row.get("guild_id") == guild_id}


def _row(call: Call) -> Json:
    row = _scope(call).get(call.arg("command_id"))
    if row is None:
        raise unknown("command")
    return row


def _same(scope: dict[str, Json], command: Json) -> Json | None:
    key = (command["type"], command.get("name"))
    return next((row for row in scope.values() if (row["type"], row["name"]) == key), None)


def _complete(call: Call, command: Json, old: Json | None) -> Json:
    guild_id = call.request.match_info.get("guild_id")
    row: Json = {
        "id": old["id"] if old else call.pg.ids.new(),
        "application_id": call.pg.world.application["id"],
        "version": call.pg.ids.new(),
        "default_member_permissions": None,
        "nsfw": False,
        "integration_types": [0],
    }
    if guild_id is not None:
        row["guild_id"] = guild_id
    else:
        row |= {"dm_permission": True, "contexts": None}
    return row | {key: value for key, value in command.items() if key != "id"}


def _refuse_too_many(commands: list[Json]) -> None:
    for kind, most in MOST.items():
        if sum(1 for command in commands if command["type"] == kind) > most:
            raise invalid(30032)


def _tell(call: Call) -> None:
    call.pg.feed.publish(Event(name="COMMANDS_UPDATE", record={}, bot=False))


def _routes(base: str) -> Routes:
    return [
        ("GET", base, listed),
        ("POST", base, create),
        ("PUT", base, overwrite),
        ("GET", f"{base}/permissions", all_permissions),
        ("GET", f"{base}/{{command_id}}", get),
        ("PATCH", f"{base}/{{command_id}}", change),
        ("DELETE", f"{base}/{{command_id}}", delete),
        ("GET", f"{base}/{{command_id}}/permissions", no_permissions),
    ]


ROUTES: Routes = _routes("/applications/{application_id}/commands") + _routes(
    "/applications/{application_id}/guilds/{guild_id}/commands"
)
