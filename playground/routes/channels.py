"""Channels as the bot reads and changes them."""

from playground.call import Call, Routes
from playground.errors import Json


async def get(call: Call) -> Json:
    row = call.channel()
    return call.pg.world.channel_object(row["id"], call.me)


ROUTES: Routes = [("GET", "/channels/{channel_id}", get)]
