"""Reads request bodies: JSON, or a form with `payload_json` and `files[n]`. It does not know what the bodies mean."""

import json
import re
from dataclasses import dataclass, field

from aiohttp import BodyPartReader, web

from playground.errors import ApiError, Json, invalid, too_large
from playground.files import Upload

_FILE_FIELD = re.compile(r"^files\[(\d{1,4})\]$")
MOST_JSON = 8 * 1024 * 1024
"""Bytes of JSON in a body (application emoji and avatars travel as data URIs)."""


@dataclass(frozen=True)
class Body:
    """What came in: the JSON object and the files by their index."""

    payload: Json = field(default_factory=dict)
    files: dict[int, Upload] = field(default_factory=dict)


async def read_body(request: web.Request, *, file_limit: int) -> Body:
    """The body of `request`. Raises ApiError 40005 (a file over `file_limit` bytes), 50109 or 50035."""
    if request.content_type.startswith("multipart/"):
        return await _read_form(request, file_limit)
    raw = await request.read()
    if not raw:
        return Body()
    return Body(_object(raw))


async def read_list(request: web.Request) -> list[Json]:
    """A JSON array of objects. Raises ApiError 50109 or 50035."""
    value = _json(await request.read())
    if not isinstance(value, list):
        raise ApiError(400, 50035, "Invalid Form Body", {"_errors": [_problem("LIST_TYPE_CONVERT", "list")]})
    return value


async def _read_form(request: web.Request, file_limit: int) -> Body:
    payload: Json = {}
    loose: Json = {}
    files: dict[int, Upload] = {}
    oversize = False
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            continue
        data = bytearray()
        # An oversize file is read to its end too: a client that is still sending does not hear an early answer.
        while chunk := await part.read_chunk(1 << 16):
            if len(data) <= max(file_limit, MOST_JSON):
                data += chunk
        name = part.name or ""
        match = _FILE_FIELD.match(name)
        if match or part.filename is not None:
            oversize = oversize or len(data) > file_limit
            index = int(match[1]) if match else len(files)
            files[index] = Upload(part.filename or "unknown", part.headers.get("Content-Type"), bytes(data))
        elif name == "payload_json":
            payload = _object(bytes(data))
        else:
            loose[name] = data.decode("utf-8", "replace")
    if oversize:
        raise too_large()
    return Body({**loose, **payload}, files)


def _object(raw: bytes) -> Json:
    value = _json(raw)
    if not isinstance(value, dict):
        raise ApiError(400, 50035, "Invalid Form Body", {"_errors": [_problem("MODEL_TYPE_CONVERT", "dictionary")]})
    return value


def _json(raw: bytes) -> object:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        raise invalid(50109) from None


def _problem(code: str, wanted: str) -> Json:
    return {"code": code, "message": f"Only a {wanted} may be used here"}
