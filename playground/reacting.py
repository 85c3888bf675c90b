"""Reactions: adding, taking away, clearing, and telling of it. Who may is the callers' question."""

from playground.errors import Json, invalid, unknown
from playground.feed import Event, Feed
from playground.world import World

MOST = 20
"""Different reactions on a message."""


class Reactions:
    """Changes the reactions of message records."""

    def __init__(self, world: World, feed: Feed) -> None:
        self.world = world
        self.feed = feed

    def add(self, record: Json, emoji: Json, user_id: str) -> None:
        """Add one reaction; adding it twice changes nothing. Raises ApiError 30010."""
        row = find(record, emoji)
        if row is None:
            if sum(1 for reaction in record["_reactions"] if reaction["users"]) >= MOST:
                raise invalid(30010)
            row = {"emoji": emoji, "users": []}
            record["_reactions"].append(row)
        if user_id in row["users"]:
            return
        row["users"].append(user_id)
        self._tell("MESSAGE_REACTION_ADD", record, emoji, user_id)

    def remove(self, record: Json, emoji: Json, user_id: str) -> None:
        """Take one reaction away. Raises ApiError 10014 when it is not there."""
        row = find(record, emoji)
        if row is None or user_id not in row["users"]:
            raise unknown("emoji")
        row["users"].remove(user_id)
        if not row["users"]:
            record["_reactions"].remove(row)
        self._tell("MESSAGE_REACTION_REMOVE", record, emoji, user_id)

    def clear(self, record: Json, emoji: Json | None = None) -> None:
        """Remove all reactions, or all of one emoji. Raises ApiError 10014."""
        guild_id = self.world.channel(record["channel_id"]).get("guild_id")
        told = {"channel_id": record["channel_id"], "message_id": record["id"], "guild_id": guild_id}
        if emoji is None:
            record["_reactions"] = []
            name = "MESSAGE_REACTION_REMOVE_ALL"
        else:
            row = find(record, emoji)
            if row is None:
                raise unknown("emoji")
            record["_reactions"].remove(row)
            name = "MESSAGE_REACTION_REMOVE_EMOJI"
            told["emoji"] = emoji
        self.feed.publish(Event(name=name, record=told, guild_id=guild_id, channel_id=record["channel_id"]))

    def _tell(self, name: str, record: Json, emoji: Json, user_id: str) -> None:
        guild_id = self.world.channel(record["channel_id"]).get("guild_id")
        told: Json = {
            "user_id": user_id,
            "channel_id": record["channel_id"],
            "message_id": record["id"],
            "message_author_id": record["_author"],
            "emoji": emoji,
            "burst": False,
            "burst_colors": [],
            "type": 0,
        }
        if guild_id:
            told["guild_id"] = guild_id
            if name == "MESSAGE_REACTION_ADD":
                told["member"] = self.world.member_object(guild_id, user_id)
        self.feed.publish(Event(name=name, record=told, guild_id=guild_id, channel_id=record["channel_id"]))


def find(record: Json, emoji: Json) -> Json | None:
    """The row of one emoji, or None."""
    for row in record["_reactions"]:
        if (row["emoji"]["id"], row["emoji"]["name"]) == (emoji["id"], emoji["name"]):
            return row
    return None
