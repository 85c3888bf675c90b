"""FLUX.1's transformer over rows: diffusers' own layers in diffusers' order, with the rotary positions given.

The loop is ours for two reasons: positions and their sines are the same at every step, and a row whose step can be
reused must not be in the batch of the blocks that still run. Knows no texts and no pictures.
"""

from collections.abc import Sequence
from typing import Any

import torch

from engine.families import Adapted, Row

Rotary = tuple[torch.Tensor, torch.Tensor]


def velocities(transformer: Any, rows: Sequence[Row], rotary: Rotary, adapted: Adapted) -> torch.Tensor:
    """One forward; equals `FluxTransformer2DModel.forward` for each row alone, up to rounding."""
    if all(row.memory is None for row in rows):
        with adapted(rows):
            text, tokens, time = _embedded(transformer, rows)
            for block in _blocks(transformer):
                text, tokens = block(tokens, text, time, rotary)
            return _projected(transformer, tokens, time)
    with adapted(rows):
        text, before, time = _embedded(transformer, rows)
        first, *others = _blocks(transformer)
        text, tokens = first(before, text, time, rotary)
    changes = (tokens - before).split(1)
    computing = [i for i, row in enumerate(rows) if row.memory is None or not row.memory.holds(changes[i])]
    rests: dict[int, torch.Tensor] = {}
    if computing:
        some = slice(None) if len(computing) == len(rows) else computing
        text, after, some_time = text[some], tokens[some], time[some]
        with adapted([rows[i] for i in computing]):
            for block in others:
                text, after = block(after, text, some_time, rotary)
        rests = dict(zip(computing, (after - tokens[some]).split(1), strict=True))
    added = torch.cat([rests[i] if i in rests else _remembered(row) for i, row in enumerate(rows)])
    with adapted(rows):
        velocity = _projected(transformer, tokens + added, time)
    # Only now, so that a forward that failed half-way can be repeated.
    for i, row in enumerate(rows):
        if row.memory is not None:
            if i in rests:
                row.memory.remember(changes[i].clone(), rests[i].clone())
            else:
                row.memory.reused += 1
    return velocity


def _embedded(transformer: Any, rows: Sequence[Row]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Text tokens, image tokens, and what modulates them by time, guidance and the whole text."""
    latents = torch.cat([row.latents for row in rows])
    tokens = transformer.x_embedder(latents)
    # Divided and multiplied again as the stock pipeline does, so that rounding agrees.
    timestep = torch.stack([row.timestep for row in rows]).to(latents.device, latents.dtype) / 1000
    times = [timestep.to(tokens.dtype) * 1000]
    if transformer.config.guidance_embeds:
        guidance = torch.tensor([row.guidance for row in rows], dtype=torch.float32, device=latents.device)
        times.append(guidance.to(tokens.dtype) * 1000)
    time = transformer.time_text_embed(*times, torch.cat([row.conditioning.pooled for row in rows]))  # type: ignore[misc]
    text = transformer.context_embedder(torch.cat([row.conditioning.text for row in rows]))
    return text, tokens, time


def _remembered(row: Row) -> torch.Tensor:
    assert row.memory is not None
    assert row.memory.rest is not None
    return row.memory.rest


def _blocks(transformer: Any) -> list[Any]:
    return [*transformer.transformer_blocks, *transformer.single_transformer_blocks]


def _projected(transformer: Any, tokens: torch.Tensor, time: torch.Tensor) -> torch.Tensor:
    return transformer.proj_out(transformer.norm_out(tokens, time))
