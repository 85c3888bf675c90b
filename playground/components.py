"""What Discord demands of components in messages, version 1 (rows) and version 2 (layouts).

It does not know the message around them. Trees: `component_tree.py`. Modals: `modals.py`.
"""

from typing import Any

from playground.component_tree import (
    BUTTON,
    CHANNEL_SELECT,
    CONTAINER,
    FILE,
    GALLERY,
    ROW,
    SECTION,
    SELECTS,
    SEPARATOR,
    STRING_SELECT,
    TEXT_DISPLAY,
    THUMBNAIL,
    number,
    places,
    walk,
)
from playground.errors import Json, Path, Problems
from playground.shapes import Address, Integer, Items, OneOf, Record, Shape, Snowflake, Text, Truth

LINK, PREMIUM = 5, 6
MOST = 40
"""Components in a layout, nested ones counted."""
MOST_TEXT = 4000
"""Characters in all text displays of a layout."""

EMOJI = Record({"id": Snowflake(), "name": Text(64), "animated": Truth()})
CUSTOM_ID = Text(100, 1)
OPTION = Record(
    {"label": Text(100, 1), "value": Text(100, 1), "description": Text(100), "emoji": EMOJI, "default": Truth()},
    required=("label", "value"),
)
MEDIA = Record({"url": Address()}, required=("url",))
_ID: dict[str, Shape] = {"id": Integer(0, 2**31 - 1)}


def select_fields(kind: int) -> dict[str, Shape]:
    """Fields of a select menu of `kind`, in messages and in modals."""
    fields: dict[str, Shape] = {
        **_ID,
        "custom_id": CUSTOM_ID,
        "placeholder": Text(150),
        "min_values": Integer(0, 25),
        "max_values": Integer(1, 25),
        "disabled": Truth(),
        "required": Truth(),
    }
    if kind == STRING_SELECT:
        fields["options"] = Items(OPTION, 25, 1)
    else:
        default = Record({"id": Snowflake(), "type": OneOf(("user", "role", "channel"))}, required=("id", "type"))
        fields["default_values"] = Items(default, 25)
    if kind == CHANNEL_SELECT:
        fields["channel_types"] = Items(Integer(0, 16), 20)
    return fields


class Component:
    """A component whose `type` is one of `allowed`; the nested ones are checked by their own shape."""

    def __init__(self, *allowed: int) -> None:
        self.allowed = allowed

    def check(self, value: Any, path: Path, problems: Problems) -> Any:
        kind = value.get("type") if isinstance(value, dict) else None
        if kind is None:
            problems.add((*path, "type"), "BASE_TYPE_REQUIRED", "This field is required")
            return {}
        if kind not in self.allowed:
            problems.add((*path, "type"), "BASE_TYPE_CHOICES", f'Value of field "type" must be one of {self.allowed}.')
            return {}
        clean = {"type": kind, **SHAPES[kind].check(value, path, problems)}
        if kind == BUTTON:
            _check_button(clean, path, problems)
        elif kind == ROW:
            _check_row(clean, path, problems)
        elif kind in SELECTS:
            check_select(clean, path, problems)
        elif kind == CONTAINER:
            clean.setdefault("spoiler", False)
        return clean


TOP_CLASSIC = Component(ROW)
TOP_LAYOUT = Component(ROW, SECTION, TEXT_DISPLAY, GALLERY, FILE, SEPARATOR, CONTAINER)
SHAPES: dict[int, Record] = {
    ROW: Record({**_ID, "components": Items(Component(BUTTON, *SELECTS), 5, 1)}, required=("components",)),
    BUTTON: Record(
        {
            **_ID,
            "style": OneOf((1, 2, 3, 4, 5, 6)),
            "label": Text(80),
            "emoji": EMOJI,
            "custom_id": CUSTOM_ID,
            "url": Address(("http", "https", "discord"), 512),
            "sku_id": Snowflake(),
            "disabled": Truth(),
        },
        required=("style",),
    ),
    STRING_SELECT: Record(select_fields(STRING_SELECT), required=("custom_id", "options")),
    **{kind: Record(select_fields(kind), required=("custom_id",)) for kind in SELECTS if kind != STRING_SELECT},
    SECTION: Record(
        {**_ID, "components": Items(Component(TEXT_DISPLAY), 3, 1), "accessory": Component(BUTTON, THUMBNAIL)},
        required=("components", "accessory"),
    ),
    TEXT_DISPLAY: Record({**_ID, "content": Text(MOST_TEXT, 1)}, required=("content",)),
    THUMBNAIL: Record({**_ID, "media": MEDIA, "description": Text(1024), "spoiler": Truth()}, required=("media",)),
    GALLERY: Record(
        {
            **_ID,
            "items": Items(
                Record({"media": MEDIA, "description": Text(1024), "spoiler": Truth()}, required=("media",)), 10, 1
            ),
        },
        required=("items",),
    ),
    FILE: Record(
        {
            **_ID,
            "file": Record({"url": Address(("attachment", "http", "https"))}, required=("url",)),
            "spoiler": Truth(),
        },
        required=("file",),
    ),
    SEPARATOR: Record({**_ID, "divider": Truth(), "spacing": OneOf((1, 2))}),
    CONTAINER: Record(
        {
            **_ID,
            "accent_color": Integer(0, 0xFFFFFF),
            "spoiler": Truth(),
            "components": Items(Component(ROW, SECTION, TEXT_DISPLAY, GALLERY, FILE, SEPARATOR), MOST, 1),
        },
        required=("components",),
    ),
}


