"""Permission bits and how roles and overwrites add up. It knows no message and no route.

https://docs.discord.com/developers/topics/permissions#permission-overwrites
"""

from collections.abc import Iterable, Mapping

from playground.errors import Json

KICK_MEMBERS = 1 << 1
BAN_MEMBERS = 1 << 2
ADMINISTRATOR = 1 << 3
MANAGE_CHANNELS = 1 << 4
MANAGE_GUILD = 1 << 5
ADD_REACTIONS = 1 << 6
VIEW_CHANNEL = 1 << 10
SEND_MESSAGES = 1 << 11
SEND_TTS_MESSAGES = 1 << 12
MANAGE_MESSAGES = 1 << 13
EMBED_LINKS = 1 << 14
ATTACH_FILES = 1 << 15
READ_MESSAGE_HISTORY = 1 << 16
MENTION_EVERYONE = 1 << 17
USE_EXTERNAL_EMOJIS = 1 << 18
MANAGE_NICKNAMES = 1 << 27
MANAGE_ROLES = 1 << 28
USE_APPLICATION_COMMANDS = 1 << 31
MANAGE_THREADS = 1 << 34
CREATE_PUBLIC_THREADS = 1 << 35
CREATE_PRIVATE_THREADS = 1 << 36
SEND_MESSAGES_IN_THREADS = 1 << 38
MODERATE_MEMBERS = 1 << 40
PIN_MESSAGES = 1 << 51

ALL = (1 << 53) - 1
"""Every bit Discord has handed out."""

EVERYONE = (
    ADD_REACTIONS
    | VIEW_CHANNEL
    | SEND_MESSAGES
    | EMBED_LINKS
    | ATTACH_FILES
    | READ_MESSAGE_HISTORY
    | USE_EXTERNAL_EMOJIS
    | USE_APPLICATION_COMMANDS
    | CREATE_PUBLIC_THREADS
    | CREATE_PRIVATE_THREADS
    | SEND_MESSAGES_IN_THREADS
    | 1 << 0
    | 1 << 26
    | 1 << 37
    | 1 << 49
    | 1 << 50
)
"""What a new server gives to @everyone (text part)."""

TIMED_OUT = VIEW_CHANNEL | READ_MESSAGE_HISTORY
"""What a time-out leaves to everybody but administrators."""

DIRECT_MESSAGE = EVERYONE | MENTION_EVERYONE
"""What both sides may do in a direct message."""


def base(*, member_id: str, owner_id: str, guild_id: str, roles: Mapping[str, Json], held: Iterable[str]) -> int:
    """A member's permissions in the guild, before channel overwrites."""
    if member_id == owner_id:
        return ALL
    bits = int(roles[guild_id]["permissions"])
    for role_id in held:
        if role_id in roles:
            bits |= int(roles[role_id]["permissions"])
    return ALL if bits & ADMINISTRATOR else bits


def in_channel(
    bits: int, *, member_id: str, guild_id: str, held: Iterable[str], overwrites: Iterable[Json], thread: bool = False
) -> int:
    """`bits` (from `base`) after a channel's overwrites: @everyone, then roles together, then the member.

    With `thread`, in a thread of that channel.
    """
    if bits & ADMINISTRATOR:
        return ALL
    by_id = {overwrite["id"]: overwrite for overwrite in overwrites}
    bits = _apply(bits, by_id.get(guild_id))
    allow = deny = 0
    for role_id in held:
        if role_id in by_id and role_id != guild_id:
            allow |= int(by_id[role_id]["allow"])
            deny |= int(by_id[role_id]["deny"])
    bits = bits & ~deny | allow
    bits = _apply(bits, by_id.get(member_id))
    if not bits & VIEW_CHANNEL:
        return 0
    if not bits & writing(thread=thread):
        bits &= ~(MENTION_EVERYONE | SEND_TTS_MESSAGES | ATTACH_FILES | EMBED_LINKS)
    return bits


def writing(*, thread: bool) -> int:
    """The bit that lets somebody write."""
    return SEND_MESSAGES_IN_THREADS if thread else SEND_MESSAGES


def _apply(bits: int, overwrite: Json | None) -> int:
    if overwrite is None:
        return bits
    return bits & ~int(overwrite["deny"]) | int(overwrite["allow"])
