"""Pixels of a lane that is through its steps. On the device thread only."""

import logging

import torch
from PIL import Image

from engine.denoiser import is_out_of_memory
from engine.lanes import Lane
from engine.residents import collect

log = logging.getLogger(__name__)


def decode(lane: Lane) -> Image.Image:
    """Its picture, in pieces where the memory does not suffice for the whole."""
    model, request = lane.drawing.model, lane.drawing.request
    try:
        return model.decode(lane.latents, request.width, request.height, tile=request.tile)
    except torch.AcceleratorError:
        raise
    except Exception as error:
        if request.tile or not is_out_of_memory(error):  # a piece would go on at its own opposite edge
            raise
    # Outside of `except`: the error's frames held what had been made.
    collect()
    log.info("out of memory for a picture of %d x %d: it is decoded in pieces", request.width, request.height)
    return model.decode(lane.latents, request.width, request.height, pieces=True)
