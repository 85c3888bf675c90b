"""One interaction: its record, and the objects that describe it to the bot and on its messages. It changes nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from playground.errors import Json
from playground.offered import GROUP, SUB
from playground.rendering import Renderer
from playground.world import DM, World

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL_SUBMIT = 2, 3, 4, 5
CHAT_ANSWER, MENU_ANSWER, REPLY = 20, 23, 19
"""Message types of answers."""


@dataclass
class Interaction:
    """One interaction and what became of it. `state`: pending, acknowledged (deferred), done, failed (see `reason`)."""

    id: str
    token: str
    type: int
    channel_id: str
    user_id: str
    data: Json
    created: float
    guild_id: str | None = None
    message_id: str | None = None
    opener: str | None = None
    nonce: str | None = None
    state: str = "pending"
    reason: str | None = None
    callback: int | None = None
    ephemeral: bool = False
    original_id: str | None = None
    answered_after: float | None = None
    message_ids: list[str] = field(default_factory=list)
    modal: Json | None = None
    choices: list[Json] | None = None
    message: Json | None = None
    """The answer's message record (live: it shows later edits)."""


class Describer:
    """Makes payloads and message metadata of interactions in `rows`."""

    def __init__(self, world: World, render: Renderer, rows: Mapping[str, Interaction]) -> None:
        self.world = world
        self.render = render
        self.rows = rows
        self.file_limit = 10 * 1024 * 1024
        """Bytes per attachment, told to the bot and enforced."""

    def payload(self, row: Interaction, message: Json | None = None) -> Json:
        """The INTERACTION_CREATE object."""
        channel = self.world.channel_object(row.channel_id, self.world.bot["id"])
        channel["permissions"] = str(self.world.permissions(row.channel_id, row.user_id))
        bot = self.world.bot["id"]
        payload: Json = {
            "id": row.id,
            "application_id": self.world.application["id"],
            "type": row.type,
            "data": row.data,
            "token": row.token,
            "version": 1,
            "channel_id": row.channel_id,
            "channel": channel,
            "locale": "en-US",
            "app_permissions": str(self.world.permissions(row.channel_id, bot)),
            "entitlements": [],
            "entitlement_sku_ids": [],
            "authorizing_integration_owners": self._owners(row),
            "context": 1 if self.world.channel(row.channel_id)["type"] == DM else 0,
            "attachment_size_limit": self.file_limit,
        }
        if row.guild_id:
            guild = self.world.guild(row.guild_id)
            member = self.world.member_object(row.guild_id, row.user_id)
            member["permissions"] = channel["permissions"]
            payload |= {
                "guild_id": row.guild_id,
                "guild": {"id": row.guild_id, "locale": guild["preferred_locale"], "features": guild["features"]},
                "guild_locale": guild["preferred_locale"],
                "member": member,
            }
        else:
            payload["user"] = self.world.user_object(row.user_id)
        if message is not None:
            payload["message"] = self.render.message(message, bot)
        return payload

    def message_kind(self, row: Interaction) -> int:
        first = self._opener(row)
        if first.type == COMMAND:
            return CHAT_ANSWER if first.data.get("type", 1) == 1 else MENU_ANSWER
        return REPLY

    def _opener(self, row: Interaction) -> Interaction:
        return self.rows.get(row.opener, row) if row.opener else row

    def extra(self, row: Interaction, *, follow_up: bool = False) -> Json:
        application = self.world.application["id"]
        extra: Json = {
            "application_id": application,
            "webhook_id": application,
            "interaction_metadata": self._metadata(row, follow_up=follow_up),
            "_interaction": row.id,
        }
        first = self._opener(row)
        if first.type == COMMAND:
            extra["interaction"] = {
                "id": row.id,
                "type": row.type,
                "name": called(first.data),
                "user": self.world.user_object(row.user_id),
            }
        elif row.message_id and not follow_up:
            extra["message_reference"] = self.render.reference(self.world.message(row.channel_id, row.message_id))
        return extra

    def _metadata(self, row: Interaction, *, follow_up: bool = False) -> Json:
        told: Json = {
            "id": row.id,
            "type": row.type,
            "user": self.world.user_object(row.user_id),
            "authorizing_integration_owners": self._owners(row),
        }
        if follow_up and row.original_id:
            told["original_response_message_id"] = row.original_id
        if row.type == COMMAND:
            told |= {"name": called(row.data), "command_type": row.data.get("type", 1)}
            target = row.data.get("target_id")
            if target in self.world.users:
                told["target_user"] = self.world.user_object(str(target))
            elif target:
                told["target_message_id"] = target
        elif row.type == COMPONENT:
            told["interacted_message_id"] = row.message_id
        elif row.type == MODAL_SUBMIT and row.opener is not None and row.opener in self.rows:
            told["triggering_interaction_metadata"] = self._metadata(self.rows[row.opener])
        return told

    def _owners(self, row: Interaction) -> Json:
        return {"0": row.guild_id or "0"}


def called(data: Json) -> str:
    """The name of a command as people type it: with its group and subcommand."""
    name, options = str(data["name"]), data.get("options")
    while options and options[0]["type"] in (SUB, GROUP):
        name, options = f"{name} {options[0]['name']}", options[0].get("options")
    return name
