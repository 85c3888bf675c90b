"""Users, the bot's own profile, its guilds and its direct messages."""

from playground.call import Call, Routes
from playground.direct import open_dm
from playground.errors import Json, forbidden, form_error, invalid
from playground.feed import Event
from playground.shapes import Record, Text, one
from playground.world import clean


async def me(call: Call) -> Json:
    return {**clean(call.pg.world.bot), "verified": True, "mfa_enabled": False, "email": None, "flags": 0}


async def edit_me(call: Call) -> Json:
    payload = one(Record({"username": Text(32, 2)}), await call.payload())
    bot = call.pg.world.bot
    if "username" in payload:
        bot["username"] = payload["username"]
        call.pg.feed.publish(Event(name="USER_UPDATE", record=clean(bot)))
    return await me(call)


async def user(call: Call) -> Json:
    return call.pg.world.user_object(call.arg("user_id"))


async def my_guilds(call: Call) -> list[Json]:
    world = call.pg.world
    rows: list[Json] = []
    for guild_id, guild in world.guilds.items():
        if world.is_bot_in(guild_id):
            bits = str(world.guild_permissions(guild_id, call.me))
            part = {key: guild[key] for key in ("id", "name", "icon", "banner", "features")}
            rows.append(part | {"owner": False, "permissions": bits})
    return rows


async def leave_guild(call: Call) -> None:
    guild_id = call.guild()["id"]
    del call.pg.world.members[guild_id][call.me]
    call.pg.feed.publish(Event(name="GUILD_DELETE", record={"id": guild_id}))


async def create_dm(call: Call) -> Json:
    recipient = str((await call.payload()).get("recipient_id", ""))
    if not recipient.isdecimal():
        raise form_error(("recipient_id",), "BASE_TYPE_REQUIRED", "This field is required")
    world = call.pg.world
    if recipient not in world.users or recipient == call.me:
        raise invalid(50033)
    if world.user(recipient).get("bot"):
        raise forbidden(50007)
    row = open_dm(world, call.pg.ids, call.me, recipient)
    return world.channel_object(row["id"], call.me)


ROUTES: Routes = [
    ("GET", "/users/@me", me),
    ("PATCH", "/users/@me", edit_me),
    ("GET", "/users/@me/guilds", my_guilds),
    ("DELETE", "/users/@me/guilds/{guild_id}", leave_guild),
    ("POST", "/users/@me/channels", create_dm),
    ("GET", "/users/{user_id}", user),
]
