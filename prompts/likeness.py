"""What looks like a parameter and is none: missing and extra spaces, single dashes, addresses among the words.

Knows the names of parameters, not their values.
"""

from prompts.errors import MisplacedImage, NearlyParameter
from prompts.loras import is_tag
from prompts.parameters import Parameter, all_words, find, nothing
from prompts.references import is_address

_DASHES = ("--", "—", "–")


def is_name(text: str) -> bool:
    """Whether `text` begins with a parameter's name, alone or with its value attached."""
    name = text.rstrip(",").partition("=")[0]
    return find(name.lower()) is not None or attached(name)[0] is not None


def attached(name: str) -> tuple[Parameter | None, str]:
    """`ar16:9` -> the parameter `ar` and "16:9": a name with a number right after it."""
    digits = next((place for place, character in enumerate(name) if character.isdigit()), 0)
    parameter = find(name[:digits].lower()) if digits else None
    if parameter is None or parameter.takes in (nothing, all_words):
        return None, ""
    return parameter, name[digits:]


def meant(name: str) -> str | None:
    """`seed:5` -> "seed": the name before a stray mark."""
    bare = name.rstrip(",.:;!?")
    for mark in (":", ",", ";", "."):
        bare = bare.partition(mark)[0]
    found = find(bare) if bare != name else None
    return found.name if found else None


def check_spaces(words: list[str]) -> None:
    """Look for parameters that stick to what is before them, `house--ar 16:9`. Raises NearlyParameter."""
    for word in words:
        if "--" not in word or is_address(word) or is_tag(word):
            continue
        at = word.find("--", max(1, word.rfind('"')))
        while at > 0:
            # No name is longer, and a word of nothing but dashes must not take long.
            name = word[at + 2 : at + 30].rstrip(",").partition("=")[0].partition("--")[0]
            parameter = (find(name.lower()) or attached(name)[0]) if name[:1].isalpha() else None
            if parameter is not None:
                raise NearlyParameter(word, parameter.name)
            at = word.find("--", at + 1)


def check(words: list[str]) -> None:
    """Look through the words of the text. Raises NearlyParameter, MisplacedImage."""
    for place, word in enumerate(words):
        if "://" in word and is_address(word):
            raise MisplacedImage(word)
        if word.isalnum() or word.startswith('"'):
            continue
        # The weight of a multi-prompt is no part of the word: "-S5::1".
        marks = word.find("::", word.rfind('"') + 1)
        following = words[place + 1 : place + 3] if marks < 0 else []
        word = word if marks < 0 else word[:marks]
        name = _glued(word, following) or _apart(word, following) or _single(word, following)
        if name is not None:
            raise NearlyParameter(" ".join([word, *following]) if word in ("--", "—", "–") else word, name)


def _glued(word: str, following: list[str]) -> str | None:
    """`house—ar 16:9`: a long dash also joins clauses, so it counts before a number only."""
    for dash in _DASHES[1:]:
        before, found, after = word.partition(dash)
        name, equals, _ = after.rstrip(",").partition("=")
        if not before or not found or not name:
            continue
        parameter = find(name.lower())
        if parameter is not None and (equals or _number_first(following)):
            return parameter.name
        if parameter is None and (parameter := attached(name)[0]) is not None:
            return parameter.name
    return None


def _apart(word: str, following: list[str]) -> str | None:
    """`-- ar 16:9`"""
    parameter = find(following[0].lower()) if word in _DASHES and following else None
    return parameter.name if parameter is not None and _number_first(following[1:]) else None


def _single(word: str, following: list[str]) -> str | None:
    """`-ar 16:9`"""
    name = word[1:].rstrip(",").partition("=")[0]
    if not word.startswith("-") or word.startswith("--") or not name[:1].isalpha():
        return None
    parameter = find(name.lower()) or attached(name)[0]
    if parameter is None or not (len(name) > 2 or _number_first(following)):
        return None
    return parameter.name


def _number_first(words: list[str]) -> bool:
    return bool(words) and words[0][:1].isdigit()
