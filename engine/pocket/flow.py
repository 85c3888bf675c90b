"""Rectified flow: what the transformer is asked, what it should answer, and the losses. It knows no schedule, no files.

Two things beside the plain velocity loss: a small head reads from an early block what covers each token, which draws
the layout out of the text early; and the target can itself carry guidance (the averaged model's conditional minus
unconditional velocity), with its weight as the guidance embedding, so that one pass per step suffices.
"""

import random

import torch
import torch.nn.functional as F
from diffusers.models.transformers.transformer_flux import FluxTransformer2DModel
from torch import Tensor, nn

from .packaging import build_transformer
from .pool import CELLS, LABELS, PATCH
from .scenes import KINDS, Scene, caption
from .text import TextSide

GUIDED = (1.5, 4.0)
"""Range of the guidance weights distilled; 1 is the bare conditional velocity."""


class Learner(nn.Module):
    """All that is trained: transformer, text side, and the head that reads labels from a middle block (unpackaged)."""

    def __init__(self) -> None:
        super().__init__()
        self.transformer = build_transformer()
        self.text = TextSide()
        for name, parameter in self.transformer.named_parameters():
            if ("norm" in name and "linear" in name) or name.startswith("proj_out"):
                nn.init.zeros_(parameter)  # every block begins as the identity
        for module in self.transformer.modules():
            if isinstance(module, nn.RMSNorm):  # under autocast it would fall back on a slow path, with a warning
                module.register_forward_pre_hook(lambda _module, inputs: (inputs[0].float(),))
        width = self.transformer.inner_dim
        self.reader = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, width), nn.GELU(), nn.Linear(width, LABELS))


def token_ids(size: tuple[int, int], device: torch.device | str = "cpu") -> Tensor:
    """Return the transformer's picture positions (tokens, 3): nothing, row, column."""
    h, w = size[1] // PATCH, size[0] // PATCH
    ids = torch.zeros(h, w, 3, device=device)
    ids[..., 1] = torch.arange(h, device=device)[:, None]
    ids[..., 2] = torch.arange(w, device=device)[None, :]
    return ids.view(-1, 3)


def velocity(
    model: FluxTransformer2DModel,
    noisy: Tensor,
    sigma: Tensor,
    text: tuple[Tensor, Tensor],
    size: tuple[int, int],
    guidance: Tensor,
) -> Tensor:
    """Predict noise minus picture for tokens (n, tokens, 64) at noise levels (n,), guidance (n,)."""
    return model(
        hidden_states=noisy,
        encoder_hidden_states=text[0],
        pooled_projections=text[1],
        timestep=sigma,
        guidance=guidance,
        img_ids=token_ids(size, noisy.device),
        txt_ids=torch.zeros(text[0].shape[1], 3, device=noisy.device),
        return_dict=False,
    )[0]


def reading_loss(read: Tensor, targets: Tensor) -> Tensor:
    """Cross entropy of the head's reading against label targets, both (n, tokens, LABELS)."""
    kinds = CELLS + len(KINDS) + 1
    cover = F.binary_cross_entropy_with_logits(read[..., :CELLS], targets[..., :CELLS])
    kind = F.cross_entropy(read[..., CELLS:kinds].flatten(0, 1), targets[..., CELLS:kinds].flatten(0, 1))
    color = F.cross_entropy(read[..., kinds:].flatten(0, 1), targets[..., kinds:].flatten(0, 1))
    return cover + kind + color


def captions_for(scenes: list[Scene], length: int, side: TextSide, rng: random.Random) -> list[str]:
    """Write a fresh caption for each scene that fits into `length` tokens; one in ten is left empty."""
    captions = [caption(scene, rng) for scene in scenes]
    for _ in range(4):
        long = [i for i, count in enumerate(side.lengths(captions)) if count > length]
        if not long:
            break
        for i in long:
            captions[i] = caption(scenes[i], rng)
    return ["" if rng.random() < 0.1 else words for words in captions]


@torch.no_grad()
def guide(
    teacher: Learner,
    noisy: Tensor,
    sigma: Tensor,
    captions: list[str],
    length: int,
    size: tuple[int, int],
    wanted: Tensor,
    share: float,
    rng: random.Random,
) -> tuple[Tensor, Tensor]:
    """Return guidance weights and velocity targets that carry them, for this share of the rows that have a caption."""
    weights = [rng.uniform(*GUIDED) if words and rng.random() < share else 1.0 for words in captions]
    guidance = torch.tensor(weights, device=noisy.device)
    rows = [i for i, weight in enumerate(weights) if weight > 1]
    if not rows:
        return guidance, wanted
    said = [captions[i] for i in rows]
    text = teacher.text(said + [""] * len(said), length)
    bare = torch.ones(2 * len(rows), device=noisy.device)
    both = velocity(teacher.transformer, noisy[rows].repeat(2, 1, 1), sigma[rows].repeat(2), text, size, bare).float()
    with_text, without = both.chunk(2)
    wanted = wanted.clone()
    wanted[rows] += (guidance[rows] - 1)[:, None, None] * (with_text - without)
    return guidance, wanted
