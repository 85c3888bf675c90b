"""The application's own emoji, and the (empty) ones of servers."""

import base64
import binascii
import re

from playground.call import Call, Routes
from playground.errors import Json, Problems, forbidden, form_error, invalid, unknown
from playground.files import picture_size
from playground.shapes import Record, Text
from playground.world import clean

MOST, MOST_BYTES = 2000, 256 * 1024
_NAME = re.compile(r"^[A-Za-z0-9_]{2,32}$")
_DATA = re.compile(r"^data:image/(?:png|jpeg|gif|webp);base64,")
_NEW = Record({"name": Text(32, 2), "image": Text(2**22)}, required=("name", "image"))
_CHANGED = Record({"name": Text(32, 2)}, required=("name",))


async def listed(call: Call) -> Json:
    _own(call)
    return {"items": [_shown(call, row) for row in call.pg.world.emojis.values()]}


async def get(call: Call) -> Json:
    return _shown(call, _row(call))


async def create(call: Call) -> tuple[int, Json]:
    _own(call)
    values = _checked(_NEW, await call.payload())
    if len(call.pg.world.emojis) >= MOST:
        raise invalid(30008)
    data = _picture(values["image"])
    _refuse_twin(call, values["name"])
    row = {"id": call.pg.ids.new(), "name": values["name"], "animated": data[:4] == b"GIF8"}
    call.pg.files.write(row["id"], data)
    call.pg.world.emojis[row["id"]] = row
    call.pg.store.changed()
    return 201, _shown(call, row)


async def rename(call: Call) -> Json:
    row = _row(call)
    values = _checked(_CHANGED, await call.payload())
    if values["name"] != row["name"]:
        _refuse_twin(call, values["name"])
    row["name"] = values["name"]
    call.pg.store.changed()
    return _shown(call, row)


async def delete(call: Call) -> None:
    row = _row(call)
    del call.pg.world.emojis[row["id"]]
    call.pg.files.delete(row["id"])
    call.pg.store.changed()


async def of_guild(call: Call) -> list[Json]:
    return call.guild()["emojis"]


def _own(call: Call) -> None:
    if call.arg("application_id") != call.pg.world.application["id"]:
        raise forbidden(50001)


def _row(call: Call) -> Json:
    _own(call)
    row = call.pg.world.emojis.get(call.arg("emoji_id"))
    if row is None:
        raise unknown("emoji")
    return row


def _shown(call: Call, row: Json) -> Json:
    extra = {"roles": [], "require_colons": True, "managed": False, "available": True}
    return clean(row) | extra | {"user": call.pg.world.user_object(call.me)}


def _checked(shape: Record, payload: Json) -> Json:
    problems = Problems()
    values: Json = shape.check(payload, (), problems)
    if isinstance(values.get("name"), str) and not _NAME.match(values["name"]):
        problems.add(("name",), "STRING_TYPE_REGEX", "String value did not match validation regex.")
    problems.raise_if_any()
    return values


def _refuse_twin(call: Call, name: str) -> None:
    if any(row["name"] == name for row in call.pg.world.emojis.values()):
        raise form_error(("name",), "APPLICATION_EMOJI_NAME_ALREADY_TAKEN", "Emoji name is already taken")


def _picture(uri: str) -> bytes:
    if not _DATA.match(uri):
        raise form_error(("image",), "BASE64_TYPE_INVALID", "Invalid image data")
    try:
        data = base64.b64decode(uri.partition(",")[2], validate=True)
    except binascii.Error:
        raise form_error(("image",), "BASE64_TYPE_INVALID", "Invalid image data") from None
    if len(data) > MOST_BYTES:
        raise form_error(("image",), "BINARY_TYPE_MAX_SIZE", "File cannot be larger than 256.0 kb.")
    if picture_size(data) is None:
        raise form_error(("image",), "IMAGE_INVALID", "Invalid image data")
    return data


_BASE = "/applications/{application_id}/emojis"
ROUTES: Routes = [
    ("GET", _BASE, listed),
    ("POST", _BASE, create),
    ("GET", f"{_BASE}/{{emoji_id}}", get),
    ("PATCH", f"{_BASE}/{{emoji_id}}", rename),
    ("DELETE", f"{_BASE}/{{emoji_id}}", delete),
    ("GET", "/guilds/{guild_id}/emojis", of_guild),
]
