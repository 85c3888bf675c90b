"""How well `/describe` reads pictures: `python -m bench.describe`, written to bench/results/describe.md.

Held-out scenes, painted; and pictures that the pocket model drew of the same scenes' captions, where what was asked for
counts as the truth and the model's own mistakes count against the describer.
"""

import argparse
import asyncio
import random
from collections.abc import Callable, Sequence

from PIL import Image

from bench.report import Report, Table
from engine.describe import Describer
from engine.engine import Engine
from engine.models import POCKET, Catalogue
from engine.pocket.scenes import Category, Scene, caption, paint, phrases, sample_scene
from engine.requests import ImageRequest, Pictures

CATEGORIES: tuple[Category, ...] = ("shape", "object", "place")
MUST = 0.85


def says(text: str, slot: str, value: str | None) -> bool:
    """Whether a prompt names a value in any of its wordings; nothing to name is well."""
    words = phrases(slot)[value] if value else ("",)  # type: ignore[arg-type]
    return any(word in text for word in words)


def thing(scene: Scene, text: str) -> bool:
    return not scene.things or says(text, "kind", scene.things[0].kind)


def colour(scene: Scene, text: str) -> bool:
    return not scene.things or says(text, "color", scene.things[0].color)


def surroundings(scene: Scene, text: str) -> bool:
    """Place and time of day, or the plain ground; day may be left out, since it is what is drawn without a word."""
    time = None if scene.time == "day" else scene.time
    return says(text, "place", scene.place) and (
        says(text, "time", time) if scene.time else says(text, "color", scene.ground)
    )


RIGHT: dict[str, Callable[[Scene, str], bool]] = {
    "the thing": thing, "its colour": colour, "place and time, or ground": surroundings,
    "all three": lambda scene, text: thing(scene, text) and colour(scene, text) and surroundings(scene, text),
}  # fmt: skip


def share(scenes: Sequence[Scene], told: Sequence[str], check: Callable[[Scene, str], bool]) -> float:
    """In percent."""
    return 100 * sum(map(check, scenes, told)) / len(scenes)


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
    scenes = [sample_scene(dice, CATEGORIES[n % 3], held=True) for n in range(given.painted)]
    pictures = {
        f"{given.painted} painted": [paint(scene, POCKET.width, POCKET.height) for scene in scenes],
        f"{given.drawn} drawn by the pocket model": asyncio.run(draw(scenes[: given.drawn], given.threads)),
    }
    describer = Describer()
    told = {name: [describer.words(picture) for picture in some] for name, some in pictures.items()}
    rows = [
        [what, *(share(scenes[: len(said)], said, check) for said in told.values())] for what, check in RIGHT.items()
    ]
    Report(
        name="describe",
        claim=f"Of scenes never trained on, the first prompt is right about each part in {MUST:.0%} at least.",
        command="python -m bench.describe",
        tables=[Table("Right, in percent", ["", *pictures], rows)],
        notes=["What the pocket model drew is held against its prompt: its own mistakes count as the describer's."],
        packages=["torch"],
        passed=all(float(row[1]) >= 100 * MUST for row in rows),
    ).publish(save=not given.no_save)


if __name__ == "__main__":
    main()
