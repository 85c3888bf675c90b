"""The record that a prompt is read into. Knows neither how it is written nor which model will serve it."""

from dataclasses import dataclass

from prompts.aspects import Aspect


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """What a person asked for. None (or an empty `no`) means "not given": options, preferences or the model decide.

    Attributes:
        text: what the picture shows; single spaces, no parameters, never empty.
        aspect: width and height of the ratio, as given, within 1:4..4:1.
        seed: 0..4294967295; the pictures of one job take seed, seed + 1, ...
        steps: denoising steps, 1..100.
        guidance: 0.0..30.0.
        no: what the picture must not show.
        repeat: how many jobs to make of this prompt, 1..10.
        model: the model's name in the catalogue, as typed.
    """

    text: str
    aspect: Aspect | None = None
    seed: int | None = None
    steps: int | None = None
    guidance: float | None = None
    no: tuple[str, ...] = ()
    repeat: int | None = None
    model: str | None = None
