"""What Discord demands of modals and of autocomplete choices. It does not know who opens or answers them."""

from typing import Any

from playground import component_tree as tree
from playground import components as parts
from playground.errors import Json, Path, Problems, form_error
from playground.shapes import Integer, Items, OneOf, Record, Shape, Text, Truth

_ID: dict[str, Shape] = {"id": Integer(0, 2**31 - 1)}
_OPTION = Record(
    {"label": Text(100, 1), "value": Text(100, 1), "description": Text(100), "default": Truth()},
    required=("label", "value"),
)
_TEXT_INPUT = {
    **_ID,
    "custom_id": parts.CUSTOM_ID,
    "style": OneOf((1, 2)),
    "label": Text(45, 1),
    "placeholder": Text(100),
    "value": Text(4000),
    "required": Truth(),
    "min_length": Integer(0, 4000),
    "max_length": Integer(1, 4000),
}
_COUNTED = {
    **_ID,
    "custom_id": parts.CUSTOM_ID,
    "min_values": Integer(0, 10),
    "max_values": Integer(1, 10),
    "required": Truth(),
}
INPUTS = (tree.TEXT_INPUT, *tree.SELECTS, tree.FILE_UPLOAD, tree.RADIO_GROUP, tree.CHECKBOX_GROUP, tree.CHECKBOX)


class ModalPart:
    """A component inside a modal whose `type` is one of `allowed`."""

    def __init__(self, *allowed: int) -> None:
        self.allowed = allowed

    def check(self, value: Any, path: Path, problems: Problems) -> Any:
        kind = value.get("type") if isinstance(value, dict) else None
        if kind not in self.allowed:
            problems.add((*path, "type"), "BASE_TYPE_CHOICES", f'Value of field "type" must be one of {self.allowed}.')
            return {}
        clean = {"type": kind, **SHAPES[kind].check(value, path, problems)}
        if kind in tree.SELECTS:
            parts.check_select(clean, path, problems)
            if clean.get("disabled"):
                text = "Components in a modal cannot be disabled"
                problems.add((*path, "disabled"), "MODAL_COMPONENT_CANNOT_BE_DISABLED", text)
        elif kind == tree.TEXT_INPUT:
            _check_text_input(clean, path, problems)
        return clean


SHAPES: dict[int, Record] = {
    tree.ROW: Record({**_ID, "components": Items(ModalPart(tree.TEXT_INPUT), 1, 1)}, required=("components",)),
    tree.TEXT_DISPLAY: Record({**_ID, "content": Text(4000, 1)}, required=("content",)),
    tree.LABEL: Record(
        {**_ID, "label": Text(45, 1), "description": Text(100), "component": ModalPart(*INPUTS)},
        required=("label", "component"),
    ),
    tree.TEXT_INPUT: Record(_TEXT_INPUT, required=("custom_id", "style")),
    tree.STRING_SELECT: Record(parts.select_fields(tree.STRING_SELECT), required=("custom_id", "options")),
    **{
        kind: Record(parts.select_fields(kind), required=("custom_id",))
        for kind in tree.SELECTS
        if kind != tree.STRING_SELECT
    },
    tree.FILE_UPLOAD: Record(_COUNTED, required=("custom_id",)),
    tree.RADIO_GROUP: Record(
        {**_ID, "custom_id": parts.CUSTOM_ID, "options": Items(_OPTION, 10, 2), "required": Truth()},
        required=("custom_id", "options"),
    ),
    tree.CHECKBOX_GROUP: Record({**_COUNTED, "options": Items(_OPTION, 10, 1)}, required=("custom_id", "options")),
    tree.CHECKBOX: Record({**_ID, "custom_id": parts.CUSTOM_ID, "default": Truth()}, required=("custom_id",)),
}
_MODAL = Record(
    {
        "custom_id": parts.CUSTOM_ID,
        "title": Text(45, 1),
        "components": Items(ModalPart(tree.ROW, tree.TEXT_DISPLAY, tree.LABEL), 5, 1),
    },
    required=("custom_id", "title", "components"),
)
_CHOICE = Record(
    {"name": Text(100, 1), "name_localizations": Record({}), "value": Text(100)}, required=("name", "value")
)


def check(payload: Json) -> Json:
    """A cleaned modal: custom_id, title, components with ids. Raises ApiError 50035."""
    problems = Problems()
    modal: Json = _MODAL.check(payload, ("data",), problems)
    if not problems:
        parts.check_unique(modal["components"], ("data", "components"), problems)
    problems.raise_if_any()
    tree.number(modal["components"])
    return modal


def check_choices(payload: Json) -> list[Json]:
    """Cleaned autocomplete choices, at most 25. Raises ApiError 50035."""
    choices = payload.get("choices")
    if not isinstance(choices, list):
        raise form_error(("data", "choices"), "BASE_TYPE_REQUIRED", "This field is required")
    problems = Problems()
    if len(choices) > 25:
        problems.add(("data", "choices"), "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.")
    for index, choice in enumerate(choices):
        _CHOICE.check(choice, ("data", "choices", index), problems)
    problems.raise_if_any()
    return choices


def inputs(modal: Json) -> list[Json]:
    """Every component of a modal that a person fills in."""
    return [part for part in tree.walk(modal["components"]) if part["type"] in INPUTS]


def _check_text_input(clean: Json, path: Path, problems: Problems) -> None:
    least, most = clean.get("min_length"), clean.get("max_length")
    if isinstance(least, int) and isinstance(most, int) and least > most:
        text = "Min length must be less than or equal to max length"
        problems.add((*path, "min_length"), "TEXT_INPUT_MIN_LENGTH_GREATER_THAN_MAX", text)
    value = clean.get("value")
    if value and isinstance(most, int) and len(value) > most:
        problems.add((*path, "value"), "BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length.")
