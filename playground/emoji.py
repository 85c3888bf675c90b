"""Emoji as they stand in paths and payloads. It knows which custom ones exist, nothing of reactions."""

import re
from urllib.parse import unquote

from playground.errors import Json, unknown
from playground.world import World

_CUSTOM = re.compile(r"^(?:<?a?:)?([A-Za-z0-9_]{2,32}):(\d{15,20})>?$")


def parse(world: World, text: str) -> Json:
    """`name:id` or a Unicode emoji as a partial emoji object. Raises ApiError 10014."""
    text = unquote(text)
    match = _CUSTOM.match(text)
    if match:
        if match[2] not in world.emojis:
            raise unknown("emoji")
        row = world.emojis[match[2]]
        return {"id": match[2], "name": row["name"], "animated": row["animated"]}
    if not text or len(text) > 32 or any(character.isascii() and character.isalpha() for character in text):
        raise unknown("emoji")
    return {"id": None, "name": text}
