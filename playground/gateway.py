"""The gateway's sessions: sequence numbers, what each hears, replay. The socket itself is `gateway_socket.py`."""

import json
import secrets
from collections import deque
from collections.abc import Callable
from typing import Any

from playground import intents
from playground.clock import Clock
from playground.errors import Json
from playground.feed import Event, Feed
from playground.rendering import Renderer
from playground.world import THREADS, World, clean

DISPATCH, HEARTBEAT, IDENTIFY, PRESENCE, VOICE_STATE, RESUME = 0, 1, 2, 3, 4, 6
RECONNECT, REQUEST_MEMBERS, INVALID_SESSION, HELLO, ACK, SOUNDBOARD = 7, 8, 9, 10, 11, 31
REPLAY = 5000
"""Events that a session keeps for a resume."""
LOST_KEPT, RESUMABLE = 4, 60.0
"""Sessions without a socket that are kept, and seconds in which Discord still counts on a resume."""


class Session:
    """One identified client. It outlives its socket, so that a dropped client can resume."""

    def __init__(self, intent_bits: int, shard: list[int] | None) -> None:
        self.id = secrets.token_hex(16)
        self.intents = intent_bits
        self.shard = shard
        self.sequence = 0
        self.replay: deque[tuple[int, str]] = deque(maxlen=REPLAY)
        self.send: Callable[[str], None] | None = None
        self.lost_at = 0.0

    def dispatch(self, name: str, data: Any) -> None:
        """Number an event, keep it for a resume, and send it when a socket is attached."""
        self.sequence += 1
        text = json.dumps({"op": DISPATCH, "t": name, "s": self.sequence, "d": data})
        self.replay.append((self.sequence, text))
        if self.send is not None:
            self.send(text)

    def missed_since(self, sequence: int) -> list[str] | None:
        """Events after `sequence`, or None when they are no longer all there."""
        oldest = self.replay[0][0] if self.replay else self.sequence + 1
        if sequence > self.sequence or sequence < oldest - 1:
            return None
        return [text for number, text in self.replay if number > sequence]


