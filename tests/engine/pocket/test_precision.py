"""In which number format a processor trains."""

from collections.abc import Iterator

import pytest
import torch

from engine.pocket import precision


@pytest.fixture(autouse=True)
def _untried() -> Iterator[None]:
    precision._is_quick_in_bfloat16.cache_clear()
    yield
    precision._is_quick_in_bfloat16.cache_clear()


@pytest.mark.parametrize(("bfloat16", "float32", "chosen"), [(1.0, 2.0, torch.bfloat16), (2.0, 1.0, torch.float32)])
def test_a_processor_trains_in_the_format_that_it_multiplies_quicker(
    monkeypatch: pytest.MonkeyPatch, bfloat16: float, float32: float, chosen: torch.dtype
) -> None:
    seconds = {torch.bfloat16: bfloat16, torch.float32: float32}
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: True)
    monkeypatch.setattr(precision, "_seconds", seconds.__getitem__)
    assert precision.short("cpu") is chosen
    assert precision.short("cuda") is torch.bfloat16
    with precision.mixed("cpu"):
        assert torch.mm(torch.ones(2, 2), torch.ones(2, 2)).dtype is chosen


def test_a_processor_without_the_instructions_is_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)
    monkeypatch.setattr(precision, "_seconds", lambda _: pytest.fail("tried"))
    assert precision.short("cpu") is torch.float32


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
def test_a_try_takes_some_time(dtype: torch.dtype) -> None:
    assert precision._seconds(dtype) > 0
