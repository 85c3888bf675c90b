"""Mixtures, corrections, rolls and wraps, on tensors alone."""

import pytest
import torch
from diffusers.pipelines.flux.pipeline_flux import FluxPipeline

from engine.effects import mixing, steering, straying, tiling
from engine.families import Conditioning

GRID = (4, 6)


def told(seed: int) -> Conditioning:
    dice = torch.Generator().manual_seed(seed)
    return Conditioning(text=torch.randn(1, 5, 8, generator=dice), pooled=torch.randn(1, 8, generator=dice))


def latents(seed: int = 0) -> torch.Tensor:
    return torch.randn(1, 24, 16, generator=torch.Generator().manual_seed(seed))


def test_one_text_is_itself_and_the_heavier_of_two_is_nearer() -> None:
    first, second = told(1), told(2)
    assert mixing.mixed([(first, 0.3)]) is first
    near = mixing.mixed([(first, 0.8), (second, 0.2)])
    assert (near.text - first.text).norm() < (near.text - second.text).norm()
    assert near.text.std() == pytest.approx(float(0.8 * first.text.std() + 0.2 * second.text.std()), rel=1e-4)


def test_a_negative_weight_leads_away() -> None:
    first, second = told(1), told(2)
    away = mixing.mixed([(first, 0.8), (second, -0.2)])
    assert torch.cosine_similarity(away.text.flatten(), second.text.flatten(), 0) < torch.cosine_similarity(
        first.text.flatten(), second.text.flatten(), 0
    )
    with pytest.raises(ValueError, match="more than 0"):
        mixing.mixed([(first, 0.5), (second, -0.5)])


def test_without_corrections_a_velocity_stays() -> None:
    velocity = latents(1)
    assert torch.allclose(steering.steered(velocity, latents(2), 0.7, 0.5), velocity, atol=1e-5)


def test_a_style_brings_mean_and_spread_and_no_places() -> None:
    style, clean = latents(1) * 3 + 1, latents(2)
    restyled = steering.like_style(style, 50.0)(clean, 0.5)
    assert torch.allclose(restyled.mean(1), style.mean(1), atol=1e-3)
    assert torch.allclose(restyled.std(1), style.std(1), atol=1e-3)
    shuffled = style[:, torch.randperm(24)]
    assert torch.allclose(restyled, steering.like_style(shuffled, 50.0)(clean, 0.5), atol=1e-4)
    assert torch.equal(steering.like_style(style, 0.0)(clean, 0.5), clean)


def test_an_image_pulls_large_forms_early_and_lets_go_later() -> None:
    image, clean = latents(1), latents(2)
    pull = steering.like_image(image, 3.0, GRID)
    assert (pull(clean, 0.0) - clean).norm() > 0.1
    assert torch.equal(pull(clean, 0.95), clean)
    flat = torch.ones(1, 24, 16)
    assert steering.like_image(flat, 50.0, GRID)(clean * 0, 0.0).mean() == pytest.approx(1.0, abs=1e-3)


def test_stylize_has_a_middle_at_which_nothing_changes() -> None:
    clean = latents()
    assert torch.allclose(steering.stylized(0.1)(clean, 0.5), clean, atol=1e-6)
    assert steering.stylized(1.0)(clean, 0.5).std() > clean.std() > steering.stylized(0.0)(clean, 0.5).std()


def test_a_roll_is_undone_and_offsets_differ_from_call_to_call() -> None:
    value = latents()
    for call in range(30):
        down, right = tiling.offset(call, GRID)
        assert torch.equal(tiling.rolled(tiling.rolled(value, (down, right), GRID), (-down, -right), GRID), value)
    assert len({tiling.offset(call, (16, 16)) for call in range(12)}) > 8


def test_a_roll_by_half_a_token_is_one_of_the_latents_before_they_are_packed() -> None:
    cells = torch.randn(1, 16, 12, 20)
    packed = FluxPipeline._pack_latents(cells, 1, 16, 12, 20)
    moved = FluxPipeline._pack_latents(cells.roll((3, 5), (2, 3)), 1, 16, 12, 20)
    assert torch.equal(tiling.rolled(packed, (3, 5), (6, 10)), moved)


def test_within_a_wrap_a_decoder_does_not_know_where_the_edge_is() -> None:
    torch.manual_seed(0)
    decoder = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3, padding=1), torch.nn.ReLU(), torch.nn.Conv2d(8, 3, 1))
    picture = torch.randn(1, 3, 8, 8)
    plain = decoder(picture)
    with torch.inference_mode(), tiling.wrapping(decoder):
        moved = decoder(picture.roll((3, 5), (2, 3)))
        assert torch.allclose(moved, decoder(picture).roll((3, 5), (2, 3)), atol=1e-5)
    assert torch.equal(decoder(picture), plain)
    with pytest.raises(ZeroDivisionError), tiling.wrapping(decoder):
        _ = 1 / 0
    assert torch.equal(decoder(picture), plain)


def test_a_seed_always_strays_the_same_way() -> None:
    ways = [straying.elsewhere("a cat", seed) for seed in range(20)]
    assert ways == [straying.elsewhere("a cat", seed) for seed in range(20)]
    assert len(set(ways)) > 15
    assert all("a cat" in way for way in ways)
    assert straying.oddity("a cat") == straying.oddity("a cat")
