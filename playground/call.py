"""One request to the bot's API as the routes see it: arguments, body, who calls, and what the caller may do."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import web

from playground.errors import Json, forbidden, form_error, unknown
from playground.intents import MESSAGE_CONTENT
from playground.uploads import Body, read_body, read_list
from playground.world import DM

if TYPE_CHECKING:
    from playground.server import Playground

Handler = Callable[["Call"], Awaitable[Any]]
Routes = list[tuple[str, str, Handler]]


@dataclass(frozen=True)
class Call:
    """A request and the playground that serves it."""

    pg: "Playground"
    request: web.Request

    def arg(self, name: str) -> str:
        """A part of the path."""
        return self.request.match_info[name]

    def number(self, name: str, default: int, least: int, most: int) -> int:
        """A number from the query. Raises ApiError 50035."""
        raw = self.request.query.get(name)
        if raw is None:
            return default
        if not raw.isdecimal() or not least <= int(raw) <= most:
            raise form_error((name,), "NUMBER_TYPE_MAX", f"int value should be between {least} and {most}.")
        return int(raw)

    async def body(self) -> Body:
        """The body with files. Raises ApiError 40005, 50109, 50035."""
        return await read_body(self.request, file_limit=self.pg.interactions.file_limit)

    async def payload(self) -> Json:
        """The body's JSON object."""
        return (await self.body()).payload

    async def rows(self) -> list[Json]:
        """The body's JSON array."""
        return await read_list(self.request)

    @property
    def me(self) -> str:
        """The bot's user id."""
        return self.pg.world.bot["id"]

    @property
    def content_intent(self) -> bool:
        """Whether the application may read strangers' words."""
        return bool(self.pg.gateway.privileged_intents & MESSAGE_CONTENT)

    def channel(self, need: int = 0) -> Json:
        """The channel of the path. Raises 10003, 50001 (cannot see it) or 50013 (lacks one of the bits `need`)."""
        return self.allow(self.arg("channel_id"), need)

    def allow(self, channel_id: str, need: int = 0) -> Json:
        """The channel, when the bot sees it and holds `need` there."""
        return self.pg.world.demand(channel_id, self.me, need)

    def guild(self, need: int = 0) -> Json:
        """The guild of the path. Raises 10004 (not in it) or 50013."""
        world = self.pg.world
        guild = world.guild(self.arg("guild_id"))
        if not world.is_bot_in(guild["id"]):
            raise forbidden(50001)
        if world.guild_permissions(guild["id"], self.me) & need != need:
            raise forbidden(50013)
        return guild

    def message(self) -> Json:
        """The message of the path; ephemeral ones do not exist for the bot's token. Raises 10008."""
        record = self.pg.world.message(self.arg("channel_id"), self.arg("message_id"))
        if record["_viewer"] is not None:
            raise unknown("message")
        return record

    def shown(self, record: Json) -> Json:
        """A message as this API shows it."""
        return self.pg.render.for_bot(record, content_intent=self.content_intent)

    def is_direct(self, channel_id: str) -> bool:
        return self.pg.world.channel(channel_id)["type"] == DM
