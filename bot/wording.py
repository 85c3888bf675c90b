"""From words to prompts: what is typed, completed by the command's options and by what people and servers prefer.

Pure text work over `prompts`; knows no models, no limits and no rows. A parameter in the prompt wins over an option,
an option over what the person prefers, that over what the server's moderators chose.
"""

import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

import prompts
from bot.refusals import StrayWords
from prompts.parameters import LARGEST_SEED, find

AT_ONCE = 40
"""The most jobs that one prompt may ask for, by braces and `--repeat` together."""
_TOGETHER = (
    {"aspect", "size"},
    {"size", "draft", "hd"},
    {"steps", "quality", "draft"},
    {"stylize", "raw"},
    {"fast", "relax"},
)
"""Fields that decide the same thing: of each of these only the nearest layer that says anything of it is heard."""

Dice = Callable[[], int]


@dataclass(frozen=True, kw_only=True)
class Options:
    """The command's options beside the prompt; None is "not given". `images` and `styles` are addresses."""

    aspect: str | None = None
    model: str | None = None
    count: int | None = None
    seed: int | None = None
    steps: int | None = None
    guidance: float | None = None
    lora: str | None = None
    images: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Habits:
    """What is preferred where nobody says anything, as texts of parameters: the person's before the server's.

    Attributes:
        suffix: put behind each of the person's prompts. own, guild: defaults.
        options: the person's own parameters by name, each with the text it stands for.
    """

    suffix: str = ""
    own: str = ""
    guild: str = ""
    options: Mapping[str, str] = field(default_factory=dict)

    def __iter__(self) -> Iterator[str]:
        return iter((self.suffix, self.own, self.guild))


NO_HABITS = Habits()


def roll() -> int:
    """A fresh seed."""
    return secrets.randbelow(LARGEST_SEED + 1)


def read(text: str, options: Options, habits: Habits = NO_HABITS, *, dice: Dice = roll) -> list[prompts.Prompt]:
    """Every prompt that `text` stands for, completed by options and habits; `--sref random` has its number.

    Raises prompts.PromptError: the text or an option is not right, or it asks for more than AT_ONCE jobs.
    """
    found: list[prompts.Prompt] = []
    for one in _spelt_out(text, habits.options):
        asked = _completed(prompts.parse(one), _given(options))
        asked = replace(
            asked,
            images=(*map(prompts.Address, options.images), *asked.images),
            styles=(*map(prompts.Address, options.styles), *asked.styles),
        )
        prompt = asked
        for habit in habits:
            prompt = _completed(prompt, preferred(habit))
        # What was asked for stays as it is, to be refused; nobody asked for what is only preferred.
        prompt = _completed(asked, _said(prompts.acting(prompt)))
        prompts.check(prompt)
        styles = tuple(
            replace(style, number=dice()) if isinstance(style, prompts.Code) and style.number is None else style
            for style in prompt.styles
        )
        found.append(replace(prompt, styles=styles))
    count = sum(prompt.repeat or 1 for prompt in found)
    if count > AT_ONCE:
        raise prompts.TooMany("job", count, AT_ONCE)
    return found


def _given(options: Options) -> dict[str, Any]:
    """The options as fields of a prompt, checked like parameters typed in it."""
    typed = {
        "ar": options.aspect,
        "seed": options.seed,
        "steps": options.steps,
        "guidance": None if options.guidance is None else f"{options.guidance:.6f}".rstrip("0").rstrip("."),
        "model": options.model,
        "lora": options.lora,
    }
    found: dict[str, Any] = {}
    for name, value in typed.items():
        parameter = find(name)
        assert parameter is not None
        if value is not None:
            found[parameter.field] = parameter.read(str(value))
    return found


def preferred(text: str) -> dict[str, Any]:
    """The fields of a text of parameters and nothing else. Raises prompts.PromptError, StrayWords."""
    prompt = prompts.parse(f"x {text}")
    if prompt.text != "x" or prompt.parts or prompt.images:
        raise StrayWords(prompt.text.removeprefix("x").strip() or text)
    return {name: value for name, value in _said(prompt).items() if name != "text"}


def _completed(prompt: prompts.Prompt, more: Mapping[str, Any]) -> prompts.Prompt:
    """With the fields of `more` where the prompt has none that decides the same."""
    own = _said(prompt).keys()
    decided = set(own).union(*(group for group in _TOGETHER if not group.isdisjoint(own)))
    return replace(prompt, **{name: value for name, value in more.items() if name not in decided})


def _said(prompt: prompts.Prompt) -> dict[str, Any]:
    """The fields that say anything."""
    found = {one.name: getattr(prompt, one.name) for one in fields(prompt)}
    # By identity: 0 equals False, and is a seed.
    return {name: value for name, value in found.items() if value is not None and value is not False and value != ()}


def _spelt_out(text: str, options: Mapping[str, str]) -> list[str]:
    """The texts that braces make, with a person's own parameters as what they stand for, which may bring braces again.

    Raises prompts.PromptError.
    """
    texts: list[str] = []
    for one in prompts.expand(text, AT_ONCE):
        written = prompts.spelt_out(one, options)
        texts += [one] if written == one else prompts.expand(written, AT_ONCE)
    if len(texts) > AT_ONCE:
        raise prompts.TooMany("job", len(texts), AT_ONCE)
    return texts
