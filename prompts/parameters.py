"""The table of parameters: names, aliases, ranges, and how each value is read and written.

The parser knows none of them by name.
"""

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from prompts import aspects, loras, references, values

LARGEST_SEED = 2**32 - 1
SCHEDULERS = ("euler", "heun", "dpm++", "unipc", "ddim")

Takes = Callable[[int, str], bool]
"""Whether the word at this place (0 is the first) after the name is part of the value."""


def nothing(place: int, word: str) -> bool:
    return False


def one_word(place: int, word: str) -> bool:
    return place == 0


def all_words(place: int, word: str) -> bool:
    return True


def styles(place: int, word: str) -> bool:
    return place == 0 or references.is_style(word)


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One `--name` of the language.

    Attributes:
        name: canonical name, without dashes.
        aliases: other accepted names.
        field: the attribute of `Prompt` that holds the value.
        allowed: the accepted values for people: "low..high", "1:4..4:1", a form such as "NAME", or "" for a switch.
        about: what it does, in a few words.
        read: text to value; raises BadValue or MissingValue.
        write: value to text, such that `read(write(value)) == value`.
        takes: which words after the name are its value; never those that name another parameter.
        many: may be given several times (the values, tuples, are joined).
    """

    name: str
    aliases: tuple[str, ...] = ()
    field: str
    allowed: str
    about: str
    read: Callable[[str], Any]
    write: Callable[[Any], str] = str
    takes: Takes = one_word
    many: bool = False


def find(name: str) -> Parameter | None:
    """The parameter of this name or alias (lower case), or None."""
    return _BY_NAME.get(name)


def nearest(name: str) -> str | None:
    """The canonical name of what was probably meant by a misspelt or foreign one, or None when nothing is close."""
    if name in _ELSEWHERE:
        return _ELSEWHERE[name]
    close = get_close_matches(name[:40], [known for known in _BY_NAME if known != "style"], n=1, cutoff=0.6)
    return _BY_NAME[close[0]].name if close else None


def _whole(name: str, low: int, high: int, about: str, *aliases: str, field: str = "") -> Parameter:
    read = values.whole(name, low, high)
    return Parameter(name=name, aliases=aliases, field=field or name, allowed=f"{low}..{high}", about=about, read=read)


def _decimal(name: str, low: float, high: float, about: str, *aliases: str, field: str = "") -> Parameter:
    return Parameter(
        name=name,
        aliases=aliases,
        field=field or name,
        allowed=f"{low:g}..{high:g}",
        about=about,
        read=values.decimal(name, low, high),
        write=values.plain,
    )


def _switch(name: str, about: str, *aliases: str) -> Parameter:
    read = values.switch(name)
    return Parameter(
        name=name, aliases=aliases, field=name, allowed="", about=about, read=read, write=values.nothing, takes=nothing
    )


# In the order in which they are written out; `no` last, since it takes every word that follows.
PARAMETERS: tuple[Parameter, ...] = (
    Parameter(
        name="ar",
        aliases=("aspect",),
        field="aspect",
        allowed=aspects.ALLOWED,
        about="width to height",
        read=aspects.parse_aspect,
        write=aspects.write_aspect,
    ),
    Parameter(
        name="size",
        field="size",
        allowed=values.SIZES,
        about="width and height in pixels",
        read=values.read_size,
        write=values.write_size,
    ),
    _whole("seed", 0, LARGEST_SEED, "the same number draws the same picture"),
    _whole("steps", 1, 100, "denoising steps"),
    _decimal("guidance", 0, 30, "how closely to follow the words"),
    _decimal("quality", 0.25, 4, "times the usual steps", "q"),
    _whole("stop", 10, 100, "percent of the steps to take"),
    _whole("stylize", 0, 1000, "how much of the model's own taste", "s"),
    _whole("chaos", 0, 100, "how much the pictures differ", "c"),
    _whole("weird", 0, 3000, "how unusual", "w"),
    _decimal("iw", 0, 3, "weight of image prompts", field="image_weight"),
    Parameter(
        name="sref",
        field="styles",
        allowed=references.STYLES,
        about="draw in the style of this",
        read=references.read_styles,
        write=references.write_styles,
        takes=styles,
        many=True,
    ),
    _whole("sw", 0, 1000, "weight of the style", field="style_weight"),
    Parameter(
        name="oref",
        field="subject",
        allowed=references.ADDRESS,
        about="draw the subject of this picture",
        read=references.read_subject,
        write=references.write_address,
    ),
    _whole("ow", 0, 1000, "weight of the subject", field="subject_weight"),
    _whole("repeat", 1, 10, "as many jobs", "r"),
    Parameter(
        name="model",
        aliases=("v", "version"),
        field="model",
        allowed="NAME",
        about="which model draws",
        read=values.name("model"),
        write=values.quoted,
    ),
    Parameter(
        name="scheduler",
        field="scheduler",
        allowed=", ".join(SCHEDULERS),
        about="how the steps are taken",
        read=values.choice("scheduler", SCHEDULERS),
    ),
    Parameter(
        name="lora",
        field="loras",
        allowed=loras.LORA,
        about="a LoRA, also as <lora:NAME:0.8>",
        read=loras.read_lora,
        write=loras.write_lora,
        many=True,
    ),
    Parameter(
        name="lora-steps",
        field="lora_steps",
        allowed=loras.STEPS,
        about="a LoRA's weight over the steps",
        read=loras.read_steps,
        write=loras.write_steps,
        many=True,
    ),
    Parameter(
        name="lora-blocks",
        field="lora_blocks",
        allowed=loras.BLOCKS,
        about="a LoRA's weight over the blocks",
        read=loras.read_blocks,
        write=loras.write_blocks,
        many=True,
    ),
    _switch("tile", "borders that fit each other"),
    _switch("raw", "none of the model's own taste"),
    _switch("draft", "quick and small"),
    _switch("hd", "large"),
    _switch("fast", "before relaxed jobs"),
    _switch("relax", "when no fast job waits", "relaxed"),
    Parameter(
        name="no",
        field="no",
        allowed="THING, THING",
        about="what to leave out",
        read=values.read_list,
        write=values.write_list,
        takes=all_words,
        many=True,
    ),
)

# Midjourney's way to say --raw.
_STYLE = Parameter(
    name="style", field="raw", allowed="raw", about="", read=values.only("style", "raw"), write=values.nothing
)

# What other programs call it, where that looks like something else here.
_ELSEWHERE = {
    "cfg": "guidance",
    "cfg-scale": "guidance",
    "cref": "oref",
    "cw": "ow",
    "height": "size",
    "hq": "hd",
    "n": "repeat",
    "neg": "no",
    "negative": "no",
    "niji": "model",
    "ratio": "ar",
    "resolution": "size",
    "sampler": "scheduler",
    "turbo": "fast",
    "width": "size",
}

_BY_NAME = {name: parameter for parameter in PARAMETERS for name in (parameter.name, *parameter.aliases)}
_BY_NAME["style"] = _STYLE
