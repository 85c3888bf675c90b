"""`a {red, blue} house` to the prompts it stands for. Knows braces, commas and `\\`; no parameters.

Braces may stand inside of braces and anywhere in the text, parameters included; not inside of quotations. `\\,` is a
comma and `\\{`, `\\}` are braces that choose nothing.
"""

from collections.abc import Iterator

from prompts.errors import PromptTooLong, TooMany, UnbalancedBraces
from prompts.words import quotations, straight

LIMIT = 4000
"""The most characters a prompt may have, before and after its braces are opened."""
DEEPEST = 20
"""Braces inside of braces."""


def expand(text: str, limit: int) -> list[str]:
    """Every prompt that the braces make, the last ones varying quickest; one for a text without braces.

    Raises:
        PromptTooLong: before, or after opening the braces.
        UnbalancedBraces: a brace without its other one.
        TooMany: more than `limit` prompts, or braces DEEPEST deep.
    """
    if len(text) > LIMIT:
        raise PromptTooLong(len(text), LIMIT)
    text = straight(text)
    if "{" not in text and "}" not in text:
        return [text]
    count = _count(text)
    if count > limit:
        raise TooMany("job", count, limit)
    # Of every open brace: the texts of its finished alternatives, and those of the one being read.
    stack: list[tuple[list[str], list[str]]] = [([], [""])]
    for mark, piece in _pieces(text):
        done, now = stack[-1]
        if mark == "{":
            stack.append(([], [""]))
        elif mark == ",":
            stack[-1] = ([*done, *now], [""])
        elif mark == "}":
            stack.pop()
            inner = [option.strip() for option in (*done, *now)]
            before, outer = stack[-1]
            stack[-1] = (before, [left + right for left in outer for right in inner])
        else:
            stack[-1] = (done, [one + piece for one in now])
    prompts = [straight(prompt) for prompt in stack[0][1]]
    longest = max(map(len, prompts))
    if longest > LIMIT:
        raise PromptTooLong(longest, LIMIT)
    return prompts


def _count(text: str) -> int:
    stack = [(0, 1)]
    opened: list[str] = []
    for mark, piece in _pieces(text):
        done, now = stack[-1]
        if mark == "{":
            opened.append(piece)
            stack.append((0, 1))
            if len(opened) > DEEPEST:
                raise TooMany("brace", len(opened), DEEPEST)
        elif mark == ",":
            stack[-1] = (done + now, 1)
        elif mark == "}":
            if not opened:
                raise UnbalancedBraces(piece)
            opened.pop()
            stack.pop()
            stack[-1] = (stack[-1][0], stack[-1][1] * (done + now))
    if opened:
        raise UnbalancedBraces(opened[-1])
    return stack[0][1]


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    """("", a stretch of text), or a brace or comma with meaning and up to 40 characters from there."""
    quoted = quotations(text)
    start, end = next(quoted, (len(text), len(text)))
    begin = position = depth = 0
    while position < len(text):
        character = text[position]
        if position == start:
            position = end
            start, end = next(quoted, (len(text), len(text)))
            continue
        if character == "\\" and text[position + 1 : position + 2] in ("{", "}"):
            position += 2
            continue
        escaped_comma = character == "\\" and depth > 0 and text[position + 1 : position + 2] == ","
        if not escaped_comma and character not in "{}" and not (character == "," and depth > 0):
            position += 1
            continue
        if begin < position:
            yield "", text[begin:position]
        if escaped_comma:
            yield "", ","
            position += 2
        else:
            yield character, text[position : position + 40]
            depth += {"{": 1, "}": -1}.get(character, 0)
            position += 1
        begin = position
    if begin < len(text):
        yield "", text[begin:]
