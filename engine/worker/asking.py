"""From a job's row to what the engine is asked: digests become pixels, plain JSON becomes records.

Knows neither queue nor engine; reads stored pictures, so call it from a thread.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from PIL import Image

from engine.errors import BadRequest
from engine.requests import BlockWeight, ImageRequest, LoraMix, LoraUse, Ramp, Reference

_FIELDS = {field.name for field in fields(ImageRequest)}
_BESIDES = {"edit", "hide_prompt", "shown"}  # what the request is for, and what is told of it: no matter of the engine


def request_of(row: Mapping[str, Any], opened: Callable[[str], Image.Image]) -> ImageRequest:
    """The request of `Job.request`; `opened` gives the RGB pixels of a digest.

    Raises PictureMissing when a picture is gone, BadRequest for a row that is no request.
    """
    asked = {key: value for key, value in row.items() if key not in _BESIDES}
    if unknown := sorted(asked.keys() - _FIELDS):
        raise BadRequest(unknown[0], "", "a field of a request")
    try:
        if asked.get("image"):
            asked["image"] = opened(asked["image"])
        if asked.get("mask"):
            asked["mask"] = opened(asked["mask"]).convert("L")
        asked["seeds"] = tuple(asked["seeds"])
        asked["texts"] = tuple((text, float(weight)) for text, weight in asked.get("texts", ()))
        asked["loras"] = loras_of(asked.get("loras", ()))
        asked["references"] = tuple(
            Reference(**(reference | {"image": opened(reference["image"])}))
            for reference in asked.get("references", ())
        )
        return ImageRequest(**asked)
    except (KeyError, TypeError, ValueError) as error:
        raise BadRequest("request", type(error).__name__, "the fields of a request") from error


def loras_of(rows: Any) -> LoraMix:
    """The LoRAs of a row, each a mapping of the fields of `LoraUse`."""
    return tuple(
        LoraUse(
            name=row["name"],
            weight=row["weight"],
            steps=tuple(Ramp(**ramp) for ramp in row.get("steps", ())),
            blocks=tuple(BlockWeight(**block) for block in row.get("blocks", ())),
        )
        for row in rows
    )
