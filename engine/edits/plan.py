"""From an edit to what the engine is asked for, and from what it drew to the finished pictures.

Pixels in, pixels out; knows neither rows' digests nor the queue. A plan is one round of requests, which share the
engine's batches, and a last touch for what comes of them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from engine.describe import Describer
from engine.edits import region, tiles
from engine.edits.canvas import Box, Size
from engine.edits.keeping import feather, is_plain, merged
from engine.edits.outline import (
    FACTOR,
    LONGEST,
    canvas_of,
    check,
    close_up,
    frame,
    strength_of,
    tile_side,
    upscaled,
    usual,
)
from engine.edits.reading import Reads, told
from engine.edits.words import rewritten, scenery
from engine.errors import BadRequest
from engine.models import Catalogue, ModelEntry
from engine.requests import MOST_REFERENCES, ImageRequest, Reference

Drawn = Sequence[tuple[Image.Image, ...]]
"""The pictures of each request, in the order of its seeds."""
Within = Callable[[Size, Box, ModelEntry], tuple[Box, Size]]
"""Which part of a picture a model sees when a box of it is drawn anew, and how large."""
Upscale = Callable[[Image.Image], Image.Image]
"""Gives a picture FACTOR times as long and wide."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What the engine draws, and how the finished pictures come of it.

    Attributes:
        shown: what they then show, in words that were found on the way; "" where the prompt says it.
    """

    requests: tuple[ImageRequest, ...]
    finish: Callable[[Drawn], tuple[Image.Image, ...]]
    shown: str = ""


def lanczos(picture: Image.Image) -> Image.Image:
    return picture.resize((picture.width * FACTOR, picture.height * FACTOR), Image.Resampling.LANCZOS)


@dataclass(frozen=True, kw_only=True)
class Editor:
    """Makes plans; `longest` is the longest side, in pixels, to which pictures may grow."""

    catalogue: Catalogue = field(default_factory=Catalogue)
    reader: Reads = field(default_factory=Describer)
    upscale: Upscale = lanczos
    longest: int = LONGEST

    def plan(self, edit: Mapping[str, Any] | None, request: ImageRequest) -> Plan:
        """How to carry out a row: `request` as it stands, and its edit (None: the request is all). Works on pixels.

        A request without a strength gets that of the edit. Raises BadRequest, NothingLeft, UpscaledEnough,
        PannedEnough or UnknownModel for what cannot be done.
        """
        entry = self.catalogue.get(request.model)
        if edit is None:
            return Plan(requests=(told(_fitted(request), entry, self.reader),), finish=lambda drawn: drawn[0])
        return _planned(edit, request, entry, self.reader, self.upscale, self.longest)


def _fitted(request: ImageRequest) -> ImageRequest:
    """With the picture to start from in the shape that is drawn, cut to its middle rather than squeezed."""
    if request.image is None:
        return request
    size = (request.width, request.height)
    return replace(request, image=ImageOps.fit(request.image, size, Image.Resampling.LANCZOS))


def _planned(
    edit: Mapping[str, Any], request: ImageRequest, entry: ModelEntry, reader: Reads, upscale: Upscale, longest: int
) -> Plan:
    kind = check(edit)
    picture = request.image
    request = replace(request, strength=request.strength or strength_of(edit, entry))
    if kind == "blend":
        return _look(request) if entry.looks_at("image") else _blend(request, reader)
    if picture is None:
        raise BadRequest("image", "", f"the picture for {kind}")
    if kind == "upscale":
        if len(request.seeds) != 1:
            raise BadRequest("seeds", str(len(request.seeds)), "one seed for an upscale")
        return _upscale(request, picture, entry, exact=edit["how"] == "subtle", upscale=upscale, longest=longest)
    if kind == "region":
        mask = region.mask_of(edit["cells"], picture.size) if "cells" in edit else request.mask
        if mask is None:
            raise BadRequest("mask", "", "a mask, or cells")
        mask = region.redrawn(mask, picture.size)
        if "words" in edit and is_plain(picture, mask, feather(*picture.size)):
            request = replace(request, prompt=str(edit["words"]))
        return _redraw(request, picture, mask, entry, within=close_up)
    if kind == "words" and entry.instructed:
        return _instruct(request, picture, entry, str(edit["instruction"]))
    if kind == "words":
        return _reword(request, picture, entry, edit, reader)
    canvas = canvas_of(edit, picture.size, entry=entry, longest=longest)
    if edit.get("scene") in (None, request.prompt):
        request = replace(request, prompt=scenery(request.prompt))
    return _redraw(request, canvas.placed(picture), canvas.mask(), entry)


def _redraw(
    request: ImageRequest, old: Image.Image, mask: Image.Image, entry: ModelEntry, *, within: Within = frame
) -> Plan:
    """Draw the white part of `old` anew, seen in the part of it that `within` gives; black pixels keep their bytes."""
    white = mask.getbbox()
    if white is None:
        raise BadRequest("mask", "black", "some white, which is redrawn")
    box, size = within(old.size, white, entry)
    piece, hole = old.crop(box), mask.crop(box)
    depth = feather(*old.size)
    asked = replace(
        request,
        image=piece.resize(size, Image.Resampling.LANCZOS),
        mask=_in_cells(hole.resize(size, Image.Resampling.BOX), entry.multiple // 2),
        width=size[0],
        height=size[1],
    )

    def finish(drawn: Drawn) -> tuple[Image.Image, ...]:
        finished = []
        for new in drawn[0]:
            whole = old.copy()
            whole.paste(merged(piece, new.resize(piece.size, Image.Resampling.LANCZOS), hole, depth), box[:2])
            finished.append(whole)
        return tuple(finished)

    return Plan(requests=(asked,), finish=finish)


def _in_cells(mask: Image.Image, cell: int) -> Image.Image:
    """White wherever a cell of the latents has any white: half a cell of what is to go would show in the picture."""
    cells = np.asarray(mask).reshape(mask.height // cell, cell, mask.width // cell, cell).max((1, 3)) > 0
    return Image.fromarray((cells.repeat(cell, 0).repeat(cell, 1) * 255).astype(np.uint8))


def _upscale(
    request: ImageRequest, picture: Image.Image, entry: ModelEntry, *, exact: bool, upscale: Upscale, longest: int
) -> Plan:
    """Enlarge, then draw over the tiles with a light hand; `exact` holds every detail at its place."""
    size = upscaled(picture.size, longest=longest)
    large = upscale(picture)
    if large.size != size:
        large = large.resize(size, Image.Resampling.LANCZOS)
    places = tiles.boxes(size, side=tile_side(entry), multiple=entry.multiple)
    asked = [
        replace(request, image=tiles.cut(large, box), width=box[2] - box[0], height=box[3] - box[1], seeds=(seed,))
        for seed, box in zip(_seeds(request.seeds[0], len(places)), places, strict=True)
    ]

    def finish(drawn: Drawn) -> tuple[Image.Image, ...]:
        new = tiles.joined([pictures[0] for pictures in drawn], places, size)
        return (_true_to(new, picture) if exact else new,)

    return Plan(requests=tuple(asked), finish=finish)


def _seeds(first: int, count: int) -> list[int]:
    """Noise of its own for each tile, or its pattern would repeat with them."""
    return [(first + offset) % 2**32 for offset in range(count)]


def _true_to(new: Image.Image, small: Image.Image) -> Image.Image:
    """`new`, corrected until it is `small` again when made small (iterative back-projection, Irani and Peleg 1991)."""
    target = np.asarray(small.convert("RGB"), dtype=np.float32)
    pixels = np.asarray(new, dtype=np.float32)
    for _ in range(3):
        height, width = target.shape[:2]
        means = pixels.reshape(height, FACTOR, width, FACTOR, 3).mean((1, 3))
        missing = target - means
        channels = [
            np.asarray(Image.fromarray(missing[..., channel]).resize(new.size, Image.Resampling.BICUBIC))
            for channel in range(3)
        ]
        pixels = pixels + np.stack(channels, axis=-1)
    return Image.fromarray(np.clip(pixels + 0.5, 0, 255).astype(np.uint8))


def _blend(request: ImageRequest, reader: Reads) -> Plan:
    """Start from the mean of the pictures, with the words for each of them mixed."""
    pictures = [reference.image for reference in request.references]
    if not len(pictures) >= 2:
        raise BadRequest("references", str(len(pictures)), "2 pictures at least")
    size = (request.width, request.height)
    total = sum(reference.weight for reference in request.references) or 1.0
    shares = [reference.weight / total for reference in request.references]
    mean = sum(
        np.asarray(ImageOps.fit(picture.convert("RGB"), size), dtype=np.float32) * share
        for picture, share in zip(pictures, shares, strict=True)
    )
    said = [(words, share) for picture, share in zip(pictures, shares, strict=True) if (words := reader.words(picture))]
    if request.prompt:
        said = [(request.prompt, 0.5), *((words, share / 2) for words, share in said)]
    whole = sum(share for _, share in said) or 1.0
    asked = replace(
        request,
        image=Image.fromarray(np.clip(np.asarray(mean) + 0.5, 0, 255).astype(np.uint8)),
        texts=tuple((words, share / whole) for words, share in said) if len(said) > 1 else (),
        prompt=" and ".join(words for words, _ in said),
        references=(),
    )
    return Plan(requests=(asked,), finish=lambda drawn: drawn[0], shown=asked.prompt)


def _look(request: ImageRequest) -> Plan:
    """Blend with a model that looks at the pictures itself."""
    if not len(request.references) >= 2:
        raise BadRequest("references", str(len(request.references)), "2 pictures at least")
    return Plan(requests=(replace(request, strength=None),), finish=lambda drawn: drawn[0])


def _instruct(request: ImageRequest, picture: Image.Image, entry: ModelEntry, instruction: str) -> Plan:
    """Hand picture and instruction to a model that knows what to do with them."""
    width, height = usual(picture.size, entry)
    references = (Reference(kind="image", image=picture), *request.references)[:MOST_REFERENCES]
    asked = replace(
        request,
        prompt=instruction,
        texts=(),
        image=None,
        strength=None,
        references=references,
        width=width,
        height=height,
    )
    return Plan(requests=(asked,), finish=lambda drawn: drawn[0], shown=instruction)


def _reword(
    request: ImageRequest, picture: Image.Image, entry: ModelEntry, edit: Mapping[str, Any], reader: Reads
) -> Plan:
    """Draw the changed scene from the picture: only around the thing that changes where it can be found.

    Raises NothingLeft.
    """
    scene = str(edit.get("scene") or "") or reader.words(picture)
    changed = rewritten(scene, str(edit["instruction"]))
    kept_out = ", ".join(words for words in (request.negative_prompt, changed.without) if words)
    asked = replace(request, prompt=changed.prompt, negative_prompt=kept_out)
    place = reader.where(picture, changed.thing) if changed.thing else None
    if place is None:
        _, size = frame(picture.size, (0, 0, *picture.size), entry)
        asked = replace(asked, image=picture.resize(size, Image.Resampling.LANCZOS), width=size[0], height=size[1])

        def finish(drawn: Drawn) -> tuple[Image.Image, ...]:
            return tuple(new.resize(picture.size, Image.Resampling.LANCZOS) for new in drawn[0])

        return Plan(requests=(asked,), finish=finish, shown=changed.prompt)
    mask = Image.new("L", picture.size, 0)
    mask.paste(255, place)
    return replace(_redraw(replace(asked, strength=0.9), picture, mask, entry), shown=changed.prompt)
