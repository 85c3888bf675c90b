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


def mask_of(cells: Sequence[str], size: tuple[int, int]) -> Image.Image:
    """ "L" of the picture's size, white in the named parts. Raises BadRequest for an unknown name, or for none."""
    unknown = [cell for cell in cells if cell not in CELLS]
    if unknown or not cells:
        raise BadRequest("cells", ", ".join(map(str, unknown)), ", ".join(CELLS))
    mask = Image.new("L", size, 0)
    for cell in cells:
        mask.paste(255, _box(cell, size))
    return mask


def gridded(picture: Image.Image) -> Image.Image:
    """The picture with the grid of nine on it, each part called by its name."""
    shown = picture.convert("RGB").copy()
    if max(shown.size) < 512:
        shown = shown.resize((shown.width * 2, shown.height * 2), Image.Resampling.LANCZOS)
    brush = ImageDraw.Draw(shown, "RGBA")
    thick = max(1, min(shown.size) // 200)
    font = ImageFont.load_default(max(10, min(shown.size) // 28))
    for third in (1, 2):
        x, y = shown.width * third // 3, shown.height * third // 3
        for offset, colour in ((0, (255, 255, 255, 230)), (thick, (0, 0, 0, 150))):
            brush.line((x + offset, 0, x + offset, shown.height), colour, thick)
            brush.line((0, y + offset, shown.width, y + offset), colour, thick)
    for name in list(CELLS)[:9]:
        left, top, right, bottom = _box(name, shown.size)
        middle = ((left + right) / 2, (top + bottom) / 2)
        ends = brush.textbbox(middle, name, font=font, anchor="mm")
        brush.rounded_rectangle((ends[0] - 6, ends[1] - 4, ends[2] + 6, ends[3] + 4), 6, (0, 0, 0, 150))
        brush.text(middle, name, (255, 255, 255, 255), font=font, anchor="mm")
    return shown


def _box(cell: str, size: tuple[int, int]) -> tuple[int, int, int, int]:
    left, top, right, bottom = CELLS[cell]
    return size[0] * left // 6, size[1] * top // 6, size[0] * right // 6, size[1] * bottom // 6
