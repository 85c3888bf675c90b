"""Servers and their members, as the bot reads them."""

from playground.call import Call, Routes
from playground.errors import Json
from playground.world import clean


async def get(call: Call) -> Json:
    guild = clean(call.guild())
    if call.request.query.get("with_counts", "").lower() in ("1", "true"):
        count = len(call.pg.world.members[guild["id"]])
        guild |= {"approximate_member_count": count, "approximate_presence_count": count}
    return guild


async def channels(call: Call) -> list[Json]:
    return [clean(row) for row in call.pg.world.guild_channels(call.guild()["id"])]


async def member(call: Call) -> Json:
    return call.pg.world.member_object(call.guild()["id"], call.arg("user_id"))


ROUTES: Routes = [
    ("GET", "/guilds/{guild_id}", get),
    ("GET", "/guilds/{guild_id}/channels", channels),
    ("GET", "/guilds/{guild_id}/members/{user_id}", member),
]
