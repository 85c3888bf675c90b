"""The pages of adapters on the device, where writing one fails."""

from typing import Any

import pytest
import torch

from engine.lora.pages import PAGE, Matrices, Pages

WIDTH = 4
MODULES = [("transformer", "one"), ("transformer", "two"), ("transformer", "wide")]


@pytest.fixture
def pages() -> Pages:
    """Two pages, over two layers of one width and one of another."""
    linears = {module: torch.nn.Linear(WIDTH, WIDTH * (1 + (module[1] == "wide"))) for module in MODULES}
    one = Pages(linears, 1).page_bytes
    return Pages(linears, 2 * one)


def matrices(pages: Pages, rank: int, value: float = 1.0) -> Matrices:
    return {
        module: (torch.full((rank, layer.in_features), value), torch.full((rank, layer.out_features), value))
        for module, layer in pages._linears.items()
    }


@pytest.mark.parametrize("call", range(6))
@pytest.mark.parametrize("failing", ["_write", "_of"])
def test_an_adapter_that_cannot_be_written_leaves_its_pages_free_and_empty(
    pages: Pages, monkeypatch: pytest.MonkeyPatch, failing: str, call: int
) -> None:
    real, calls = getattr(pages, failing), 0

    def fail_once(*args: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == call + 1:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return real(*args)

    with monkeypatch.context() as patched:
        patched.setattr(pages, failing, fail_once)
        with pytest.raises(torch.OutOfMemoryError):
            pages.put("a", matrices(pages, 2 * PAGE))
    assert not pages.adapters
    assert all(not half.tensor.any() for half in pages._halves.values())
    assert len(pages.put("b", matrices(pages, 2 * PAGE)).rows) == 2 * PAGE


def test_what_went_for_an_adapter_that_could_not_be_written_comes_back_as_it_was(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    kept = pages.put("kept", matrices(pages, PAGE, 2.0))
    pages.put("gone", matrices(pages, PAGE, 3.0))
    with monkeypatch.context() as patched:
        patched.setattr(pages, "_write", fail)
        with pytest.raises(torch.OutOfMemoryError):
            pages.put("a", matrices(pages, PAGE), keep=["kept"])
    assert list(pages.adapters) == ["kept"]
    back = pages.put("gone", matrices(pages, 3, 3.0), keep=["kept"])
    for module in MODULES:
        for half in (pages.down(module).of(module), pages.up(module).of(module)):
            assert bool((half[list(kept.rows)] == 2.0).all())
            assert bool((half[list(back.rows)] == 3.0).all())
            assert float(half.sum()) == half.shape[1] * (2.0 * PAGE + 3.0 * 3)


def test_an_adapter_goes_without_asking_the_device_for_memory(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it leaves is cleared in place, or a device without memory would lose its pages."""
    pages.put("old", matrices(pages, 2 * PAGE))

    def fail(*_: object, **__: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    with monkeypatch.context() as patched:
        patched.setattr(torch.Tensor, "__setitem__", fail)
        with pytest.raises(torch.OutOfMemoryError):
            pages.put("new", matrices(pages, 2 * PAGE))
    assert len(pages.put("new", matrices(pages, 2 * PAGE)).rows) == 2 * PAGE
