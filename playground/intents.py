"""Which gateway event needs which intent. It knows names and bits only.

https://docs.discord.com/developers/events/gateway#list-of-intents
"""

GUILDS = 1 << 0
GUILD_MEMBERS = 1 << 1
GUILD_MODERATION = 1 << 2
GUILD_EXPRESSIONS = 1 << 3
GUILD_PRESENCES = 1 << 8
GUILD_MESSAGES = 1 << 9
GUILD_MESSAGE_REACTIONS = 1 << 10
GUILD_MESSAGE_TYPING = 1 << 11
DIRECT_MESSAGES = 1 << 12
DIRECT_MESSAGE_REACTIONS = 1 << 13
DIRECT_MESSAGE_TYPING = 1 << 14
MESSAGE_CONTENT = 1 << 15
PRIVILEGED = GUILD_MEMBERS | GUILD_PRESENCES | MESSAGE_CONTENT
KNOWN = (1 << 26) - 1

_BY_PREFIX: tuple[tuple[str, int, int], ...] = (
    ("INTERACTION_", 0, 0),
    ("APPLICATION_COMMAND_PERMISSIONS", 0, 0),
    ("USER_UPDATE", 0, 0),
    ("GUILD_MEMBER_", GUILD_MEMBERS, 0),
    ("THREAD_MEMBERS_", GUILD_MEMBERS, 0),
    ("GUILD_BAN_", GUILD_MODERATION, 0),
    ("GUILD_EMOJIS_", GUILD_EXPRESSIONS, 0),
    ("PRESENCE_", GUILD_PRESENCES, 0),
    ("MESSAGE_REACTION_", GUILD_MESSAGE_REACTIONS, DIRECT_MESSAGE_REACTIONS),
    ("MESSAGE_", GUILD_MESSAGES, DIRECT_MESSAGES),
    ("TYPING_", GUILD_MESSAGE_TYPING, DIRECT_MESSAGE_TYPING),
    ("CHANNEL_PINS_", GUILDS, DIRECT_MESSAGES),
    ("CHANNEL_", GUILDS, GUILDS),
    ("THREAD_", GUILDS, GUILDS),
    ("GUILD_", GUILDS, GUILDS),
)


def needed(event: str, *, direct: bool) -> int | None:
    """The intent that `event` needs in a guild, or in a direct message; 0 for none, None for an event no bot gets."""
    for prefix, in_guild, in_private in _BY_PREFIX:
        if event.startswith(prefix):
            return in_private if direct else in_guild
    return None
