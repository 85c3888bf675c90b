"""What references show, put into words beside a prompt. Knows no edits and no rows."""

from dataclasses import replace
from typing import Protocol

from PIL import Image

from engine.edits.words import placed
from engine.models import ModelEntry
from engine.requests import MOST_TEXTS, ImageRequest, Reference


class Reads(Protocol):
    """Who tells in words what a picture shows, and where in it something is, in pixels; a `Describer` does."""

    def words(self, picture: Image.Image) -> str: ...

    def subject(self, picture: Image.Image) -> str: ...

    def where(self, picture: Image.Image, words: str) -> tuple[int, int, int, int] | None: ...


def told(request: ImageRequest, entry: ModelEntry, reader: Reads) -> ImageRequest:
    """With what its references show put into words, beside the prompt by their weights; a style has no words.

    Nothing is said of what the model looks at itself.
    """
    said = [
        (words, reference.weight)
        for reference in request.references
        if reference.kind != "style" and reference.weight > 0 and not entry.looks_at(reference.kind)
        if (words := _shown(reader, reference, request.prompt))
    ]
    if not said:
        return request
    own = list(request.texts) or ([(request.prompt, 1.0)] if request.prompt else [])
    total = sum(abs(weight) for _, weight in own) or 1.0
    texts = [*((text, weight / total) for text, weight in own), *said]
    whole = sum(abs(weight) for _, weight in texts)
    return replace(request, texts=tuple((text, weight / whole) for text, weight in texts)[:MOST_TEXTS])


def _shown(reader: Reads, reference: Reference, prompt: str) -> str:
    """A subject is told where the prompt has its things: without a place of its own it would loosen the prompt's."""
    if reference.kind != "subject":
        return reader.words(reference.image)
    subject = reader.subject(reference.image)
    return subject and placed(subject, prompt)
