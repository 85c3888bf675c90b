"""What the chat page asks for: state, history, writing, interactions, faults. It trusts the page's word on who is who."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import web

from playground import filled, offered
from playground.direct import open_dm
from playground.errors import ApiError, Json, invalid
from playground.files import Upload
from playground.interactions import AUTOCOMPLETE, COMMAND, COMPONENT, MODAL_SUBMIT
from playground.offered import NotOffered
from playground.person import Person
from playground.uploads import Body, read_body
from playground.world import DM, clean

if TYPE_CHECKING:
    from playground.server import Playground

PAGE = Path(__file__).with_name("page")


class PageApi:
    """Routes under /page and the page's own files."""

    def __init__(self, playground: "Playground") -> None:
        self.pg = playground

    def mount(self, application: web.Application) -> None:
        """Add the routes."""
        table = (
            ("GET", "/page/state", self.state),
            ("GET", "/page/channels/{channel_id}/messages", self.history),
            ("POST", "/page/channels/{channel_id}/messages", self.say),
            ("POST", "/page/channels/{channel_id}/typing", self.typing),
            ("PATCH", "/page/channels/{channel_id}/messages/{message_id}", self.edit),
            ("DELETE", "/page/channels/{channel_id}/messages/{message_id}", self.delete),
            ("PUT", "/page/channels/{channel_id}/messages/{message_id}/reactions/{emoji}", self.react),
            ("DELETE", "/page/channels/{channel_id}/messages/{message_id}/reactions/{emoji}", self.unreact),
            ("POST", "/page/interactions", self.interact),
            ("POST", "/page/dm", self.dm),
            ("GET", "/page/faults", self.faults),
            ("POST", "/page/faults", self.set_faults),
            ("POST", "/page/bot/restart", self.restart),
            ("POST", "/page/members/{user_id}/roles", self.roles),
            ("DELETE", "/page/refusals", self.forget_refusals),
        )
        for method, path, handler in table:
            application.router.add_route(method, path, self._guard(handler))
        application.router.add_get("/page/socket", self.pg.pages.serve)
        application.router.add_get("/", self._index)
        if PAGE.is_dir():
            application.router.add_static("/static/", PAGE)
            application.router.add_get("/{name:[\\w./-]+\\.(?:css|js|svg|png|html|webmanifest)}", self._file)

    def _guard(self, handler: Any) -> Any:
        async def guarded(request: web.Request) -> web.StreamResponse:
            try:
                answer = await handler(request)
            except ApiError as error:
                return web.json_response({**error.body(), "detail": error.detail()}, status=error.status)
            except NotOffered as error:
                return web.json_response({"message": str(error), "code": 0, "detail": ""}, status=400)
            if isinstance(answer, web.StreamResponse):
                return answer
            return web.Response(status=204) if answer is None else web.json_response(answer)

        return guarded

    async def state(self, request: web.Request) -> Json:
        """Everything that a page needs to draw itself, as one person."""
        world, me = self.pg.world, self._who(request.query.get("as"))
        return {
            "me": world.user_object(me.id),
            "users": [clean(user) | {"dms_open": user["_dms_open"]} for user in world.users.values()],
            "guilds": [self._guild(guild_id, me.id) for guild_id in world.guilds],
            "dms": [
                world.channel_object(row["id"], me.id) for row in world.channels.values() if self._is_mine(row, me.id)
            ],
            "commands": list(world.commands.values()),
            "refusals": self.pg.refused.dump(),
            "application": {
                "id": world.application["id"],
                "name": world.application["name"],
                "bot_id": world.bot["id"],
            },
            "bot": self._bot(),
            "attachment_size_limit": self.pg.interactions.file_limit,
        }

    async def history(self, request: web.Request) -> list[Json]:
        """Up to `limit` messages before `before`, oldest first, as one person sees them."""
        me = self._who(request.query.get("as"))
        channel_id = request.match_info["channel_id"]
        me.need(channel_id, 0)
        before = int(request.query["before"]) if request.query.get("before", "").isdecimal() else 2**63
        limit = min(max(int(request.query.get("limit", "50")), 1), 100)
        rows = [row for row in me.messages(self.pg.channel(channel_id)) if int(row["id"]) < before]
        return [self.pg.render.for_page(row, me.id) for row in rows[-limit:]]

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

    async def interact(self, request: web.Request) -> Json:
        """Start an interaction from the data that the page built; the data are checked as a client would."""
        body = await self._body(request)
        payload = body.payload
        me = self._who(payload.get("as"))
        channel_id = self.pg.channel(str(payload.get("channel_id")))["id"]
        me.need(channel_id, 0)
        kind, data = payload.get("type"), payload.get("data") or {}
        extra: Json = {}
        if kind == COMMAND and data.get("type", 1) != 1:
            data = self._menu(me, channel_id, data)
        elif kind in (COMMAND, AUTOCOMPLETE):
            data = self._command(me, channel_id, data, body.files, complete=kind == AUTOCOMPLETE)
        elif kind == COMPONENT:
            record = self.pg.world.message(channel_id, str(payload.get("message_id")))
            data = filled.pressed(self.pg.builder, record, str(data.get("custom_id")), data.get("values"), channel_id)
            extra["message"] = record
        elif kind == MODAL_SUBMIT:
            data, extra = self._modal(str(payload.get("interaction_id")), data, body.files)
        else:
            raise invalid(50035)
        row = self.pg.interactions.create(
            int(kind), user_id=me.id, channel_id=channel_id, data=data, nonce=payload.get("nonce"), **extra
        )
        return {"interaction_id": row.id, "state": row.state, "reason": row.reason}

    async def dm(self, request: web.Request) -> Json:
        payload = (await self._body(request)).payload
        me = self._who(payload.get("as"))
        other = self.pg.world.user(str(payload.get("recipient_id")))["id"]
        row = open_dm(self.pg.world, self.pg.ids, me.id, other)
        return self.pg.world.channel_object(row["id"], me.id)

    async def faults(self, _: web.Request) -> Json:
        return self.pg.faults.shown()

    async def set_faults(self, request: web.Request) -> Json:
        try:
            self.pg.faults.apply((await self._body(request)).payload)
        except (ValueError, KeyError, TypeError) as error:
            return_body = {"message": f"no such fault: {error}", "code": 0}
            raise web.HTTPBadRequest(text=json.dumps(return_body), content_type="application/json") from None
        return self.pg.faults.shown()

    async def restart(self, request: web.Request) -> Json:
        if self.pg.on_restart is None:
            raise web.HTTPNotFound(text="nobody here can restart the bot")
        payload = (await self._body(request)).payload
        await self.pg.on_restart(bool(payload.get("kill", True)))
        return self._bot()

    async def roles(self, request: web.Request) -> Json:
        """Set a member's roles: {guild_id, roles: [ids]}."""
        payload = (await self._body(request)).payload
        guild_id, user_id = str(payload.get("guild_id")), request.match_info["user_id"]
        self.pg.set_roles(guild_id, user_id, [str(role) for role in payload.get("roles") or []])
        return self.pg.world.member_object(guild_id, user_id)

    async def forget_refusals(self, _: web.Request) -> None:
        self.pg.refused.rows.clear()

    def _command(self, me: Person, channel_id: str, data: Json, files: dict[int, Upload], *, complete: bool) -> Json:
        name, options = str(data.get("name")), data.get("options") or []
        while options and options[0].get("type") in (offered.SUB, offered.GROUP):
            name += f" {options[0].get('name')}"
            options = options[0].get("options") or []
        values: dict[str, Any] = {}
        uploads: dict[str, Upload] = {}
        focused = None
        for option in options:
            if option.get("type") == offered.ATTACHMENT and str(option.get("value")).isdecimal():
                upload = files.get(int(option["value"]))
                if upload is None:
                    raise NotOffered(f"no file came with {option.get('name')}")
                uploads[option["name"]] = upload
            else:
                values[option["name"]] = option.get("value")
            focused = option["name"] if option.get("focused") else focused
        if complete and focused is None:
            raise NotOffered("no option has the focus")
        return self.pg.builder.build(
            user_id=me.id,
            channel_id=channel_id,
            name=name,
            values=values,
            uploads=uploads,
            focused=focused if complete else None,
        )

    def _menu(self, me: Person, channel_id: str, data: Json) -> Json:
        target, name = str(data.get("target_id")), str(data.get("name"))
        if data["type"] == offered.USER_MENU:
            row, message = self.pg.world.user(target), None
        else:
            row = self.pg.world.message(channel_id, target)
            message = self.pg.render.message(row, self.pg.world.bot["id"])
        return self.pg.builder.build_menu(user_id=me.id, channel_id=channel_id, name=name, target=row, message=message)

    def _modal(self, opener_id: str, data: Json, files: dict[int, Upload]) -> tuple[Json, Json]:
        opener = self.pg.interaction(opener_id)
        if opener.modal is None:
            raise NotOffered("that interaction opened no modal")
        values = filled.values_in(data.get("components") or [])
        fields = {part["custom_id"]: part["type"] for part in filled.modals.inputs(opener.modal)}
        uploads: dict[str, list[Upload]] = {}
        for key in [key for key in values if fields.get(key) == filled.parts.FILE_UPLOAD]:
            indices = [int(index) for index in values.pop(key) or []]
            uploads[key] = [files[index] for index in indices if index in files]
        built = filled.submitted(self.pg.builder, opener.modal, values, uploads, opener.channel_id)
        message = self.pg.world.messages.get(opener.channel_id, {}).get(opener.message_id or "")
        return built, {"message": message, "opener": opener.id}

    def _guild(self, guild_id: str, viewer: str) -> Json:
        world = self.pg.world
        channels = world.guild_channels(guild_id) + world.guild_channels(guild_id, threads=True)
        return {
            "id": guild_id,
            "name": world.guild(guild_id)["name"],
            "icon": None,
            "owner_id": world.guild(guild_id)["owner_id"],
            "roles": world.guild(guild_id)["roles"],
            "members": [world.member_object(guild_id, user_id) for user_id in world.members[guild_id]],
            "channels": [
                world.channel_object(row["id"]) | {"permissions": str(world.permissions(row["id"], viewer))}
                for row in channels
                if world.can_see(row["id"], viewer)
            ],
        }

    def _bot(self) -> Json:
        gateway = self.pg.gateway
        return {
            "online": gateway.bot_online,
            "pid": self.pg.bot_pid,
            "restartable": self.pg.on_restart is not None,
            **gateway.presence,
        }

    def _who(self, name_or_id: Any) -> Person:
        return self.pg.person(str(name_or_id or ""))

    @staticmethod
    def _is_mine(row: Json, user_id: str) -> bool:
        return row["type"] == DM and user_id in row["_members"]

    async def _body(self, request: web.Request) -> Body:
        return await read_body(request, file_limit=self.pg.interactions.file_limit)

    async def _index(self, _: web.Request) -> web.StreamResponse:
        return _served(PAGE / "index.html")

    async def _file(self, request: web.Request) -> web.StreamResponse:
        path = (PAGE / request.match_info["name"]).resolve()
        if not path.is_relative_to(PAGE.resolve()):
            raise web.HTTPNotFound()
        return _served(path)


def _served(path: Path) -> web.StreamResponse:
    if not path.is_file():
        raise web.HTTPNotFound(text="the page is not here")
    return web.FileResponse(path, headers={"Cache-Control": "no-cache"})
