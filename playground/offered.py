"""What a chat client offers a person: commands and values for their options. It builds their data, sends nothing."""

from typing import Any

from playground import permissions
from playground.errors import Json
from playground.files import FileStore, Upload
from playground.snowflake import Snowflakes
from playground.world import DM, THREADS, World

CHAT, USER_MENU, MESSAGE_MENU = 1, 2, 3
SUB, GROUP, STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT = range(1, 12)


class NotOffered(ValueError):
    """A chat client would not let the person do this. The text says what is wrong."""


def commands_for(world: World, user_id: str, channel_id: str) -> list[Json]:
    """Commands that this person sees in this channel."""
    return [command for command in world.commands.values() if why_hidden(world, command, user_id, channel_id) is None]


def why_hidden(world: World, command: Json, user_id: str, channel_id: str) -> str | None:
    """Why a client does not show `command`, or None when it does."""
    channel = world.channel(channel_id)
    guild_id = channel.get("guild_id")
    if command.get("guild_id") not in (None, guild_id):
        return "it belongs to another server"
    contexts = command.get("contexts")
    if channel["type"] == DM and world.bot["id"] not in channel["_members"]:
        return "the application is not in this conversation"
    if channel["type"] == DM:
        if (contexts is not None and 1 not in contexts) or (contexts is None and command.get("dm_permission") is False):
            return "it is not offered in direct messages"
        return None
    if contexts is not None and 0 not in contexts:
        return "it is not offered in servers"
    bits = world.permissions(channel_id, user_id)
    if not bits & permissions.USE_APPLICATION_COMMANDS:
        return "the person may not use commands here"
    home = world.channels[channel["parent_id"]] if channel["type"] in THREADS else channel
    if command.get("nsfw") and not home.get("nsfw"):
        return "it is for age-restricted channels only"
    wanted = command.get("default_member_permissions")
    if wanted is None or bits & permissions.ADMINISTRATOR or (int(wanted) and bits & int(wanted) == int(wanted)):
        return None
    return "the person lacks the permissions it asks for"


def find_command(
    world: World, user_id: str, channel_id: str, name: str, kind: int = CHAT
) -> tuple[Json, list[Json], list[str]]:
    """(command, options of the called one, path of subcommand names) for "name sub subsub". Raises NotOffered."""
    words = [name] if kind != CHAT else name.lstrip("/").split()
    hidden: str | None = None
    for command in world.commands.values():
        if command["type"] != kind or command["name"] != words[0]:
            continue
        hidden = why_hidden(world, command, user_id, channel_id)
        if hidden is None:
            options = command.get("options") or []
            for word in words[1:]:
                sub = next((row for row in options if row["name"] == word and row["type"] in (SUB, GROUP)), None)
                if sub is None:
                    raise NotOffered(f"/{' '.join(words)}: there is no {word!r}")
                options = sub.get("options") or []
            if any(row["type"] in (SUB, GROUP) for row in options):
                names = ", ".join(row["name"] for row in options)
                raise NotOffered(f"/{' '.join(words)} needs one of: {names}")
            return command, options, words[1:]
    raise NotOffered(f"{name}: {hidden or 'there is no such command'}")


