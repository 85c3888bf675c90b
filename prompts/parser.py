"""Text to `Prompt`: one pass over the words, no regular expression, so no text can make it slow."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import takewhile
from typing import Any

from prompts import likeness, loras, weights
from prompts.errors import (
    Conflict,
    EmptyPrompt,
    MissingValue,
    NearlyParameter,
    Needless,
    PromptTooLong,
    RepeatedParameter,
    UnfinishedQuote,
    UnknownParameter,
)
from prompts.parameters import Parameter, find, nearest
from prompts.permutations import LIMIT
from prompts.prompt import Address, Prompt
from prompts.references import is_address, read_address
from prompts.values import needs_quotes
from prompts.words import split, straight, stray_mark

# Phones turn "--" into an em dash while one types.
_DASHES = ("--", "—")
_WEIGHTS = (
    ("sw", "style_weight", "sref", "styles"),
    ("ow", "subject_weight", "oref", "subject"),
    ("iw", "image_weight", "image", "images"),
)
"""Of each weight its name and field, and the name and field of what it weighs."""
_EXCLUSIVE = (("draft", "hd"), ("fast", "relax"), ("aspect", "size"), ("size", "draft"), ("size", "hd"))


def parse(text: str) -> Prompt:
    """Read a prompt: words are the text, `--name value` (or `--name=value`) are parameters, in any order and case.

    A dash alone, or one not followed by a letter ("-- 3", "--5"), is text; so is everything in quotation marks.
    Braces choose nothing here (`expand` opens them); `\\{` and `\\}` are braces.

    Raises:
        PromptError: of the kind that names what is wrong. Nothing is dropped and nothing is guessed.
    """
    if len(text) > LIMIT:
        raise PromptTooLong(len(text), LIMIT)
    words = split(straight(text))
    likeness.check_spaces(words)
    kept: list[str] = []
    images: list[str] = []
    values: dict[str, Any] = {}
    position = 0
    while position < len(words):
        word = words[position]
        position += 1
        named = _named(word)
        if named is not None:
            parameter, inline = named
            found = [inline] if inline else []
            found += _value(parameter, len(found), words[position:])
            position += len(found) - bool(inline)
            _keep(values, parameter, _read(parameter, found))
        elif loras.is_tag(word):
            values["loras"] = values.get("loras", ()) + loras.read_tag(word)
        elif not kept and (is_address(word) or (images and word.startswith("::"))):
            images.append(word)
        else:
            kept.append(word)
    _check_together(values)
    likeness.check(kept)
    whole, parts = weights.split(kept)
    if not whole:
        raise EmptyPrompt
    for part in parts:
        # "a::--ar 3:2" is one word to a person and two here.
        inside = split(part.text)
        likeness.check(inside)
        for word in inside:
            if (named := _named(word)) is not None:
                raise NearlyParameter(f"::{word}", named[0].name)
    prompt = Prompt(text=whole, parts=parts, images=_images(images), **values)
    _check_quotes(prompt)
    return prompt


def check(prompt: Prompt) -> None:
    """Whether everything in the prompt has something to act on. Raises Needless.

    Apart from `parse`, since options may bring the other half.
    """
    for name, weight, other, weighed in _WEIGHTS:
        if getattr(prompt, weight) is not None and not getattr(prompt, weighed):
            raise Needless(name, other)
    known = {lora.name.lower() for lora in prompt.loras}
    for name, schedules in (("lora-steps", prompt.lora_steps), ("lora-blocks", prompt.lora_blocks)):
        for schedule in schedules:
            if schedule.name.lower() not in known:
                raise Needless(name, "lora", schedule.name)


def acting(prompt: Prompt) -> Prompt:
    """The prompt without what `check` would refuse."""
    known = {lora.name.lower() for lora in prompt.loras}
    return replace(
        prompt,
        lora_steps=tuple(one for one in prompt.lora_steps if one.name.lower() in known),
        lora_blocks=tuple(one for one in prompt.lora_blocks if one.name.lower() in known),
        **{weight: None for _, weight, _, weighed in _WEIGHTS if not getattr(prompt, weighed)},
    )


def spelt_out(text: str, own: Mapping[str, str]) -> str:
    """A text without open braces, with `--name` as what that name of a person's `own` stands for, wherever it is one.

    Raises UnfinishedTag.
    """
    if not own:
        return text
    rests = ((word, _after_dash(word) or "") for word in split(straight(text)))
    return " ".join(own.get(rest.rstrip(",").lower(), word) for word, rest in rests)


def _named(word: str) -> tuple[Parameter, str] | None:
    """The parameter that a word names and the value attached to it, or None for a word of the text."""
    if word[0].isalnum():
        return None
    rest = _after_dash(word)
    if rest is None:
        return None
    name, equals, inline = rest.rstrip(",").partition("=")
    parameter = find(name.lower())
    if parameter is None and not equals:
        parameter, inline = likeness.attached(name)
    if parameter is None:
        raise UnknownParameter(name.lower(), likeness.meant(name.lower()) or nearest(name.lower()))
    if equals and not inline:
        raise MissingValue(parameter.name, parameter.allowed)
    return parameter, inline


def _after_dash(word: str) -> str | None:
    for dash in _DASHES:
        rest = word.removeprefix(dash)
        if rest != word and rest[:1].isalpha():
            return rest
    rest = word.removeprefix("–")
    return rest if rest != word and likeness.is_name(rest) else None


def _value(parameter: Parameter, place: int, words: list[str]) -> Iterator[str]:
    for offset, word in enumerate(takewhile(_is_value, words)):
        if not parameter.takes(place + offset, word):
            return
        yield word


def _read(parameter: Parameter, found: list[str]) -> Any:
    if not found and parameter.allowed:
        raise MissingValue(parameter.name, parameter.allowed)
    # "--ar 16:9, --seed 5": a comma after a value means nothing.
    text = " ".join(found).rstrip(", ")
    if not _is_value(text) or (found and not text):
        raise MissingValue(parameter.name, parameter.allowed)
    return parameter.read(text)


def _keep(values: dict[str, Any], parameter: Parameter, value: Any) -> None:
    if parameter.field in values:
        if not parameter.many:
            raise RepeatedParameter(parameter.name, parameter.aliases)
        value = values[parameter.field] + value
    values[parameter.field] = value


def _check_together(values: dict[str, Any]) -> None:
    names = {"aspect": "ar"}
    for one, other in _EXCLUSIVE:
        if one in values and other in values:
            raise Conflict(names.get(one, one), names.get(other, other))


def _check_quotes(prompt: Prompt) -> None:
    """A mark that quotes nothing would do so once a name is written behind it in quotation marks."""
    names = [prompt.model or "x", *(one.name for one in (*prompt.loras, *prompt.lora_steps, *prompt.lora_blocks))]
    stray = stray_mark(prompt.text) if any(map(needs_quotes, names)) else None
    if stray is not None:
        raise UnfinishedQuote(stray)


def _images(words: list[str]) -> tuple[Address, ...]:
    joined: list[str] = []
    for word in words:
        if word.startswith("::") and "::" not in joined[-1]:
            joined[-1] += word
        else:
            joined.append(word)
    return tuple(read_address(word, "image") for word in joined)


def _is_value(word: str) -> bool:
    return _after_dash(word) is None and not loras.is_tag(word)
