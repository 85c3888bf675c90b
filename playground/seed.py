"""The world a new playground starts with: one server, four people, one application. It reads no state file."""

from playground import permissions
from playground.clock import Clock
from playground.errors import Json
from playground.snowflake import Snowflakes
from playground.world import CATEGORY, FORUM, TEXT, World

PEOPLE = ("Ada", "Ben", "Cleo", "Dan")
CHANNELS = (
    ("studio", TEXT, "Make pictures here", False),
    ("gallery", TEXT, "What people shared", False),
    ("challenges", TEXT, "Contests and votes", False),
    ("general", TEXT, "Anything else", False),
    ("showcase", FORUM, "One post per series", False),
    ("after-dark", TEXT, "Age-restricted", True),
)
BOT_PERMISSIONS = (
    permissions.VIEW_CHANNEL
    | permissions.SEND_MESSAGES
    | permissions.EMBED_LINKS
    | permissions.ATTACH_FILES
    | permissions.READ_MESSAGE_HISTORY
    | permissions.SEND_MESSAGES_IN_THREADS
    | permissions.PIN_MESSAGES
)
"""What the application's own role allows: what Atelier's invite link asks for, and no more."""


def plant(world: World, ids: Snowflakes, clock: Clock) -> None:
    """Fill an empty world."""
    people = {name: user(world, ids, name, global_name=name) for name in PEOPLE}
    bot = user(world, ids, "Atelier", bot=True)
    # Discord gives the bot user the application's id.
    world.application = {
        "id": bot["id"],
        "bot_id": bot["id"],
        "name": "Atelier",
        "description": "A picture studio",
        "owner_id": people["Ada"]["id"],
        "flags": 1 << 23,
        "token": f"playground.{bot['id']}.token",
    }
    guild_id = ids.new()
    everyone = role(guild_id, "@everyone", permissions.EVERYONE, position=0)
    moderator_bits = (
        permissions.MANAGE_GUILD
        | permissions.MANAGE_MESSAGES
        | permissions.MANAGE_CHANNELS
        | permissions.MANAGE_THREADS
        | permissions.MODERATE_MEMBERS
        | permissions.KICK_MEMBERS
        | permissions.MENTION_EVERYONE
    )
    moderator = role(ids.new(), "Moderator", moderator_bits, position=2, color=0x3BA55D, hoist=True)
    own = role(ids.new(), "Atelier", BOT_PERMISSIONS, position=1, managed=True)
    own["tags"] = {"bot_id": bot["id"]}
    world.guilds[guild_id] = guild(guild_id, "Atelier", people["Ada"]["id"], [everyone, moderator, own])
    world.members[guild_id] = {}
    for name, person in people.items():
        held = [moderator["id"]] if name == "Ada" else []
        world.members[guild_id][person["id"]] = member(clock, held)
    world.members[guild_id][bot["id"]] = member(clock, [own["id"]])
    category = channel(ids.new(), guild_id, "Studio", CATEGORY, position=0)
    world.channels[category["id"]] = category
    for position, (name, kind, topic, nsfw) in enumerate(CHANNELS):
        row = channel(ids.new(), guild_id, name, kind, position=position, topic=topic, nsfw=nsfw)
        row["parent_id"] = category["id"]
        world.channels[row["id"]] = row
        world.messages[row["id"]] = {}


def user(world: World, ids: Snowflakes, name: str, *, bot: bool = False, global_name: str | None = None) -> Json:
    """Add a user and return the record."""
    row: Json = {
        "id": ids.new(),
        "username": name if bot else name.lower(),
        "discriminator": "0000" if bot else "0",
        "global_name": global_name,
        "avatar": None,
        "banner": None,
        "accent_color": None,
        "public_flags": 0,
        "_dms_open": True,
    }
    if bot:
        row["bot"] = True
    world.users[row["id"]] = row
    return row


def member(clock: Clock, roles: list[str]) -> Json:
    """A member record (without the user)."""
    return {
        "nick": None,
        "avatar": None,
        "banner": None,
        "roles": roles,
        "joined_at": clock.iso(),
        "premium_since": None,
        "deaf": False,
        "mute": False,
        "flags": 0,
        "pending": False,
        "communication_disabled_until": None,
    }


def role(
    role_id: str,
    name: str,
    bits: int,
    *,
    position: int,
    color: int = 0,
    hoist: bool = False,
    managed: bool = False,
    mentionable: bool = False,
) -> Json:
    """A role record; `bits` are its permissions."""
    return {
        "id": role_id,
        "name": name,
        "color": color,
        "colors": {"primary_color": color, "secondary_color": None, "tertiary_color": None},
        "hoist": hoist,
        "icon": None,
        "unicode_emoji": None,
        "position": position,
        "permissions": str(bits),
        "managed": managed,
        "mentionable": mentionable,
        "flags": 0,
    }


def channel(
    channel_id: str,
    guild_id: str,
    name: str,
    kind: int,
    *,
    position: int,
    topic: str | None = None,
    nsfw: bool = False,
) -> Json:
    """A guild channel record."""
    row: Json = {
        "id": channel_id,
        "type": kind,
        "guild_id": guild_id,
        "name": name,
        "position": position,
        "permission_overwrites": [],
        "parent_id": None,
        "nsfw": nsfw,
        "flags": 0,
    }
    if kind == CATEGORY:
        return row
    row |= {"topic": topic, "last_message_id": None, "rate_limit_per_user": 0}
    if kind == FORUM:
        row |= {
            "available_tags": [],
            "default_reaction_emoji": None,
            "default_sort_order": None,
            "default_forum_layout": 0,
        }
    return row


def guild(guild_id: str, name: str, owner_id: str, roles: list[Json]) -> Json:
    """A guild record (channels and members are rows of their own)."""
    return {
        "id": guild_id,
        "name": name,
        "icon": None,
        "splash": None,
        "discovery_splash": None,
        "description": None,
        "banner": None,
        "owner_id": owner_id,
        "afk_channel_id": None,
        "afk_timeout": 300,
        "widget_enabled": False,
        "verification_level": 0,
        "default_message_notifications": 1,
        "explicit_content_filter": 0,
        "roles": roles,
        "emojis": [],
        "stickers": [],
        "features": [],
        "mfa_level": 0,
        "application_id": None,
        "system_channel_id": None,
        "system_channel_flags": 0,
        "rules_channel_id": None,
        "public_updates_channel_id": None,
        "safety_alerts_channel_id": None,
        "vanity_url_code": None,
        "premium_tier": 0,
        "premium_subscription_count": 0,
        "premium_progress_bar_enabled": False,
        "preferred_locale": "en-US",
        "nsfw_level": 0,
        "max_members": 500000,
        "max_presences": None,
        "max_video_channel_users": 25,
        "max_stage_video_channel_users": 50,
    }
