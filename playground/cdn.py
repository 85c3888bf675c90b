"""The CDN: attachments behind signed addresses, emoji, and drawn default avatars. It knows nothing of the API."""

import io
from typing import TYPE_CHECKING

from aiohttp import web
from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from playground.server import Playground

_COLOURS = ("#5b6ee1", "#6b7280", "#2f9e73", "#c98a1b", "#c2483d", "#a855c7")


def mount(application: web.Application, playground: "Playground") -> None:
    """Add the CDN's routes, under /cdn and (attachments) at the root."""

    async def attachment(request: web.Request) -> web.StreamResponse:
        path = request.path.removeprefix("/cdn")
        data = playground.files.read(request.match_info["attachment_id"])
        if data is None or not playground.files.is_valid(path, request.query_string):
            raise web.HTTPNotFound(text="This content is no longer available.")
        name = request.match_info["name"]
        kind = content_type(name)
        headers = {"Cache-Control": "private, max-age=86400", "Content-Disposition": f'inline; filename="{name}"'}
        headers |= {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox"}
        return web.Response(body=data, content_type=kind, headers=headers)

    async def emoji(request: web.Request) -> web.StreamResponse:
        data = playground.files.read(request.match_info["file"].partition(".")[0])
        if data is None:
            raise web.HTTPNotFound()
        return web.Response(body=data, content_type="image/png")

    async def avatar(request: web.Request) -> web.StreamResponse:
        index = request.match_info["file"].partition(".")[0]
        return web.Response(body=draw_avatar(int(index) if index.isdecimal() else 0), content_type="image/png")

    for prefix in ("/cdn", ""):
        application.router.add_get(f"{prefix}/attachments/{{channel_id}}/{{attachment_id}}/{{name}}", attachment)
    application.router.add_get("/cdn/emojis/{file}", emoji)
    application.router.add_get("/cdn/embed/avatars/{file}", avatar)


def content_type(name: str) -> str:
    """What a browser is told: pictures as such, everything else as bytes to download."""
    known = {"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "webp": "image/webp", "gif": "image/gif"}
    known |= {"txt": "text/plain", "json": "application/json"}
    return known.get(name.rpartition(".")[2].lower(), "application/octet-stream")


def draw_avatar(index: int) -> bytes:
    """A 128x128 PNG: a head and shoulders in one of six colours."""
    picture = Image.new("RGB", (128, 128), _COLOURS[index % len(_COLOURS)])
    pencil = ImageDraw.Draw(picture)
    pencil.ellipse((42, 24, 86, 68), fill="white")
    pencil.ellipse((22, 76, 106, 180), fill="white")
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()
