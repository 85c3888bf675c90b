"""References for models that can look at pictures: as tokens behind the text, or beside the picture that is drawn.

Imports torch. For other models references are words and corrections; see `engine.edits` and `steering`.
"""

from dataclasses import replace

import torch

from engine.families import Conditioning, Family
from engine.requests import ImageRequest, Reference


def with_pictures(conditioning: Conditioning, request: ImageRequest, model: Family) -> Conditioning:
    """The prompt with the pictures of the request's references, each the way the model takes its kind."""
    taken = [one for one in request.references if one.weight > 0 and model.entry.looks_at(one.kind)]
    joined = [one.image for one in taken if model.entry.joins(one.kind)]
    shown = [_shown(one, model).to(conditioning.text) for one in taken if not model.entry.joins(one.kind)]
    if joined:
        conditioning = replace(conditioning, beside=model.beside(joined))
    if shown:
        text = torch.cat((conditioning.text, *shown), 1)
        conditioning = replace(conditioning, text=text, shown=sum(one.shape[1] for one in shown))
    return conditioning


def _shown(reference: Reference, model: Family) -> torch.Tensor:
    return model.show(reference.image, coarse=reference.kind == "style") * reference.weight
