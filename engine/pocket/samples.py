"""Drawing samples with the parts in training, without a pipeline, and laying them out as a contact sheet."""

import textwrap
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from PIL import Image, ImageDraw
from torch import Tensor

from .flow import Learner, token_ids, velocity
from .packaging import SHIFT
from .pool import decode, unpack

PROMPTS = (
    "a red circle on a white background",
    "a blue star on a yellow background",
    "a green heart on a pink background",
    "a purple triangle on an orange background",
    "a yellow ring on a black background",
    "a white cross on a red background",
    "a large teal diamond on a gray background",
    "a small black square in the top left corner on a white background",
    "a red house under a starry night sky",
    "a yellow boat on the sea at sunset",
    "an orange cat in a meadow",
    "a pink castle in the mountains",
    "a blue robot in the city in the rain",
    "a white lighthouse on the beach",
    "a green cactus in the desert",
    "a snowman in the snow at night",
    "three blue stars on a white background",
    "two red apples on a teal background",
    "four green squares on a black background",
    "a red circle above a blue square on a white background",
    "a yellow star to the left of a purple heart on a green background",
    "a blue car next to a red tree on a white background",
    "a purple mushroom in the forest",
    "a red umbrella in the rain",
    "a rocket at night",
    "the sea at sunset",
    "a forest at night",
    "a city skyline in the rain",
    "a line drawing of a blue fish on a white background",
    "a watercolour of a red flower on a white background",
    "a green bird, pixel art",
    "a hot air balloon over mountains, masterpiece, highly detailed",
    "a black star on a teal background",
    "an orange square on a blue background",
    "a teal triangle on a yellow background",
    "a brown diamond on a green background",
    "a purple circle on a pink background",
    "a red heart on a gray background",
    "a small white ring on a purple background",
    "a large green cross on an orange background",
    "a pink house on a white background",
    "a green tree on a yellow background",
    "a teal pine on a brown background",
    "a purple palm on a pink background",
    "a red car on a gray background",
    "a yellow bird on a blue background",
    "a blue fish on an orange background",
    "a red flower on a white background",
    "a gray robot on a green background",
    "a white rocket on a black background",
    "a brown umbrella on a teal background",
    "a red mushroom on a green background",
    "two yellow fish on a blue background",
    "three pink hearts on a black background",
    "four white circles on a purple background",
    "a black square below a yellow circle on a pink background",
    "a green triangle to the right of a red star on a gray background",
    "a red apple above a blue boat on a yellow background",
    "a palm on the beach at sunset",
    "a white castle in the snow at night",
    "a red car in the city",
    "a green pine in the forest in the rain",
    "the mountains at sunset",
    "the desert at night",
)
"""Sixty-four fixed ones: shapes, objects, counts, pairs, places, times and styles."""


@torch.no_grad()
def draw(
    learner: Learner,
    autoencoder: AutoencoderKL,
    prompts: Sequence[str],
    *,
    size: tuple[int, int] = (256, 256),
    steps: int = 12,
    guidance: float = 1.0,
    true_guidance: float = 1.0,
    seed: int = 0,
    length: int = 32,
) -> list[Image.Image]:
    """Draw one picture per prompt; `guidance` is the embedded weight, `true_guidance` above 1 doubles the work."""
    n = len(prompts)
    noise = [
        torch.randn(token_ids(size).shape[0], 64, generator=torch.Generator().manual_seed(seed + i)) for i in range(n)
    ]
    device = learner.text.t5.device
    tokens = torch.stack(noise).to(device)
    sigmas = torch.linspace(1, 1 / steps, steps)
    sigmas = torch.cat([SHIFT * sigmas / (1 + (SHIFT - 1) * sigmas), torch.zeros(1)])
    twice = true_guidance > 1
    text = learner.text([*prompts, *([""] * n if twice else [])], length)
    for now, then in pairwise(sigmas):
        held = tokens.repeat(2, 1, 1) if twice else tokens
        rows = len(held)
        bare = torch.full((rows,), guidance, device=device)
        v = velocity(learner.transformer, held, now.to(device).expand(rows), text, size, bare)
        if twice:
            with_text, without = v.chunk(2)
            v = without + true_guidance * (with_text - without)
        tokens = tokens + (then - now) * v
    return to_images(decode(autoencoder, unpack(tokens, *size)))


def to_images(pictures: Tensor) -> list[Image.Image]:
    """Turn pictures (n, 3, height, width) in [-1, 1] into Pillow's."""
    arrays = ((pictures + 1) * 127.5).round().byte().permute(0, 2, 3, 1).cpu().numpy()
    return [Image.fromarray(np.ascontiguousarray(array)) for array in arrays]


def contact_sheet(images: Sequence[Image.Image], words: Sequence[str], path: Path, *, columns: int = 8) -> None:
    """Write the pictures in a grid with their prompts below, in the format that the file's name says."""
    texts = [textwrap.wrap(line, images[0].width // 6) for line in words]
    w, h = images[0].width, images[0].height + 12 * max(map(len, texts)) + 4
    sheet = Image.new("RGB", (columns * w, -(-len(images) // columns) * h), "white")
    pen = ImageDraw.Draw(sheet)
    for i, (image, lines) in enumerate(zip(images, texts, strict=True)):
        x, y = i % columns * w, i // columns * h
        sheet.paste(image, (x, y))
        for number, line in enumerate(lines):
            pen.text((x + 2, y + image.height + 12 * number), line, fill="black")
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path)
