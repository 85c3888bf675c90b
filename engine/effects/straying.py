"""The words with which chaos and weirdness lead a prompt astray: what they are, and which of them a seed gets.

Knows no tensors and no models: any model that reads English understands them, the pocket model among them.
"""

import hashlib
import random

_LAYOUTS = (
    "in the top left corner", "in the bottom right corner", "on the left side", "on the right side", "at the top",
    "in the lower left", "in the upper right", "near the bottom",
)  # fmt: skip
_SIZES = ("huge", "tiny", "large", "small")
_MOODS = ("at night", "at sunset", "in the rain", "on a sunny day", "watercolour", "pixel art", "a line drawing", "")
_ODDITIES = (
    "a teal robot beside a purple mushroom in the rain",
    "four pink cacti on a brown background, pixel art",
    "an orange fish above a gray castle at night",
    "a line drawing of a black umbrella at sea",
    "a purple pine under a green ring, watercolour",
)


def elsewhere(prompt: str, seed: int) -> str:
    """The prompt as one picture of a chaotic grid takes it: another place, size and mood for each seed."""
    dice = random.Random(seed)
    return f"{dice.choice(_SIZES)} {prompt} {dice.choice(_LAYOUTS)} {dice.choice(_MOODS)}".strip()


def oddity(prompt: str) -> str:
    """Something that has nothing to do with the prompt, always the same for the same prompt."""
    number = hashlib.sha256(prompt.encode()).digest()[0]
    return _ODDITIES[number % len(_ODDITIES)]
