"""What a chat client sends when a person presses, chooses or submits: checked as a client would. It sends nothing."""

from typing import Any

from playground import component_tree as tree
from playground import modals
from playground.errors import Json
from playground.files import Upload
from playground.offered import CHANNEL, MENTIONABLE, ROLE, USER, CommandData, NotOffered

_RESOLVES = {
    tree.USER_SELECT: USER,
    tree.ROLE_SELECT: ROLE,
    tree.MENTIONABLE_SELECT: MENTIONABLE,
    tree.CHANNEL_SELECT: CHANNEL,
}


def pressed(builder: CommandData, message: Json, custom_id: str, values: list[str] | None, user_id: str) -> Json:
    """Data of a component interaction of `user_id` on `message` (a record). Raises NotOffered."""
    part = tree.find(message["components"], custom_id)
    if part is None:
        present = [row["custom_id"] for row in tree.walk(message["components"]) if row.get("custom_id")]
        raise NotOffered(f"message {message['id']} has no component {custom_id!r}; it has {present}")
    if part.get("disabled"):
        raise NotOffered(f"{part.get('label') or custom_id} is disabled")
    data: Json = {"custom_id": custom_id, "component_type": part["type"], "id": part["id"]}
    if part["type"] == tree.BUTTON:
        return data
    resolved: Json = {}
    data["values"] = _chosen(builder, part, values or [], user_id, message["channel_id"], resolved)
    return data | ({"resolved": resolved} if resolved else {})


def submitted(
    builder: CommandData,
    modal: Json,
    values: dict[str, Any],
    uploads: dict[str, list[Upload]],
    user_id: str,
    channel_id: str,
) -> Json:
    """Data of a modal submit: `values` by custom_id, what is missing is left as the modal had it. Raises NotOffered."""
    known = {part["custom_id"] for part in modals.inputs(modal)}
    for given in (*values, *uploads):
        if given not in known:
            raise NotOffered(f"the modal has no field {given!r}; it has {', '.join(sorted(known))}")
    resolved: Json = {}

    def fill(part: Json) -> Json:
        kind = part["type"]
        if kind == tree.ROW:
            return {"type": kind, "id": part["id"], "components": [fill(child) for child in part["components"]]}
        if kind == tree.LABEL:
            return {"type": kind, "id": part["id"], "component": fill(part["component"])}
        if kind == tree.TEXT_DISPLAY:
            return {"type": kind, "id": part["id"]}
        own = values.get(part["custom_id"])
        row: Json = {"type": kind, "id": part["id"], "custom_id": part["custom_id"]}
        if kind == tree.TEXT_INPUT:
            return row | {"value": _typed(part, own)}
        if kind == tree.CHECKBOX:
            return row | {"value": bool(part.get("default")) if own is None else bool(own)}
        if kind == tree.RADIO_GROUP:
            return row | {"value": _radio(part, own)}
        if kind == tree.FILE_UPLOAD:
            return row | {"values": _files(builder, part, uploads.get(part["custom_id"], []), channel_id, resolved)}
        return row | {"values": _chosen(builder, part, own, user_id, channel_id, resolved)}

    data = {"custom_id": modal["custom_id"], "components": [fill(part) for part in modal["components"]]}
    return data | ({"resolved": resolved} if resolved else {})


def values_in(components: list[Json]) -> dict[str, Any]:
    """`{custom_id: value or values}` from a tree of filled-in components, as a page sends it."""
    found: dict[str, Any] = {}
    for part in tree.walk(components):
        if part.get("custom_id"):
            found[part["custom_id"]] = part["values"] if "values" in part else part.get("value")
    return found


def _chosen(builder: CommandData, part: Json, values: Any, user_id: str, channel_id: str, resolved: Json) -> list[str]:
    if values is None:
        values = [option["value"] for option in part.get("options", []) if option.get("default")]
        values += [str(default["id"]) for default in part.get("default_values", [])]
    chosen = [str(value) for value in ([values] if isinstance(values, str) else values)]
    required = part.get("required", True)
    group = part["type"] == tree.CHECKBOX_GROUP
    least = part.get("min_values", 1 if required else 0)
    most = part.get("max_values", len(part["options"]) if group else 1)
    if not (least <= len(chosen) <= most or (not chosen and not required)):
        raise NotOffered(f"{part['custom_id']} takes {least} to {most} values, not {len(chosen)}")
    if len(set(chosen)) != len(chosen):
        raise NotOffered(f"{part['custom_id']}: a value can be chosen once only")
    if "options" in part:
        by_label = {option["label"]: option["value"] for option in part["options"]}
        chosen = [value if value in by_label.values() else by_label.get(value, value) for value in chosen]
        strange = [value for value in chosen if value not in by_label.values()]
        if strange:
            raise NotOffered(f"{part['custom_id']} has no option {strange[0]!r}; it has {', '.join(by_label)}")
    else:
        for value in chosen:
            builder.resolve(_RESOLVES[part["type"]], value, user_id, channel_id, resolved, part.get("channel_types"))
    return chosen


def _typed(part: Json, value: Any) -> str:
    text = str(part.get("value") or "" if value is None else value)
    required = part.get("required", True)
    least = part.get("min_length", 1 if required else 0)
    most = part.get("max_length", 4000)
    if required and not text.strip():
        raise NotOffered(f"{part['custom_id']} must be filled in")
    if text and not least <= len(text) <= most:
        raise NotOffered(f"{part['custom_id']} must have {least} to {most} characters, not {len(text)}")
    return text


def _radio(part: Json, value: Any) -> str | None:
    options = part["options"]
    if value is None:
        value = next((option["value"] for option in options if option.get("default")), None)
    by_label = {option["label"]: option["value"] for option in options}
    if value is not None and value not in by_label.values():
        if value not in by_label:
            raise NotOffered(f"{part['custom_id']} has no option {value!r}; it has {', '.join(by_label)}")
        value = by_label[value]
    if value is None and part.get("required", True):
        raise NotOffered(f"{part['custom_id']} must be chosen")
    return value


def _files(builder: CommandData, part: Json, uploads: list[Upload], channel_id: str, resolved: Json) -> list[str]:
    required = part.get("required", True)
    least, most = part.get("min_values", 1 if required else 0), part.get("max_values", 1)
    if not least <= len(uploads) <= most:
        raise NotOffered(f"{part['custom_id']} takes {least} to {most} files, not {len(uploads)}")
    ids: list[str] = []
    for upload in uploads:
        row = builder.files.attach(builder.ids.new(), channel_id, upload, {})
        resolved.setdefault("attachments", {})[row["id"]] = {**builder.files.shown(row), "ephemeral": True}
        ids.append(row["id"])
    return ids
