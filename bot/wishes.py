"""From what a person typed or pressed to what the engine will be asked: prompt, options, model and limits to requests.

Pure: no rows are written, no Discord, no pixels. Precedence: a parameter in the prompt wins over an option, an option
over the model's own default.
"""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Protocol

import prompts
from bot.config import Limits
from db.models import Image, Job, JobRequest
from prompts.parameters import LARGEST_SEED, find

STRENGTH = {"subtle": 0.4, "strong": 0.75}
"""How far a variation leaves its picture: at 0.4 the composition stays, at 0.75 only its large forms do."""


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

    def get(self, name: str) -> Entry: ...
    def __iter__(self) -> Iterator[Entry]: ...


@dataclass(frozen=True, kw_only=True)
class Options:
    """The command's options beside the prompt; None is "not given"."""

    aspect: str | None = None
    model: str | None = None
    count: int | None = None
    seed: int | None = None
    steps: int | None = None
    guidance: float | None = None


@dataclass(frozen=True, kw_only=True)
class Wish:
    """One job to be: `prompt` as its card shows it, `request` as the engine gets it, `work` in steps times pictures."""

    kind: str
    prompt: str
    request: JobRequest
    work: int
    relaxed: bool = False
    parent_image_id: int | None = None


Dice = Callable[[], int]


def roll() -> int:
    """A fresh seed."""
    return secrets.randbelow(LARGEST_SEED + 1)


def imagine(
    text: str, options: Options, *, catalogue: Catalogue, model: str, limits: Limits, dice: Dice = roll
) -> list[Wish]:
    """The jobs of one `/imagine`: one, or as many as `--repeat` says; `model` is the one to take when none is named.

    Raises:
        prompts.PromptError: the text or an option is not right, or above this studio's limits.
        engine.errors.UnknownModel, LicenceNotAccepted, UnsupportedSize: the model is not here, or not for this.
    """
    prompt = prompts.parse(text)
    prompt = replace(
        prompt, **{name: value for name, value in _given(options).items() if getattr(prompt, name) is None}
    )
    entry = catalogue.get(prompt.model or model)
    # The model's own default may be above the owner's limit; only a wish above it is refused.
    steps = prompt.steps if prompt.steps is not None else min(entry.steps, limits.steps)
    if steps > limits.steps:
        raise prompts.BadValue("steps", str(steps), f"1..{limits.steps}")
    count = limits.pictures if options.count is None else options.count
    if not 1 <= count <= limits.pictures:
        raise prompts.BadValue("count", str(count), f"1..{limits.pictures}")
    width, height = size(entry, prompt.aspect, limits)
    entry.check_licence()
    entry.check_size(width, height)
    shown = prompts.format(replace(prompt, repeat=None))
    wishes = []
    for part in range(prompt.repeat or 1):
        # A given seed goes on from job to job: the same one again would draw the same pictures again.
        first = dice() if prompt.seed is None else prompt.seed + part * count
        request = JobRequest(
            model=entry.name,
            prompt=prompt.text,
            negative_prompt=", ".join(prompt.no),
            width=width,
            height=height,
            steps=steps,
            guidance=entry.guidance if prompt.guidance is None else prompt.guidance,
            seeds=_seeds(first, count),
            image=None,
            strength=None,
        )
        wishes.append(Wish(kind="imagine", prompt=shown, request=request, work=work(request)))
    return wishes


def variation(job: Job, image: Image, how: str, *, limits: Limits, dice: Dice = roll) -> Wish:
    """New pictures that start from `image` of `job`; `how` is "subtle" or "strong"."""
    request = _copy(job)
    request["image"], request["strength"] = image.digest, STRENGTH[how]
    request["width"], request["height"] = image.width, image.height
    request["seeds"] = _seeds(dice(), limits.pictures)
    return Wish(kind=f"vary_{how}", prompt=job.prompt, request=request, work=work(request), parent_image_id=image.id)


def reroll(job: Job, *, dice: Dice = roll) -> Wish:
    """The same request with new seeds; of a variation, again a variation of the same picture."""
    request = _copy(job)
    request["seeds"] = _seeds(dice(), len(request["seeds"]))
    kind = job.kind if job.kind.startswith("vary_") else "reroll"
    return Wish(kind=kind, prompt=job.prompt, request=request, work=work(request), parent_image_id=job.parent_image_id)


def size(entry: Entry, aspect: prompts.Aspect | None, limits: Limits) -> tuple[int, int]:
    """The (width, height) for an aspect: the model's pixels or the owner's limit, no side above the model's largest."""
    pixels = min(entry.width * entry.height, limits.pixels)
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
    return steps * len(request["seeds"])


def _given(options: Options) -> dict[str, Any]:
    """The options as fields of a prompt, checked like parameters typed in it."""
    typed = {
        "ar": options.aspect,
        "seed": options.seed,
        "steps": options.steps,
        "guidance": None if options.guidance is None else f"{options.guidance:.6f}".rstrip("0").rstrip("."),
        "model": options.model,
    }
    fields: dict[str, Any] = {}
    for name, value in typed.items():
        parameter = find(name)
        assert parameter is not None
        if value is not None:
            fields[parameter.field] = parameter.read(str(value))
    return fields


def _seeds(first: int, count: int) -> list[int]:
    return [(first + offset) % (LARGEST_SEED + 1) for offset in range(count)]


def _copy(job: Job) -> JobRequest:
    old = job.request
    return JobRequest(
        model=old["model"],
        prompt=old["prompt"],
        negative_prompt=old["negative_prompt"],
        width=old["width"],
        height=old["height"],
        steps=old["steps"],
        guidance=old["guidance"],
        seeds=list(old["seeds"]),
        image=old["image"],
        strength=old["strength"],
    )
