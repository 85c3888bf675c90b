"""What an edit comes to before any pixel is looked at: finished size, cost, and which part the model draws how large.

Pure arithmetic on sizes; knows no pixels. Sizes are pixels.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.edits import canvas, tiles
from engine.edits.canvas import Box, Canvas, Size
from engine.edits.region import CELLS
from engine.errors import BadRequest, UpscaledEnough
from engine.models import ModelEntry

LONGEST = 2048
"""The longest side that an upscale or a pan may reach when the owner says nothing else."""
FACTOR = 2
STRENGTH = {
    "zoom": 0.7, "square": 0.7, "pan": 0.7, "region": 0.85,
    "subtle": 0.08, "creative": 0.2, "blend": 0.85, "words": 0.6,
}  # fmt: skip
"""How far each edit leaves its picture. What is new on a canvas still begins with the colours of the edge beside it."""
MOST_BLENDED = 5
KINDS = ("zoom", "square", "pan", "region", "upscale", "blend", "words")

_ROOM = 1.5
"""How much more than the model's usual number of pixels is drawn in one piece."""
_COARSEST = 2
"""How many times smaller than it stands a canvas may be drawn, so that the model sees all of it."""


@dataclass(frozen=True, kw_only=True)
class Outline:
    """What an edit will come to: the finished size, and steps times pictures as the engine counts them.

    `pieces` is how many tiles each picture is drawn in, one after another; `work` counts each of them.
    """

    width: int
    height: int
    work: int
    pieces: int = 1


def outline(request: Mapping[str, Any], *, picture: Size, entry: ModelEntry, longest: int = LONGEST) -> Outline:
    """Of a row with the key `edit`; `picture` is the size of its `image` (for a blend, of the wished picture).

    Raises:
        BadRequest: the edit is none of those in `engine.edits`, or not one for this picture.
        UnsupportedSize: it would be drawn in tiles smaller than the model draws.
        UpscaledEnough, PannedEnough: it would become longer than `longest`, or too narrow.
    """
    edit, count = request["edit"], len(request["seeds"])
    kind = check(edit)
    size = picture
    if kind == "upscale":
        if count != 1:
            raise BadRequest("seeds", str(count), "one seed for an upscale")
        size = upscaled(picture, longest=longest)
        left, top, right, bottom = _tiles(size, entry)[0]
        entry.check_size(right - left, bottom - top)
    elif kind in ("zoom", "square", "pan"):
        size = canvas_of(edit, picture, entry=entry, longest=longest).size
    elif kind == "words" and entry.instructed:
        size = usual(picture, entry)
    elif kind == "blend" and not 2 <= len(request.get("references", ())) <= MOST_BLENDED:
        raise BadRequest("references", str(len(request.get("references", ()))), f"2..{MOST_BLENDED} pictures")
    return outline_of(request, size=size, entry=entry)


def outline_of(request: Mapping[str, Any], *, size: Size, entry: ModelEntry) -> Outline:
    """As `outline`, of an edit whose finished `size` is known, such as one that was asked for before."""
    edit = request["edit"]
    pieces = len(_tiles(size, entry)) if edit["kind"] == "upscale" else 1
    steps, strength = request["steps"], request.get("strength") or strength_of(edit, entry)
    steps -= int(max(steps - min(steps * strength, steps), 0))
    work = max(1, steps) * len(request["seeds"]) * pieces
    return Outline(width=size[0], height=size[1], work=work, pieces=pieces)


def check(edit: Any) -> str:
    """The kind of an edit. Raises BadRequest for what is no edit at all."""
    kind = edit.get("kind") if isinstance(edit, Mapping) else None
    if kind not in KINDS:
        raise BadRequest("edit", str(kind), ", ".join(KINDS))
    if kind == "upscale" and edit.get("how") not in ("subtle", "creative"):
        raise BadRequest("how", str(edit.get("how")), "subtle, creative")
    if kind == "region" and any(cell not in CELLS for cell in edit.get("cells", ())):
        raise BadRequest("cells", ", ".join(map(str, edit["cells"])), ", ".join(CELLS))
    if kind == "words" and not str(edit.get("instruction", "")).strip():
        raise BadRequest("instruction", "", "what to change")
    return kind


