"""What edits cost, keep and change: `python -m bench.edits` prints it, and draws a sheet of painted scenes edited.

The cost of an edit is held against an imagine of the same finished size, both drawn alone, in turns; kept pixels are
compared byte by byte; borders of tiles and canvases are held against the steps beside them. The sheet
(docs/images/edits.webp) is for eyes: a canvas should go on where the old picture ends.
"""

import argparse
import asyncio
import statistics
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from bench.report import Report, Table
from bot.refining import STRENGTH
from engine.edits.drawing import drawn
from engine.edits.keeping import feather
from engine.edits.outline import tile_side
from engine.edits.plan import Editor
from engine.edits.tiles import boxes
from engine.edits.words import settled
from engine.engine import Engine
from engine.models import POCKET, Catalogue
from engine.pocket.scenes import Scene, Thing, paint
from engine.requests import ImageRequest, Pictures

SHEET = Path(__file__).parent.parent / "docs" / "images" / "edits.webp"
MOST = 1.2
SIDE = 256
ALIKE = 0.6
_WHERE = ("ground", "place", "time")
PROMPTS = ("a red house in the snow at night", "a blue boat at sea at sunset", "a green circle on a yellow background")

USUAL = ImageRequest(
    model="pocket",
    prompt=PROMPTS[0],
    width=POCKET.width,
    height=POCKET.height,
    steps=POCKET.steps,
    guidance=POCKET.guidance,
    seeds=(3,),
)


SCENES: dict[str, dict[str, Any]] = {
    "a red house in a meadow by day": {"kind": "house", "color": "red", "place": "meadow", "time": "day"},
    "a green palm on the beach at sunset": {"kind": "palm", "color": "green", "place": "beach", "time": "sunset"},
    "a white boat on the sea at night": {"kind": "boat", "color": "white", "place": "sea", "time": "night"},
    "a yellow star on a purple background": {"kind": "star", "color": "yellow", "ground": "purple"},
    "a brown castle in the mountains by day": {
        "kind": "castle", "color": "brown", "place": "mountains", "time": "day",
    },
}  # fmt: skip
EDITS: dict[str, dict[str, Any]] = {
    "Zoom Out 2x": {"edit": {"kind": "zoom", "factor": 2.0}},
    "Zoom Out 1.5x": {"edit": {"kind": "zoom", "factor": 1.5}},
    "right": {"edit": {"kind": "pan", "direction": "right"}},
    "up": {"edit": {"kind": "pan", "direction": "up"}},
    "down": {"edit": {"kind": "pan", "direction": "down"}},
    "Region, bottom left: a yellow mushroom": {
        "edit": {"kind": "region", "cells": ["bottom left"]}, "prompt": "a yellow mushroom",
    },
    "Region, right half: a green tree": {
        "edit": {"kind": "region", "cells": ["right half"]}, "prompt": "a green tree",
    },
}  # fmt: skip


def painted(look: dict[str, Any]) -> Image.Image:
    """A scene by the painter, 256 pixels square, its one thing in the middle."""
    where = {"ground": None, "place": None, "time": None} | {key: look[key] for key in look if key in _WHERE}
    thing = Thing(kind=look["kind"], color=look["color"], x=0.5, y=0.5, size=0.5)
    return paint(Scene(things=(thing,), detail=3, category="scene", style="flat", **where), SIDE, SIDE)


