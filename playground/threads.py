"""Threads and forum posts: starting, joining, changing. Who may is the callers' question."""

from playground.clock import Clock
from playground.drafts import Draft
from playground.errors import Json, form_error, invalid
from playground.feed import Event, Feed
from playground.posts import Posts
from playground.snowflake import Snowflakes
from playground.world import FORUM, NEWS, NEWS_THREAD, PRIVATE_THREAD, PUBLIC_THREAD, World, clean

HAS_THREAD = 1 << 5
THREAD_CREATED, THREAD_STARTER = 18, 21
ARCHIVE_MINUTES = (60, 1440, 4320, 10080)


class Threads:
    """Makes and changes thread channels."""

    def __init__(self, world: World, ids: Snowflakes, clock: Clock, posts: Posts, feed: Feed) -> None:
        self.world = world
        self.ids = ids
        self.clock = clock
        self.posts = posts
        self.feed = feed

    def from_message(self, record: Json, *, owner_id: str, name: str, archive_after: int = 1440) -> Json:
        """A public thread under a message; it has the message's id. Raises ApiError 160004."""
        if record["_thread"]:
            raise invalid(160004)
        home = self.world.channel(record["channel_id"])
        kind = NEWS_THREAD if home["type"] == NEWS else PUBLIC_THREAD
        row = self._add(record["id"], home, kind, owner_id, name, archive_after)
        record["_thread"] = row["id"]
        record["flags"] |= HAS_THREAD
        self.posts.touch(record)
        starter = Draft(given=frozenset())
        extra = {"message_reference": self.posts.render.reference(record)}
        self.posts.send(starter, channel_id=row["id"], author_id=record["_author"], kind=THREAD_STARTER, extra=extra)
        return row

    def without_message(
        self, home: Json, *, owner_id: str, name: str, private: bool, archive_after: int = 1440
    ) -> Json:
        """A thread of its own; a public one is announced in the channel."""
        row = self._add(
            self.ids.new(), home, PRIVATE_THREAD if private else PUBLIC_THREAD, owner_id, name, archive_after
        )
        if not private:
            extra = {"message_reference": {"type": 0, "channel_id": row["id"], "guild_id": home["guild_id"]}}
            note = Draft(given=frozenset(), content=name)
            self.posts.send(note, channel_id=home["id"], author_id=owner_id, kind=THREAD_CREATED, extra=extra)
        return row

    def post(
        self,
        forum: Json,
        draft: Draft,
        *,
        owner_id: str,
        name: str,
        tags: list[str] | None = None,
        archive_after: int = 1440,
    ) -> tuple[Json, Json]:
        """A forum post: (thread, its first message); both have one id. Raises ApiError 50035 for an unknown tag."""
        if forum["type"] != FORUM:
            raise invalid(50024)
        known = {tag["id"] for tag in forum["available_tags"]}
        if set(tags or []) - known:
            raise form_error(("applied_tags",), "BASE_TYPE_CHOICES", f"Value must be one of {known}.")
        row = self._add(self.ids.new(), forum, PUBLIC_THREAD, owner_id, name, archive_after)
        row["applied_tags"] = tags or []
        try:
            record = self.posts.send(draft, channel_id=row["id"], author_id=owner_id, message_id=row["id"])
        except Exception:
            self.remove(row)
            raise
        forum["last_message_id"] = row["id"]
        return row, record

    def join(self, row: Json, user_id: str) -> None:
        """Add a member; adding twice changes nothing."""
        if user_id in row["_thread_members"]:
            return
        row["_thread_members"].append(user_id)
        row["member_count"] = min(len(row["_thread_members"]), 50)
        self._tell_members(row, added=[user_id], removed=[])

    def leave(self, row: Json, user_id: str) -> None:
        """Remove a member; a stranger changes nothing."""
        if user_id in row["_thread_members"]:
            row["_thread_members"].remove(user_id)
            row["member_count"] = len(row["_thread_members"])
            self._tell_members(row, added=[], removed=[user_id])

    def member_object(self, row: Json, user_id: str) -> Json:
        """A thread member in Discord's form."""
        return {"id": row["id"], "user_id": user_id, "join_timestamp": row["_created"], "flags": 0}

    def changed(self, row: Json) -> None:
        """Tell that the thread's own fields changed."""
        self._tell("THREAD_UPDATE", row)

    def remove(self, row: Json) -> None:
        """Delete a thread with its messages."""
        gone = {key: row[key] for key in ("id", "guild_id", "parent_id", "type")}
        for record in list(self.world.messages.get(row["id"], {}).values()):
            for attachment in record["attachments"]:
                self.posts.files.delete(attachment["id"])
        self.world.messages.pop(row["id"], None)
        self.world.channels.pop(row["id"], None)
        self.feed.publish(Event(name="THREAD_DELETE", record=gone, guild_id=row["guild_id"], page=False))
        self.feed.publish(Event(name="CHANNEL_DELETE", record=gone, guild_id=row["guild_id"], bot=False))

    def _add(self, thread_id: str, home: Json, kind: int, owner_id: str, name: str, archive_after: int) -> Json:
        now = self.clock.iso()
        row: Json = {
            "id": thread_id,
            "type": kind,
            "guild_id": home["guild_id"],
            "parent_id": home["id"],
            "owner_id": owner_id,
            "name": name,
            "last_message_id": None,
            "message_count": 0,
            "total_message_sent": 0,
            "member_count": 1,
            "rate_limit_per_user": 0,
            "flags": 0,
            "thread_metadata": {
                "archived": False,
                "auto_archive_duration": archive_after,
                "archive_timestamp": now,
                "locked": False,
                "create_timestamp": now,
            },
            "_thread_members": [owner_id],
            "_created": now,
        }
        if kind == PRIVATE_THREAD:
            row["thread_metadata"]["invitable"] = True
        self.world.channels[thread_id] = row
        self.world.messages[thread_id] = {}
        self._tell("THREAD_CREATE", row, newly_created=True)
        return row

    def _tell(self, name: str, row: Json, **extra: object) -> None:
        told = clean(row) | extra
        channel, guild = row["id"], row["guild_id"]
        self.feed.publish(Event(name=name, record=told, guild_id=guild, channel_id=channel, page=False))
        page_name = name.replace("THREAD_", "CHANNEL_")
        self.feed.publish(Event(name=page_name, record=told, guild_id=guild, channel_id=channel, bot=False))

    def _tell_members(self, row: Json, *, added: list[str], removed: list[str]) -> None:
        told: Json = {
            "id": row["id"],
            "guild_id": row["guild_id"],
            "member_count": row["member_count"],
            "added_members": [
                self.member_object(row, user) | {"member": self.world.member_object(row["guild_id"], user)}
                for user in added
            ],
            "removed_member_ids": removed,
        }
        self.feed.publish(
            Event(name="THREAD_MEMBERS_UPDATE", record=told, guild_id=row["guild_id"], channel_id=row["id"])
        )
