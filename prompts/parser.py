"""Text to `Prompt`: one pass over the words, no regular expression, so no text can make it slow."""

import unicodedata
from itertools import takewhile
from typing import Any

from prompts.errors import EmptyPrompt, MissingValue, PromptTooLong, RepeatedParameter, UnknownParameter
from prompts.parameters import Parameter, find, nearest
from prompts.prompt import Prompt

LIMIT = 4000
"""The most characters a prompt may have, parameters included."""

# Phones turn "--" into an em dash while one types.
_DASHES = ("--", "—")


def clean(text: str) -> str:
    """The text as one line with single spaces, no control characters and no lone surrogates (databases refuse both)."""
    printable = (" " if unicodedata.category(character) in ("Cc", "Cs") else character for character in text)
    return " ".join("".join(printable).split())


def parse(text: str) -> Prompt:
    """Read a prompt: words are the text, `--name value` (or `--name=value`) are parameters, in any order and case.

    A dash alone, or one not followed by a letter ("-- 3", "--5"), is text.

    Raises:
        EmptyPrompt, PromptTooLong, UnknownParameter, BadValue, MissingValue, RepeatedParameter: all are `PromptError`.
    """
    if len(text) > LIMIT:
        raise PromptTooLong(len(text), LIMIT)
    words = clean(text).split()
    kept: list[str] = []
    values: dict[str, Any] = {}
    position = 0
    while position < len(words):
        named = _split_name(words[position])
        position += 1
        if named is None:
            kept.append(words[position - 1])
            continue
        parameter, inline = named
        given = [inline] if inline else []
        if parameter.many:
            given += takewhile(_is_value, words[position:])
            position += len(given) - bool(inline)
        elif not inline:
            given += takewhile(_is_value, words[position : position + 1])
            position += len(given)
        if not given or not _is_value(given[0]):
            raise MissingValue(parameter.name, parameter.allowed)
        value = parameter.read(" ".join(given))
        if parameter.field in values:
            if not parameter.many:
                raise RepeatedParameter(parameter.name)
            value = values[parameter.field] + value
        values[parameter.field] = value
    if not kept:
        raise EmptyPrompt
    return Prompt(text=" ".join(kept), **values)


def _split_name(word: str) -> tuple[Parameter, str] | None:
    """The parameter that a word names and the value attached with "=", or None for a word of the text."""
    for dash in _DASHES:
        rest = word.removeprefix(dash)
        if rest != word and rest[:1].isalpha():
            name, _, inline = rest.partition("=")
            parameter = find(name.lower())
            if parameter is None:
                raise UnknownParameter(name.lower(), nearest(name.lower()))
            return parameter, inline
    return None


def _is_value(word: str) -> bool:
    return not any(word.startswith(dash) and word[len(dash) :][:1].isalpha() for dash in _DASHES)
