"""The shape of what is made from a picture: the picture's own, unless words ask for another.

Pure, as `bot.wishes`. A shape is what `--ar`, `--size`, `--draft` and `--hd` say; sizes are pixels.
"""

from dataclasses import replace
from typing import Any

import prompts
from bot.config import Limits
from bot.refusals import NoRoom, ShapeStays
from bot.wishes import Entry, Habits, size, wished_size
from engine.errors import UnsupportedSize
from prompts import Prompt


def drawable(entry: Entry, picture: tuple[int, int], limits: Limits) -> tuple[int, int]:
    """The picture's own size where the model draws it, else the model's usual pixels in nearly the same shape."""
    width, height = picture
    try:
        entry.check_size(width, height)
        if width * height <= limits.pixels:
            return width, height
    except UnsupportedSize:
        pass
    ratio = max(0.25, min(4.0, width / height))
    return size(entry, (round(1000 * ratio), 1000), limits)


def is_asked(prompt: Prompt) -> bool:
    return _shape(prompt) != _shape(_shapeless(prompt))


def settled(
    prompt: Prompt, words: str, picture: tuple[int, int], *, entry: Entry, limits: Limits, stays: bool
) -> Prompt:
    """The prompt for what is made from a picture, whose own words are `words`.

    A shape that only came along in those words goes, unless it is the picture's. Raises ShapeStays for any other that
    is not the picture's, where that `stays`.
    """
    if not is_asked(prompt):
        return prompt
    if _size(prompt, entry, limits) == (picture if stays else drawable(entry, picture, limits)):
        return prompt
    if _shape(prompt) == _shape_in(words):
        return _shapeless(prompt)
    if stays:
        raise ShapeStays(*picture)
    return prompt


def unshaped(habits: Habits) -> Habits:
    """What is preferred, but for a shape: a picture has one."""
    suffix, own, guild = (prompts.format(_shapeless(prompts.parse(f"x {text}"))).removeprefix("x") for text in habits)
    return Habits(suffix=suffix, own=own, guild=guild, options=habits.options)


def _size(prompt: Prompt, entry: Entry, limits: Limits) -> tuple[int, int] | None:
    """What the prompt asks for; None where it cannot be had."""
    try:
        width, height = wished_size(prompt, entry, limits)
        entry.check_size(width, height)
    except (NoRoom, prompts.PromptError, UnsupportedSize):
        return None
    return width, height


def _shape(prompt: Prompt) -> tuple[Any, ...]:
    return prompt.aspect, prompt.size, prompt.draft, prompt.hd


def _shape_in(words: str) -> tuple[Any, ...] | None:
    try:
        return _shape(prompts.parse(words))
    except prompts.PromptError:  # a scene's words were typed by nobody
        return None


def _shapeless(prompt: Prompt) -> Prompt:
    return replace(prompt, aspect=None, size=None, draft=False, hd=False)
