"""The record that a prompt is read into. Knows neither how it is written nor which model will serve it."""

from dataclasses import dataclass
from typing import Literal

from prompts.aspects import Aspect


@dataclass(frozen=True)
class Part:
    """One text of a multi-prompt with its weight as typed, -1000..1000; `"` marks and braces are the person's own."""

    text: str
    weight: float = 1.0


@dataclass(frozen=True)
class Address:
    """A picture on the web, `http://...` or `https://...`; `weight` is None where none was typed, else 0..3."""

    url: str
    weight: float | None = None


@dataclass(frozen=True)
class Code:
    """A style by number, 0..4294967295; `number` is None for one that the dice shall choose."""

    number: int | None = None
    weight: float | None = None


@dataclass(frozen=True)
class Lora:
    """A LoRA by the name people call it; `weight` -10..10."""

    name: str
    weight: float = 1.0


@dataclass(frozen=True)
class Ramp:
    """From the share `start` to the share `end` of the steps (0..1) a factor that goes in a line to `last`."""

    start: float
    end: float
    first: float
    last: float


@dataclass(frozen=True)
class Block:
    """A factor for the blocks `first` to `last` (inclusive; None: to the end) of one kind."""

    kind: Literal["double", "single"]
    first: int
    last: int | None
    weight: float


@dataclass(frozen=True)
class Ramps:
    """How the LoRA `name` grows and fades over the steps; outside of all ramps it is silent."""

    name: str
    ramps: tuple[Ramp, ...]


@dataclass(frozen=True)
class Blocks:
    """Which of the transformer's blocks the LoRA `name` acts on."""

    name: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """What a person asked for. None, False and () mean "not given": options, preferences or the model decide.

    Attributes:
        text: what the picture shows; single spaces, no parameters, never empty; of a multi-prompt its texts, joined.
        parts: the texts of a multi-prompt, or () for `text` alone; their weights add up to more than 0.
        images: pictures to begin from in idea, from before the text.
        aspect: width and height of the ratio, as given, within 1:4..4:1. size: pixels. Not both.
        seed: 0..4294967295; the pictures of one job take seed, seed + 1, ...
        steps: denoising steps, 1..100. guidance: 0..30. quality: factor of the steps, 0.25..4. stop: percent, 10..100.
        stylize: 0..1000. chaos: 0..100. weird: 0..3000.
        image_weight: 0..3, of `images` without a weight of their own.
        styles, style_weight: style references and their weight, 0..1000.
        subject, subject_weight: the picture of a subject and its weight, 0..1000.
        no: what the picture must not show.
        repeat: how many jobs to make of this prompt, 1..10.
        model, scheduler: by name; the model's as typed.
        loras, lora_steps, lora_blocks: LoRAs, and schedules of some of them.
        tile, raw, draft, hd, fast, relax: switches; not draft with hd, nor fast with relax.
    """

    text: str
    parts: tuple[Part, ...] = ()
    images: tuple[Address, ...] = ()
    aspect: Aspect | None = None
    size: tuple[int, int] | None = None
    seed: int | None = None
    steps: int | None = None
    guidance: float | None = None
    quality: float | None = None
    stop: int | None = None
    stylize: int | None = None
    chaos: int | None = None
    weird: int | None = None
    image_weight: float | None = None
    styles: tuple[Address | Code, ...] = ()
    style_weight: int | None = None
    subject: Address | None = None
    subject_weight: int | None = None
    no: tuple[str, ...] = ()
    repeat: int | None = None
    model: str | None = None
    scheduler: str | None = None
    loras: tuple[Lora, ...] = ()
    lora_steps: tuple[Ramps, ...] = ()
    lora_blocks: tuple[Blocks, ...] = ()
    tile: bool = False
    raw: bool = False
    draft: bool = False
    hd: bool = False
    fast: bool = False
    relax: bool = False

    @property
    def texts(self) -> tuple[tuple[str, float], ...]:
        """The parts with weights that add up to 1."""
        total = sum(part.weight for part in self.parts)
        return tuple((part.text, part.weight / total) for part in self.parts)
