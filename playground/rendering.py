"""Message records as the JSON that goes to the bot and to the page. It reads rows and changes none."""

import copy

from playground import component_tree as tree
from playground import embeds as embed_rules
from playground.errors import Json
from playground.files import FileStore
from playground.world import DM, World, clean

KEPT = "kept:"
"""Marks a stored media address that is one of our own paths and gets a fresh signature at every look."""


class Renderer:
    """Makes wire objects of messages."""

    def __init__(self, world: World, files: FileStore) -> None:
        self.world = world
        self.files = files

    def message(self, record: Json, viewer: str, *, nested: bool = False) -> Json:
        """A Discord message object as `viewer` sees it."""
        shown = clean(record)
        shown["author"] = self.world.user_object(record["_author"])
        shown["mentions"] = [self.world.user_object(user) for user in record["_mentions"] if user in self.world.users]
        used = hidden_attachments(record)
        shown["attachments"] = [self.files.shown(row) for row in record["attachments"] if row["id"] not in used]
        if record["_viewer"]:
            for attachment in shown["attachments"]:
                attachment["ephemeral"] = True
        addresses = {row["filename"]: row for row in record["attachments"]}
        shown["embeds"] = [self._embed(embed, addresses) for embed in record["embeds"]]
        shown["components"] = self._components(record["components"], addresses)
        reactions = [self._reaction(reaction, viewer) for reaction in record["_reactions"] if reaction["users"]]
        if reactions:
            shown["reactions"] = reactions
        if record["_thread"] and record["_thread"] in self.world.channels:
            shown["thread"] = self.world.channel_object(record["_thread"])
        reference = record.get("message_reference")
        if reference and not nested and record["type"] in (19, 20, 21, 23):
            target = self.world.messages.get(reference["channel_id"], {}).get(reference["message_id"])
            shown["referenced_message"] = self.message(target, viewer, nested=True) if target else None
        return shown

    def for_bot(self, record: Json, *, content_intent: bool) -> Json:
        """A message as the bot's API shows it: strangers' words only with the message content intent."""
        bot = self.world.bot["id"]
        shown = self.message(record, bot)
        own = record["_author"] == bot or bot in record["_mentions"] or record.get("application_id") == bot
        private = self.world.channel(record["channel_id"])["type"] == DM
        if not (content_intent or own or private):
            shown |= {"content": "", "embeds": [], "attachments": [], "components": []}
        return shown

    def for_page(self, record: Json, viewer: str) -> Json:
        """A message as the page shows it, with what only a chat client knows."""
        shown = self.message(record, viewer)
        shown["guild_id"] = self.world.channel(record["channel_id"]).get("guild_id")
        shown["ephemeral_for"] = record["_viewer"]
        shown["thinking"] = record["_thinking"]
        shown["pings"] = record["_pings"]
        return shown

    def address(self, url: str, attachments: dict[str, Json]) -> str:
        """A media address to download from: `attachment://` and own paths become signed addresses."""
        if url.startswith("attachment://") and url.removeprefix("attachment://") in attachments:
            return self.files.shown(attachments[url.removeprefix("attachment://")])["url"]
        if url.startswith(KEPT):
            return self.files.shown({"_path": url.removeprefix(KEPT)})["url"]
        return url

    def settle(self, url: str) -> str:
        """The form of a media address to store: our own ones lose host and signature."""
        if self.files.address and url.startswith(self.files.address + "/attachments/"):
            return KEPT + url.removeprefix(self.files.address).partition("?")[0]
        return url

    def reference(self, target: Json) -> Json:
        """A message_reference to `target`."""
        reference = {"type": 0, "channel_id": target["channel_id"], "message_id": target["id"]}
        guild_id = self.world.channel(target["channel_id"]).get("guild_id")
        return {**reference, "guild_id": guild_id} if guild_id else reference

    def _embed(self, embed: Json, attachments: dict[str, Json]) -> Json:
        shown = copy.deepcopy(embed)
        for holder, key in embed_rules.media_of(shown):
            original = holder[key]
            holder[key] = self.address(original, attachments)
            if key == "url":
                holder["proxy_url"] = holder[key]
                picture = attachments.get(original.removeprefix("attachment://"), {})
                if "width" in picture:
                    holder |= {"width": picture["width"], "height": picture["height"]}
        return shown

    def _components(self, components: list[Json], attachments: dict[str, Json]) -> list[Json]:
        shown = copy.deepcopy(components)
        for _, media in tree.media_of(shown):
            name = media["url"].removeprefix("attachment://")
            media["url"] = media["proxy_url"] = self.address(media["url"], attachments)
            row = attachments.get(name, {})
            media |= {
                "width": row.get("width"),
                "height": row.get("height"),
                "content_type": row.get("content_type"),
                "placeholder": "",
                "placeholder_version": 1,
                "loading_state": 2,
                "flags": 0,
            }
            if row:
                media["attachment_id"] = row["id"]
        for part in tree.walk(shown):
            if part["type"] == tree.FILE:
                row = next(
                    (row for row in attachments.values() if row["id"] == part["file"].get("attachment_id")), None
                )
                part |= {"name": row["filename"], "size": row["size"]} if row else {}
        return shown

    @staticmethod
    def _reaction(reaction: Json, viewer: str) -> Json:
        count = len(reaction["users"])
        return {
            "emoji": reaction["emoji"],
            "count": count,
            "count_details": {"normal": count, "burst": 0},
            "burst_colors": [],
            "burst_count": 0,
            "me": viewer in reaction["users"],
            "me_burst": False,
        }


def hidden_attachments(record: Json) -> set[str]:
    """Ids of attachments that show inside an embed, and therefore not below the message."""
    by_name = {row["filename"]: row["id"] for row in record["attachments"]}
    by_path = {KEPT + row["_path"]: row["id"] for row in record["attachments"]}
    hidden: set[str] = set()
    for embed in record["embeds"]:
        for holder, key in embed_rules.media_of(embed):
            name = holder[key].removeprefix("attachment://")
            hidden |= {found for found in (by_name.get(name), by_path.get(holder[key])) if found}
    return hidden
