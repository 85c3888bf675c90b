"""What the chat page asks for: state, history, writing. It trusts the page's word on who is who."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import web

from playground import emoji, reacting
from playground.direct import open_dm
from playground.errors import Json
from playground.page_controls import PageControls, bot_state, guard
from playground.page_interactions import PageInteractions
from playground.person import Person
from playground.uploads import Body, read_body
from playground.world import DM, clean

if TYPE_CHECKING:
    from playground.server import Playground

PAGE = Path(__file__).with_name("page")
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}


class PageApi:
    """Routes under /page and the page's own files."""

    def __init__(self, playground: "Playground") -> None:
        self.pg = playground

    def mount(self, application: web.Application) -> None:
        """Add the routes."""
        controls = PageControls(self.pg)
        table = (
            ("GET", "/page/state", self.state),
            ("GET", "/page/channels/{channel_id}/messages", self.history),
            ("POST", "/page/channels/{channel_id}/messages", self.say),
            ("POST", "/page/channels/{channel_id}/typing", self.typing),
            ("PATCH", "/page/channels/{channel_id}/messages/{message_id}", self.edit),
            ("DELETE", "/page/channels/{channel_id}/messages/{message_id}", self.delete),
            ("PUT", "/page/channels/{channel_id}/messages/{message_id}/reactions/{emoji}", self.react),
            ("DELETE", "/page/channels/{channel_id}/messages/{message_id}/reactions/{emoji}", self.unreact),
            ("POST", "/page/interactions", PageInteractions(self.pg).interact),
            ("POST", "/page/dm", self.dm),
            ("GET", "/page/faults", controls.faults),
            ("POST", "/page/faults", controls.set_faults),
            ("POST", "/page/bot/restart", controls.restart),
            ("POST", "/page/members/{user_id}/roles", controls.roles),
            ("DELETE", "/page/refusals", controls.forget_refusals),
            ("GET", "/page/channels/{channel_id}/messages/{message_id}/reactions/{emoji}", self.who_reacted),
            ("POST", "/page/channels/{channel_id}/threads", self.thread),
            ("PUT", "/page/members/{user_id}/roles/{role_id}", controls.give_role),
            ("DELETE", "/page/members/{user_id}/roles/{role_id}", controls.take_role),
        )
        for method, path, handler in table:
            application.router.add_route(method, path, guard(handler))
        application.router.add_get("/page/socket", self.pg.pages.serve)
        application.router.add_get("/", self._index)
        application.router.add_get("/page/static/{name:.+}", self._file)

    async def state(self, request: web.Request) -> Json:
        """Everything that a page needs to draw itself, as one person."""
        # A page that knows nobody yet, or somebody of another world, begins as the first person.
        world, asked = self.pg.world, request.query.get("as", "")
        me = self.pg.person(asked if asked in world.users else next(iter(world.users)))
        return {
            "me": world.user_object(me.id),
            "users": [clean(user) | {"dms_open": user["_dms_open"]} for user in world.users.values()],
            "guilds": [self._guild(guild_id, me.id) for guild_id in world.guilds],
            "dms": [world.channel_of(row["id"], me.id) for row in world.channels.values() if self._is_mine(row, me.id)],
            "commands": list(world.commands.values()),
            "interactions": [
                self.pg.interactions.shown(row) for row in self.pg.interactions.rows.values() if row.user_id == me.id
            ],
            "refusals": self.pg.refused.dump(),
            "application": {
                "id": world.application["id"],
                "name": world.application["name"],
                "bot_id": world.bot["id"],
            },
            "emojis": [clean(row) for row in world.emojis.values()],
            "bot": bot_state(self.pg),
            "base": self.pg.url,
            "attachment_size_limit": self.pg.interactions.file_limit,
        }

    async def history(self, request: web.Request) -> list[Json]:
        """Up to `limit` messages before `before`, newest first, as one person sees them."""
        me = self._who(request.query.get("as"))
        channel_id = request.match_info["channel_id"]
        me.need(channel_id, 0)
        before = int(request.query["before"]) if request.query.get("before", "").isdecimal() else 2**63
        asked = request.query.get("limit", "50")
        limit = min(max(int(asked) if asked.isdecimal() else 50, 1), 100)
        rows = [row for row in me.messages(self.pg.channel(channel_id)) if int(row["id"]) < before]
        return [self.pg.render.for_page(row, me.id) for row in reversed(rows[-limit:])]

    async def say(self, request: web.Request) -> Json:
        body = await self._body(request)
        me = self._who(body.payload.get("as"))
        files: list[Any] = [body.files[index] for index in sorted(body.files)]
        channel = self.pg.channel(request.match_info["channel_id"])
        record = await me.say(
            channel, str(body.payload.get("content") or ""), files=files, reply_to=body.payload.get("reply_to") or None
        )
        return self.pg.render.for_page(record, me.id)

    async def typing(self, request: web.Request) -> None:
        body = await self._body(request)
        me = self._who(body.payload.get("as"))
        self.pg.type_in(self.pg.channel(request.match_info["channel_id"]), me.id)

    async def edit(self, request: web.Request) -> Json:
        body = await self._body(request)
        me = self._who(body.payload.get("as"))
        record = await me.edit(request.match_info["message_id"], str(body.payload.get("content") or ""))
        return self.pg.render.for_page(record, me.id)

    async def delete(self, request: web.Request) -> None:
        body = await self._body(request)
        await self._who(body.payload.get("as") or request.query.get("as")).delete(request.match_info["message_id"])

    async def react(self, request: web.Request) -> None:
        me = self._who(request.query.get("as"))
        await me.react(request.match_info["message_id"], request.match_info["emoji"])

    async def unreact(self, request: web.Request) -> None:
        me = self._who(request.query.get("as"))
        await me.unreact(request.match_info["message_id"], request.match_info["emoji"])

    async def dm(self, request: web.Request) -> Json:
        payload = (await self._body(request)).payload
        me = self._who(payload.get("as"))
        other = self.pg.world.user(str(payload.get("recipient_id")))["id"]
        row = open_dm(self.pg.world, self.pg.ids, me.id, other)
        return self.pg.world.channel_of(row["id"], me.id)

    async def who_reacted(self, request: web.Request) -> list[Json]:
        record = self.pg.message(request.match_info["message_id"])
        row = reacting.find(record, emoji.parse(self.pg.world, request.match_info["emoji"]))
        return [self.pg.world.user_object(user) for user in row["users"]] if row else []

    async def thread(self, request: web.Request) -> Json:
        """A thread, one under a message, or a forum post: {as, name, content?, message_id?}."""
        body = await self._body(request)
        me = self._who(body.payload.get("as"))
        files: list[Any] = [body.files[index] for index in sorted(body.files)]
        row = await me.thread(
            self.pg.channel(request.match_info["channel_id"]),
            str(body.payload.get("name") or ""),
            str(body.payload.get("content") or ""),
            message=body.payload.get("message_id") or None,
            files=files,
        )
        return self.pg.world.channel_of(row["id"], me.id)

    def _guild(self, guild_id: str, viewer: str) -> Json:
        world = self.pg.world
        channels = world.guild_channels(guild_id) + world.guild_channels(guild_id, threads=True)
        return {
            "id": guild_id,
            "name": world.guild(guild_id)["name"],
            "icon": None,
            "owner_id": world.guild(guild_id)["owner_id"],
            "permissions": str(world.guild_permissions(guild_id, viewer)),
            "roles": world.guild(guild_id)["roles"],
            "members": [
                {"user_id": user_id, "nick": member["nick"], "roles": member["roles"]}
                for user_id, member in world.members[guild_id].items()
            ],
            "channels": [world.channel_of(row["id"], viewer) for row in channels if world.can_see(row["id"], viewer)],
        }

    def _who(self, name_or_id: Any) -> Person:
        return self.pg.person(str(name_or_id or ""))

    @staticmethod
    def _is_mine(row: Json, user_id: str) -> bool:
        return row["type"] == DM and user_id in row["_members"]

    async def _body(self, request: web.Request) -> Body:
        return await read_body(request, file_limit=self.pg.interactions.file_limit)

    async def _index(self, request: web.Request) -> web.StreamResponse:
        return _served(PAGE / "index.html", request)

    async def _file(self, request: web.Request) -> web.StreamResponse:
        path = (PAGE / request.match_info["name"]).resolve()
        if not path.is_relative_to(PAGE.resolve()):
            raise web.HTTPNotFound()
        return _served(path, request)


def _served(path: Path, request: web.Request) -> web.StreamResponse:
    if not path.is_file():
        raise web.HTTPNotFound(text="the page is not here")
    policy = (
        "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
        f"connect-src 'self' ws://{request.host}; style-src 'self'; script-src 'self'; object-src 'none'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    headers = {
        "Cache-Control": "no-cache",
        "Content-Type": _TYPES.get(path.suffix, "application/octet-stream"),
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
    }
    return web.Response(body=path.read_bytes(), headers=headers)
