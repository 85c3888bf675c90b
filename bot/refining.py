"""From a picture and a button to what the engine will be asked: variations, upscales, larger canvases, regions, edits.

Pure, as `bot.wishes`: no rows are written, no Discord, no pixels. What a job may ask of an edit is in `engine.edits`.
"""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import prompts
from bot import shapes
from bot.config import Limits
from bot.refusals import BadFactor
from bot.wishes import Catalogue, Dice, Wish, roll, seeds, work
from db.models import Image, Job, JobRequest
from engine.edits.outline import outline, outline_of
from engine.edits.region import CELLS
from engine.edits.words import rewritten, settled
from engine.errors import NothingLeft

STRENGTH = {"subtle": 0.3, "strong": 0.75}
"""How far a variation leaves its picture: at 0.3 the composition stays, at 0.75 only its large forms do."""
PARTS = tuple(CELLS)
"""The parts of a picture by name: the nine of a grid in reading order, then halves."""
DIRECTIONS = ("left", "right", "up", "down")


def variation(job: Job, image: Image, how: str, *, catalogue: Catalogue, limits: Limits, dice: Dice = roll) -> Wish:
    """New pictures that start from `image` of `job`; `how` is "subtle" or "strong"."""
    request = _from(job, image, catalogue, limits)
    request["strength"] = STRENGTH[how]
    request["seeds"] = seeds(dice(), limits.pictures)
    return _wish(f"vary_{how}", words_of(job), request, image)


def reroll(job: Job, *, catalogue: Catalogue, dice: Dice = roll) -> Wish:
    """The same request with new seeds; of a refinement, again one of the same picture. Raises UnknownModel."""
    request = _copy(job.request)
    request["seeds"] = seeds(dice(), len(request["seeds"]))
    request.pop("shown", None)
    kind = "reroll" if job.kind in ("imagine", "reroll") else job.kind
    steps, pieces = job.work, 1
    if "edit" in request:
        size = (request["width"], request["height"])
        ahead = outline_of(request, size=size, entry=catalogue.get(request["model"]))
        steps, pieces = ahead.work, ahead.pieces
    return Wish(
        kind=kind,
        prompt=job.prompt,
        request=request,
        work=steps,
        pieces=pieces,
        relaxed=job.relaxed,
        parent_image_id=job.parent_image_id,
    )


@dataclass(frozen=True, kw_only=True)
class Start:
    """The stored picture that a remix begins with: digest, shape, how far it is left, and its id where it is ours."""

    digest: str
    shape: tuple[int, int]
    strength: float = STRENGTH["strong"]
    parent: int | None = None

    @classmethod
    def of(cls, image: Image, how: str = "strong") -> "Start":
        shape = (image.width, image.height)
        return cls(digest=image.digest, shape=shape, strength=STRENGTH[how], parent=image.id)


def start_of(job: Job) -> Start | None:
    """What the job itself began with; None for one drawn from words alone."""
    request = job.request
    if request["image"] is None or request["strength"] is None:
        return None
    shape = (request["width"], request["height"])
    return Start(digest=request["image"], shape=shape, strength=request["strength"], parent=job.parent_image_id)


def started(base: Wish, start: Start, *, catalogue: Catalogue, limits: Limits) -> Wish:
    """`base`, a wish of words alone, as a remix of the start: in its shape, unless the words ask for another."""
    request = _copy(base.request)
    request["image"], request["strength"] = start.digest, start.strength
    if not shapes.is_asked(prompts.parse(base.prompt)):
        entry = catalogue.get(request["model"])
        request["width"], request["height"] = shapes.drawable(entry, start.shape, limits)
    return replace(base, kind="remix", request=request, work=work(request), parent_image_id=start.parent)


def upscale(job: Job, image: Image, how: str, *, catalogue: Catalogue, longest: int, dice: Dice = roll) -> Wish:
    """Twice as long and wide, "subtle" or "creative". Raises UpscaledEnough."""
    edit = {"kind": "upscale", "how": how}
    return _edited(f"upscale_{how}", job, image, edit, [dice()], catalogue=catalogue, longest=longest)


def zoom(
    job: Job, image: Image, factor: float, *, catalogue: Catalogue, limits: Limits, longest: int, dice: Dice = roll
) -> Wish:
    """The picture `factor` (above 1, at most 2) times smaller amid more of its world."""
    edit = {"kind": "zoom", "factor": factor}
    return _edited("zoom", job, image, edit, seeds(dice(), limits.pictures), catalogue=catalogue, longest=longest)


def square(job: Job, image: Image, *, catalogue: Catalogue, limits: Limits, longest: int, dice: Dice = roll) -> Wish:
    """The picture amid a square. Raises BadRequest for one that is square."""
    found = seeds(dice(), limits.pictures)
    return _edited("square", job, image, {"kind": "square"}, found, catalogue=catalogue, longest=longest)


def pan(
    job: Job, image: Image, direction: str, *, catalogue: Catalogue, limits: Limits, longest: int, dice: Dice = roll
) -> Wish:
    """The picture with more of its world in one of DIRECTIONS. Raises PannedEnough."""
    edit = {"kind": "pan", "direction": direction}
    found = seeds(dice(), limits.pictures)
    return _edited(f"pan_{direction}", job, image, edit, found, catalogue=catalogue, longest=longest)


