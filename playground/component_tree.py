"""Kinds of components, and walking their trees: finding, numbering, media. It checks nothing."""

from collections.abc import Iterator

from playground.errors import Json, Path

ROW, BUTTON, STRING_SELECT, TEXT_INPUT, USER_SELECT, ROLE_SELECT, MENTIONABLE_SELECT, CHANNEL_SELECT = range(1, 9)
SECTION, TEXT_DISPLAY, THUMBNAIL, GALLERY, FILE, SEPARATOR = range(9, 15)
CONTAINER, LABEL, FILE_UPLOAD = 17, 18, 19
RADIO_GROUP, CHECKBOX_GROUP, CHECKBOX = 21, 22, 23
SELECTS = (STRING_SELECT, USER_SELECT, ROLE_SELECT, MENTIONABLE_SELECT, CHANNEL_SELECT)


def number(components: list[Json]) -> None:
    """Give every component without an id the next free one, in reading order, as Discord does."""
    taken = {part["id"] for part in walk(components) if part.get("id")}
    following = 1
    for part in walk(components):
        if not part.get("id"):
            while following in taken:
                following += 1
            part["id"] = following
            taken.add(following)


def places(components: list[Json], path: Path = ()) -> Iterator[tuple[Path, Json]]:
    """Every component with its path, parents before children."""
    for index, part in enumerate(components):
        yield from _places_in(part, (*path, index))


def walk(components: list[Json]) -> Iterator[Json]:
    """Every component, parents before children."""
    return (part for _, part in places(components))


def find(components: list[Json], custom_id: str) -> Json | None:
    """The component with this custom_id."""
    return next((part for part in walk(components) if part.get("custom_id") == custom_id), None)


def media_of(components: list[Json]) -> Iterator[tuple[Path, Json]]:
    """Every media object (with `url`) of a layout and its path."""
    for path, part in places(components, ("components",)):
        if part["type"] == THUMBNAIL:
            yield (*path, "media"), part["media"]
        elif part["type"] == FILE:
            yield (*path, "file"), part["file"]
        elif part["type"] == GALLERY:
            for index, item in enumerate(part["items"]):
                yield (*path, "items", index, "media"), item["media"]


def _places_in(part: Json, path: Path) -> Iterator[tuple[Path, Json]]:
    yield path, part
    for index, child in enumerate(part.get("components") or []):
        yield from _places_in(child, (*path, "components", index))
    for key in ("accessory", "component"):
        if isinstance(part.get(key), dict):
            yield from _places_in(part[key], (*path, key))
