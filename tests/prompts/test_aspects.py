"""Picture sizes that follow from aspect ratios."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts import size_for


@pytest.mark.parametrize(
    ("aspect", "base_pixels", "multiple", "size"),
    [
        ((1, 1), 128 * 128, 16, (128, 128)),
        ((1, 1), 1024 * 1024, 16, (1024, 1024)),
        ((16, 9), 1024 * 1024, 16, (1360, 768)),
        ((9, 16), 1024 * 1024, 16, (768, 1360)),
        ((4, 1), 128 * 128, 16, (256, 64)),
        ((3, 2), 8, 16, (16, 16)),
    ],
)
def test_known_sizes(aspect: tuple[int, int], base_pixels: int, multiple: int, size: tuple[int, int]):
    assert size_for(aspect, base_pixels, multiple) == size


terms = st.tuples(st.integers(1, 10_000), st.integers(1, 10_000)).filter(lambda pair: max(pair) <= 4 * min(pair))


@given(terms, st.integers(64 * 64, 2048 * 2048), st.sampled_from([8, 16]))
def test_a_size_fits_its_pixels_and_keeps_the_ratio_within_a_step(
    aspect: tuple[int, int], base_pixels: int, multiple: int
):
    width, height = size_for(aspect, base_pixels, multiple)
    assert width % multiple == 0
    assert height % multiple == 0
    assert width * height <= base_pixels
    step = multiple / min(width, height)
    assert abs(math.log((width / height) / (aspect[0] / aspect[1]))) <= 2 * step


def test_nonsense_is_refused():
    with pytest.raises(ValueError, match="positive"):
        size_for((0, 1), 1024, 16)
