"""The playground: every part made and handed to the others, opened and closed in one place."""

import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Self, TypeVar

from aiohttp import web

from playground import application, seed
from playground.clock import Clock
from playground.errors import Json, unknown
from playground.faults import FaultPlan
from playground.feed import Event, Feed
from playground.files import FileStore
from playground.front import API
from playground.gateway import Gateway
from playground.gateway_socket import GatewaySockets
from playground.interaction import Interaction
from playground.interactions import Interactions
from playground.offered import CommandData
from playground.page_socket import PageSockets
from playground.person import Person
from playground.posts import Posts
from playground.ratelimit import RateLimits
from playground.reacting import Reactions
from playground.refusals import Refusal, Refusals
from playground.rendering import Renderer
from playground.snowflake import Snowflakes
from playground.store import Store
from playground.threads import Threads
from playground.world import World, clean

T = TypeVar("T")
Restart = Callable[[bool], Awaitable[None]]


class Playground:
    """A stand-in for Discord on loopback. Use it as an async context manager, or call `start` and `stop`.

    `state_file` keeps messages, commands and ids over restarts (attachments lie in a folder beside it). `port` 0 takes
    a free one. `on_restart(kill)` is what the page's restart button calls. Raises ValueError when `state_file` is not
    one of ours, or of another version, or cut off.
    """

    def __init__(
        self,
        port: int = 0,
        host: str = "127.0.0.1",
        state_file: Path | None = None,
        clock: Clock | None = None,
        on_restart: Restart | None = None,
        rate_limits: bool = True,
    ) -> None:
        self.host = host
        self.port = port
        self.on_restart = on_restart
        self.bot_pid: int | None = None
        self.clock = clock or Clock()
        self.ids = Snowflakes(self.clock)
        self.world = World(self.clock)
        self.feed = Feed()
        folder = state_file.with_name(state_file.stem + "-files") if state_file else None
        self.files = FileStore(folder, self.clock)
        self.render = Renderer(self.world, self.files)
        self.posts = Posts(self.world, self.ids, self.clock, self.files, self.feed, self.render)
        self.threads = Threads(self.world, self.ids, self.clock, self.posts, self.feed)
        self.reactions = Reactions(self.world, self.feed)
        self.refused = Refusals(self.clock, self.feed)
        self.interactions = Interactions(self.world, self.ids, self.clock, self.posts, self.feed, self.refused)
        self.gateway = Gateway(self.world, self.clock, self.feed, self.render)
        self.interactions.is_bot_online = lambda: self.gateway.is_reachable
        self.limits = RateLimits(self.clock, enabled=rate_limits)
        self.builder = CommandData(self.world, self.files, self.ids)
        self.sockets = GatewaySockets(self.gateway)
        self.faults = FaultPlan(
            self.limits, drop=self.sockets.drop, reconnect=self.sockets.reconnect, invalidate=self.sockets.invalidate
        )
        self.store = Store(state_file, self.clock, self._dump)
        self.feed.listeners.append(lambda _: self.store.changed())
        self.pages = PageSockets(self)
        self._runner: web.AppRunner | None = None
        self._load()

    # Addresses

    @property
    def url(self) -> str:
        """The page's address, without a slash at the end."""
        return f"http://{self.host}:{self.port}"

    @property
    def api(self) -> str:
        """For `discord.http.Route.BASE`."""
        return self.url + API

    @property
    def cdn(self) -> str:
        """For `discord.Asset.BASE`."""
        return f"{self.url}/cdn"

    @property
    def gateway_url(self) -> str:
        """For `DiscordWebSocket.DEFAULT_GATEWAY` (as a yarl.URL)."""
        return f"ws://{self.host}:{self.port}/gateway"

    @property
    def token(self) -> str:
        """The bot's token."""
        return self.world.application["token"]

    # Life

    async def start(self) -> None:
        """Listen. Raises OSError when the port is taken."""
        self._runner = web.AppRunner(application.build(self), access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.host, self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self.files.address = self.cdn
        self.gateway.address = self.gateway_url

    async def stop(self) -> None:
        """Close every connection and write the state file."""
        self.sockets.drop()
        await self.pages.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        self.files.close()
        await self.store.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    # For tests and the demo

    def person(self, name_or_id: str) -> Person:
        """One of the people, by name or id. Raises ApiError 10013."""
        return Person(self, self.world.find_user(name_or_id)["id"])

    def add_person(self, name: str, *, moderator: bool = False) -> Person:
        """A new member of every server."""
        user = seed.user(self.world, self.ids, name, global_name=name)
        for guild_id, members in self.world.members.items():
            roles = [role["id"] for role in self.world.guild(guild_id)["roles"] if role["name"] == "Moderator"]
            members[user["id"]] = seed.member(self.clock, roles if moderator else [])
            told = {"guild_id": guild_id, **self.world.member_object(guild_id, user["id"])}
            self.feed.publish(Event(name="GUILD_MEMBER_ADD", record=told, guild_id=guild_id))
        return Person(self, user["id"])

    def channel(self, name_or_id: str) -> Json:
        """A channel record by name or id. Raises ApiError 10003."""
        return self.world.find_channel(name_or_id)

    def messages(self, channel: Json | str) -> list[Json]:
        """Message records of a channel, oldest first, ephemeral ones too (`_viewer` says for whom)."""
        channel_id = channel["id"] if isinstance(channel, dict) else self.world.find_channel(channel)["id"]
        return list(self.world.messages.get(channel_id, {}).values())

    def message(self, target: Json | str) -> Json:
        """A message record by record, wire object or id. Raises ApiError 10008."""
        wanted = str(target["id"]) if isinstance(target, dict) else str(target)
        for rows in self.world.messages.values():
            if wanted in rows:
                return rows[wanted]
        raise unknown("message")

    def attachment_bytes(self, attachment: Json) -> bytes:
        """The bytes of an attachment record. Raises KeyError."""
        data = self.files.read(attachment["id"])
        if data is None:
            raise KeyError(attachment["id"])
        return data

    @property
    def refusals(self) -> list[Refusal]:
        """What Discord would have refused, oldest first."""
        return list(self.refused.rows)

    @property
    def pings(self) -> list[Json]:
        """Every message that would have pinged somebody: {message_id, users, roles, everyone}."""
        found: list[Json] = []
        for rows in self.world.messages.values():
            for row in rows.values():
                if row["_author"] == self.world.bot["id"] and any(row["_pings"].values()):
                    found.append({"message_id": row["id"], **row["_pings"]})
        return found

    def interaction(self, interaction_id: str) -> Interaction:
        """An interaction of the last quarter of an hour. Raises ApiError 10062."""
        row = self.interactions.rows.get(interaction_id)
        if row is None:
            raise unknown("interaction")
        return row

    async def wait_for(self, probe: Callable[[], T], timeout: float | None = 10.0, *, what: str = "") -> T:
        """Call `probe` after every event until it returns something true, and return that. Raises TimeoutError."""
        until = None if timeout is None else time.monotonic() + timeout
        while not (value := probe()):
            left = 1.0 if until is None else until - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"nothing happened in {timeout} s" + (f": {what}" if what else ""))
            await self.feed.wait(min(left, 0.25))
        return value

    async def wait_until_online(self, timeout: float | None = 30.0) -> None:
        """Return once the bot has identified. Raises TimeoutError."""
        await self.wait_for(lambda: self.gateway.bot_online, timeout, what="the bot did not come online")

    def type_in(self, channel: Json, user_id: str) -> None:
        """Show that somebody is typing."""
        told = {"channel_id": channel["id"], "user_id": user_id, "timestamp": int(self.clock.time())}
        guild_id = channel.get("guild_id")
        if guild_id:
            told |= {"guild_id": guild_id, "member": self.world.member_object(guild_id, user_id)}
        self.feed.publish(Event(name="TYPING_START", record=told, guild_id=guild_id, channel_id=channel["id"]))

    def set_roles(self, guild_id: str, user_id: str, role_ids: list[str]) -> None:
        """Give a member exactly these roles. Raises ApiError 10007 or 10011."""
        member = self.world.member(guild_id, user_id)
        for role_id in role_ids:
            self.world.role(guild_id, role_id)
        member["roles"] = [role_id for role_id in role_ids if role_id != guild_id]
        told = {"guild_id": guild_id, **self.world.member_object(guild_id, user_id)}
        self.feed.publish(Event(name="GUILD_MEMBER_UPDATE", record=told, guild_id=guild_id, page=False))
        shown = {"user_id": user_id, "guild_id": guild_id, "roles": member["roles"]}
        self.feed.publish(Event(name="MEMBER_UPDATE", record=shown, bot=False))

    def overwrite(self, channel: Json | str, target: str | None = None, *, allow: int = 0, deny: int = 0) -> None:
        """Allow and deny bits in a channel to a role or user (default: the bot), in place of what was there."""
        row = channel if isinstance(channel, dict) else self.world.find_channel(channel)
        target = target or self.world.bot["id"]
        kind = 1 if target in self.world.users else 0
        rest = [old for old in row["permission_overwrites"] if old["id"] != target]
        new = {"id": target, "type": kind, "allow": str(allow), "deny": str(deny)}
        row["permission_overwrites"] = [*rest, new] if allow or deny else rest
        event = Event(name="CHANNEL_UPDATE", record=clean(row), guild_id=row["guild_id"], channel_id=row["id"])
        self.feed.publish(event)

    # Inside

    def _dump(self) -> Json:
        return {"last_id": self.ids.last, "world": self.world.dump(), "interactions": self.interactions.dump()}

    def _load(self) -> None:
        state = self.store.read()
        if state is None:
            seed.plant(self.world, self.ids, self.clock)
            return
        try:
            self.ids.last = state["last_id"]
            self.world.load(state["world"])
            self.interactions.load(state["interactions"])
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"{self.store.path} is not whole ({type(error).__name__})") from error
