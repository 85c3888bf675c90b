"""Multi-prompts: `a::2 b::-0.5` to texts with weights, and braces that choose nothing. Knows no parameter."""

from prompts.errors import BadValue, BadWeights, StrayWeight, TooMany
from prompts.prompt import Part
from prompts.values import decimal, guarded, is_decimal, plain, unguarded

MOST = 16
_weight = decimal("::", -1000, 1000)


def split(words: list[str]) -> tuple[str, tuple[Part, ...]]:
    """The words as one text, and its parts where `::` divides it.

    Raises BadValue, StrayWeight, BadWeights, TooMany.
    """
    parts: list[Part] = []
    now: list[str] = []
    weightless = False
    for word in words:
        first, *rest = _divided(word)
        if weightless and first and not now and _is_number(first):
            raise StrayWeight(first)  # "hot:: 2 dog": the weight belongs right behind the marks
        if first:
            now.append(first)
            weightless = False
        for segment in rest:
            number = segment.rstrip(",")
            has_weight = _is_number(number)
            text = _tidy(now)
            if text:
                parts.append(Part(unguarded(text), _read(number) if has_weight else 1.0))
            elif has_weight:
                raise StrayWeight(f"::{number}")
            now = [] if has_weight or not segment else [segment]
            weightless = not has_weight and not segment
    text = _tidy(now)
    if not parts and not any("::" in _tail(word) for word in words):
        return unguarded(text), ()
    if text:
        parts.append(Part(unguarded(text)))
    if len(parts) > MOST:
        raise TooMany("text", len(parts), MOST)
    total = sum(part.weight for part in parts)
    if parts and total <= 1e-6:
        raise BadWeights(total)
    return ", ".join(part.text for part in parts), tuple(parts)


def join(text: str, parts: tuple[Part, ...]) -> str:
    """The text that `split` reads back."""
    if not parts:
        return guarded(text)
    # A colon at the end would be taken for one of the marks.
    return " ".join(
        f"{guarded(part.text)}{' ' if part.text.endswith(':') else ''}::{plain(part.weight)}" for part in parts
    )


def _tidy(words: list[str]) -> str:
    """The words as one text without the commas that stood before or after it: "a house, --ar 3:2"."""
    begin, end = 0, len(words)
    while begin < end and not words[begin].strip(","):
        begin += 1
    while begin < end and not words[end - 1].strip(","):
        end -= 1
    return " ".join(words[begin:end]).rstrip(",")


def _divided(word: str) -> list[str]:
    """A word at its `::`, but not inside of a quotation."""
    tail = _tail(word)
    first, *rest = tail.split("::")
    return [word[: len(word) - len(tail)] + first, *rest]


def _tail(word: str) -> str:
    return word.rpartition('"')[2]


def _is_number(text: str) -> bool:
    return is_decimal(text[1:] if text[:1] in ("-", "+") else text)


def _read(text: str) -> float:
    try:
        return _weight(text)
    except BadValue:
        raise BadValue("::", f"::{text}", "::-1000..::1000") from None
