"""What Discord demands of application commands. It does not know who may register them."""

import re
from typing import Any

from playground.errors import Json, Path, Problems
from playground.offered import CHAT, GROUP, INTEGER, MESSAGE_MENU, NUMBER, STRING, SUB, USER_MENU
from playground.shapes import Anything, Integer, Items, Number, OneOf, Record, Text, Truth

MOST_OPTIONS, MOST_CHOICES, MOST_CHARACTERS = 25, 25, 8000
NAME = re.compile(r"^[-_'\w]{1,32}$", re.UNICODE)
_CHOICE = Record(
    {"name": Text(100, 1), "name_localizations": Anything(), "value": Anything()}, required=("name", "value")
)
_OPTION_FIELDS = {
    "type": OneOf(tuple(range(1, 12))),
    "name": Text(32, 1),
    "name_localizations": Anything(),
    "description": Text(100, 1),
    "description_localizations": Anything(),
    "required": Truth(),
    "choices": Items(_CHOICE, MOST_CHOICES),
    "options": Anything(),
    "channel_types": Items(Integer(0, 16), 20),
    "min_value": Number(),
    "max_value": Number(),
    "min_length": Integer(0, 6000),
    "max_length": Integer(1, 6000),
    "autocomplete": Truth(),
}
_OPTION = Record(_OPTION_FIELDS, required=("type", "name", "description"))
_COMMAND = Record(
    {
        "id": Anything(),
        "name": Text(32, 1),
        "name_localizations": Anything(),
        "description": Text(100),
        "description_localizations": Anything(),
        "type": OneOf((CHAT, USER_MENU, MESSAGE_MENU, 4)),
        "options": Anything(),
        "default_member_permissions": Integer(0, 2**63),
        "dm_permission": Truth(),
        "default_permission": Truth(),
        "nsfw": Truth(),
        "integration_types": Items(OneOf((0, 1)), 2),
        "contexts": Items(OneOf((0, 1, 2)), 3),
        "handler": Integer(),
    },
    required=("name",),
)


def check(payload: Any, path: Path, problems: Problems) -> Json:
    """A cleaned command."""
    command: Json = _COMMAND.check(payload, path, problems)
    payload = payload if isinstance(payload, dict) else {}
    kind = command.setdefault("type", CHAT)
    name = command.get("name", "")
    if kind == CHAT:
        _check_name(name, (*path, "name"), problems)
        if not command.get("description"):
            problems.add((*path, "description"), "BASE_TYPE_REQUIRED", "This field is required")
        command["options"] = _options(payload.get("options") or [], (*path, "options"), problems, depth=0)
        if _characters(command) > MOST_CHARACTERS:
            text = f"Command exceeds maximum size ({MOST_CHARACTERS})"
            problems.add(path, "APPLICATION_COMMAND_TOO_LARGE", text)
    else:
        if command.get("description"):
            text = "Context menu commands cannot have description"
            problems.add((*path, "description"), "APPLICATION_COMMAND_CONTEXT_MENU_DESCRIPTION", text)
        if payload.get("options"):
            text = "Context menu commands cannot have options"
            problems.add((*path, "options"), "APPLICATION_COMMAND_CONTEXT_MENU_OPTIONS", text)
        command["description"] = ""
        command.pop("options", None)
    if isinstance(command.get("default_member_permissions"), int):
        command["default_member_permissions"] = str(command["default_member_permissions"])
    return command


def _options(value: Any, path: Path, problems: Problems, *, depth: int) -> list[Json]:
    if not isinstance(value, list):
        problems.add(path, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
        return []
    if len(value) > MOST_OPTIONS:
        problems.add(path, "BASE_TYPE_MAX_LENGTH", f"Must be {MOST_OPTIONS} or fewer in length.")
    options: list[Json] = []
    names: set[str] = set()
    seen_optional = False
    for index, raw in enumerate(value):
        place = (*path, index)
        option: Json = _OPTION.check(raw, place, problems)
        raw = raw if isinstance(raw, dict) else {}
        kind, name = option.get("type"), option.get("name", "")
        _check_name(name, (*place, "name"), problems)
        if name in names:
            text = "Option name must be unique"
            problems.add((*place, "name"), "APPLICATION_COMMAND_OPTIONS_NAME_DUPLICATED", text)
        names.add(name)
        if kind in (SUB, GROUP):
            if depth > 1 or (depth == 1 and kind == GROUP):
                text = "Sub-commands cannot be nested this deep"
                problems.add((*place, "type"), "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", text)
            option["options"] = _options(
                raw.get("options") or [], (*place, "options"), problems, depth=1 if kind == GROUP else 2
            )
        else:
            option.pop("options", None)
            _check_value_option(option, place, problems)
            if option.get("required") and seen_optional:
                text = "Required options must be placed before non-required options"
                problems.add(place, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", text)
            seen_optional = seen_optional or not option.get("required")
        options.append(option)
    kinds = {option.get("type") in (SUB, GROUP) for option in options}
    if len(kinds) > 1:
        text = "Sub-command and sub-command group option types are mutually exclusive to all other types"
        problems.add(path, "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", text)
    return options


def _check_name(name: Any, path: Path, problems: Problems) -> None:
    if isinstance(name, str) and name and (not NAME.match(name) or name != name.lower()):
        problems.add(path, "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")


def _check_value_option(option: Json, path: Path, problems: Problems) -> None:
    kind = option.get("type")
    choices = option.get("choices") or []
    if choices and kind not in (STRING, INTEGER, NUMBER):
        problems.add(
            (*path, "choices"), "APPLICATION_COMMAND_OPTIONS_CHOICES_INVALID", "This option type cannot have choices"
        )
    if choices and option.get("autocomplete"):
        text = "Cannot use choices and autocomplete together"
        problems.add((*path, "autocomplete"), "APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE_CHOICES_INVALID", text)
    if option.get("autocomplete") and kind not in (STRING, INTEGER, NUMBER):
        text = "This option type cannot use autocomplete"
        problems.add((*path, "autocomplete"), "APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE_INVALID", text)
    names: set[str] = set()
    for index, choice in enumerate(choices):
        place = (*path, "choices", index)
        if choice.get("name") in names:
            text = "Option choice name must be unique"
            problems.add((*place, "name"), "APPLICATION_COMMAND_OPTIONS_CHOICE_NAME_DUPLICATED", text)
        names.add(choice.get("name", ""))
        value = choice.get("value")
        fits = isinstance(value, str) and 1 <= len(value) <= 100
        if kind in (INTEGER, NUMBER):
            fits = isinstance(value, (int, float)) and not isinstance(value, bool)
        if "value" in choice and not fits:
            problems.add((*place, "value"), "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
    for low, high in (("min_value", "max_value"), ("min_length", "max_length")):
        if option.get(low) is not None and option.get(high) is not None and option[low] > option[high]:
            problems.add((*path, low), "APPLICATION_COMMAND_OPTIONS_RANGE_INVALID", f"{low} is greater than {high}")


def _characters(node: Json) -> int:
    total = len(str(node.get("name", ""))) + len(str(node.get("description", "")))
    for choice in node.get("choices") or []:
        total += len(str(choice.get("name", ""))) + len(str(choice.get("value", "")))
    return total + sum(_characters(option) for option in node.get("options") or [])
