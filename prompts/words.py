"""Text to words: what belongs together because of blanks, quotation marks and LoRA tags. Knows no parameter.

One pass, no regular expression: no text can make it slow.
"""

import unicodedata
from collections.abc import Iterator

from prompts.errors import UnfinishedTag

TAG = "<lora:"

_CURLY = str.maketrans({"“": '"', "”": '"', "„": '"', "‟": '"'})
_NOWHERE = (1 << 62, 1 << 62)
_BEFORE_QUOTE = "([{,.:;=—-"
_AFTER_QUOTE = ")]},.:;!?"


def clean(text: str) -> str:
    """The text as one line with single spaces, no control characters and no lone surrogates (databases refuse both)."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    printable = (" " if unicodedata.category(character) in ("Cc", "Cs") else character for character in text)
    return " ".join("".join(printable).split())


def straight(text: str) -> str:
    """`clean`, with the quotation marks that phones curl made straight again."""
    return clean(text).translate(_CURLY)


def split(text: str) -> list[str]:
    """The words of a straight text. A quotation, `"a b"`, and a tag, `<lora:a b:1>`, are (parts of) one word.

    Raises UnfinishedTag.
    """
    words: list[str] = []
    lowered = text.lower() if len(text.lower()) == len(text) else text
    spans = quotations(text)
    quote = next(spans, _NOWHERE)
    begin = position = 0
    tag = lowered.find(TAG)
    while True:
        space = text.find(" ", position)
        stop = len(text) if space < 0 else space
        while quote[0] < position:
            quote = next(spans, _NOWHERE)
        if quote[0] < stop and not position <= tag < quote[0]:
            position = quote[1]
            continue
        if 0 <= tag < position:
            tag = lowered.find(TAG, position)
        stop = tag if position <= tag < stop else stop
        if stop > begin:
            words += _without_commas(text[begin:stop])
        if stop == len(text):
            return words
        begin = position = stop + 1
        if stop == tag:
            close = text.find(">", stop)
            if close < 0:
                raise UnfinishedTag(text[stop:])
            words.append(text[stop : close + 1])
            begin = position = close + 1


def _without_commas(word: str) -> list[str]:
    """`leaves,--ar` as two words: nobody means that comma."""
    if ",--" not in word or '"' in word or "://" in word:
        return [word]
    words = [""]
    for place, piece in enumerate(word.split(",--")):
        if place and piece[:1].isalpha():
            words[-1] += ","
            words.append(f"--{piece}")
        else:
            words[-1] += f",--{piece}" if place else piece
    return [one for one in words if one]


def quotations(text: str) -> Iterator[tuple[int, int]]:
    """Where `"..."` begins and ends (exclusive): the first mark opens a word, the second closes one.

    So that the inches of `a 5" nail` quote nothing.
    """
    position = text.find('"')
    while position >= 0:
        close = text.find('"', position + 1)
        if close < 0:
            return
        opens = position == 0 or text[position - 1] == " " or text[position - 1] in _BEFORE_QUOTE
        closes = close + 1 == len(text) or text[close + 1] == " " or text[close + 1] in _AFTER_QUOTE
        closes = closes or text.startswith("\\}", close + 1)  # as the brace is written that chooses nothing
        if opens and closes and close > position + 1:
            yield position, close + 1
            position = text.find('"', close + 1)
        else:
            position = close


def unquote(word: str) -> str:
    """A word that is one quotation without its marks; any other word as it is."""
    return word[1:-1] if len(word) > 2 and word[0] == word[-1] == '"' and '"' not in word[1:-1] else word


def stray_mark(text: str) -> str | None:
    """The text from its first quotation mark that has no other one, or None."""
    after = 0
    for begin, end in [*quotations(text), (len(text), len(text))]:
        stray = text.find('"', after, begin)
        if stray >= 0:
            return text[stray:]
        after = end
    return None
