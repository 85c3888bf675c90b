"""Parts of a picture by name: a grid of three by three, and halves; masks of them, and the grid drawn on a picture.

Knows no models; names are what people choose from.
"""

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from engine.errors import BadRequest

CELLS: dict[str, tuple[int, int, int, int]] = {
    "top left": (0, 0, 2, 2),
    "top": (2, 0, 4, 2),
    "top right": (4, 0, 6, 2),
    "left": (0, 2, 2, 4),
    "middle": (2, 2, 4, 4),
    "right": (4, 2, 6, 4),
    "bottom left": (0, 4, 2, 6),
    "bottom": (2, 4, 4, 6),
    "bottom right": (4, 4, 6, 6),
    "left half": (0, 0, 3, 6),
    "right half": (3, 0, 6, 6),
    "top half": (0, 0, 6, 3),
    "bottom half": (0, 3, 6, 6),
}
"""Left, top, right and bottom in sixths of the picture."""

_LIT = (88, 101, 242)
_FINE = 2  # times as large, lines and letters are drawn, for smooth edges
_SHORTEST, _LONGEST = 512, 1280


def mask_of(cells: Sequence[str], size: tuple[int, int]) -> Image.Image:
    """ "L" of the picture's size, white in the named parts. Raises BadRequest for an unknown name, or for none."""
    unknown = [cell for cell in cells if cell not in CELLS]
    if unknown or not cells:
        raise BadRequest("cells", ", ".join(map(str, unknown)), ", ".join(CELLS))
    mask = Image.new("L", size, 0)
    for cell in cells:
        mask.paste(255, _box(cell, size))
    return mask


def redrawn(mask: Image.Image, size: tuple[int, int]) -> Image.Image:
    """ "L" of the picture's size, white where the mask is at least half as bright as white, black elsewhere."""
    return mask.convert("L").resize(size, Image.Resampling.NEAREST).point([0] * 128 + [255] * 128)


def gridded(picture: Image.Image, chosen: Sequence[str] = ()) -> Image.Image:
    """The picture with the grid of nine on it, each part called by its name, and the `chosen` parts lit up.

    As long as people see it well, whatever the picture's size; names can be read on light and dark alike.
    """
    size = _seen(picture.size)
    shown = picture.convert("RGB").resize(size, Image.Resampling.LANCZOS)
    if chosen:
        lit = mask_of(chosen, size)
        shown = Image.composite(Image.blend(shown, Image.new("RGB", size, _LIT), 0.2), _dimmed(shown), lit)
    drawn = _lines((_FINE * size[0], _FINE * size[1]), chosen).resize(size, Image.Resampling.LANCZOS)
    shown.paste(drawn, mask=drawn)
    return shown


def _lines(size: tuple[int, int], chosen: Sequence[str]) -> Image.Image:
    """Grid, frames and names by themselves, RGBA."""
    layer = Image.new("RGBA", size, (0, 0, 0, 0))
    brush = ImageDraw.Draw(layer)
    thick = max(2, min(size) // 240)
    for colour, width in (((0, 0, 0, 110), 3 * thick), ((255, 255, 255, 235), thick)):
        for third in (1, 2):
            x, y = size[0] * third // 3, size[1] * third // 3
            brush.line((x, 0, x, size[1]), colour, width)
            brush.line((0, y, size[0], y), colour, width)
    for name in chosen:
        brush.rectangle(_box(name, size), outline=(*_LIT, 255), width=3 * thick)
    for name in list(CELLS)[:9]:
        _label(brush, name, _box(name, size), is_chosen=name in chosen)
    return layer


def _label(brush: ImageDraw.ImageDraw, name: str, box: tuple[int, int, int, int], *, is_chosen: bool) -> None:
    """The name in the middle of its part, as large as fits, light on dark."""
    left, top, right, bottom = box
    height = min((bottom - top) // 4, (right - left) // 7)
    font = ImageFont.load_default(height)
    middle = ((left + right) / 2, (top + bottom) / 2)
    ends = brush.textbbox(middle, name, font=font, anchor="mm")
    pad = height * 0.55
    pill = (ends[0] - pad, middle[1] - height * 0.9, ends[2] + pad, middle[1] + height * 0.9)
    brush.rounded_rectangle(pill, height * 0.9, (*_LIT, 255) if is_chosen else (0, 0, 0, 170))
    brush.text(middle, name, (255, 255, 255, 255), font=font, anchor="mm")


def _seen(size: tuple[int, int]) -> tuple[int, int]:
    """The size at which a picture of this size is shown: its shape, its shorter side long enough for the names."""
    scale = min(_LONGEST / max(size), max(_SHORTEST / min(size), 1.0))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _dimmed(picture: Image.Image) -> Image.Image:
    return Image.blend(picture, Image.new("RGB", picture.size), 0.35)


def _box(cell: str, size: tuple[int, int]) -> tuple[int, int, int, int]:
    left, top, right, bottom = CELLS[cell]
    return size[0] * left // 6, size[1] * top // 6, size[0] * right // 6, size[1] * bottom // 6
