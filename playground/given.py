"""Loose values that tests hand to the verbs of a person, made into what goes over the wire: files, people, records."""

from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from playground.files import Upload

Attachable = Path | Upload | tuple[str, bytes]


@runtime_checkable
class HasId(Protocol):
    """A person (or anything else with an id)."""

    id: str


def is_file(value: Any) -> bool:
    return isinstance(value, (Path, Upload)) or (
        isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], bytes)
    )


def is_files(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(map(is_file, value))


def upload(value: Any) -> Upload:
    if isinstance(value, Upload):
        return value
    if isinstance(value, Path):
        return Upload(value.name, None, value.read_bytes())
    name, data = value
    return Upload(name, None, data)


def uploads(value: Any) -> list[Upload]:
    return [upload(file) for file in value] if isinstance(value, list) else [upload(value)]


def plain(value: Any) -> Any:
    if isinstance(value, HasId):
        return value.id
    return value["id"] if isinstance(value, dict) and "id" in value else value


def plain_all(value: Any) -> Any:
    return [plain(item) for item in value] if isinstance(value, (list, tuple)) else plain(value)
