"""A small schema language that checks JSON bodies and complains in Discord's words. It knows no Discord object.

Every shape's `check(value, path, problems)` returns the cleaned value (unknown keys and nulls dropped) and notes
what is wrong.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

from playground.errors import Json, Path, Problems


class Shape(Protocol):
    """Anything that can check a value."""

    def check(self, value: Any, path: Path, problems: Problems) -> Any: ...


@dataclass(frozen=True)
class Text:
    """A string of `least` to `most` characters (numbers are taken as text, as Discord does)."""

    most: int
    least: int = 0

    def check(self, value: Any, path: Path, problems: Problems) -> Any:
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            problems.add(path, "STRING_TYPE_CONVERT", f'Could not interpret "{value}" as string.')
            return None
        text = str(value)
        if self.least <= 1 and not text.strip() and self.least == 1:
            problems.add(path, "BASE_TYPE_REQUIRED", "This field is required")
        elif not self.least <= len(text) <= self.most:
            if self.least:
                problems.add(path, "BASE_TYPE_BAD_LENGTH", f"Must be between {self.least} and {self.most} in length.")
            else:
                problems.add(path, "BASE_TYPE_MAX_LENGTH", f"Must be {self.most} or fewer in length.")
        return text


@dataclass(frozen=True)
class Integer:
    """A whole number in `least..most`; text that reads as one is taken."""

    least: int = -(2**53)
    most: int = 2**53

    def check(self, value: Any, path: Path, problems: Problems) -> Any:
        try:
            if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
                raise ValueError(value)
            number = int(value)
        except (TypeError, ValueError, OverflowError):
            problems.add(path, "NUMBER_TYPE_COERCE", f'Value "{value}" is not int.')
            return None
        if number > self.most:
            problems.add(path, "NUMBER_TYPE_MAX", f"int value should be less than or equal to {self.most}.")
        elif number < self.least:
            problems.add(path, "NUMBER_TYPE_MIN", f"int value should be greater than or equal to {self.least}.")
        return number


@dataclass(frozen=True)
class Number:
    """A finite number."""

    def check(self, value: Any, path: Path, problems: Problems) -> Any:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            problems.add(path, "NUMBER_TYPE_COERCE", f'Value "{value}" is not double.')
            return None
        return value


@dataclass(frozen=True)
class Truth:
    """A boolean."""

    def check(self, value: Any, path: Path, problems: Problems) -> Any:
        if not isinstance(value, bool):
            problems.add(path, "BOOLEAN_TYPE_CONVERT", 'Must be either "true" or "false".')
            return None
        return value


@dataclass(frozen=True)
class Snowflake:
    """An id; returned as text."""

    def check(self, value: Any, path: Path, problems: Problems) -> Any:
        if isinstance(value, bool) or not str(value).isdecimal() or int(value) >= 2**64:
            problems.add(path, "NUMBER_TYPE_COERCE", f'Value "{value}" is not snowflake.')
            return None
        return str(int(value))


@dataclass(frozen=True)
class OneOf:
    """One of a few values."""

    values: tuple[Any, ...]

    def check(self, value: Any, path: Path, problems: Problems) -> Any:
        if isinstance(value, bool) or value not in self.values:
            problems.add(path, "BASE_TYPE_CHOICES", f"Value must be one of {set(self.values)}.")
            return None
        return value


@dataclass(frozen=True)
class Address:
    """A URL with one of the given schemes."""

    schemes: tuple[str, ...] = ("http", "https", "attachment")
    most: int = 2048

    def check(self, value: Any, path: Path, problems: Problems) -> Any:
        if not isinstance(value, str):
            problems.add(path, "STRING_TYPE_CONVERT", f'Could not interpret "{value}" as string.')
            return None
        try:
            parts = urlsplit(value)
        except ValueError:
            parts = urlsplit("")
        if parts.scheme not in self.schemes:
            allowed = ", ".join(f"'{scheme}'" for scheme in self.schemes)
            message = f'Scheme "{parts.scheme}" is not supported. Scheme must be one of ({allowed}).'
            problems.add(path, "URL_TYPE_INVALID_SCHEME" if parts.scheme else "URL_TYPE_INVALID_URL", message)
        elif not parts.netloc:
            problems.add(path, "URL_TYPE_INVALID_URL", "Not a well formed URL.")
        elif len(value) > self.most:
            problems.add(path, "BASE_TYPE_MAX_LENGTH", f"Must be {self.most} or fewer in length.")
        return value


@dataclass(frozen=True)
class Items:
    """A list of `least..most` values of one shape."""

    shape: Shape
    most: int
    least: int = 0

    def check(self, value: Any, path: Path, problems: Problems) -> Any:
        if not isinstance(value, list):
            problems.add(path, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
            return []
        if not self.least <= len(value) <= self.most:
            if self.least:
                problems.add(path, "BASE_TYPE_BAD_LENGTH", f"Must be between {self.least} and {self.most} in length.")
            else:
                problems.add(path, "BASE_TYPE_MAX_LENGTH", f"Must be {self.most} or fewer in length.")
        return [self.shape.check(item, (*path, index), problems) for index, item in enumerate(value)]


class Record:
    """An object with known keys, some of them required. `rules` are called with the cleaned object."""

    def __init__(self, fields: Mapping[str, Shape], required: Iterable[str] = ()) -> None:
        self.fields = dict(fields)
        self.required = frozenset(required)

    def check(self, value: Any, path: Path, problems: Problems) -> Any:
        if not isinstance(value, dict):
            problems.add(path, "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
            return {}
        clean: Json = {}
        for key, shape in self.fields.items():
            if value.get(key) is not None:
                clean[key] = shape.check(value[key], (*path, key), problems)
            elif key in self.required:
                problems.add((*path, key), "BASE_TYPE_REQUIRED", "This field is required")
        return clean


class Anything:
    """Passed on unchecked."""

    def check(self, value: Any, path: Path, problems: Problems) -> Any:
        return value


def one(shape: Shape, value: Any, *path: str | int) -> Any:
    """Check one value by itself. Raises ApiError 50035."""
    problems = Problems()
    clean = shape.check(value, path, problems)
    problems.raise_if_any()
    return clean