class Gateway:
    """All sessions; listens to the feed and passes on what each may hear."""

    def __init__(self, world: World, clock: Clock, feed: Feed, render: Renderer) -> None:
        self.world = world
        self.clock = clock
        self.feed = feed
        self.render = render
        self.sessions: dict[str, Session] = {}
        self.address = ""
        self.privileged_intents = 0
        """Privileged intents switched on for the application; others end an identify with 4014."""
        self.presence: Json = {"status": "online", "activities": []}
        self.heartbeat_interval = 41.25
        feed.listeners.append(self.hear)

    @property
    def bot_online(self) -> bool:
        """Whether any session has a socket."""
        return any(session.send is not None for session in self.sessions.values())

    @property
    def is_reachable(self) -> bool:
        """Whether an interaction can still reach the bot: now, or by the replay after a resume."""
        now = self.clock.time()
        return any(row.send is not None or now - row.lost_at < RESUMABLE for row in self.sessions.values())

    def lose(self, session: Session, *, over: bool) -> None:
        """A session's socket is gone; `over` when the client said good-bye and will not resume."""
        session.send = None
        session.lost_at = self.clock.time()
        if over:
            self.sessions.pop(session.id, None)
        self.announce()

    def hear(self, event: Event) -> None:
        """Pass an event on to every session that may hear it."""
        if not event.bot or (event.viewer is not None and not event.name.startswith("INTERACTION_")):
            return
        needed = intents.needed(event.name, direct=event.guild_id is None and event.channel_id is not None)
        if needed is None:
            return
        bot = self.world.bot["id"]
        own = event.name == "GUILD_MEMBER_UPDATE" and event.record["user"]["id"] == bot
        hidden = event.channel_id is not None and not self.world.can_see(event.channel_id, bot)
        if hidden and needed and not event.name.startswith(("CHANNEL_", "THREAD_")):
            return
        for session in self.sessions.values():
            if needed == 0 or session.intents & needed or own:
                session.dispatch(event.name, self._wire(event, session))

    def identify(self, intent_bits: int, shard: list[int] | None) -> Session:
        """Open a session (its READY is sent by `welcome`, once a socket is attached)."""
        lost = [key for key, row in self.sessions.items() if row.send is None]
        for key in lost[:-LOST_KEPT]:
            del self.sessions[key]
        session = Session(intent_bits, shard)
        self.sessions[session.id] = session
        return session

    def welcome(self, session: Session) -> None:
        """Dispatch READY and one GUILD_CREATE for each guild."""
        bot = self.world.bot
        guilds = [guild_id for guild_id in self.world.guilds if self.world.is_bot_in(guild_id)]
        ready: Json = {
            "v": 10,
            "user": {**clean(bot), "verified": True, "mfa_enabled": False, "email": None, "flags": 0},
            "guilds": [{"id": guild_id, "unavailable": True} for guild_id in guilds],
            "session_id": session.id,
            "resume_gateway_url": self.address,
            "session_type": "normal",
            "application": {"id": self.world.application["id"], "flags": self.world.application["flags"]},
            "private_channels": [],
            "presences": [],
            "relationships": [],
        }
        if session.shard is not None:
            ready["shard"] = session.shard
        session.dispatch("READY", ready)
        if session.intents & intents.GUILDS:
            for guild_id in guilds:
                session.dispatch("GUILD_CREATE", self.guild_create(guild_id, session.intents))

    def guild_create(self, guild_id: str, intent_bits: int) -> Json:
        """The whole guild; members only as the intents allow."""
        bot = self.world.bot["id"]
        members = self.world.members[guild_id]
        shown = list(members) if intent_bits & intents.GUILD_MEMBERS else [bot]
        threads = self.world.guild_channels(guild_id, threads=True)
        return {
            **clean(self.world.guild(guild_id)),
            "joined_at": members[bot]["joined_at"],
            "large": False,
            "unavailable": False,
            "member_count": len(members),
            "voice_states": [],
            "members": [self.world.member_object(guild_id, user_id) for user_id in shown],
            "channels": [clean(row) for row in self.world.guild_channels(guild_id)],
            "threads": [clean(row) for row in threads if not row["thread_metadata"]["archived"]],
            "presences": [],
            "stage_instances": [],
            "guild_scheduled_events": [],
            "soundboard_sounds": [],
        }

    def members_chunk(self, session: Session, asked: Json) -> None:
        """Answer a request for guild members by query or ids."""
        guild_id = str(asked.get("guild_id"))
        members = self.world.members.get(guild_id, {})
        missing: list[str] = []
        if asked.get("user_ids"):
            raw = asked["user_ids"]
            wanted = [str(user_id) for user_id in (raw if isinstance(raw, list) else [raw])]
            found = [user_id for user_id in wanted if user_id in members]
            missing = [user_id for user_id in wanted if user_id not in members]
        else:
            query = str(asked.get("query") or "").lower()
            limit = asked["limit"] if isinstance(asked.get("limit"), int) else 0
            if not query and not limit and not session.intents & intents.GUILD_MEMBERS:
                return
            found = [user_id for user_id in members if self.world.user(user_id)["username"].lower().startswith(query)]
            found = found[:limit] if limit else found
        chunk: Json = {
            "guild_id": guild_id,
            "members": [self.world.member_object(guild_id, user_id) for user_id in found],
            "chunk_index": 0,
            "chunk_count": 1,
            "not_found": missing,
            "presences": [],
        }
        if asked.get("nonce"):
            chunk["nonce"] = asked["nonce"]
        session.dispatch("GUILD_MEMBERS_CHUNK", chunk)

    def announce(self) -> None:
        """Tell the pages whether the bot is there."""
        told = {"bot_online": self.bot_online, **self.presence}
        self.feed.publish(Event(name="PRESENCE", record=told, bot=False))

    def _wire(self, event: Event, session: Session) -> Any:
        if event.name in ("MESSAGE_CREATE", "MESSAGE_UPDATE"):
            return self.message(event.record, content_intent=bool(session.intents & intents.MESSAGE_CONTENT))
        if event.name.startswith(("CHANNEL_", "THREAD_")) and event.record.get("id") in self.world.channels:
            row = self.world.channels[event.record["id"]]
            extra = {key: value for key, value in event.record.items() if key in ("newly_created", "member")}
            return (
                clean(row) | extra
                if row["type"] in THREADS or event.name.startswith("CHANNEL_")
                else clean(event.record)
            )
        return event.record

    def message(self, record: Json, *, content_intent: bool) -> Json:
        """A message as gateway events carry it: with guild and partial members."""
        shown = self.render.for_bot(record, content_intent=content_intent)
        guild_id = self.world.channel(record["channel_id"]).get("guild_id")
        if guild_id is None:
            return shown
        shown["guild_id"] = guild_id
        members = self.world.members[guild_id]
        if record["_author"] in members:
            shown["member"] = self.world.member_object(guild_id, record["_author"], with_user=False)
        shown["mentions"] = [
            {**user, "member": self.world.member_object(guild_id, user["id"], with_user=False)}
            if user["id"] in members
            else user
            for user in shown["mentions"]
        ]
        return shown
