"""The engine alone: prompts in, PNG files out, no Discord and no rows. Knows nothing of how progress is shown."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

import prompts
from engine.errors import RequestError
from engine.metadata import PictureMetadata
from engine.models import Catalogue
from engine.requests import ImageRequest, Pictures, Progress
from engine.storage import encode_png
from prompts import Aspect, Prompt, PromptError

IN_FLIGHT = 4
"""Requests handed to the engine at once: the next one waits inside of it, so the device is never idle between two."""


class Draws(Protocol):
    """The part of the engine's face that is needed here."""

    def generate(self, request: ImageRequest) -> AsyncGenerator[Progress | Pictures, None]: ...


class BadLine(Exception):
    """The prompt on line `number` (from 1) of a file cannot be used; `cause` says why."""

    def __init__(self, number: int, cause: Exception) -> None:
        super().__init__(number, cause)
        self.number = number
        self.cause = cause


@dataclass(frozen=True, kw_only=True)
class Options:
    """What was asked for outside of the prompt; a parameter in the prompt wins. None leaves it to the model."""

    model: str
    aspect: Aspect | None = None
    seed: int | None = None
    steps: int | None = None
    guidance: float | None = None
    count: int = 1


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """One request and the files its pictures go to, one per seed."""

    request: ImageRequest
    files: tuple[Path, ...]


def plan(prompt: str, options: Options, catalogue: Catalogue, output: Path) -> Drawing:
    """One prompt, drawn into `output`, or into `output-1`, `output-2`, ... when it asks for several pictures.

    Raises: PromptError, UnknownModel, UnsupportedSize.
    """
    request = request_for(prompts.parse(prompt), options, catalogue)
    if len(request.seeds) == 1:
        return Drawing(request=request, files=(output,))
    files = (output.with_stem(f"{output.stem}-{number}") for number in range(1, len(request.seeds) + 1))
    return Drawing(request=request, files=tuple(files))


def plan_file(lines: Sequence[str], options: Options, catalogue: Catalogue, folder: Path) -> list[Drawing]:
    """A prompt a line into `0001.png`, `0002.png`, ... in `folder`; empty lines do not count.

    Raises:
        BadLine: one of the lines cannot be used; all are looked at before anything is drawn.
    """
    drawings: list[Drawing] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            drawings.append(plan(line, options, catalogue, folder / f"{len(drawings) + 1:04}.png"))
        except (PromptError, RequestError) as error:
            raise BadLine(number, error) from error
    return drawings


def request_for(prompt: Prompt, options: Options, catalogue: Catalogue) -> ImageRequest:
    """What the engine is asked for, completed by the options and then by the model's own defaults.

    Raises: UnknownModel, UnsupportedSize.
    """
    entry = catalogue.get(prompt.model or options.model)
    aspect = prompt.aspect or options.aspect
    width, height = entry.width, entry.height
    if aspect is not None:
        width, height = prompts.size_for(aspect, width * height, entry.multiple)
    entry.check_size(width, height)
    first = _given(prompt.seed, options.seed, secrets.randbelow(2**32))
    count = options.count * (prompt.repeat or 1)
    return ImageRequest(
        model=entry.name,
        prompt=prompt.text,
        negative_prompt=", ".join(prompt.no),
        width=width,
        height=height,
        steps=_given(prompt.steps, options.steps, entry.steps),
        guidance=_given(prompt.guidance, options.guidance, entry.guidance),
        seeds=tuple((first + offset) % 2**32 for offset in range(count)),
    )


async def draw(engine: Draws, drawings: Sequence[Drawing], advance: Callable[[int], None]) -> None:
    """Draw everything; `advance` is called with the work done (steps times pictures) since its last call.

    A file appears whole or not at all. Raises what the engine raises, and OSError.
    """
    waiting = iter(drawings)

    async def one_after_another() -> None:
        for drawing in waiting:
            await _draw(engine, drawing, advance)

    async with asyncio.TaskGroup() as group:
        for _ in range(min(IN_FLIGHT, len(drawings))):
            group.create_task(one_after_another())


async def _draw(engine: Draws, drawing: Drawing, advance: Callable[[int], None]) -> None:
    step, pictures = 0, len(drawing.files)
    events = engine.generate(drawing.request)
    async with contextlib.aclosing(events):
        async for event in events:
            if isinstance(event, Progress):
                advance((event.step - step) * pictures)
                step = event.step
                continue
            advance((drawing.request.steps_run - step) * pictures)
            for index, (image, file) in enumerate(zip(event.images, drawing.files, strict=True)):
                png = encode_png(
                    image, PictureMetadata.of(vars(drawing.request), drawing.request.seeds[index], size=image.size)
                )
                await asyncio.to_thread(_write, file, png)


Number = TypeVar("Number", int, float)


def _given(*choices: Number | None) -> Number:
    return next(choice for choice in choices if choice is not None)


def _write(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        temporary.write_bytes(content)
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)
