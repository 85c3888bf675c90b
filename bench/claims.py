"""What each parameter of a prompt claims to do: its settings, what they change in a request, what number must follow.

Knows no engine; `bench.parameters` draws and measures.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PIL import Image

from bench.measures import (
    Measure,
    colourfulness,
    diversity,
    likeness_to,
    redness,
    strangeness,
    style_distance_to,
    tealness,
    unfinished,
)
from engine.pocket.scenes import Scene, Thing, paint
from engine.requests import Reference

SETTINGS = 8
STEPS = 8
"""Of a picture, where a claim says nothing else."""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A parameter: `settings` as people write them, the changes to a request that each makes, and what must follow."""

    name: str
    prompt: str
    settings: Sequence[float]
    change: Callable[[float], dict[str, Any]]
    says: str
    measure: Measure
    rises: bool = True


def scene(kind: str, color: str, *, x: float = 0.5, y: float = 0.5, **where: Any) -> Image.Image:
    """A picture by the painter, to refer to."""
    thing = Thing(kind=kind, color=color, x=x, y=y, size=0.5)  # type: ignore[arg-type]
    values: dict[str, Any] = {"category": "scene", "ground": None, "place": None, "time": None, "style": "flat"}
    return paint(Scene(things=(thing,), detail=3, **(values | where)), 256, 256)


LIKE_IMAGE = scene("circle", "blue", x=0.3, y=0.35, ground="yellow")
LIKE_STYLE = scene("tree", "green", place="desert", time="sunset")
LIKE_SUBJECT = scene("square", "teal", ground="white")


def referring(kind: str, picture: Image.Image) -> Callable[[float], dict[str, Any]]:
    return lambda weight: {"references": (Reference(kind=kind, image=picture, weight=weight),)}  # type: ignore[arg-type]


def between(first: str, second: str) -> Callable[[float], dict[str, Any]]:
    return lambda share: {"texts": ((first, share), (second, 1 - share))}


def spread_over(low: float, high: float) -> list[float]:
    return [low + (high - low) * step / (SETTINGS - 1) for step in range(SETTINGS)]


CIRCLE, HOUSE = "a red circle on a white background", "a red house in the snow at night"
TILED = (
    "a red circle on a yellow background", "a red house in a meadow", "a tree on a beach", "the sea at sunset",
    "a meadow by day",
)  # fmt: skip
CLAIMS = (
    Claim(
        name="--chaos", prompt=CIRCLE, settings=spread_over(0, 100), change=lambda value: {"chaos": value / 100},
        says="the pictures of a grid differ more", measure=diversity,
    ),
    Claim(
        name="--weird", prompt=CIRCLE, settings=spread_over(0, 3000), change=lambda value: {"weird": value / 3000},
        says="pictures leave the usual one for the prompt", measure=strangeness,
    ),
    Claim(
        name="--stylize", prompt=HOUSE, settings=spread_over(0, 1000), change=lambda value: {"stylize": value / 1000},
        says="more contrast and colour", measure=colourfulness,
    ),
    Claim(
        name="a::weight", prompt=CIRCLE, settings=spread_over(0.05, 0.95),
        change=between(CIRCLE, CIRCLE.replace("red", "blue")),
        says="the heavier text shows more", measure=redness,
    ),
    Claim(
        name="--iw", prompt=HOUSE, settings=spread_over(0, 3), change=referring("image", LIKE_IMAGE),
        says="pictures come nearer to the image prompt", measure=likeness_to(LIKE_IMAGE),
    ),
    Claim(
        name="--sw", prompt="a red circle on a blue background", settings=spread_over(0, 3),
        change=referring("style", LIKE_STYLE),
        says="the palette comes nearer to the style's", measure=style_distance_to(LIKE_STYLE), rises=False,
    ),
    Claim(
        name="--ow", prompt=CIRCLE, settings=spread_over(0, 3), change=referring("subject", LIKE_SUBJECT),
        says="the subject shows more", measure=tealness,
    ),
    Claim(
        name="--guidance", prompt=CIRCLE, settings=spread_over(1.5, 4), change=lambda value: {"guidance": value},
        says="the thing shows the colour asked for more", measure=redness,
    ),
    Claim(
        name="--quality", prompt=HOUSE, settings=[2**power for power in spread_over(-2, 2)],
        change=lambda value: {"steps": round(STEPS * value)},
        says="nearer to the picture of very many steps", measure=unfinished, rises=False,
    ),
    Claim(
        name="--stop", prompt=HOUSE, settings=spread_over(10, 100), change=lambda value: {"stop": value / 100},
        says="nearer to the finished picture the later it stops", measure=unfinished, rises=False,
    ),
)  # fmt: skip
