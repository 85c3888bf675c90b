"""What edits cost and keep: `python -m bench.edits` prints it, and draws a contact sheet of a whole tree of edits.

The cost of an edit is held against an imagine of the same finished size, both drawn alone, in turns; kept pixels are
compared byte by byte. The sheet (docs/images/edits.png) is for eyes: a canvas should go on where the old picture ends.
"""

import argparse
import asyncio
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from bench.report import Report, Table
from engine.edits.drawing import drawn
from engine.edits.keeping import feather
from engine.edits.plan import Editor
from engine.engine import Engine
from engine.models import POCKET, Catalogue
from engine.requests import ImageRequest, Pictures, Reference

SHEET = Path(__file__).parent.parent / "docs" / "images" / "edits.png"
MOST = 1.2
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


@dataclass(frozen=True, kw_only=True)
class Node:
    """A picture of the tree under its name."""

    name: str
    image: Image.Image


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

    async def tree(self, prompt: str) -> list[Node]:
        """imagine -> Creative -> Zoom 1.5x -> Pan right -> Make Square -> Region, and the others beside it."""
        nodes: list[Node] = []

        async def grow(name: str, edit: dict[str, Any] | None, **changes: Any) -> Image.Image:
            image, _ = await self.draw(edit, **({"prompt": prompt} | changes))
            nodes.append(Node(name=name, image=image))
            return image

        first = await grow("imagine", None)
        creative = await grow("Upscale (Creative)", {"kind": "upscale", "how": "creative"}, image=first)
        zoomed = await grow("Zoom Out 1.5x", {"kind": "zoom", "factor": 1.5}, image=creative)
        panned = await grow("Pan right", {"kind": "pan", "direction": "right"}, image=zoomed)
        square = await grow("Make Square", {"kind": "square"}, image=panned)
        boat = {"prompt": "a yellow boat"}
        await grow("Region: top left", {"kind": "region", "cells": ["top left"]}, image=square, **boat)
        await grow("Upscale (Subtle)", {"kind": "upscale", "how": "subtle"}, image=first)
        await grow("Zoom Out 2x", {"kind": "zoom", "factor": 2.0}, image=first)
        for direction in ("left", "up", "down"):
            await grow(f"Pan {direction}", {"kind": "pan", "direction": direction}, image=first)
        await grow("edit: make it blue", {"kind": "words", "instruction": "make it blue", "scene": prompt}, image=first)
        return nodes

    async def blend(self, first: Image.Image, second: Image.Image) -> Node:
        references = tuple(Reference(kind="image", image=image) for image in (first, second))
        image, _ = await self.draw({"kind": "blend"}, prompt="", references=references)
        return Node(name="blend of two", image=image)

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


def sheet(rows: Sequence[Sequence[Node]], *, side: int = 150) -> Image.Image:
    """Every node under its name, one tree a row."""
    step = side + 8
    whole = Image.new("RGB", (step * max(map(len, rows)), (step + 14) * len(rows)), "white")
    brush = ImageDraw.Draw(whole)
    for y, row in enumerate(rows):
        for x, node in enumerate(row):
            small = node.image.copy()
            small.thumbnail((side, side), Image.Resampling.LANCZOS)
            brush.text((x * step, y * (step + 14)), node.name, fill="black")
            whole.paste(small, (x * step, y * (step + 14) + 14))
    return whole


async def measured(*, rounds: int, threads: int | None, trees: bool) -> Report:
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
        met = met and not any(differ for _, _, differ in kept)
        if trees:
            grown = [await bench.tree(prompt) for prompt in PROMPTS]
            for tree, other in zip(grown, grown[1:] + grown[:1], strict=True):
                tree.append(await bench.blend(tree[0].image, other[0].image))
            sheet(grown).quantize(128).save(SHEET, optimize=True)
    return Report(
        name="edits",
        claim=f"A pan or a region costs at most {MOST} times an imagine of the same size, and keeps what it keeps.",
        command="python -m bench.edits",
        tables=[
            Table("Cost, pocket model", ["edit", "seconds", "imagine, seconds", "ratio", "met"], rows),
            Table("Kept pixels", ["edit", "pixels that must stay", "bytes that differ"], kept),
        ],
        notes=[f"Medians of {rounds} rounds, edit and imagine in turns, one picture each."],
        packages=["torch", "diffusers"],
        passed=met,
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.edits", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--no-trees", action="store_true", help="costs only, no contact sheet")
    parser.add_argument("--no-save", action="store_true")
    given = parser.parse_args()
    report = asyncio.run(measured(rounds=given.rounds, threads=given.threads, trees=not given.no_trees))
    report.publish(save=not given.no_save)


if __name__ == "__main__":
    main()
