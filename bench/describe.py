"""How well `/describe` reads pictures: `python -m bench.describe`, written to bench/results/describe.md.

Held-out scenes, painted; and pictures that the pocket model drew of the same scenes' captions, where what was asked for
counts as the truth and the model's own mistakes count against the describer.
"""

import argparse
import asyncio
import random
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from PIL import Image

from bench.report import Cell, Report, Table
from engine.describe import Describer
from engine.engine import Engine
from engine.models import POCKET, Catalogue
from engine.pocket.judge import Reading
from engine.pocket.scenes import Category, Scene, caption, paint, phrases, sample_scene
from engine.requests import ImageRequest, Pictures

CATEGORIES: tuple[Category, ...] = ("shape", "object", "scene", "place")
MUST = 0.85
PLURALS = {"fish": "fish", "cactus": "cacti"}
TIMES = {"sunset": "sunset|dusk|evening", "night": "night|moonlight|under the stars", "rain": "rain|rains|rainy"}
"""Words that say a time of day, and nothing else; day is what none of them says."""


def plural(word: str) -> str:
    return PLURALS.get(word, word + ("es" if word.endswith(("s", "x", "sh")) else "s"))


def either(words: Iterable[str]) -> str:
    """A pattern for any of the words, the longest first."""
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


COLOURS = {color: either(words) for color, words in phrases("color").items()}
KINDS = {kind: either([*words, *map(plural, words)]) for kind, words in phrases("kind").items()}
COLOUR = "|".join(COLOURS.values())
THING = re.compile(rf"\b({COLOUR}) ({'|'.join(KINDS.values())})\b")
GROUND = re.compile(rf"\b({COLOUR}) (?:background|ground|backdrop)\b|\bon ({COLOUR})\b")
PLACES = {place: either(words) for place, words in phrases("place").items()}


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a prompt says, in whole words: "during the day" is no ring, and a blue sky makes no thing blue."""

    kind: frozenset[str]
    color: frozenset[str]
    ground: str | None
    place: str | None
    time: str


def told(text: str) -> Told:
    """Reads a prompt in the words of the painter's captions."""
    things, ground = THING.findall(text), GROUND.search(text)
    places = {place: re.search(rf"\b({words})\b", text) for place, words in PLACES.items()}
    said = {place: len(match[0]) for place, match in places.items() if match}
    return Told(
        kind=frozenset(meant(kind, KINDS) for _, kind in things),
        color=frozenset(meant(color, COLOURS) for color, _ in things),
        ground=meant(ground[1] or ground[2], COLOURS) if ground else None,
        place=max(said, key=said.__getitem__) if said else None,
        time=next((time for time, words in TIMES.items() if re.search(rf"\b({words})\b", text)), "day"),
    )


def meant(word: str, patterns: Mapping[str, str]) -> str:
    return next(value for value, words in patterns.items() if re.fullmatch(words, word))


Value = str | frozenset[str] | None
ATTRIBUTES: dict[str, Callable[[Scene], Value]] = {
    "kind": lambda scene: frozenset(thing.kind for thing in scene.things),
    "color": lambda scene: frozenset(thing.color for thing in scene.things),
    "ground": lambda scene: scene.ground,
    "place": lambda scene: scene.place,
    "time": lambda scene: scene.time,
}
"""What a scene has of each, of every thing in it; where it has none, it is not counted."""


def seen(reading: Reading, what: str) -> Value:
    """What the judge itself says, before it is put in words."""
    if what in ("kind", "color"):
        return frozenset(getattr(thing, what) for thing in reading.things if thing.kind is not None)
    return getattr(reading, what)


def shares(scenes: Sequence[Scene], pictures: Sequence[Image.Image], describer: Describer) -> list[list[Cell]]:
    """For each attribute: how many scenes have it; in percent, how often the first prompt, any, the judge is right."""
    read = [(describer.prompts(picture), describer.read(picture)) for picture in pictures]
    rows: list[list[Cell]] = []
    for what, value in ATTRIBUTES.items():
        right = []
        for scene, (prompts, reading) in zip(scenes, read, strict=True):
            if true := value(scene):
                said = [getattr(told(prompt), what) == true for prompt in prompts]
                right.append((said[:1] == [True], any(said), seen(reading, what) == true))
        rows.append([what, len(right), *(100 * sum(column) / len(right) for column in zip(*right, strict=True))])
    return rows


async def draw(scenes: Sequence[Scene], threads: int | None) -> list[Image.Image]:
    """One picture of each scene's plain caption."""
    async with Engine(Catalogue(), threads=threads, preview_every=0) as engine:
        await engine.ready()

        async def one(number: int, scene: Scene) -> Image.Image:
            request = ImageRequest(
                model="pocket", prompt=caption(scene, random.Random(number), plain=True), width=POCKET.width,
                height=POCKET.height, steps=POCKET.steps, guidance=POCKET.guidance, seeds=(number,),
            )  # fmt: skip
            async for event in engine.generate(request):
                if isinstance(event, Pictures):
                    return event.images[0]
            raise AssertionError("the engine ends with pictures")

        return list(await asyncio.gather(*(one(number, scene) for number, scene in enumerate(scenes))))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.describe", description=__doc__)
    parser.add_argument("--painted", type=int, default=256)
    parser.add_argument("--drawn", type=int, default=64)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--no-save", action="store_true")
    given = parser.parse_args()
    dice = random.Random(31)
    scenes = [sample_scene(dice, CATEGORIES[n % len(CATEGORIES)], held=True) for n in range(given.painted)]
    pictures = {
        f"{given.painted} painted": [paint(scene, POCKET.width, POCKET.height) for scene in scenes],
        f"{given.drawn} drawn by the pocket model": asyncio.run(draw(scenes[: given.drawn], given.threads)),
    }
    describer = Describer()
    columns = ["", "pictures that have it", "first prompt", "any of four", "judge"]
    tables = [
        Table(f"{name}: right, in percent", columns, shares(scenes[: len(some)], some, describer))
        for name, some in pictures.items()
    ]
    Report(
        name="describe",
        claim=f"Of scenes never trained on, the first prompt is right about each part in {MUST:.0%} at least.",
        command="python -m bench.describe",
        tables=tables,
        notes=["What the pocket model drew is held against its prompt: its own mistakes count as the describer's."],
        packages=["torch"],
        passed=all(float(row[2]) >= 100 * MUST for row in tables[0].rows),
    ).publish(save=not given.no_save)


if __name__ == "__main__":
    main()
