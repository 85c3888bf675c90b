"""Direct messages: opening the channel, and whether the other side takes them."""

from playground.errors import Json, forbidden
from playground.snowflake import Snowflakes
from playground.world import DM, World


def open_dm(world: World, ids: Snowflakes, one: str, other: str) -> Json:
    """The direct-message channel of two users, made when there is none."""
    row = world.dm_between(one, other)
    if row is None:
        row = {"id": ids.new(), "type": DM, "last_message_id": None, "flags": 0, "_members": [one, other]}
        world.channels[row["id"]] = row
        world.messages[row["id"]] = {}
    return row


def refuse_closed(world: World, channel: Json, sender: str) -> None:
    """Raise ApiError 50007 when the receiver takes no direct messages from `sender`."""
    for user_id in channel["_members"]:
        if user_id == sender:
            continue
        shares = any({user_id, sender} <= set(members) for members in world.members.values())
        if not world.user(user_id)["_dms_open"] or not shares:
            raise forbidden(50007)