def check(value: Any, path: Path, problems: Problems, *, layout: bool) -> list[Json]:
    """The cleaned components of a message with ids filled in; `layout` when its flags hold IS_COMPONENTS_V2."""
    shape = Items(TOP_LAYOUT, MOST) if layout else Items(TOP_CLASSIC, 5)
    components: list[Json] = shape.check(value, path, problems)
    if problems:
        return components
    if layout:
        if sum(1 for _ in walk(components)) > MOST:
            problems.add(
                path, "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED", f"The total number of components exceeds {MOST}"
            )
        if sum(len(part["content"]) for part in walk(components) if part["type"] == TEXT_DISPLAY) > MOST_TEXT:
            message = f"Total displayable text size exceeds maximum size of {MOST_TEXT}"
            problems.add(path, "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", message)
    check_unique(components, path, problems)
    number(components)
    return components


def check_unique(components: list[Json], path: Path, problems: Problems) -> None:
    """Note custom_ids and ids that appear twice."""
    seen: set[str] = set()
    ids: set[int] = set()
    for place, part in places(components, path):
        custom_id, own = part.get("custom_id"), part.get("id")
        if custom_id is not None and custom_id in seen:
            problems.add(
                (*place, "custom_id"), "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated"
            )
        if own and own in ids:
            problems.add((*place, "id"), "COMPONENT_ID_DUPLICATED", "Component id cannot be duplicated")
        seen.add(custom_id or "")
        ids.add(own or 0)
    seen.discard("")


def _check_row(row: Json, path: Path, problems: Problems) -> None:
    children = row.get("components", [])
    if len(children) > 1 and any(child.get("type") in SELECTS for child in children):
        message = "The specified component exceeds the maximum width"
        problems.add((*path, "components", 1), "COMPONENT_LAYOUT_WIDTH_EXCEEDED", message)


def _check_button(button: Json, path: Path, problems: Problems) -> None:
    style = button.get("style")
    if style == LINK:
        if not button.get("url"):
            problems.add((*path, "url"), "BUTTON_COMPONENT_URL_REQUIRED", "A url is required")
        if button.get("custom_id"):
            message = "Only one of custom_id or url can be provided"
            problems.add((*path, "custom_id"), "BUTTON_COMPONENT_CUSTOM_ID_AND_URL_MUTUALLY_EXCLUSIVE", message)
    elif style == PREMIUM:
        if not button.get("sku_id"):
            problems.add((*path, "sku_id"), "BUTTON_COMPONENT_SKU_ID_REQUIRED", "A sku id is required")
        return
    elif not button.get("custom_id"):
        problems.add((*path, "custom_id"), "BUTTON_COMPONENT_CUSTOM_ID_REQUIRED", "A custom id is required")
    elif button.get("url"):
        problems.add((*path, "url"), "BUTTON_COMPONENT_INVALID_URL", "A url cannot be provided for this button style")
    if not button.get("label") and not button.get("emoji"):
        message = "A label or emoji is required"
        problems.add(path, "BUTTON_COMPONENT_LABEL_OR_EMOJI_REQUIRED", message)


def check_select(select: Json, path: Path, problems: Problems) -> None:
    """Cross-field rules of a select menu: counts against options, values unique."""
    least, most = select.get("min_values", 1), select.get("max_values", 1)
    if isinstance(least, int) and isinstance(most, int) and least > most:
        message = f"min_values ({least}) cannot be greater than max_values ({most})"
        problems.add((*path, "min_values"), "SELECT_COMPONENT_MIN_VALUES_GREATER_THAN_MAX", message)
    options = select.get("options")
    if options is None:
        return
    if options and isinstance(most, int) and most > len(options):
        message = f"max_values ({most}) cannot be greater than the number of options ({len(options)})"
        problems.add((*path, "max_values"), "SELECT_COMPONENT_MAX_VALUES_GREATER_THAN_OPTIONS", message)
    if sum(1 for option in options if option.get("default")) > (most if isinstance(most, int) else 25):
        message = "The number of default options exceeds max_values"
        problems.add((*path, "options"), "SELECT_COMPONENT_TOO_MANY_DEFAULT_VALUES", message)
    seen: set[str] = set()
    for index, option in enumerate(options):
        value = option.get("value")
        if value in seen:
            message = "The specified option value is already used"
            problems.add((*path, "options", index, "value"), "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", message)
        seen.add(value)
