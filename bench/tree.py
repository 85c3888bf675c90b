"""A tree of refinements through the playground, from /imagine to "imagine that", on one sheet to look at.

    python -m bench.tree [--output tree.png]

runs the bot as a process of its own with the pocket model, lets two people press their way through every kind of
refinement, and writes each result's first picture with the words of its card.
"""

import argparse
import asyncio
import io
import textwrap
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from bench.bot_process import Bot
from playground import Interaction, Person, Playground

Json = dict[str, Any]

PROMPT = "a red house beside a green tree by day --seed 5"
PATIENCE = 600.0
"""Seconds for one result, on a machine with other work."""
_CELL, _COLUMNS, _WORDS = 300, 5, 84
_ARROWS = {"➡️": "Pan right"}  # no letter of the sheet's font


@dataclass(frozen=True)
class Step:
    """One branch: what was done, the message that came of it, and the one that it answers (None for a command)."""

    name: str
    message: Json
    parent: Json | None = None


async def grow(pg: Playground, ada: Person, ben: Person) -> list[Step]:
    """Every step of the tree, each with its result standing."""
    steps: list[Step] = []

    async def keep(name: str, asked: Interaction, parent: Json | None = None) -> Json:
        if asked.message is None:
            raise RuntimeError(f"{name}: {asked.state} {asked.reason}")
        return await kept(name, asked.message, parent)

    async def kept(name: str, message: Json, parent: Json | None) -> Json:
        await pg.wait_for(lambda: _stands(message), PATIENCE, what=f"{name}: {message['content']}")
        steps.append(Step(name, message, parent))
        return message

    async def press(person: Person, on: Json, label: str) -> Json:
        return await keep(label, await person.click(on, label), on)

    async def region(on: Json) -> Json:
        """A part by name: the picture with the grid, a choice, words; the card answers the picture."""
        panel = (await ada.click(on, "Vary (Region)")).message
        assert panel is not None
        await pg.wait_for(lambda: bool(panel["components"]), PATIENCE, what="the grid")
        await ada.click(panel, "bottom left")
        await pg.wait_for(lambda: not panel["components"][-1]["components"][0].get("disabled"), PATIENCE, what="lit")
        form = await ada.click(panel, "Say what should be there")
        await ada.submit(form, {"prompt": "a yellow boat"})
        await pg.wait_for(lambda: answering(pg, on, "(Region)") is not None, PATIENCE, what="Vary (Region)")
        card = answering(pg, on, "(Region)")
        assert card is not None
        return await kept("Vary (Region)", card, on)

    def picture(of: Json, index: int = 0) -> tuple[str, bytes]:
        attachment = of["attachments"][index]
        return attachment["filename"], pg.attachment_bytes(attachment)

    grid = await keep("/imagine", await ada.slash("studio", "imagine", prompt=PROMPT))
    varied = await press(ben, grid, "V2")
    single = await press(ada, varied, "U3")
    large = await press(ada, single, "Upscale (Creative)")
    zoomed = await press(ada, large, "Zoom Out 1.5x")
    single = await press(ada, zoomed, "U1")
    panned = await press(ben, single, "➡️")
    single = await press(ada, panned, "U1")
    squared = await press(ada, single, "Make Square")
    single = await press(ada, squared, "U1")
    redrawn = await region(single)
    single = await press(ada, redrawn, "U1")
    form = await ben.click(single, "Remix")
    remixed = await keep("Remix", await ben.submit(form, {"prompt": "a red house at night, watercolour"}), single)
    options: Json = {"image1": picture(grid), "image2": picture(remixed)}
    blended = await keep("/blend", await ada.slash("studio", "blend", **options))
    asked = await ada.slash("studio", "edit", image=picture(grid), instruction="make the house blue")
    await keep("/edit", asked)
    described = await keep("/describe", await ben.slash("studio", "describe", image=picture(grid)))
    await press(ada, described, "Imagine 1")
    assert blended["attachments"]
    return steps


def answering(pg: Playground, parent: Json, words: str) -> Json | None:
    """The newest message in reply to another one that has these words in it."""
    replies = (one for one in reversed(pg.messages(parent["channel_id"])) if words in one["content"])
    return next(
        (one for one in replies if (one.get("message_reference") or {}).get("message_id") == parent["id"]), None
    )


def _stands(message: Json) -> bool:
    """Whether a result, one picture, or a description is there."""
    files = [one["filename"] for one in message["attachments"]]
    return bool(files) and files != ["preview.webp"] and bool(message["components"])


def sheet(pg: Playground, steps: list[Step], people: list[Person]) -> Image.Image:
    """The first picture of each step in reading order, with the words of its card below."""
    rows = -(-len(steps) // _COLUMNS)
    height = _CELL + _WORDS
    page = Image.new("RGB", (_COLUMNS * _CELL, rows * height), "white")
    brush, font = ImageDraw.Draw(page), ImageFont.load_default(13)
    for place, step in enumerate(steps):
        left, top = place % _COLUMNS * _CELL, place // _COLUMNS * height
        picture = Image.open(io.BytesIO(pg.attachment_bytes(step.message["attachments"][0]))).convert("RGB")
        shape = picture.size
        picture.thumbnail((_CELL - 8, _CELL - 8), Image.Resampling.LANCZOS)
        page.paste(picture, (left + (_CELL - picture.width) // 2, top + (_CELL - picture.height) // 2))
        said = step.message["content"].split("\n")[0].replace("**", "") or "(four prompts)"
        for person in people:
            said = said.replace(f"<@{person.id}>", f"@{person.name}")
        name = _ARROWS.get(step.name, step.name)
        words = "\n".join([f"{place + 1}. {name}  {shape[0]} x {shape[1]}", *textwrap.wrap(said, 42)[:3]])
        brush.multiline_text((left + 6, top + _CELL + 2), words, "black", font)
    return page


async def draw(output: Path) -> None:
    with TemporaryDirectory(prefix="atelier-tree-") as folder:
        async with Playground() as pg:
            bot = Bot("bot", Path(folder), pg)
            await bot.start()
            people = [pg.person("Ada"), pg.person("Ben")]
            steps = await grow(pg, *people)
            sheet(pg, steps, people).save(output)
            await bot.stop()
    for step in steps:
        print(f"{step.name:20} {step.message['content'].splitlines()[0] if step.message['content'] else ''}")
    print(output)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=Path("tree.png"))
    asyncio.run(draw(parser.parse_args().output))


if __name__ == "__main__":
    main()