class CommandData:
    """Builds `data` of command and autocomplete interactions, as a client would send it."""

    def __init__(self, world: World, files: FileStore, ids: Snowflakes) -> None:
        self.world = world
        self.files = files
        self.ids = ids

    def build(
        self,
        *,
        user_id: str,
        channel_id: str,
        name: str,
        values: dict[str, Any],
        uploads: dict[str, Upload] | None = None,
        focused: str | None = None,
    ) -> Json:
        """Data for "name sub" with option values; `focused` makes it an autocomplete. Raises NotOffered."""
        command, options, path = find_command(self.world, user_id, channel_id, name)
        known = {option["name"]: option for option in options}
        for given in values:
            if given not in known:
                raise NotOffered(f"/{name} has no option {given!r}; it has {', '.join(known) or 'none'}")
        resolved: Json = {}
        filled: list[Json] = []
        for option in options:
            key = option["name"]
            upload = (uploads or {}).get(key)
            if key not in values and upload is None:
                if option.get("required") and focused is None:
                    raise NotOffered(f"/{name} needs the option {key!r}")
                continue
            if focused is not None:
                value = values[key]
            else:
                value = self._value(option, values.get(key), upload, user_id, channel_id, resolved)
            row = {"name": key, "type": option["type"], "value": value}
            if key == focused:
                row["focused"] = True
            filled.append(row)
        if focused is not None and not any(row.get("focused") for row in filled):
            raise NotOffered(f"/{name} has no value for {focused!r} to complete")
        for depth, word in reversed(list(enumerate(path))):
            filled = [{"name": word, "type": SUB if depth == len(path) - 1 else GROUP, "options": filled}]
        return self._head(command, channel_id) | {"options": filled} | ({"resolved": resolved} if resolved else {})

    def build_menu(self, *, user_id: str, channel_id: str, name: str, target: Json, message: Json | None) -> Json:
        """Data for a context menu on `message` (a wire object), or on the user `target`. Raises NotOffered."""
        kind = USER_MENU if message is None else MESSAGE_MENU
        command, _, _ = find_command(self.world, user_id, channel_id, name, kind)
        head = self._head(command, channel_id)
        if message is not None:
            return head | {"target_id": message["id"], "resolved": {"messages": {message["id"]: message}}}
        resolved: Json = {}
        self._resolve_user(target["id"], channel_id, resolved)
        return head | {"target_id": target["id"], "resolved": resolved}

    def _head(self, command: Json, channel_id: str) -> Json:
        head = {"id": command["id"], "name": command["name"], "type": command["type"]}
        return head | ({"guild_id": command["guild_id"]} if command.get("guild_id") else {})

    def _value(
        self, option: Json, value: Any, upload: Upload | None, user_id: str, channel_id: str, resolved: Json
    ) -> Any:
        key, kind = option["name"], option["type"]
        if kind in (STRING, INTEGER, NUMBER):
            return _plain(option, value)
        if kind == BOOLEAN:
            if not isinstance(value, bool):
                raise NotOffered(f"{key} must be true or false, not {value!r}")
            return value
        if kind == ATTACHMENT:
            if upload is None:
                raise NotOffered(f"{key} must be a file")
            row = self.files.attach(self.ids.new(), channel_id, upload, {})
            resolved.setdefault("attachments", {})[row["id"]] = {**self.files.shown(row), "ephemeral": True}
            return row["id"]
        return self.resolve(kind, str(value), user_id, channel_id, resolved, option.get("channel_types"))

    def resolve(
        self,
        kind: int,
        wanted: str,
        user_id: str,
        channel_id: str,
        resolved: Json,
        channel_types: list[int] | None = None,
    ) -> str:
        """Put the user, role or channel `wanted` (an id), chosen by `user_id`, into `resolved`. Raises NotOffered."""
        guild_id = self.world.channel(channel_id).get("guild_id")
        if kind in (USER, MENTIONABLE) and wanted in self.world.users:
            self._resolve_user(wanted, channel_id, resolved)
        elif kind in (ROLE, MENTIONABLE) and guild_id and wanted in self.world.roles(guild_id):
            resolved.setdefault("roles", {})[wanted] = self.world.role(guild_id, wanted)
        elif (
            kind == CHANNEL
            and self.world.can_see(wanted, user_id)
            and self.world.channels[wanted].get("guild_id") == guild_id
        ):
            row = self.world.channel_of(wanted, user_id)
            if channel_types and row["type"] not in channel_types:
                raise NotOffered(f"#{row['name']} is not one of the channel types {channel_types}")
            resolved.setdefault("channels", {})[wanted] = row
        else:
            raise NotOffered(f"{wanted!r} is nobody and nothing that can be chosen here")
        return wanted

    def _resolve_user(self, user_id: str, channel_id: str, resolved: Json) -> None:
        resolved.setdefault("users", {})[user_id] = self.world.user_object(user_id)
        guild_id = self.world.channel(channel_id).get("guild_id")
        if guild_id and user_id in self.world.members[guild_id]:
            member = self.world.member_object(guild_id, user_id, with_user=False)
            member["permissions"] = str(self.world.permissions(channel_id, user_id))
            resolved.setdefault("members", {})[user_id] = member


def _plain(option: Json, value: Any) -> Any:
    key, kind = option["name"], option["type"]
    if kind == STRING:
        value = str(value)
        least, most = option.get("min_length") or 0, option.get("max_length") or 6000
        if not least <= len(value) <= most:
            raise NotOffered(f"{key} must have {least} to {most} characters, not {len(value)}")
    else:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or (kind == INTEGER and value != int(value)):
            raise NotOffered(f"{key} must be a {'whole ' if kind == INTEGER else ''}number, not {value!r}")
        value = int(value) if kind == INTEGER else value
        least, most = option.get("min_value"), option.get("max_value")
        if (least is not None and value < least) or (most is not None and value > most):
            raise NotOffered(f"{key} must be between {least} and {most}, not {value}")
    choices = option.get("choices")
    if choices and not option.get("autocomplete"):
        by_name = {choice["name"]: choice["value"] for choice in choices}
        if value not in by_name.values():
            if value not in by_name:
                raise NotOffered(f"{key} must be one of {', '.join(map(str, by_name))}, not {value!r}")
            value = by_name[value]
    return value
