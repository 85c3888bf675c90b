"""Writes messages: send, edit, delete. It checks what the message itself demands; who may is the routes' question."""

from playground import attaching, drafts, embeds, mentions
from playground import component_tree as tree
from playground.clock import Clock
from playground.drafts import Draft
from playground.errors import ApiError, Json, form_error
from playground.feed import Event, Feed
from playground.files import FileStore
from playground.interaction import REPLY
from playground.rendering import Renderer, hidden_attachments
from playground.snowflake import Snowflakes, seconds_of
from playground.world import THREADS, World

NONCE_LIFE = 300
"""Seconds in which an enforced nonce finds its earlier message."""
OLD, OLD_EDITS, OLD_WINDOW = 3600, 3, 60
"""Messages older than OLD seconds take OLD_EDITS edits per channel in OLD_WINDOW seconds (Discord names no number)."""


class Posts:
    """All writing of messages goes through here, by bot, person or interaction alike."""

    def __init__(
        self, world: World, ids: Snowflakes, clock: Clock, files: FileStore, feed: Feed, render: Renderer
    ) -> None:
        self.world = world
        self.ids = ids
        self.clock = clock
        self.files = files
        self.feed = feed
        self.render = render
        self._old_edits: dict[str, list[float]] = {}

    def send(
        self,
        draft: Draft,
        *,
        channel_id: str,
        author_id: str,
        kind: int = 0,
        viewer: str | None = None,
        extra: Json | None = None,
        message_id: str | None = None,
    ) -> Json:
        """Write a new message and tell the feed. An enforced nonce returns the message it wrote before."""
        if draft.nonce and draft.enforce_nonce:
            earlier = self._by_nonce(channel_id, author_id, draft.nonce)
            if earlier is not None:
                return earlier
        record = self._blank(channel_id, author_id, kind, viewer, message_id)
        record |= extra or {}
        record |= {"content": draft.content, "flags": record["flags"] | draft.flags, "tts": draft.tts}
        if draft.nonce is not None:
            record["nonce"] = draft.nonce
        replied = self._refer(record, draft)
        record["embeds"] = draft.embeds
        record["components"] = draft.components
        record["attachments"] = self._files_of(record, draft, [])
        try:
            self._settle(record, draft)
        except ApiError:
            self._drop_files(record["attachments"])
            raise
        self._mention(record, draft, replied)
        self._store(record)
        self._tell("MESSAGE_CREATE", record)
        return record

    def placeholder(self, *, channel_id: str, author_id: str, kind: int, viewer: str | None, extra: Json) -> Json:
        """Write the "thinking" message of a deferred interaction."""
        record = self._blank(channel_id, author_id, kind, viewer) | extra
        record["flags"] |= drafts.LOADING
        record["_thinking"] = True
        self._store(record)
        self._tell("MESSAGE_CREATE", record)
        return record

    def edit(self, record: Json, draft: Draft, *, by_person: bool = False) -> Json:
        """Change a message and tell the feed. Raises ApiError 50006, 50035 or 30046; nothing is changed then."""
        if not record["_thinking"] and not by_person:
            self._refuse_old_edit(record)
        changed = dict(record)
        given = draft.given
        if "content" in given:
            changed["content"] = draft.content
        if "embeds" in given or "embed" in given:
            changed["embeds"] = draft.embeds
        if "components" in given:
            changed["components"] = draft.components
        changed["flags"] = self._edited_flags(record, draft)
        keep = record["attachments"]
        if draft.attachments is not None:
            wanted = {row["id"] for row in draft.attachments}
            inside = hidden_attachments(record) if "embeds" not in given else set[str]()
            keep = [row for row in keep if row["id"] in wanted or row["id"] in inside]
        changed["attachments"] = self._files_of(changed, draft, keep)
        try:
            self._settle(changed, draft)
            drafts.refuse_empty(changed)
        except ApiError:
            kept = {row["id"] for row in keep}
            self._drop_files([row for row in changed["attachments"] if row["id"] not in kept])
            raise
        filling = record["_thinking"]
        if filling:
            changed |= {"_thinking": False, "flags": changed["flags"] & ~drafts.LOADING}
        if "content" in given or "components" in given:
            self._mention(changed, draft, replied=None, ping=filling)
        kept = {row["id"] for row in changed["attachments"]}
        self._drop_files([row for row in record["attachments"] if row["id"] not in kept])
        if set(given) & {"content", "embeds", "components", "attachments", "flags"} or draft.body.files:
            changed["edited_timestamp"] = self.clock.iso()
        record.clear()
        record.update(changed)
        self._tell("MESSAGE_UPDATE", record)
        return record

    def delete(self, record: Json) -> None:
        """Remove a message and its files."""
        rows = self.world.messages[record["channel_id"]]
        rows.pop(record["id"], None)
        self._drop_files(record["attachments"])
        gone = {"id": record["id"], "channel_id": record["channel_id"]}
        guild_id = self.world.channel(record["channel_id"]).get("guild_id")
        if guild_id:
            gone["guild_id"] = guild_id
        self.feed.publish(
            Event(
                name="MESSAGE_DELETE",
                record=gone,
                guild_id=guild_id,
                channel_id=record["channel_id"],
                viewer=record["_viewer"],
                bot=record["_viewer"] is None,
            )
        )

    def touch(self, record: Json) -> None:
        """Tell that a message changed in a way that is no edit (pinned, thread begun)."""
        self._tell("MESSAGE_UPDATE", record)

    def _blank(
        self, channel_id: str, author_id: str, kind: int, viewer: str | None, message_id: str | None = None
    ) -> Json:
        message_id = message_id or self.ids.new()
        return {
            "id": message_id,
            "channel_id": channel_id,
            "type": kind,
            "content": "",
            "timestamp": self.clock.iso(seconds_of(message_id)),
            "edited_timestamp": None,
            "tts": False,
            "mention_everyone": False,
            "mention_roles": [],
            "pinned": False,
            "flags": drafts.EPHEMERAL if viewer else 0,
            "attachments": [],
            "embeds": [],
            "components": [],
            "_author": author_id,
            "_mentions": [],
            "_reactions": [],
            "_pings": {"users": [], "roles": [], "everyone": False},
            "_viewer": viewer,
            "_thinking": False,
            "_thread": None,
        }

    def _refer(self, record: Json, draft: Draft) -> str | None:
        wanted = draft.message_reference
        if not wanted:
            return None
        channel_id = wanted.get("channel_id") or record["channel_id"]
        target = self.world.messages.get(channel_id, {}).get(wanted["message_id"])
        if target is None or target["_viewer"]:
            if wanted.get("fail_if_not_exists", True):
                raise form_error(("message_reference",), "REPLIES_UNKNOWN_MESSAGE", "Unknown message")
            return None
        record["type"] = REPLY
        record["message_reference"] = self.render.reference(target)
        return target["_author"]

    def _files_of(self, record: Json, draft: Draft, keep: list[Json]) -> list[Json]:
        return attaching.attachments_of(self.files, self.ids, record["channel_id"], draft, keep)

    def _settle(self, record: Json, draft: Draft) -> None:
        for embed in draft.embeds:
            for holder, key in embeds.media_of(embed):
                holder[key] = self.render.settle(holder[key])
        for _, media in tree.media_of(draft.components):
            media["url"] = self.render.settle(media["url"])
        drafts.refuse_lost_media(record)

    def _mention(self, record: Json, draft: Draft, replied: str | None, *, ping: bool = True) -> None:
        found = mentions.find(
            self.world,
            mentions.text_of(record["content"], record["components"]),
            draft.allowed_mentions,
            channel_id=record["channel_id"],
            author_id=record["_author"],
            replied=replied,
        )
        listed = found.pings()
        record["_mentions"] = listed["users"]
        record["mention_roles"] = listed["roles"]
        record["mention_everyone"] = listed["everyone"]
        silent = record["flags"] & drafts.SUPPRESS_NOTIFICATIONS
        if ping and not silent:
            record["_pings"] = listed

    def _edited_flags(self, record: Json, draft: Draft) -> int:
        flags = record["flags"] | (draft.flags & drafts.LAYOUT)
        if "flags" in draft.given:
            flags = flags & ~drafts.SUPPRESS_EMBEDS | draft.flags & drafts.SUPPRESS_EMBEDS
        return flags

    def _refuse_old_edit(self, record: Json) -> None:
        now = self.clock.time()
        if now - seconds_of(record["id"]) < OLD:
            return
        recent = [at for at in self._old_edits.get(record["channel_id"], []) if now - at < OLD_WINDOW]
        if len(recent) >= OLD_EDITS:
            text = "Maximum number of edits to messages older than 1 hour reached. Try again later."
            raise ApiError(429, 30046, text)
        self._old_edits[record["channel_id"]] = [*recent, now]

    def _by_nonce(self, channel_id: str, author_id: str, nonce: str) -> Json | None:
        for record in self.world.history(channel_id):
            if self.clock.time() - seconds_of(record["id"]) > NONCE_LIFE:
                return None
            if record.get("nonce") == nonce and record["_author"] == author_id:
                return record
        return None

    def _store(self, record: Json) -> None:
        channel = self.world.channel(record["channel_id"])
        self.world.messages.setdefault(channel["id"], {})[record["id"]] = record
        if record["_viewer"] is None:
            channel["last_message_id"] = record["id"]
            if channel["type"] in THREADS:
                channel["message_count"] += 1
                channel["total_message_sent"] += 1
                channel["thread_metadata"]["archived"] = False
                if record["_author"] not in channel["_thread_members"]:
                    channel["_thread_members"].append(record["_author"])
                    channel["member_count"] = len(channel["_thread_members"])

    def _drop_files(self, rows: list[Json]) -> None:
        for row in rows:
            self.files.delete(row["id"])

    def _tell(self, name: str, record: Json) -> None:
        self.feed.publish(
            Event(
                name=name,
                record=record,
                guild_id=self.world.channel(record["channel_id"]).get("guild_id"),
                channel_id=record["channel_id"],
                viewer=record["_viewer"],
                bot=record["_viewer"] is None,
            )
        )
