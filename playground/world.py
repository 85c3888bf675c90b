"""The rows: users, guilds, members, channels, messages, commands, emoji. It answers look-ups and adds up permissions.

Records are Discord's own JSON objects; keys that begin with `_` are ours and never leave over the bot's API. It does
not know who may change what (the routes do), nor who hears of a change (`feed.py`).
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from playground import permissions
from playground.clock import Clock
from playground.errors import Json, forbidden, unknown

TEXT, DM, VOICE, CATEGORY, NEWS, FORUM = 0, 1, 2, 4, 5, 15
NEWS_THREAD, PUBLIC_THREAD, PRIVATE_THREAD = 10, 11, 12
THREADS = (NEWS_THREAD, PUBLIC_THREAD, PRIVATE_THREAD)
MESSAGEABLE = (TEXT, DM, VOICE, NEWS, *THREADS)


class World:
    """All rows by id (ids are text, as on the wire)."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.application: Json = {}
        self.users: dict[str, Json] = {}
        self.guilds: dict[str, Json] = {}
        self.members: dict[str, dict[str, Json]] = {}
        self.channels: dict[str, Json] = {}
        self.messages: dict[str, dict[str, Json]] = {}
        self.commands: dict[str, Json] = {}
        self.emojis: dict[str, Json] = {}

    # State file

    FIELDS = ("application", "users", "guilds", "members", "channels", "messages", "commands", "emojis")

    def dump(self) -> Json:
        """Everything, ready for JSON."""
        return {name: getattr(self, name) for name in self.FIELDS}

    def load(self, state: Json) -> None:
        """Take everything from what `dump` gave."""
        for name in self.FIELDS:
            setattr(self, name, state[name])

    # Look-ups: each raises the ApiError that Discord gives for its noun

    def user(self, user_id: str) -> Json:
        return _get(self.users, user_id, "user")

    def guild(self, guild_id: str) -> Json:
        return _get(self.guilds, guild_id, "guild")

    def channel(self, channel_id: str) -> Json:
        return _get(self.channels, channel_id, "channel")

    def message(self, channel_id: str, message_id: str) -> Json:
        self.channel(channel_id)
        return _get(self.messages.get(channel_id, {}), message_id, "message")

    def member(self, guild_id: str, user_id: str) -> Json:
        self.guild(guild_id)
        return _get(self.members[guild_id], user_id, "member")

    def role(self, guild_id: str, role_id: str) -> Json:
        role = self.roles(guild_id).get(role_id)
        if role is None:
            raise unknown("role")
        return role

    def roles(self, guild_id: str) -> dict[str, Json]:
        return {role["id"]: role for role in self.guild(guild_id)["roles"]}

    @property
    def bot(self) -> Json:
        """The application's bot user."""
        return self.users[self.application["bot_id"]]

    def is_bot_in(self, guild_id: str) -> bool:
        return self.bot["id"] in self.members.get(guild_id, {})

    def find_user(self, name_or_id: str) -> Json:
        """By id, user name or display name. Raises ApiError 10013."""
        wanted = str(name_or_id).lower()
        for user in self.users.values():
            if wanted in (user["id"], user["username"].lower(), (user.get("global_name") or "").lower()):
                return user
        raise unknown("user")

    def find_channel(self, name_or_id: str) -> Json:
        """By id or by name with or without `#`. Raises ApiError 10003."""
        wanted = str(name_or_id).lstrip("#")
        for channel in self.channels.values():
            if wanted in (channel["id"], channel.get("name")):
                return channel
        raise unknown("channel")

    def guild_channels(self, guild_id: str, *, threads: bool = False) -> list[Json]:
        """Channels (or, instead, threads) of a guild in position order."""
        rows = [
            row
            for row in self.channels.values()
            if row.get("guild_id") == guild_id and (row["type"] in THREADS) == threads
        ]
        return sorted(rows, key=lambda row: (row.get("position", 0), int(row["id"])))

    def history(self, channel_id: str) -> Iterator[Json]:
        """Messages, newest first."""
        return reversed(list(self.messages.get(channel_id, {}).values()))

    def dm_between(self, one: str, other: str) -> Json | None:
        """The direct-message channel of two users, if there is one."""
        for channel in self.channels.values():
            if channel["type"] == DM and set(channel["_members"]) == {one, other}:
                return channel
        return None

    # Permissions

    def guild_permissions(self, guild_id: str, user_id: str) -> int:
        """0 for someone who is not a member."""
        member = self.members.get(guild_id, {}).get(user_id)
        if member is None:
            return 0
        guild = self.guild(guild_id)
        bits = permissions.base(
            member_id=user_id,
            owner_id=guild["owner_id"],
            guild_id=guild_id,
            roles=self.roles(guild_id),
            held=member["roles"],
        )
        return self._timed_out(member, bits)

    def permissions(self, channel_id: str, user_id: str) -> int:
        """A user's permissions in a channel, thread or direct message; 0 for a stranger."""
        channel = self.channel(channel_id)
        if channel["type"] == DM:
            return permissions.DIRECT_MESSAGE if user_id in channel["_members"] else 0
        guild_id = channel["guild_id"]
        bits = self.guild_permissions(guild_id, user_id)
        thread = channel["type"] in THREADS
        home = self.channels[channel["parent_id"]] if thread else channel
        member = self.members.get(guild_id, {}).get(user_id)
        if member is None:
            return 0
        bits = permissions.in_channel(
            bits,
            member_id=user_id,
            guild_id=guild_id,
            held=member["roles"],
            overwrites=home.get("permission_overwrites", []),
            thread=thread,
        )
        bits = self._timed_out(member, bits)
        if channel["type"] == PRIVATE_THREAD and user_id not in channel["_thread_members"]:
            return bits if bits & permissions.MANAGE_THREADS else 0
        return bits

    def demand(self, channel_id: str, user_id: str, need: int = 0) -> Json:
        """The channel, where this user sees it and holds `need`; writing in a thread has a bit of its own.

        Raises ApiError 10003 (no such channel), 50001 (cannot see it) or 50013 (lacks one of the bits).
        """
        channel = self.channel(channel_id)
        bits = self.permissions(channel_id, user_id)
        if not bits & permissions.VIEW_CHANNEL:
            raise forbidden(50001)
        if need & permissions.SEND_MESSAGES:
            need = need & ~permissions.SEND_MESSAGES | permissions.writing(thread=channel["type"] in THREADS)
        if bits & need != need:
            raise forbidden(50013)
        return channel

    def _timed_out(self, member: Json, bits: int) -> int:
        until = member["communication_disabled_until"]
        over = until is None or datetime.fromisoformat(until).timestamp() <= self.clock.time()
        return bits if over or bits & permissions.ADMINISTRATOR else bits & permissions.TIMED_OUT

    def can_see(self, channel_id: str, user_id: str) -> bool:
        return channel_id in self.channels and bool(self.permissions(channel_id, user_id) & permissions.VIEW_CHANNEL)

    # Objects as they go over the wire

    def member_object(self, guild_id: str, user_id: str, *, with_user: bool = True) -> Json:
        """A guild member in Discord's form."""
        member = clean(self.member(guild_id, user_id))
        return {**member, "user": self.user_object(user_id)} if with_user else member

    def user_object(self, user_id: str) -> Json:
        return clean(self.user(user_id))

    def channel_object(self, channel_id: str, viewer: str | None = None) -> Json:
        """A channel in Discord's form; a direct message shows its other side to `viewer`."""
        row = self.channel(channel_id)
        shown = clean(row)
        if row["type"] == DM:
            shown["recipients"] = [self.user_object(user) for user in row["_members"] if user != viewer]
        return shown

    def channel_of(self, channel_id: str, viewer: str) -> Json:
        """A channel as the page of `viewer` has it: with what they may do there."""
        bits = str(self.permissions(channel_id, viewer))
        return self.channel_object(channel_id, viewer) | {"permissions": bits}


def clean(record: Json) -> Json:
    """A record without our private keys."""
    return {key: value for key, value in record.items() if not key.startswith("_")}


def _get(rows: dict[str, Any], key: str, noun: str) -> Json:
    row = rows.get(str(key))
    if row is None:
        raise unknown(noun)
    return row


def ids(rows: Iterable[Json]) -> list[str]:
    """The ids of records."""
    return [row["id"] for row in rows]
