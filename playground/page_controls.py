"""The page's switches: faults, restarting the bot, roles of members, the list of refusals; and how its errors look."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from aiohttp import web

from playground.errors import ApiError, Json, unknown
from playground.offered import NotOffered
from playground.uploads import read_body

if TYPE_CHECKING:
    from playground.server import Playground

Handler = Callable[[web.Request], Awaitable[Any]]


def guard(handler: Handler) -> Handler:
    """An aiohttp handler whose refusals are JSON: {message, code, detail}."""

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


def bot_state(playground: "Playground") -> Json:
    """What the page shows of the bot."""
    gateway = playground.gateway
    return {
        "online": gateway.bot_online,
        "user_id": playground.world.bot["id"],
        "application_id": playground.world.application["id"],
        "pid": playground.bot_pid,
        "restartable": playground.on_restart is not None,
        **gateway.presence,
    }


class PageControls:
    """Handlers of the switches."""

    def __init__(self, playground: "Playground") -> None:
        self.pg = playground

    async def faults(self, _: web.Request) -> Json:
        return self.pg.faults.shown()

    async def set_faults(self, request: web.Request) -> Json:
        try:
            self.pg.faults.apply(await self._payload(request))
        except (ValueError, KeyError, TypeError) as error:
            raise ApiError(400, 0, f"no such fault: {error}") from None
        return self.pg.faults.shown()

    async def restart(self, request: web.Request) -> web.StreamResponse:
        """Ask the supervisor to end the bot (by default without warning) and start it again."""
        if self.pg.on_restart is None:
            raise ApiError(404, 0, "nobody here can restart the bot")
        payload = await self._payload(request)
        await self.pg.on_restart(bool(payload.get("kill", True)))
        return web.json_response(bot_state(self.pg), status=202)

    async def roles(self, request: web.Request) -> Json:
        """Set a member's roles: {guild_id, roles: [ids]}."""
        payload = await self._payload(request)
        guild_id, user_id = str(payload.get("guild_id")), request.match_info["user_id"]
        self.pg.set_roles(guild_id, user_id, [str(role) for role in payload.get("roles") or []])
        return self.pg.world.member_object(guild_id, user_id)

    async def give_role(self, request: web.Request) -> Json:
        return self._change_role(request, give=True)

    async def take_role(self, request: web.Request) -> Json:
        return self._change_role(request, give=False)

    async def forget_refusals(self, _: web.Request) -> None:
        self.pg.refused.rows.clear()

    def _change_role(self, request: web.Request, *, give: bool) -> Json:
        user_id, role_id = request.match_info["user_id"], request.match_info["role_id"]
        for guild_id, guild in self.pg.world.guilds.items():
            if role_id in [row["id"] for row in guild["roles"]]:
                held = [role for role in self.pg.world.member(guild_id, user_id)["roles"] if role != role_id]
                self.pg.set_roles(guild_id, user_id, [*held, role_id] if give else held)
                return {"user_id": user_id, "roles": self.pg.world.member(guild_id, user_id)["roles"]}
        raise unknown("role")

    async def _payload(self, request: web.Request) -> Json:
        return (await read_body(request, file_limit=0)).payload
