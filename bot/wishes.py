"""From what a person typed to what the engine will be asked: prompt, options, preferences and limits to requests.

Pure: no rows are written, no Discord, no pixels. Precedence: a parameter in the prompt wins over an option, an option
over what the person prefers, that over what the server's moderators chose, that over the model's own default.
"""

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import prompts
from bot.config import Limits
from bot.refusals import NoRoom, UnknownLora
from bot.wording import NO_HABITS, Dice, Habits, Options, read, roll
from db.models import JobRequest
from engine.requests import MOST_LORAS, MOST_REFERENCES
from prompts.parameters import LARGEST_SEED

DRAFT_PIXELS, DRAFT_STEPS, HD_PIXELS = 0.25, 0.5, 2.25
"""Factors of the model's usual pixels and steps: half as long and wide in half the steps, or half as much longer."""


class Entry(Protocol):
    """What must be known of a model to ask for pictures; sides are pixels."""

    @property
    def name(self) -> str: ...
    @property
    def steps(self) -> int: ...
    @property
    def guidance(self) -> float: ...
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def max_side(self) -> int: ...
    @property
    def multiple(self) -> int: ...
    def check_size(self, width: int, height: int) -> None: ...
    def check_licence(self) -> None: ...


class Catalogue(Protocol):
    """The models one can ask for; `get` raises UnknownModel with the nearest name."""

    def get(self, name: str) -> Any: ...
    def __iter__(self) -> Iterator[Any]: ...


@dataclass(frozen=True, kw_only=True)
class Given:
    """What names and addresses in prompts stand for here, found beforehand.

    Attributes:
        pictures: digests of stored pictures by address. styles: those by number.
        loras: digests of LoRA files by the name people call them, lower case.
    """

    pictures: Mapping[str, str] = field(default_factory=dict)
    styles: Mapping[int, str] = field(default_factory=dict)
    loras: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Wish:
    """One job to be: `prompt` as its card shows it, `request` as the engine gets it, `work` in steps times pictures.

    Where a picture is drawn in several `pieces`, `work` counts each of them.
    """

    kind: str
    prompt: str
    request: JobRequest
    work: int
    pieces: int = 1
    relaxed: bool = False
    parent_image_id: int | None = None


def imagine(
    text: str,
    options: Options,
    *,
    catalogue: Catalogue,
    model: str,
    limits: Limits,
    habits: Habits = NO_HABITS,
    given: Given = Given(),
    dice: Dice = roll,
) -> list[Wish]:
    """The jobs of one `/imagine` without pictures to be fetched: `read`, then `wish_for` each."""
    read_ones = read(text, options, habits, dice=dice)
    return wishes_for(read_ones, options, catalogue=catalogue, model=model, limits=limits, given=given, dice=dice)


def wishes_for(
    read_ones: Sequence[prompts.Prompt],
    options: Options,
    *,
    catalogue: Catalogue,
    model: str,
    limits: Limits,
    given: Given = Given(),
    dice: Dice = roll,
) -> list[Wish]:
    """A job for each prompt, or as many as its `--repeat` says; `model` is the one to take when none is named.

    Raises:
        prompts.PromptError: above this studio's limits.
        bot.refusals.UnknownLora, NoRoom: no such LoRA; no room for --hd.
        engine.errors.UnknownModel, LicenceNotAccepted, UnsupportedSize: the model is not here, or not for this.
    """
    count = limits.pictures if options.count is None else options.count
    if not 1 <= count <= limits.pictures:
        raise prompts.BadValue("count", str(count), f"1..{limits.pictures}")
    wishes: list[Wish] = []
    for prompt in read_ones:
        entry = catalogue.get(prompt.model or model)
        entry.check_licence()
        request = _request(prompt, entry, limits, given)
        shown = prompts.format(replace(prompt, repeat=None))
        for part in range(prompt.repeat or 1):
            # A given seed goes on from job to job: the same one again would draw the same pictures again.
            first = dice() if prompt.seed is None else prompt.seed + part * count
            one = copy.deepcopy(request)
            one["seeds"] = seeds(first, count)
            wishes.append(
                Wish(
                    kind="imagine", prompt=shown, request=one, work=work(one), relaxed=prompt.relax and not prompt.fast
                )
            )
    return wishes


def size(entry: Entry, aspect: prompts.Aspect | None, limits: Limits, *, factor: float = 1.0) -> tuple[int, int]:
    """The (width, height) for an aspect: `factor` times the model's pixels or the owner's limit, no side too long."""
    pixels = min(int(entry.width * entry.height * factor), limits.pixels)
    width, height = prompts.size_for(aspect or (entry.width, entry.height), pixels, entry.multiple)
    while max(width, height) > entry.max_side and pixels > entry.multiple**2:
        pixels = int(pixels * (entry.max_side / max(width, height)) ** 2)
        width, height = prompts.size_for(aspect or (entry.width, entry.height), pixels, entry.multiple)
    return width, height


def work(request: JobRequest) -> int:
    """Denoising steps times pictures; from a picture only the part of the steps that its strength leaves runs."""
    steps, strength = request["steps"], request["strength"]
    if strength is not None:
        steps -= int(max(steps - min(steps * strength, steps), 0))
    return max(1, int(steps * request.get("stop", 1.0) + 0.5)) * len(request["seeds"])


