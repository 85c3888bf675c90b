"""Who a message mentions, and whom of those it would ping. It changes nothing and sends nothing."""

import re
from dataclasses import dataclass

from playground import component_tree as tree
from playground import permissions
from playground.errors import Json
from playground.world import World

_CODE = re.compile(r"```[^`]*```|``[^`]*``|`[^`\n]*`")
_USER = re.compile(r"<@!?(\d{1,20})>")
_ROLE = re.compile(r"<@&(\d{1,20})>")
_EVERYONE = re.compile(r"@(?:everyone|here)\b")


@dataclass(frozen=True)
class Mentions:
    """Ids that are mentioned and may be pinged."""

    users: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    everyone: bool = False
    replied: str | None = None

    def pings(self) -> Json:
        """What would make a sound, as the playground records it."""
        users = dict.fromkeys((*self.users, *([self.replied] if self.replied else [])))
        return {"users": list(users), "roles": list(self.roles), "everyone": self.everyone}


def text_of(content: str, components: list[Json]) -> str:
    """All text of a message in which mentions count."""
    shown = [part["content"] for part in tree.walk(components) if part["type"] == tree.TEXT_DISPLAY]
    return "\n".join([content, *shown])


def find(
    world: World, text: str, allowed: Json | None, *, channel_id: str, author_id: str, replied: str | None
) -> Mentions:
    """Mentions in `text` after `allowed_mentions` (None: everything may ping) and the author's permissions."""
    text = _CODE.sub("", text)
    parse = {"users", "roles", "everyone"} if allowed is None else set(allowed.get("parse", []))
    listed_users = set((allowed or {}).get("users", []))
    listed_roles = set((allowed or {}).get("roles", []))
    users = [user for user in dict.fromkeys(_USER.findall(text)) if user in world.users]
    users = [user for user in users if "users" in parse or user in listed_users]
    guild_id = world.channel(channel_id).get("guild_id")
    roles: list[str] = []
    everyone = False
    if guild_id:
        may = bool(world.permissions(channel_id, author_id) & permissions.MENTION_EVERYONE)
        known = world.roles(guild_id)
        for role_id in dict.fromkeys(_ROLE.findall(text)):
            listed = "roles" in parse or role_id in listed_roles
            if role_id in known and listed and (may or known[role_id]["mentionable"]):
                roles.append(role_id)
        everyone = may and "everyone" in parse and bool(_EVERYONE.search(text))
    answer = replied if allowed is None or allowed.get("replied_user", False) else None
    return Mentions(tuple(users), tuple(roles), everyone, answer if answer != author_id else None)
