"""The front door of the bot's API: token, faults, rate limits, refusals. It does not know what a route does."""

import asyncio
import json
from typing import TYPE_CHECKING, Any

from aiohttp import web

from playground.call import Call, Handler
from playground.errors import ApiError, unauthorized
from playground.ratelimit import Verdict

if TYPE_CHECKING:
    from playground.server import Playground

API = "/api/v10"
_OPEN = ("/interactions/", "/webhooks/")
"""Routes whose token is in the path."""


class Front:
    """Wraps route handlers for aiohttp."""

    def __init__(self, playground: "Playground") -> None:
        self.pg = playground

    def wrap(self, handler: Handler) -> Any:
        """An aiohttp handler that answers as Discord's edge does."""

        async def handle(request: web.Request) -> web.StreamResponse:
            return await self._serve(request, handler)

        return handle

    async def _serve(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        faults = self.pg.faults
        path = request.path.removeprefix(API)
        if faults.delay:
            await asyncio.sleep(faults.delay)
        if faults.happens(faults.rest_failure_rate):
            await request.read()
            return _plain_error(faults.failure_status)
        verdict = self.pg.limits.take(request.method, path)
        if verdict.retry_after is not None:
            await request.read()
            return self._limited(request, path, verdict)
        try:
            self._authorize(request, path)
            answer = await handler(Call(self.pg, request))
        except ApiError as error:
            return self._refuse(request, path, error, verdict)
        if faults.happens(faults.lost_reply_rate):
            if faults.lose_how == "502":
                return _plain_error(502)
            if request.transport is not None:
                request.transport.abort()
        return _respond(answer, verdict.headers)

    def _authorize(self, request: web.Request, path: str) -> None:
        if path.startswith(_OPEN) or path == "/gateway":
            return
        if request.headers.get("Authorization") != f"Bot {self.pg.world.application['token']}":
            raise unauthorized()

    def _limited(self, request: web.Request, path: str, verdict: Verdict) -> web.Response:
        self.pg.limits.note_invalid(429)
        if verdict.banned:
            return web.Response(status=429, text="error code: 1015")
        retry_after = round(verdict.retry_after or 0.0, 3)
        error = ApiError(429, 0, "You are being rate limited.")
        self.pg.refused.note(request.method, path, error)
        headers = verdict.headers | {"Retry-After": str(max(1, int(retry_after + 0.999))), "Via": "1.1 google"}
        body = {"message": error.message, "retry_after": retry_after, "global": verdict.is_global, "code": 0}
        return _json(body, 429, headers)

    def _refuse(self, request: web.Request, path: str, error: ApiError, verdict: Verdict) -> web.Response:
        self.pg.limits.note_invalid(error.status)
        self.pg.refused.note(request.method, path, error)
        body = error.body()
        headers = dict(verdict.headers)
        if error.status == 429:
            body |= {"retry_after": 5.0, "global": False}
            headers |= {"Via": "1.1 google", "Retry-After": "5", "X-RateLimit-Scope": "shared"}
        return _json(body, error.status, headers)


def _respond(answer: Any, headers: dict[str, str]) -> web.StreamResponse:
    if isinstance(answer, web.StreamResponse):
        return answer
    if answer is None:
        return web.Response(status=204, headers=headers)
    status, value = answer if isinstance(answer, tuple) else (200, answer)
    return _json(value, status, headers)


def _json(value: Any, status: int, headers: dict[str, str]) -> web.Response:
    # Clients compare the content type as Discord sends it: without a charset.
    return web.Response(
        body=json.dumps(value).encode(), status=status, headers=headers | {"Content-Type": "application/json"}
    )


def _plain_error(status: int) -> web.Response:
    return web.Response(status=status, text=f"<html><title>{status}</title></html>", content_type="text/html")
