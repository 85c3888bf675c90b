"""The table of parameters: names, aliases, ranges, and how each value is read and written.

The parser knows none of them by name.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from prompts import aspects
from prompts.errors import BadValue, MissingValue

LARGEST_SEED = 2**32 - 1


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One `--name` of the language.

    Attributes:
        name: canonical name, without dashes.
        aliases: other accepted names.
        field: the attribute of `Prompt` that holds the value.
        allowed: the accepted values for people: "low..high", "1:4..4:1", or a form such as "NAME".
        read: text to value; raises BadValue or MissingValue.
        write: value to text, such that `read(write(value)) == value`.
        many: takes all words up to the next parameter, and may be given several times (the values are joined).
    """

    name: str
    aliases: tuple[str, ...] = ()
    field: str
    allowed: str
    read: Callable[[str], Any]
    write: Callable[[Any], str] = str
    many: bool = False


def find(name: str) -> Parameter | None:
    """The parameter of this name or alias (lower case), or None."""
    return _BY_NAME.get(name)


def nearest(name: str) -> str | None:
    """The canonical name closest to a misspelt one, or None when nothing is close."""
    close = get_close_matches(name[:40], list(_BY_NAME), n=1, cutoff=0.5)
    return _BY_NAME[close[0]].name if close else None


def _whole(name: str, low: int, high: int) -> dict[str, Any]:
    allowed = f"{low}..{high}"

    def read(text: str) -> int:
        # isdigit alone takes "²" and other scripts' digits; the length keeps int() away from absurd inputs.
        if not (text.isascii() and text.isdigit() and len(text) <= 20) or not low <= int(text) <= high:
            raise BadValue(name, text, allowed)
        return int(text)

    return {"name": name, "field": name, "allowed": allowed, "read": read}


def _decimal(name: str, low: int, high: int) -> dict[str, Any]:
    allowed = f"{low}..{high}"

    def read(text: str) -> float:
        # float() alone would take "nan", "1e3" and "1_0".
        whole, _, fraction = text.partition(".")
        if not (text.isascii() and (whole + fraction).isdigit()) or not low <= float(text) <= high:
            raise BadValue(name, text, allowed)
        return float(text)

    def write(value: float) -> str:
        plain = format(Decimal(repr(value)), "f")
        return plain.removesuffix(".0")

    return {"name": name, "field": name, "allowed": allowed, "read": read, "write": write}


def _read_list(text: str) -> tuple[str, ...]:
    # A thing that began with dashes would be read as a parameter when the prompt is written out again.
    cleaned = (" ".join(thing.split()).lstrip("-— ") for thing in text.split(","))
    things = tuple(thing for thing in cleaned if thing)
    if not things:
        raise MissingValue("no", "THING, THING")
    return things


def _write_list(things: tuple[str, ...]) -> str:
    return ", ".join(things)


def _read_aspect(text: str) -> aspects.Aspect:
    return aspects.parse_aspect(text)


def _write_aspect(aspect: aspects.Aspect) -> str:
    return f"{aspect[0]}:{aspect[1]}"


# `no` is written last: it takes every word that follows.
PARAMETERS: tuple[Parameter, ...] = (
    Parameter(
        name="ar", aliases=("aspect",), field="aspect", allowed=aspects.ALLOWED, read=_read_aspect, write=_write_aspect
    ),
    Parameter(**_whole("seed", 0, LARGEST_SEED)),
    Parameter(**_whole("steps", 1, 100)),
    Parameter(**_decimal("guidance", 0, 30)),
    Parameter(**_whole("repeat", 1, 10), aliases=("r",)),
    Parameter(name="model", aliases=("v",), field="model", allowed="NAME", read=str),
    Parameter(name="no", field="no", allowed="THING, THING", read=_read_list, write=_write_list, many=True),
)

_BY_NAME = {name: parameter for parameter in PARAMETERS for name in (parameter.name, *parameter.aliases)}
