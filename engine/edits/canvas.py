"""Larger canvases: where the old picture lies on the new one, and what stands beyond it until a model has drawn there.

Knows no models; sizes are pixels, boxes are (left, top, right, bottom).
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from engine.edits.keeping import feather
from engine.errors import BadRequest, PannedEnough

LARGEST_ZOOM = 2.0
PAN_SHARE = 0.5
"""By how much of its length a pan makes a picture longer."""
WIDEST = 3
"""Longest side to shortest that a pan may reach."""

DIRECTIONS = ("left", "right", "up", "down")

Size = tuple[int, int]
Box = tuple[int, int, int, int]


@dataclass(frozen=True, kw_only=True)
class Canvas:
    """The finished `size`, and the `box` of it that the old picture is scaled into."""

    size: Size
    box: Box

    def placed(self, picture: Image.Image) -> Image.Image:
        """The old picture at its place, its edges going on beyond it, softer the farther."""
        left, top, right, bottom = self.box
        old = picture.convert("RGB")
        if old.size != (right - left, bottom - top):
            old = old.resize((right - left, bottom - top), Image.Resampling.LANCZOS)
        width, height = self.size
        beyond = ((top, height - bottom), (left, width - right), (0, 0))
        canvas = Image.fromarray(np.pad(np.asarray(old), beyond, mode="edge"))
        soft = canvas.filter(ImageFilter.GaussianBlur(feather(width, height)))
        # Film grain: a model takes what is perfectly smooth for a plain surface and leaves it so.
        grain = np.random.default_rng(0).normal(0, 6, (height, width, 1))
        canvas = Image.fromarray(np.clip(np.asarray(soft) + grain, 0, 255).astype(np.uint8))
        canvas.paste(old, (left, top))
        return canvas

    def mask(self) -> Image.Image:
        """White where the picture is new, and `feather` pixels into the old one along the sides where it goes on."""
        width, height = self.size
        depth = feather(width, height)
        left, top, right, bottom = self.box
        kept = (
            left + depth * (left > 0),
            top + depth * (top > 0),
            right - depth * (right < width),
            bottom - depth * (bottom < height),
        )
        mask = Image.new("L", self.size, 255)
        if kept[0] < kept[2] and kept[1] < kept[3]:
            mask.paste(0, kept)
        return mask


def zoomed(size: Size, factor: float) -> Canvas:
    """The same size, the old picture `factor` times smaller in its middle. Raises BadRequest unless 1 < factor <= 2."""
    if not 1 < factor <= LARGEST_ZOOM:
        raise BadRequest("factor", str(factor), f"more than 1, at most {LARGEST_ZOOM:g}")
    inner = (max(1, round(size[0] / factor)), max(1, round(size[1] / factor)))
    return _centred(size, inner)


def squared(size: Size) -> Canvas:
    """A square as long as the longer side, the old picture in its middle. Raises BadRequest for what is square."""
    if size[0] == size[1]:
        raise BadRequest("edit", "square", "a picture that is not square")
    side = max(size)
    return _centred((side, side), size)


def panned(size: Size, direction: str, *, multiple: int, longest: int) -> Canvas:
    """Longer by PAN_SHARE in one direction, or by as much as there is room for, in multiples of `multiple`.

    There is room up to `longest` pixels and WIDEST times the other side. Raises PannedEnough where no multiple fits,
    BadRequest for another direction.
    """
    if direction not in DIRECTIONS:
        raise BadRequest("direction", str(direction), ", ".join(DIRECTIONS))
    width, height = size
    across = direction in ("left", "right")
    length, other = size if across else (height, width)
    room = (min(longest, other * WIDEST) - length) // multiple * multiple
    if room < multiple:
        raise PannedEnough(width, height, longest=longest, widest=WIDEST)
    added = min(room, max(multiple, round(length * PAN_SHARE / multiple) * multiple))
    left, top = added * (direction == "left"), added * (direction == "up")
    full = (width + added, height) if across else (width, height + added)
    return Canvas(size=full, box=(left, top, left + width, top + height))


def _centred(canvas: Size, inner: Size) -> Canvas:
    left, top = (canvas[0] - inner[0]) // 2, (canvas[1] - inner[1]) // 2
    return Canvas(size=canvas, box=(left, top, left + inner[0], top + inner[1]))
