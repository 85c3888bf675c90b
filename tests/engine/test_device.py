"""Devices by their names in the config."""

import pytest

from engine import device
from engine.engine import Engine
from engine.errors import NoSuchDevice
from engine.models import Catalogue


@pytest.mark.parametrize("name", ["cuda:99", "mps"])
def test_a_device_that_is_not_here_is_refused_by_name(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: False)
    for ask in (lambda: device.pick(name, "auto"), lambda: device.describe(name), lambda: device.room(name, "auto")):
        with pytest.raises(NoSuchDevice) as caught:
            ask()
        assert caught.value.device == name


async def test_an_engine_for_such_a_device_fails_with_that_reason(
    catalogue: Catalogue, caplog: pytest.LogCaptureFixture
) -> None:
    async with Engine(catalogue, device="cuda:99", threads=1) as engine:
        with pytest.raises(NoSuchDevice):
            await engine.ready()
    assert "Traceback" not in caplog.text


def test_what_is_free_is_told_with_the_size_of_a_number() -> None:
    kind, each, free = device.room("cpu", "auto")
    assert (kind, each) == ("cpu", 4)
    assert free > 0
