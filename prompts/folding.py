"""Text as the eye reads it: look-alike letters, marks, digits for letters and invisible characters all become a to z.

For comparing only. Knows no words.
"""

import re
import unicodedata
from functools import cache, lru_cache

LEET = {
    "0": "o",
    "1": "i",
    "2": "z",
    "3": "e",
    "4": "a",
    "5": "s",
    "6": "g",
    "7": "t",
    "8": "b",
    "9": "g",
    "@": "a",
    "$": "s",
    "€": "e",
    "£": "l",
    "¢": "c",
    "¥": "y",
    "!": "i",
    "|": "i",
    "¡": "i",
    "+": "t",
}
"""What stands in for a letter."""
WILD = frozenset("*#%_")
"""What hides one letter inside of a word."""

# One shape for letters that people take for each other.
_ALIKE = str.maketrans({"l": "i", "v": "u"})
_OWN = {
    **dict(zip("внтмякгиԁуηυκτρσωχβγμ", "bhtmrkrndynuktpowxbyu", strict=True)),
    "æ": "ae",
    "œ": "oe",
    "þ": "p",
    "ð": "d",
    "ø": "o",
    "ł": "l",
    "đ": "d",
    "ħ": "h",
    "ŧ": "t",
    "ı": "i",
}
_NAMED = re.compile(r"(?:LETTER|CAPITAL)(?: TURNED| REVERSED| OPEN)? ([A-Z])(?: WITH .*)?$")


def fold(text: str) -> str:
    """The text with every letter in its one shape; other characters stay as they are, invisible ones go.

    Digits and signs are not read as letters yet: that depends on their neighbours, see `read`.
    """
    folded = (character.lower() if character.isascii() else _shape(character) for character in text)
    return "".join(folded).translate(_ALIKE)


def read(token: str) -> str:
    """A folded token with its digits and signs read as the letters they stand for; a number stays a number."""
    if token.isdigit():
        return token
    return "".join(LEET.get(character, character) for character in token).translate(_ALIKE)


@lru_cache(maxsize=4096)
def _shape(character: str) -> str:
    # Its look before its parts: some look-alikes of "c" are compatible with a sigma.
    alike = _look_alikes().get(character)
    return alike or "".join(map(_letter, unicodedata.normalize("NFKD", character)))


def _letter(character: str) -> str:
    """What one part of a character looks like: "" for marks and invisible ones."""
    if character.isascii():
        return character.lower()
    if unicodedata.category(character) in ("Mn", "Me", "Cf", "Cc") or character in "\u115f\u1160\u3164\uffa0":
        return ""
    if character in LEET:
        return character
    if (own := _OWN.get(character.casefold())) is not None:
        return own
    if (alike := _look_alikes().get(character)) is not None:
        return alike
    if named := _NAMED.search(unicodedata.name(character, "")):
        return named[1].lower()
    lower = character.casefold()
    return _look_alikes().get(lower, lower)


@cache
def _look_alikes() -> dict[str, str]:
    """Unicode's confusable characters by the one ASCII letter they look like."""
    from confusable_homoglyphs.confusables import confusables_data  # reads a file when it is imported

    alike: dict[str, str] = {}
    for character, others in confusables_data.items():
        letters = [one["c"].lower() for one in others if one["c"].isascii() and one["c"].isalpha()]
        if len(character) == 1 and not character.isascii() and letters and len(letters[0]) == 1:
            alike[character] = letters[0]
    return alike