def region(
    base: Wish, job: Job, image: Image, *, cells: Sequence[str], mask: str | None, catalogue: Catalogue, longest: int
) -> Wish:
    """`base`, a wish of words alone, drawn into a part of `image`: the named cells, or the white of a stored mask.

    Place, time of day and ground are those of `job`, whose picture it is, unless the words name their own.
    """
    request = _copy(base.request)
    words, scene = request["prompt"], _scene_of(job)
    request["prompt"] = settled(words, scene)
    if texts := request.get("texts"):
        request["texts"] = [(settled(text, scene), weight) for text, weight in texts]
    request["image"] = image.digest
    request["edit"] = {"kind": "region", "words": words} | ({} if mask else {"cells": list(cells)})
    if mask:
        request["mask"] = mask
    return _outlined(
        "region", base.prompt, request, (image.width, image.height), catalogue, longest, image, base.relaxed
    )


def blend(
    base: Wish, pictures: Sequence[str], *, catalogue: Catalogue, longest: int, parent: int | None = None
) -> Wish:
    """Two to five stored pictures, by digest, in one; `base` has the size and the words, which may be none."""
    request = _copy(base.request)
    request["prompt"] = ""
    request["references"] = [{"kind": "image", "image": digest, "weight": 1.0} for digest in pictures]
    request["edit"] = {"kind": "blend"}
    size_ = (request["width"], request["height"])
    wish = _outlined("blend", f"{len(pictures)} pictures", request, size_, catalogue, longest, None, base.relaxed)
    return replace(wish, parent_image_id=parent)


def edit(
    base: Wish,
    instruction: str,
    *,
    picture: str,
    shape: tuple[int, int],
    scene: str,
    catalogue: Catalogue,
    longest: int,
    parent: int | None = None,
) -> Wish:
    """A stored picture of the given shape, changed in words; `scene` is what it shows, "" where nobody knows.

    Raises NothingLeft, unless the model does as it is told by itself.
    """
    request = _copy(base.request)
    request["image"] = picture
    try:
        request["prompt"] = rewritten(scene, instruction).prompt if scene else ""
    except NothingLeft:
        if not catalogue.get(request["model"]).instructed:
            raise
        request["prompt"] = ""
    request["edit"] = {"kind": "words", "instruction": instruction} | ({"scene": scene} if scene else {})
    wish = _outlined("edit", instruction, request, shape, catalogue, longest, None, base.relaxed)
    return replace(wish, parent_image_id=parent)


def factor_of(text: str) -> float:
    """A factor as typed, "1.8" or "1.8x". Raises BadFactor unless it is above 1 and at most 2."""
    bare = text.strip().lower().removesuffix("x").replace(",", ".")
    try:
        factor = float(bare) if len(bare) < 10 and bare.replace(".", "", 1).isdigit() else 0.0
    except ValueError:
        factor = 0.0
    factor = round(factor, 2)
    if not 1 < factor <= 2:
        raise BadFactor(text)
    return factor


def words_of(job: Job) -> str:
    """A job's prompt as one could type it again: what was typed, or for pictures without words of theirs the scene."""
    return _scene_of(job) if job.kind in ("blend", "edit") else job.prompt


def _scene_of(job: Job) -> str:
    """What the engine drew from, in words."""
    return job.request["prompt"] or job.request.get("shown", "")


def _edited(
    kind: str,
    job: Job,
    image: Image,
    edit: Mapping[str, Any],
    wanted: list[int],
    *,
    catalogue: Catalogue,
    longest: int,
) -> Wish:
    request: Any = _fresh(job)
    request["image"], request["strength"] = image.digest, None
    request["edit"], request["seeds"] = dict(edit), wanted
    if len(wanted) == 1:
        request.pop("chaos", None)
    shape = (image.width, image.height)
    return _outlined(kind, words_of(job), request, shape, catalogue, longest, image, job.relaxed)


def _outlined(
    kind: str,
    prompt: str,
    request: JobRequest,
    shape: tuple[int, int],
    catalogue: Catalogue,
    longest: int,
    parent: Image | None,
    relaxed: bool,
) -> Wish:
    """The wish with the size and the cost that the edit will have: drawn to its end, and no tile.

    Raises BadRequest, UnsupportedSize, UpscaledEnough, PannedEnough.
    """
    for name in ("tile", "stop"):
        request.pop(name, None)
    entry = catalogue.get(request["model"])
    ahead = outline(request, picture=shape, entry=entry, longest=longest)
    request["width"], request["height"] = ahead.width, ahead.height
    return Wish(
        kind=kind,
        prompt=prompt,
        request=request,
        work=ahead.work,
        pieces=ahead.pieces,
        relaxed=relaxed,
        parent_image_id=None if parent is None else parent.id,
    )


def _wish(kind: str, prompt: str, request: JobRequest, image: Image) -> Wish:
    return Wish(kind=kind, prompt=prompt, request=request, work=work(request), parent_image_id=image.id)


def _from(job: Job, image: Image, catalogue: Catalogue, limits: Limits) -> JobRequest:
    request = _fresh(job)
    request["image"] = image.digest
    shape = (image.width, image.height)
    request["width"], request["height"] = shapes.drawable(catalogue.get(request["model"]), shape, limits)
    return request


def _copy(old: Mapping[str, Any]) -> JobRequest:
    request: Any = copy.deepcopy(dict(old))
    return request


def _fresh(job: Job) -> JobRequest:
    """The request for another picture: without what was said of the parent's own parent alone.

    A blend's pictures go where there are words for them.
    """
    request: Any = _copy(job.request)
    request["prompt"] = _scene_of(job)
    told = (request.get("edit") or {}).get("kind") == "blend" and request["prompt"]
    for name in ("edit", "mask", "shown", *(["references"] if told else [])):
        request.pop(name, None)
    return request
