"""Who is taken up when, and for whom a model is loaded. The models and their banks are hand-made, the rest is real."""

import asyncio
import time
from concurrent.futures import Future
from pathlib import Path
from typing import Any, cast

import pytest
import torch
from PIL import Image

from engine.denoiser import Denoiser, unadapted
from engine.errors import ModelUnavailable, OutOfMemory
from engine.families import Family
from engine.floor import Floor
from engine.lora.bank import Bank
from engine.models import KNOWN
from engine.requests import ImageRequest, LoraUse, Pictures
from engine.residents import InLanes
from engine.room import Measured
from engine.tickets import Ticket
from tests.engine.asking import asked
from tests.engine.test_denoiser import Model

PICTURE = Image.new("RGB", (8, 8))


class Shown(Model):
    """Also decodes; `seconds` pass on `clock` with every preview, as where it waits for a GPU's work."""

    def __init__(self, clock: list[float]) -> None:
        super().__init__(lambda _: clock.__setitem__(0, clock[0] + 1))
        self._clock = clock

    def previews(self, latents: torch.Tensor, _width: int, _height: int) -> tuple[Image.Image, ...]:
        self._clock[0] += 9
        return (PICTURE,) * len(latents)

    def decode(self, *_: Any, **__: Any) -> Image.Image:
        return PICTURE


class Files:
    """A bank whose LoRAs are read when the test says so."""

    def __init__(self) -> None:
        self.coming: list[Future[Any]] = []

    def has_room_for(self, _names: list[str]) -> bool:
        return True

    def ensure(self, names: Any) -> list[Future[Any]]:
        if not list(names):
            return []
        self.coming = self.coming or [Future()]
        return self.coming

    def text_mix(self, _mix: Any) -> tuple[()]:
        return ()


class Studio:
    """A floor with room for one model at a time."""

    def __init__(self, clock: list[float] | None = None) -> None:
        self.loop = asyncio.new_event_loop()
        self.loop.close()
        self.loaded: list[str] = []
        self.woken = 0
        self.here: InLanes | None = None
        self.files: dict[str, Files] = {}
        self.fetched: dict[str, Future[Path]] = {}
        self._clock = [0.0] if clock is None else clock
        self.floor = Floor(
            Denoiser(lambda _model, _row: 100, adapted=lambda _model: unadapted),
            model=self._model,
            held=lambda name: self.here if self.here is not None and self.here.entry.name == name else None,
            files=lambda name: [self.fetched[name]] if name in self.fetched else [],
            lanes=8,
            preview_every=1,
            stopping=lambda: False,
            send=lambda: None,
            typed=lambda _: OutOfMemory("cpu"),
            wake=lambda: setattr(self, "woken", self.woken + 1),
        )

    def asks(self, request: ImageRequest) -> Ticket:
        ticket = Ticket(request, self.loop)
        self.floor.take(ticket)
        return ticket

    def works(self) -> None:
        """Until there is nothing to do."""
        for _ in range(200):
            if not self.floor.busy:
                return
            self.floor.advance()
        raise AssertionError("it never rests")

    def _model(self, name: str) -> InLanes:
        if self.here is None or self.here.entry.name != name:
            assert len(self.loaded) < 10, "models chase each other"
            if self.here is not None:
                self.floor.forget(self.here.entry.name)
            self.loaded.append(name)
            self.files[name] = Files()
            self.here = InLanes(
                entry=KNOWN[name],
                bytes=0,
                family=cast(Family, Shown(self._clock)),
                bank=cast(Bank, self.files[name]),
                measured=Measured(fixed=0, per_token=1, free=1 << 30),
            )
        return self.here


def with_lora(model: str) -> ImageRequest:
    return asked(model=model, steps=2, loras=(LoraUse(name="a", weight=1.0),))


def has_ended(ticket: Ticket) -> bool:
    return any("finish" in repr(letter) for letters in ticket._post._letters.values() for letter in letters)


def test_no_model_is_loaded_while_loras_of_another_are_read_which_might_have_to_go_for_it() -> None:
    studio = Studio()
    tickets = [studio.asks(with_lora(name)) for name in ("pocket", "schnell")]
    studio.works()
    assert studio.loaded == ["pocket"]
    studio.files["pocket"].coming[0].set_result(object())
    assert studio.woken
    studio.works()
    studio.files["schnell"].coming[0].set_result(object())
    studio.works()
    assert studio.loaded == ["pocket", "schnell"]
    assert all(map(has_ended, tickets))


def test_a_request_passes_one_whose_loras_are_read_where_its_model_is_here() -> None:
    studio = Studio()
    studio.asks(with_lora("pocket"))
    second = studio.asks(asked(model="pocket", steps=2))
    studio.works()
    assert has_ended(second)


def test_one_that_was_cancelled_while_it_waited_for_a_model_holds_nobody_up() -> None:
    studio = Studio()
    first = studio.asks(asked(model="pocket", steps=5))
    studio.floor.advance()
    cancelled, last = studio.asks(asked(model="schnell")), studio.asks(asked(model="pocket", steps=1))
    cancelled.cancelled.set()
    studio.floor.advance()
    assert has_ended(last)
    assert not has_ended(first)
    studio.works()
    assert studio.loaded == ["pocket"]


def test_everybody_passes_one_whose_model_is_fetched_and_a_model_may_be_loaded_meanwhile() -> None:
    studio = Studio()
    studio.fetched["dev"] = Future()
    far = studio.asks(asked(model="dev", steps=2))
    others = [studio.asks(asked(model=name, steps=2)) for name in ("pocket", "schnell", "pocket")]
    studio.works()
    assert all(map(has_ended, others))
    assert not has_ended(far)
    assert "dev" not in studio.loaded
    studio.fetched["dev"].set_result(Path())
    assert studio.woken
    studio.works()
    assert has_ended(far)


def test_a_model_that_cannot_be_fetched_ends_those_who_wait_for_it_at_once() -> None:
    studio = Studio()
    studio.fetched["dev"] = Future()
    drawing, far = studio.asks(asked(model="pocket", steps=50)), studio.asks(asked(model="dev"))
    studio.floor.advance()
    studio.fetched["dev"].set_exception(ModelUnavailable("dev", "a/dev", "no network"))
    studio.floor.advance()
    assert any("fail" in repr(letter) for letters in far._post._letters.values() for letter in letters)
    assert not has_ended(drawing)
    studio.works()
    assert studio.loaded == ["pocket"]


def test_what_a_preview_waits_for_counts_as_the_devices_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a GPU a forward only begins the work; the first to look at a result waits for it."""
    clock = [100.0]
    monkeypatch.setattr(time, "perf_counter", lambda: clock[0])
    studio = Studio(clock)
    ticket = studio.asks(asked(model="pocket", steps=3))
    ended: list[Pictures] = []
    monkeypatch.setattr(ticket, "finish", ended.append)
    studio.works()
    assert ended[0].timings["device"] == 3 * 1 + 2 * 9
