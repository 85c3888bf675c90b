"""Small pictures of work in progress, side by side in one file. Knows pixels by Pillow only."""

import io
import math
from collections.abc import Sequence

from PIL import Image

SIDE = 512
"""Longest side of the sheet in pixels: enough to see what comes, small enough to send every two seconds."""


def sheet(previews: Sequence[Image.Image]) -> bytes:
    """One WebP file with all previews in a grid as wide as high, in reading order."""
    columns = math.ceil(math.sqrt(len(previews)))
    rows = math.ceil(len(previews) / columns)
    width, height = previews[0].size
    scale = SIDE / max(columns * width, rows * height)
    cell = max(1, round(width * scale)), max(1, round(height * scale))
    together = Image.new("RGB", (columns * cell[0], rows * cell[1]))
    for index, preview in enumerate(previews):
        place = index % columns * cell[0], index // columns * cell[1]
        together.paste(preview.convert("RGB").resize(cell, Image.Resampling.BILINEAR), place)
    buffer = io.BytesIO()
    together.save(buffer, "WEBP", quality=75, method=2)
    return buffer.getvalue()
