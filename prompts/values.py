"""Readers and writers of simple values: numbers, names, sizes, lists, switches. Each reader raises BadValue."""

import re
from collections.abc import Callable
from decimal import Decimal
from difflib import get_close_matches

from prompts.errors import BadValue, MissingValue
from prompts.words import unquote

SIZES = "64..4096 x 64..4096, such as 512x768"
_LEAST, _MOST = 64, 4096


def is_decimal(text: str) -> bool:
    """Digits with at most one point. float() alone would take "nan", "1e3" and "1_0", isdigit alone "²"."""
    whole, _, fraction = text.partition(".")
    return text.isascii() and (whole + fraction).isdigit()


def whole(name: str, low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        # The length keeps int() away from absurd inputs.
        if not (text.isascii() and text.isdigit() and len(text) <= 20) or not low <= int(text) <= high:
            raise BadValue(name, text, f"{low}..{high}")
        return int(text)

    return read


def decimal(name: str, low: float, high: float) -> Callable[[str], float]:
    """Also negative numbers, where `low` is one."""

    def read(text: str) -> float:
        digits = text[1:] if text[:1] in ("-", "+") and low < 0 else text
        if not is_decimal(digits) or not low <= float(text) <= high:
            raise BadValue(name, text, f"{low:g}..{high:g}")
        return float(text) + 0.0  # no negative zero

    return read


def plain(value: float) -> str:
    """Without an exponent, and without a point where none is needed."""
    return format(Decimal(repr(value)), "f").removesuffix(".0")


def switch(name: str) -> Callable[[str], bool]:
    def read(text: str) -> bool:
        if text:
            raise BadValue(name, text, "")
        return True

    return read


def only(name: str, word: str) -> Callable[[str], bool]:
    """A switch that is turned on by one word."""

    def read(text: str) -> bool:
        if text.lower() != word:
            raise BadValue(name, text, word)
        return True

    return read


def nothing(value: bool) -> str:
    return ""


def choice(name: str, words: tuple[str, ...]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text.lower() in words:
            return text.lower()
        close = get_close_matches(text.lower()[:40], words, n=1, cutoff=0.5)
        raise BadValue(name, text, ", ".join(words), close[0] if close else None)

    return read


def name(parameter: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        given = unquote(text)
        if any(mark in given for mark in '"{}') or not given.strip():
            raise BadValue(parameter, text, "NAME")
        return given

    return read


def needs_quotes(name: str) -> bool:
    return " " in name or "--" in name or name[0] in "-—–<"


def quoted(name: str) -> str:
    """A name as one word that no reader takes for anything else."""
    return f'"{name}"' if needs_quotes(name) else name


def read_size(text: str) -> tuple[int, int]:
    sides = text.lower().replace("×", "x").split("x")
    if len(sides) != 2 or not all(side.isascii() and side.isdigit() and len(side) <= 5 for side in sides):
        raise BadValue("size", text, SIZES)
    width, height = int(sides[0]), int(sides[1])
    if not (_LEAST <= width <= _MOST and _LEAST <= height <= _MOST):
        raise BadValue("size", text, SIZES)
    return width, height


def write_size(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"


def read_list(text: str) -> tuple[str, ...]:
    # A word that began with a dash or has two in it, a quotation or a tag would be read otherwise when written again.
    bare = unguarded(text.replace('"', "").replace("<", "").replace(">", ""))
    bare = re.sub("--+", "-", bare)
    cleaned = (" ".join(filter(None, (word.lstrip("-—–") for word in thing.split()))) for thing in bare.split(","))
    things = tuple(thing for thing in cleaned if thing)
    if not things:
        raise MissingValue("no", "THING, THING")
    return things


def write_list(things: tuple[str, ...]) -> str:
    return guarded(", ".join(things))


def guarded(text: str) -> str:
    """Braces as they are written where they choose nothing."""
    return text.replace("{", "\\{").replace("}", "\\}")


def unguarded(text: str) -> str:
    return text.replace("\\{", "{").replace("\\}", "}")