def strength_of(edit: Mapping[str, Any], entry: ModelEntry) -> float:
    """1 where the model looks at the picture instead of beginning with it."""
    if (edit["kind"] == "words" and entry.instructed) or (edit["kind"] == "blend" and entry.looks_at("image")):
        return 1.0
    return STRENGTH[edit["how"] if edit["kind"] == "upscale" else edit["kind"]]


def canvas_of(edit: Mapping[str, Any], picture: Size, *, entry: ModelEntry, longest: int) -> Canvas:
    """The canvas of a zoom, a square or a pan. Raises BadRequest, PannedEnough."""
    if edit["kind"] == "zoom":
        factor = edit.get("factor")
        return canvas.zoomed(picture, float(factor) if isinstance(factor, int | float) else math.nan)
    if edit["kind"] == "square":
        return canvas.squared(picture)
    return canvas.panned(picture, str(edit.get("direction")), multiple=entry.multiple, longest=longest)


def upscaled(picture: Size, *, longest: int) -> Size:
    """Raises UpscaledEnough."""
    if FACTOR * max(picture) > longest:
        raise UpscaledEnough(*picture, longest=longest)
    return picture[0] * FACTOR, picture[1] * FACTOR


def tile_side(entry: ModelEntry) -> int:
    """The largest side of a tile: a quarter above the model's usual side, so that overlaps do not multiply tiles."""
    side = min(entry.max_side, max(entry.width, entry.height) * 5 // 4)
    return side // entry.multiple * entry.multiple


def usual(size: Size, entry: ModelEntry) -> Size:
    """As many pixels as the model usually draws, in the shape of a picture of this size."""
    scale = (entry.width * entry.height / (size[0] * size[1])) ** 0.5
    return _drawable((round(size[0] * scale), round(size[1] * scale)), entry)


def frame(size: Size, white: Box, entry: ModelEntry) -> tuple[Box, Size]:
    """The part of a picture in which the box `white` is drawn anew, and the size at which the model draws that part.

    All of the picture unless it would have to be made too small: from a part, a model takes the ground for a scene of
    its own and gives it another horizon. Otherwise the box with as much around it again, at its own scale where that
    fits.
    """
    if size[0] * size[1] <= _COARSEST**2 * _ROOM * entry.width * entry.height:
        return (0, 0, *size), _drawable(size, entry)
    spans = []
    for start, end, length in ((white[0], white[2], size[0]), (white[1], white[3], size[1])):
        wanted = min(length, max(2 * (end - start), entry.width))
        first = min(max(0, (start + end - wanted) // 2), length - wanted)
        spans.append((first, first + wanted))
    (left, right), (top, bottom) = spans
    return (left, top, right, bottom), _drawable((right - left, bottom - top), entry)


def close_up(size: Size, white: Box, entry: ModelEntry) -> tuple[Box, Size]:
    """As `frame`, with half of the white box's length around it on each side where the picture goes on.

    In the whole picture a model would take the things that are there for those it was told of, and draw nothing.
    """
    left, top, right, bottom = white
    across, down = (right - left) // 2, (bottom - top) // 2
    box = max(0, left - across), max(0, top - down), min(size[0], right + across), min(size[1], bottom + down)
    width, height = box[2] - box[0], box[3] - box[1]
    scale = (min(entry.width * entry.height, size[0] * size[1]) / (width * height)) ** 0.5
    return box, _drawable((round(width * scale), round(height * scale)), entry)


def _tiles(size: Size, entry: ModelEntry) -> Sequence[Box]:
    return tiles.boxes(size, side=tile_side(entry), multiple=entry.multiple)


def _drawable(size: Size, entry: ModelEntry) -> Size:
    """The nearest size that the model draws, never more pixels than it has room for."""
    room = _ROOM * entry.width * entry.height
    scale = min(1.0, entry.max_side / max(size), (room / (size[0] * size[1])) ** 0.5)
    scale = max(scale, entry.min_side / min(size))
    largest = entry.max_side // entry.multiple
    smallest = math.ceil(entry.min_side / entry.multiple)
    width, height = (min(largest, max(smallest, round(side * scale / entry.multiple))) for side in size)
    return width * entry.multiple, height * entry.multiple
