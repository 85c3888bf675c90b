from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.engine import Engine
from engine.models import Catalogue


@pytest.fixture(scope="session")
def blank_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained model of the pocket model's architecture; tests must not write in it."""
    from engine.pocket.blank import write_blank

    return write_blank(tmp_path_factory.mktemp("models") / "blank")


@pytest.fixture
def catalogue(blank_folder: Path) -> Catalogue:
    return Catalogue.of({"pocket": {"folder": blank_folder}})


@pytest.fixture
async def engine(catalogue: Catalogue) -> AsyncIterator[Engine]:
    async with Engine(catalogue, device="cpu", threads=1) as engine:
        await engine.ready()
        yield engine