def seeds(first: int, count: int) -> list[int]:
    return [(first + offset) % (LARGEST_SEED + 1) for offset in range(count)]


def _request(prompt: prompts.Prompt, entry: Entry, limits: Limits, given: Given) -> JobRequest:
    """What the engine is asked for, but for the seeds. What was not asked for has no key, and its default there."""
    width, height = wished_size(prompt, entry, limits)
    entry.check_size(width, height)
    request = JobRequest(
        model=entry.name,
        prompt=prompt.text,
        negative_prompt=", ".join(prompt.no),
        width=width,
        height=height,
        steps=_steps(prompt, entry, limits),
        guidance=entry.guidance if prompt.guidance is None else prompt.guidance,
        seeds=[],
        image=None,
        strength=None,
    )
    stylize = 0 if prompt.raw and prompt.stylize is None else prompt.stylize
    wished: dict[str, Any] = {
        "scheduler": prompt.scheduler,
        "tile": prompt.tile or None,
        "stop": None if prompt.stop is None else prompt.stop / 100,
        "texts": [list(part) for part in prompt.texts] or None,
        "chaos": None if prompt.chaos is None else prompt.chaos / 100,
        "weird": None if prompt.weird is None else prompt.weird / 3000,
        "stylize": None if stylize is None else stylize / 1000,
        "references": _references(prompt, given) or None,
        "loras": _loras(prompt, given) or None,
    }
    return request | {name: value for name, value in wished.items() if value is not None}  # type: ignore[return-value]


def wished_size(prompt: prompts.Prompt, entry: Entry, limits: Limits) -> tuple[int, int]:
    """The (width, height) that a prompt asks for. Raises prompts.BadValue, NoRoom above the limits."""
    if prompt.size is not None:
        if prompt.size[0] * prompt.size[1] > limits.pixels:
            raise prompts.BadValue("size", "x".join(map(str, prompt.size)), f"at most {limits.pixels} pixels in all")
        return prompt.size
    if prompt.draft:
        return size(entry, prompt.aspect, limits, factor=DRAFT_PIXELS)
    usual = size(entry, prompt.aspect, limits)
    if not prompt.hd:
        return usual
    large = size(entry, prompt.aspect, limits, factor=HD_PIXELS)
    if large[0] * large[1] <= usual[0] * usual[1]:
        raise NoRoom(entry.name, *usual)
    return large


def _steps(prompt: prompts.Prompt, entry: Entry, limits: Limits) -> int:
    if prompt.steps is not None and prompt.steps > limits.steps:
        raise prompts.BadValue("steps", str(prompt.steps), f"1..{limits.steps}")
    steps = prompt.steps or entry.steps
    if prompt.steps is None and prompt.draft:
        steps = steps * DRAFT_STEPS
    # The model's own default, and factors of it, may be above the owner's limit; only a wish above it is refused.
    return max(1, min(round(steps * (prompt.quality or 1.0)), limits.steps))


def _references(prompt: prompts.Prompt, given: Given) -> list[dict[str, Any]]:
    usual = 1.0 if prompt.image_weight is None else prompt.image_weight
    found = [("image", given.pictures[one.url], usual if one.weight is None else one.weight) for one in prompt.images]
    for style in prompt.styles:
        digest = given.pictures[style.url] if isinstance(style, prompts.Address) else given.styles[style.number or 0]
        weight = 1.0 if style.weight is None else style.weight
        found.append(("style", digest, min(3.0, weight * _share(prompt.style_weight))))
    if prompt.subject is not None:
        found.append(("subject", given.pictures[prompt.subject.url], _share(prompt.subject_weight)))
    if len(found) > MOST_REFERENCES:
        raise prompts.TooMany("image", len(found), MOST_REFERENCES)
    return [{"kind": kind, "image": digest, "weight": weight} for kind, digest, weight in found]


def _share(weight: int | None) -> float:
    """`--sw` and `--ow` in the engine's terms: 0 is 0, the usual 100 is 1, the most, 1000, is 3."""
    if weight is None:
        return 1.0
    return weight / 100 if weight <= 100 else 1 + (weight - 100) / 450


def _loras(prompt: prompts.Prompt, given: Given) -> list[dict[str, Any]]:
    if len(prompt.loras) > MOST_LORAS:
        raise prompts.TooMany("lora", len(prompt.loras), MOST_LORAS)
    steps = {one.name.lower(): one.ramps for one in prompt.lora_steps}
    blocks = {one.name.lower(): one.blocks for one in prompt.lora_blocks}
    uses: list[dict[str, Any]] = []
    for lora in prompt.loras:
        name = lora.name.lower()
        if name not in given.loras:
            raise UnknownLora(lora.name, None)
        use: dict[str, Any] = {"name": given.loras[name], "weight": lora.weight}
        if name in steps:
            use["steps"] = [vars(ramp) for ramp in steps[name]]
        if name in blocks:
            use["blocks"] = [vars(block) for block in blocks[name]]
        uses.append(use)
    return uses
