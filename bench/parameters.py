"""Whether each parameter of a prompt does what it says: `python -m bench.parameters`.

Eight settings of each, the same sixteen seeds at every setting, drawn by the pocket model through the engine as it
serves people, and a number for each setting; Spearman's rank correlation between setting and number must be 0.8 at
least, in the direction that docs/commands.md states. The strips of pictures go to docs/images/parameters; `--strips`
only draws them, `--no-strips` only measures.
"""

import argparse
import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from bench.claims import CLAIMS, HOUSE, LIKE_STYLE, SETTINGS, STEPS, TILED, Claim, referring
from bench.measures import (
    redness,
    seams,
    spearman,
)
from bench.report import Report, Table
from engine.edits.drawing import drawn
from engine.edits.plan import Editor
from engine.engine import Engine
from engine.models import POCKET, Catalogue
from engine.pocket.judge import Judge
from engine.requests import ImageRequest, Pictures

STRIPS = Path(__file__).parent.parent / "docs" / "images" / "parameters"
SHOWN = 3
"""Seeds in a strip."""
MUST = 0.8


class Bench:
    """Draws and measures; `seeds` pictures a setting, `side` pixels, `folder` for the strips or None."""

    def __init__(self, engine: Engine, judge: Judge, *, seeds: int, side: int, folder: Path | None) -> None:
        self._engine, self._judge, self._editor = engine, judge, Editor()
        self._folder = folder
        self._usual = ImageRequest(
            model="pocket", prompt="", width=side, height=side, steps=STEPS, guidance=4.0, seeds=tuple(range(seeds))
        )

    async def draw(self, prompt: str, **changes: Any) -> tuple[Image.Image, ...]:
        plan = self._editor.plan(None, replace(self._usual, prompt=prompt, **changes))
        async for event in drawn(self._engine, plan):
            if isinstance(event, Pictures):
                return event.images
        raise AssertionError("the engine ends with pictures")

    async def rank(self, claim: Claim) -> tuple[float, list[float]]:
        """Spearman's correlation in the stated direction, -1..1, and the number at each setting."""
        series = [await self.draw(claim.prompt, **claim.change(setting)) for setting in claim.settings]
        numbers = [claim.measure(self._judge, pictures, series) for pictures in series]
        self._keep(claim.name, [pictures[:SHOWN] for pictures in series])
        return spearman(claim.settings, numbers) * (1 if claim.rises else -1), numbers

    async def tile(self) -> dict[str, tuple[float, float]]:
        """The step over the edge against those beside it, rows and columns, for each line; and the strip."""
        large = {"width": 256, "height": 256}
        found: dict[str, tuple[float, float]] = {}
        shown: list[list[Image.Image]] = []
        for prompt in TILED:
            pictures = await self.draw(prompt, tile=True, **large)
            found[f"--tile: {prompt}"] = seams(pictures)
            shown += [[doubled(picture)] for picture in pictures[:SHOWN]]
        found[f"without --tile: {TILED[-1]}"] = seams(await self.draw(TILED[-1], **large))
        self._keep("--tile", shown)
        return found

    async def sizes(self) -> None:
        """The strip of --draft, neither, --hd, each as large as it comes."""
        usual = {"width": POCKET.width, "height": POCKET.height, "steps": POCKET.steps}
        draft = {"width": POCKET.width // 2, "height": POCKET.height // 2, "steps": POCKET.steps // 2}
        large = {"width": POCKET.width * 3 // 2, "height": POCKET.height * 3 // 2, "steps": POCKET.steps}
        made = [(await self.draw(HOUSE, **size))[0] for size in (draft, usual, large)]
        if self._folder is None:
            return
        strip = Image.new("RGB", (sum(one.width + 4 for one in made) - 4, made[-1].height), "white")
        left = 0
        for one in made:
            strip.paste(one, (left, strip.height - one.height))
            left += one.width + 4
        strip.save(self._folder / "draft-hd.webp", quality=80, method=6)

    async def leak(self) -> tuple[float, float]:
        """How like the style's picture in things and places, at weight 0 and 1: its content must not come along."""
        layouts = []
        for weight in (0.0, 1.0):
            pictures = await self.draw("a red circle on a blue background", **referring("style", LIKE_STYLE)(weight))
            layouts.append(float(np.mean([reading.place == "desert" for reading in self._judge.read_all(pictures)])))
        return layouts[0], layouts[1]

    async def without(self) -> tuple[float, float, int, int]:
        """How red circles of no stated colour are, and with --no red; and how many of the things seen are red."""
        numbers: list[float] = []
        counts: list[int] = []
        for negative in ("", "red"):
            pictures = await self.draw("a circle", negative_prompt=negative)
            numbers.append(redness(self._judge, pictures, ()))
            counts.append(sum(thing.color == "red" for seen in self._judge.read_all(pictures) for thing in seen.things))
        return numbers[0], numbers[1], counts[0], counts[1]

    def _keep(self, name: str, columns: Sequence[Sequence[Image.Image]]) -> None:
        if self._folder is None:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        small = 72
        strip = Image.new("RGB", (len(columns) * (small + 4) - 4, len(columns[0]) * (small + 4) - 4), "white")
        for x, pictures in enumerate(columns):
            for y, picture in enumerate(pictures):
                strip.paste(picture.resize((small, small), Image.Resampling.BOX), (x * (small + 4), y * (small + 4)))
        strip.save(self._folder / f"{name.strip('-').replace('::', '-')}.webp", quality=85, method=6)


def doubled(picture: Image.Image) -> Image.Image:
    """Two by two of it, so that seams show."""
    sheet = Image.new("RGB", (picture.width * 2, picture.height * 2))
    for x in (0, picture.width):
        for y in (0, picture.height):
            sheet.paste(picture, (x, y))
    return sheet


async def stripped(*, side: int, threads: int | None) -> None:
    """Draw every strip again, and nothing else."""
    async with Engine(Catalogue(), threads=threads, preview_every=0) as engine:
        await engine.ready()
        bench = Bench(engine, Judge.load(), seeds=SHOWN, side=side, folder=STRIPS)
        for claim in CLAIMS:
            await bench.rank(claim)
        await bench.tile()
        await bench.sizes()


async def measured(*, seeds: int, side: int, only: str, threads: int | None, strips: bool) -> Report:
    rows: list[list[str | float]] = []
    met = True
    async with Engine(Catalogue(), threads=threads, preview_every=0) as engine:
        await engine.ready()
        bench = Bench(engine, Judge.load(), seeds=seeds, side=side, folder=STRIPS if strips else None)
        for claim in CLAIMS:
            if only and only not in claim.name:
                continue
            correlation, numbers = await bench.rank(claim)
            met = met and correlation >= MUST
            values = " ".join(f"{number:.3g}" for number in numbers)
            span = f"{claim.settings[0]:g}..{claim.settings[-1]:g}"
            rows.append([claim.name, claim.says, span, correlation, values, "yes" if correlation >= MUST else "NO"])
        tables = [Table("Ranks", ["parameter", "says", "settings", "Spearman", "measured", "met"], rows)]
        if not only:
            edges = await bench.tile()
            await bench.sizes()
            before, after = await bench.leak()
            red, less, many, few = await bench.without()
            rest: list[list[str | float]] = [
                ["--sref: its place seen, at 1 less at 0", after - before, "at most 0.1", after - before <= 0.1],
                ["--no red, circles of any colour: redness with less without", less - red, "below 0", less < red],
                ["the same: red things seen, without", many, "", ""],
                ["the same: red things seen, with", few, "fewer", few < many or few == 0],
            ]  # fmt: skip
            met = met and all(bool(row[3]) for row in rest if row[2])
            for row in rest:
                row[3] = {True: "yes", False: "NO"}.get(row[3], "")  # type: ignore[call-overload]
            seamless = [max(edge) <= 1 if name.startswith("--tile") else None for name, edge in edges.items()]
            met = met and all(one is not False for one in seamless)
            told = {True: "yes", False: "NO", None: ""}
            tables.append(
                Table(
                    "Step over the edge, over the largest beside it: at most 1 with --tile",
                    ["picture", "rows", "columns", "met"],
                    [[name, *edge, told[one]] for (name, edge), one in zip(edges.items(), seamless, strict=True)],
                )
            )
            tables.append(Table("Others", ["claim", "measured", "must", "met"], rest))
    return Report(
        name="parameters",
        claim="Each parameter changes pictures in the direction it states, on the pocket model.",
        command="python -m bench.parameters",
        tables=tables,
        notes=[f"{seeds} seeds at each of {SETTINGS} settings, {side} x {side} pixels, {STEPS} steps."],
        packages=["torch", "diffusers"],
        passed=met,
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.parameters", description=__doc__)
    parser.add_argument("--seeds", type=int, default=16)
    parser.add_argument("--side", type=int, default=128)
    parser.add_argument("--only", default="", help="part of a parameter's name")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--no-save", action="store_true", help="neither results nor strips")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--strips", action="store_true", help="only draw the strips")
    which.add_argument("--no-strips", action="store_true", help="only measure")
    given = parser.parse_args()
    if given.strips:
        asyncio.run(stripped(side=given.side, threads=given.threads))
        return
    strips = not (given.no_save or given.no_strips)
    report = asyncio.run(
        measured(seeds=given.seeds, side=given.side, only=given.only, threads=given.threads, strips=strips)
    )
    report.publish(save=not given.no_save and not given.only)


if __name__ == "__main__":
    main()
