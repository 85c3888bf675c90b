"""FLUX.1's transformer over rows: diffusers' own layers in diffusers' order, with fewer passes over memory.

Equals `FluxTransformer2DModel.forward` for each row alone, up to rounding. The loop is ours for three reasons: the
rotations of positions are the same at every step; what is copied, rotated and scaled apart there is done in one pass
here, and on small models those passes take longer than the products; and a row whose step can be reused must not be in
the batch of the blocks that still run. Knows no texts and no pictures, and of LoRAs only that a layer may be adapted.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch.nn import functional

from engine.families import Adapted, Row

# Larger models are bound by arithmetic, and joining would need a part of their weights twice for a moment.
_JOINED_BYTES = 1 << 30
_EPS = 1e-6


class Flux1Transformer:
    """A `FluxTransformer2DModel` and the loop over its blocks. Its weights stay the module's own, bit by bit."""

    def __init__(self, transformer: Any) -> None:
        self._module = transformer
        small = sum(one.numel() * one.element_size() for one in transformer.parameters()) < _JOINED_BYTES
        join = _Joined if small and not any(map(_is_adapted, transformer.modules())) else _Apart
        doubles, singles = list(transformer.transformer_blocks), list(transformer.single_transformer_blocks)
        self._modulation = join(
            [layer for block in doubles for layer in (block.norm1.linear, block.norm1_context.linear)]
            + [block.norm.linear for block in singles]
            + [transformer.norm_out.linear]
        )
        self._doubles = [_Double(block, join) for block in doubles]
        self._singles = [_Single(block, join) for block in singles]

    def positions(self, ids: torch.Tensor) -> torch.Tensor:
        """Position ids (tokens, axes), text first, as rotations (tokens, 1, head / 2), complex."""
        cosines, sines = self._module.pos_embed(ids)  # each value twice, for both halves of a pair
        return torch.complex(cosines[:, ::2], sines[:, ::2]).unsqueeze(1)

    def velocities(self, rows: Sequence[Row], rotation: torch.Tensor, adapted: Adapted) -> torch.Tensor:
        """One forward, (rows, tokens, channels), with tokens for the pictures beside what is drawn as well."""
        if all(row.memory is None for row in rows):
            with adapted(rows):
                text, tokens, modulation = self._embedded(rows)
                after = self._rest(*self._first(text, tokens, modulation, rotation), modulation, rotation)
                return self._projected(after, modulation)
        with adapted(rows):
            text, before, modulation = self._embedded(rows)
            text, tokens = self._first(text, before, modulation, rotation)
        changes = (tokens - before).split(1)
        computing = [i for i, row in enumerate(rows) if row.memory is None or not row.memory.holds(changes[i])]
        rests: dict[int, torch.Tensor] = {}
        if computing:
            some = slice(None) if len(computing) == len(rows) else computing
            with adapted([rows[i] for i in computing]):
                after = self._rest(text[some], tokens[some], [one[some] for one in modulation], rotation)
            rests = dict(zip(computing, (after - tokens[some]).split(1), strict=True))
        added = torch.cat([rests[i] if i in rests else _remembered(row) for i, row in enumerate(rows)])
        with adapted(rows):
            velocity = self._projected(tokens + added, modulation)
        # Only now, so that a forward that failed half-way can be repeated.
        for i, row in enumerate(rows):
            if row.memory is not None:
                if i in rests:
                    row.memory.remember(changes[i].clone(), rests[i].clone())
                else:
                    row.memory.reused += 1
        return velocity

    def _embedded(self, rows: Sequence[Row]) -> tuple[torch.Tensor, torch.Tensor, list[torch.Tensor]]:
        """Text tokens, image tokens, and what modulates each block by time, guidance and the whole text."""
        module = self._module
        latents = torch.cat([_seen(row) for row in rows])
        tokens = module.x_embedder(latents)
        # Divided and multiplied again as the stock pipeline does, so that rounding agrees.
        timestep = torch.stack([row.timestep for row in rows]).to(latents.device, latents.dtype) / 1000
        times = [timestep.to(tokens.dtype) * 1000]
        if module.config.guidance_embeds:
            guidance = torch.tensor([row.guidance for row in rows], dtype=torch.float32, device=latents.device)
            times.append(guidance.to(tokens.dtype) * 1000)
        time = module.time_text_embed(*times, torch.cat([row.conditioning.pooled for row in rows]))  # type: ignore[misc]
        text = module.context_embedder(torch.cat([row.conditioning.text for row in rows]))
        return text, tokens, self._modulation(functional.silu(time))

    def _first(
        self, text: torch.Tensor, tokens: torch.Tensor, modulation: list[torch.Tensor], rotation: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        return self._doubles[0](text, tokens, modulation[0], modulation[1], rotation)

    def _rest(
        self, text: torch.Tensor, tokens: torch.Tensor, modulation: list[torch.Tensor], rotation: torch.Tensor
    ) -> torch.Tensor:
        """Image tokens after all blocks but the first."""
        for index, double in enumerate(self._doubles[1:], 1):
            text, tokens = double(text, tokens, modulation[2 * index], modulation[2 * index + 1], rotation)
        joint = torch.cat((text, tokens), 1)
        for single, given in zip(self._singles, modulation[2 * len(self._doubles) : -1], strict=True):
            joint = single(joint, given, rotation)
        return joint[:, text.shape[1] :]

    def _projected(self, tokens: torch.Tensor, modulation: list[torch.Tensor]) -> torch.Tensor:
        scale, shift = modulation[-1].chunk(2, 1)
        return self._module.proj_out(_modulated(tokens, scale, shift))


class _Double:
    """A block with weights of its own for text and for image, which attend to each other."""

    def __init__(self, block: Any, join: "type[_Joined] | type[_Apart]") -> None:
        attention = block.attn
        self._block = block
        self._image = join([attention.to_q, attention.to_k, attention.to_v])
        self._text = join([attention.add_q_proj, attention.add_k_proj, attention.add_v_proj])

    def __call__(
        self,
        text: torch.Tensor,
        tokens: torch.Tensor,
        modulation: torch.Tensor,
        text_modulation: torch.Tensor,
        rotation: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        block, attention = self._block, self._block.attn
        shift, scale, gate, shift_mlp, scale_mlp, gate_mlp = modulation.chunk(6, 1)
        t_shift, t_scale, t_gate, t_shift_mlp, t_scale_mlp, t_gate_mlp = text_modulation.chunk(6, 1)
        image = _heads(self._image(_modulated(tokens, scale, shift)), attention)
        words = _heads(self._text(_modulated(text, t_scale, t_shift)), attention)
        query = torch.cat((attention.norm_added_q(words[0]), attention.norm_q(image[0])), 1)
        key = torch.cat((attention.norm_added_k(words[1]), attention.norm_k(image[1])), 1)
        mixed = _attended(query, key, torch.cat((words[2], image[2]), 1), rotation)
        length = text.shape[1]
        tokens = _gated(tokens, gate, attention.to_out[0](mixed[:, length:]))
        tokens = _gated(tokens, gate_mlp, block.ff(_modulated(tokens, scale_mlp, shift_mlp)))
        text = _gated(text, t_gate, attention.to_add_out(mixed[:, :length]))
        text = _gated(text, t_gate_mlp, block.ff_context(_modulated(text, t_scale_mlp, t_shift_mlp)))
        return _in_range(text), tokens


class _Single:
    """A block over text and image in one row of tokens, whose attention and MLP stand side by side."""

    def __init__(self, block: Any, join: "type[_Joined] | type[_Apart]") -> None:
        self._block = block
        self._into = join([block.attn.to_q, block.attn.to_k, block.attn.to_v, block.proj_mlp])

    def __call__(self, joint: torch.Tensor, modulation: torch.Tensor, rotation: torch.Tensor) -> torch.Tensor:
        block, attention = self._block, self._block.attn
        shift, scale, gate = modulation.chunk(3, 1)
        *qkv, mlp = self._into(_modulated(joint, scale, shift))
        query, key, value = _heads(qkv, attention)
        mixed = _attended(attention.norm_q(query), attention.norm_k(key), value, rotation)
        mlp = functional.gelu(mlp, approximate="tanh")
        out = block.proj_out
        if _is_adapted(out):
            made = out(torch.cat((mixed, mlp), 2))
        else:  # the two halves of the product, without putting them side by side
            wide = mixed.shape[2]
            made = functional.linear(mixed, out.weight[:, :wide], out.bias).flatten(0, 1)
            made = torch.addmm(made, mlp.flatten(0, 1), out.weight[:, wide:].t()).view_as(mixed)
        return _in_range(_gated(joint, gate, made))


class _Joined:
    """Layers with one input as one product: their weights are moved side by side, each stays a view of its part.

    Where one of them is adapted, all are called by themselves.
    """

    def __init__(self, layers: Sequence[torch.nn.Linear]) -> None:
        self._layers = list(layers)
        self._sizes = [layer.out_features for layer in layers]
        self._weight = torch.cat([layer.weight.data for layer in layers])
        self._bias = torch.cat([layer.bias.data for layer in layers])
        for layer, weight, bias in zip(
            layers, self._weight.split(self._sizes), self._bias.split(self._sizes), strict=True
        ):
            layer.weight.data, layer.bias.data = weight, bias

    def __call__(self, given: torch.Tensor) -> list[torch.Tensor]:
        if any(map(_is_adapted, self._layers)):
            return [layer(given) for layer in self._layers]
        return list(functional.linear(given, self._weight, self._bias).split(self._sizes, -1))


class _Apart:
    """Layers with one input, one after another."""

    def __init__(self, layers: Sequence[torch.nn.Linear]) -> None:
        self._layers = list(layers)

    def __call__(self, given: torch.Tensor) -> list[torch.Tensor]:
        return [layer(given) for layer in self._layers]


def _is_adapted(layer: torch.nn.Module) -> bool:
    """Whether it does more than its product: it adds LoRAs, or brings its weights into the format to compute with."""
    return "forward" in layer.__dict__


def _modulated(tokens: torch.Tensor, scale: torch.Tensor, shift: torch.Tensor) -> torch.Tensor:
    normed = functional.layer_norm(tokens, tokens.shape[-1:], eps=_EPS)
    return torch.addcmul(shift.unsqueeze(1), normed, 1 + scale.unsqueeze(1))


def _gated(tokens: torch.Tensor, gate: torch.Tensor, change: torch.Tensor) -> torch.Tensor:
    return torch.addcmul(tokens, gate.unsqueeze(1), change)


def _heads(parts: Sequence[torch.Tensor], attention: Any) -> list[torch.Tensor]:
    """(rows, tokens, heads x head) -> (rows, tokens, heads, head)."""
    return [part.unflatten(-1, (-1, attention.head_dim)) for part in parts]


def _attended(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, rotation: torch.Tensor) -> torch.Tensor:
    """Joint attention; (rows, tokens, heads, head) each, and (rows, tokens, heads x head) back."""
    query, key = _rotated(query, rotation).transpose(1, 2), _rotated(key, rotation).transpose(1, 2)
    mixed = functional.scaled_dot_product_attention(query, key, value.transpose(1, 2))
    return mixed.transpose(1, 2).flatten(2)


def _rotated(heads: torch.Tensor, rotation: torch.Tensor) -> torch.Tensor:
    pairs = torch.view_as_complex(heads.float().unflatten(-1, (-1, 2)))
    return torch.view_as_real(pairs * rotation).flatten(3).to(heads.dtype)


def _in_range(tokens: torch.Tensor) -> torch.Tensor:
    return tokens.clip(-65504, 65504) if tokens.dtype == torch.float16 else tokens


def _seen(row: Row) -> torch.Tensor:
    """What is drawn, and behind it the pictures beside it."""
    beside = row.conditioning.beside
    return row.latents if beside is None else torch.cat((row.latents, beside.latents), 1)


def _remembered(row: Row) -> torch.Tensor:
    assert row.memory is not None
    assert row.memory.rest is not None
    return row.memory.rest