class Bench:
    def __init__(self, engine: Engine) -> None:
        self._engine, self._editor = engine, Editor()

    async def draw(self, edit: dict[str, Any] | None, **changes: Any) -> tuple[Image.Image, float]:
        """The picture, and seconds from the wish to the finished pixels."""
        began = time.perf_counter()
        plan = await asyncio.to_thread(self._editor.plan, edit, replace(USUAL, **changes))
        async for event in drawn(self._engine, plan):
            if isinstance(event, Pictures):
                return event.images[0], time.perf_counter() - began
        raise AssertionError("the engine ends with pictures")

    async def cost(self, edit: dict[str, Any], *, rounds: int, **changes: Any) -> tuple[float, float, float]:
        """Median seconds of the edit, of an imagine of its finished size, and of their ratios, in turns."""
        image, _ = await self.draw(None)
        finished, _ = await self.draw(edit, image=image, **changes)
        size = {"width": finished.width, "height": finished.height}
        await self.draw(None, **size)
        pairs = [
            ((await self.draw(edit, image=image, **changes))[1], (await self.draw(None, **size))[1])
            for _ in range(rounds)
        ]
        return (
            statistics.median(edited for edited, _ in pairs),
            statistics.median(plain for _, plain in pairs),
            statistics.median(edited / plain for edited, plain in pairs),
        )

    async def row(self, prompt: str, look: dict[str, Any]) -> list[Image.Image]:
        """A painted scene, then one picture of each of EDITS."""
        picture = painted(look)
        made = [picture]
        for asked in EDITS.values():
            edit, words = asked["edit"], asked.get("prompt", prompt)
            if edit["kind"] == "region":
                edit, words = edit | {"words": words}, settled(words, prompt)
            made.append((await self.draw(edit, image=picture, prompt=words, seeds=(11,)))[0])
        return made

    async def tiles(self) -> list[tuple[str, float]]:
        """Of creative upscales: the step over a tile's border against the largest step among the lines beside it."""
        found = []
        for seed, prompt in enumerate(PROMPTS):
            image, _ = await self.draw(None, prompt=prompt, seeds=(seed,))
            large, _ = await self.draw(
                {"kind": "upscale", "how": "creative"}, image=image, prompt=prompt, seeds=(seed,)
            )
            places = boxes(large.size, side=tile_side(POCKET), multiple=POCKET.multiple)
            lines = sorted({box[0] for box in places if box[0]} | {box[2] for box in places if box[2] < large.width})
            found.append((prompt, max(step_over(large, line) for line in lines)))
        return found

    async def varied(self, *, count: int = 8) -> tuple[float, float]:
        """How far Subtle and Strong are from their picture in layout; 1 is another picture of the same words."""
        apart: dict[str, list[float]] = {"subtle": [], "strong": [], "anew": []}
        for seed in range(count):
            same = {"prompt": PROMPTS[seed % len(PROMPTS)], "seeds": (seed + 100,)}
            image, _ = await self.draw(None, **(same | {"seeds": (seed,)}))
            made = {how: (await self.draw(None, **same, image=image, strength=STRENGTH[how]))[0] for how in STRENGTH}
            made["anew"], _ = await self.draw(None, **same)
            for how, new in made.items():
                apart[how].append(float(np.abs(layout(image) - layout(new)).mean()))
        subtle, strong, anew = (statistics.mean(some) for some in apart.values())
        return subtle / anew, strong / anew

    async def kept(self) -> list[tuple[str, int, int]]:
        """Of a pan and a region: how many pixels must stay, and how many bytes of them differ."""
        image, _ = await self.draw(None)
        old = np.asarray(image)
        panned, _ = await self.draw({"kind": "pan", "direction": "right"}, image=image)
        depth = feather(*panned.size)
        inner = old[:, : image.width - depth]
        pan = int((np.asarray(panned)[:, : inner.shape[1]] != inner).sum())
        region, _ = await self.draw({"kind": "region", "cells": ["right half"]}, image=image)
        left = old[:, : image.width // 2]
        outside = int((np.asarray(region)[:, : left.shape[1]] != left).sum())
        return [("pan right", inner[..., 0].size, pan), ("region, right half", left[..., 0].size, outside)]


def step_over(picture: Image.Image, line: int) -> float:
    """The mean step from the column before `line` to the one at it, over the largest among sixteen on either side.

    Nobody sees a step of less than a level: where all of them are smaller, it is held against one level.
    """
    steps = np.abs(np.diff(np.asarray(picture, dtype=float), axis=1)).mean((0, 2))
    beside = np.delete(steps[max(0, line - 17) : line + 16], min(16, line - 1))
    return float(steps[line - 1] / max(1.0, beside.max()))


def layout(picture: Image.Image) -> np.ndarray:
    """Where what colour is, without any detail."""
    return np.asarray(picture.resize((8, 8), Image.Resampling.BOX), dtype=float)


def sheet(rows: Sequence[Sequence[Image.Image]], *, side: int = 160) -> Image.Image:
    """A scene a row under the names of the edits."""
    step = side + 6
    whole = Image.new("RGB", (step * len(rows[0]), step * len(rows) + 30), "white")
    brush = ImageDraw.Draw(whole)
    for x, name in enumerate(("painted", *EDITS)):
        brush.text((x * step, 2), name.replace(": ", ":\n"), fill="black", font=ImageFont.load_default(11))
    for y, row in enumerate(rows):
        for x, picture in enumerate(row):
            small = picture.copy()
            small.thumbnail((side, side), Image.Resampling.LANCZOS)
            whole.paste(small, (x * step, y * step + 30))
    return whole


async def measured(*, rounds: int, threads: int | None, drawing: bool) -> Report:
    async with Engine(Catalogue(), threads=threads, preview_every=0) as engine:
        await engine.ready()
        bench = Bench(engine)
        edits: dict[str, dict[str, Any]] = {
            "pan right": {"kind": "pan", "direction": "right"},
            "pan up": {"kind": "pan", "direction": "up"},
            "region, one cell": {"kind": "region", "cells": ["middle"]},
            "region, half": {"kind": "region", "cells": ["right half"]},
            "zoom 2x": {"kind": "zoom", "factor": 2.0},
        }
        rows: list[list[str | float]] = []
        met = True
        for name, edit in edits.items():
            edited, plain, ratio = await bench.cost(edit, rounds=rounds)
            met = met and ratio <= MOST
            rows.append([name, edited, plain, ratio, "yes" if ratio <= MOST else "NO"])
        kept = await bench.kept()
        tiled = await bench.tiles()
        subtle, strong = await bench.varied()
        met = met and not any(differ for _, _, differ in kept) and all(step <= 1 for _, step in tiled)
        met = met and subtle < ALIKE * strong and strong < 1
        if drawing:
            sheet([await bench.row(*scene) for scene in SCENES.items()]).save(SHEET, quality=82, method=6)
    return Report(
        name="edits",
        claim=f"A pan or a region costs at most {MOST} times an imagine of the same size, and what is kept is kept.",
        command="python -m bench.edits",
        tables=[
            Table("Cost, pocket model", ["edit", "seconds", "imagine, seconds", "ratio", "met"], rows),
            Table("Kept pixels", ["edit", "pixels that must stay", "bytes that differ"], kept),
            Table("Upscale (Creative)", ["picture", "step over a tile's border, at most 1"], tiled),
            Table(
                "Distance in layout; 1 is another picture of the same words",
                ["variation", "distance", "must"],
                [["Vary (Subtle)", subtle, f"below {ALIKE:g} of Strong"], ["Vary (Strong)", strong, "below 1"]],
            ),
        ],
        notes=[f"Medians of {rounds} rounds, edit and imagine in turns, one picture each."],
        packages=["torch", "diffusers"],
        passed=met,
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.edits", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--no-sheet", action="store_true", help="numbers only")
    parser.add_argument("--no-save", action="store_true")
    given = parser.parse_args()
    report = asyncio.run(measured(rounds=given.rounds, threads=given.threads, drawing=not given.no_sheet))
    report.publish(save=not given.no_save)


if __name__ == "__main__":
    main()
