import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional

from engine.previews import SIDE, Projection, example_pictures


def squeezed(pixels: torch.Tensor) -> torch.Tensor:
    """An autoencoder that keeps everything a linear map can keep: 4 x 4 pixels become 48 channels, mixed."""
    mixer = torch.linalg.qr(torch.randn(48, 48, generator=torch.Generator().manual_seed(0)))[0]
    return torch.einsum("nchw,cd->ndhw", functional.pixel_unshuffle(pixels, 4), mixer) * 2 + 0.5


@pytest.fixture(scope="module")
def projection() -> Projection:
    pictures = example_pictures(64, 8)
    return Projection.fit(pictures, squeezed(pictures))


def test_a_preview_shows_the_picture_at_half_its_size(projection: Projection) -> None:
    unseen = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(1)).repeat_interleave(8, 2) * 2 - 1
    unseen = unseen.repeat_interleave(8, 3)
    previews = projection.draw(squeezed(unseen))
    for preview, picture in zip(previews, unseen, strict=True):
        assert preview.size == (32, 32)
        wanted = functional.avg_pool2d(picture, 2).permute(1, 2, 0).numpy() * 127.5 + 127.5
        assert np.abs(np.asarray(preview, dtype=float) - wanted).mean() < 4


def test_a_large_picture_has_a_small_preview(projection: Projection) -> None:
    (preview,) = projection.draw(torch.zeros(1, 48, 300, 150))
    assert preview.size == (SIDE // 2, SIDE)


def test_numbers_that_are_no_colours_make_a_picture_all_the_same(projection: Projection) -> None:
    (preview,) = projection.draw(torch.full((1, 48, 4, 4), float("nan")))
    assert isinstance(preview, Image.Image)
    (bright,) = projection.draw(torch.full((1, 48, 4, 4), 1e30))
    assert bright.size == (8, 8)


def test_the_examples_are_always_the_same_and_full_of_colour() -> None:
    first, second = example_pictures(32, 2), example_pictures(32, 2)
    assert torch.equal(first, second)
    assert first.shape == (2, 3, 32, 32)
    assert first.amin() < -0.8
    assert first.amax() > 0.8
    assert not torch.equal(first[0], first[1])
