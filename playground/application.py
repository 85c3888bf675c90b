"""The HTTP application: every route of the API, the CDN, the gateway and the page in one table."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from aiohttp import web

from playground import cdn, routes
from playground.errors import not_found
from playground.front import API, Front
from playground.page_api import PageApi

if TYPE_CHECKING:
    from playground.server import Playground

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
MOST_BYTES = 64 * 1024 * 1024
"""Bytes of a JSON body; forms are read part by part."""


def build(playground: "Playground") -> web.Application:
    """An aiohttp application that serves `playground`."""
    application = web.Application(client_max_size=MOST_BYTES, middlewares=[_own_pages_only])
    front = Front(playground)
    for method, path, handler in routes.ALL:
        application.router.add_route(method, API + path, front.wrap(handler))
    application.router.add_get("/gateway", playground.sockets.serve)
    application.router.add_get("/gateway/", playground.sockets.serve)
    cdn.mount(application, playground)
    PageApi(playground).mount(application)
    application.router.add_route("*", API + "/{rest:.*}", front.wrap(_missing))
    return application


@web.middleware
async def _own_pages_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let no other site that is open in the same browser press buttons here."""
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        raise web.HTTPForbidden(text="only the playground's own page may ask this")
    return await handler(request)


async def _missing(_: Any) -> None:
    raise not_found()
