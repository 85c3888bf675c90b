"""What a scene is: plain data, and the rule that keeps some combinations out of training. No pixels and no words."""

import hashlib
from dataclasses import dataclass
from typing import Literal, get_args

Color = Literal["red", "orange", "yellow", "green", "teal", "blue", "purple", "pink", "brown", "black", "white", "gray"]
Shape = Literal["circle", "square", "triangle", "star", "heart", "diamond", "ring", "cross"]
Object = Literal[
    "house", "tree", "pine", "palm", "cactus", "car", "boat", "cat", "bird", "fish",
    "flower", "castle", "robot", "rocket", "balloon", "mushroom", "umbrella", "lighthouse", "snowman", "apple",
]  # fmt: skip
Place = Literal["meadow", "forest", "sea", "beach", "desert", "mountains", "city", "snow"]
Time = Literal["day", "sunset", "night", "rain"]
Style = Literal["flat", "line", "watercolour", "pixel"]
Relation = Literal["left", "right", "above", "below", "beside"]
Category = Literal["shape", "object", "count", "pair", "place", "scene"]

COLORS: tuple[Color, ...] = get_args(Color)
SHAPES: tuple[Shape, ...] = get_args(Shape)
OBJECTS: tuple[Object, ...] = get_args(Object)
KINDS: tuple[str, ...] = (*SHAPES, *OBJECTS)
PLACES: tuple[Place, ...] = get_args(Place)
TIMES: tuple[Time, ...] = get_args(Time)
STYLES: tuple[Style, ...] = get_args(Style)
RELATIONS: tuple[Relation, ...] = get_args(Relation)
CATEGORIES: tuple[Category, ...] = get_args(Category)


@dataclass(frozen=True, kw_only=True)
class Thing:
    """One shape or object: centre `x`, `y` as fractions of width and height, `size` as one of the shorter side."""

    kind: str
    color: Color
    x: float
    y: float
    size: float
    turn: float = 0.0
    """Degrees, clockwise; objects stand upright (0)."""
    flip: bool = False


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A picture to be: either on a plain `ground` colour, or in a landscape (`time` set; `place` None is a bare hill).

    `said_size` ("small", "large") and `said_spot` ("left", "top", ...) are what a caption must mention, because the
    layout was drawn for them. `relation` reads from the first thing to the second. `detail` seeds everything that no
    caption tells: clouds, windows, waves, jitter of colours.
    """

    category: Category
    things: tuple[Thing, ...] = ()
    ground: Color | None = None
    place: Place | None = None
    time: Time | None = None
    style: Style = "flat"
    relation: Relation | None = None
    said_size: str | None = None
    said_spot: str | None = None
    detail: int = 0


def held_out(scene: Scene) -> bool:
    """Tell whether the combination of this scene is kept out of training: one in ten of each category, by hash.

    Layout, style and detail do not enter, so every picture of a held-out combination is held out.
    """
    things = ",".join(f"{thing.kind}:{thing.color}" for thing in scene.things)
    if scene.category == "place":  # eight places by four times are too few to hide any: only what stands in them is
        return False
    where = scene.ground if scene.time is None else (scene.place, scene.time)
    key = f"{scene.category}|{things}|{where}|{scene.relation}"
    return hashlib.blake2s(key.encode(), digest_size=2).digest()[0] % 10 == 0
