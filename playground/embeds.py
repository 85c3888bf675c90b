"""What Discord demands of embeds. It does not know the message around them."""

from playground.errors import Json, Path, Problems
from playground.shapes import Address, Anything, Integer, Items, Record, Text, Truth

TOTAL = 6000
"""Characters in all embeds of a message: titles, descriptions, field names and values, footers, author names."""

_MEDIA = Record({"url": Address(), "width": Integer(), "height": Integer()}, required=("url",))
EMBED = Record(
    {
        "title": Text(256),
        "type": Text(100),
        "description": Text(4096),
        "url": Address(("http", "https")),
        "timestamp": Text(64),
        "color": Integer(0, 0xFFFFFF),
        "footer": Record({"text": Text(2048), "icon_url": Address()}),
        "image": _MEDIA,
        "thumbnail": _MEDIA,
        "author": Record({"name": Text(256, 1), "url": Address(("http", "https")), "icon_url": Address()}),
        "fields": Items(
            Record({"name": Text(256, 1), "value": Text(1024, 1), "inline": Truth()}, required=("name", "value")), 25
        ),
        "provider": Anything(),
        "video": Anything(),
    }
)
EMBEDS = Items(EMBED, 10)


def check(value: object, path: Path, problems: Problems) -> list[Json]:
    """The cleaned embeds of a body; notes limits that are broken."""
    embeds: list[Json] = EMBEDS.check(value, path, problems)
    if sum(map(size, embeds)) > TOTAL:
        problems.add((*path,), "MAX_EMBED_SIZE_EXCEEDED", f"Embed size exceeds maximum size of {TOTAL}")
    for index, embed in enumerate(embeds):
        embed["type"] = "rich"
        if not set(embed) - {"type", "color", "url", "timestamp"}:
            problems.add((*path, index, "description"), "BASE_TYPE_REQUIRED", "This field is required")
    return embeds


def size(embed: Json) -> int:
    """Characters that count against TOTAL."""
    texts = [embed.get("title"), embed.get("description")]
    texts += [(embed.get("footer") or {}).get("text"), (embed.get("author") or {}).get("name")]
    for field in embed.get("fields", []):
        texts += [field.get("name"), field.get("value")]
    return sum(len(text) for text in texts if isinstance(text, str))


def media_of(embed: Json) -> list[tuple[Json, str]]:
    """(object, key) of every address in the embed that may be `attachment://`."""
    places: list[tuple[Json, str]] = []
    for part, key in (("image", "url"), ("thumbnail", "url"), ("footer", "icon_url"), ("author", "icon_url")):
        holder = embed.get(part)
        if isinstance(holder, dict) and holder.get(key):
            places.append((holder, key))
    return places
