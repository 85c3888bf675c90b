"""The parts that are made from the config alone: catalogue and engine. Opens nothing by itself."""

from bot.config import Config
from engine.engine import Engine
from engine.models import Catalogue


def catalogue(config: Config) -> Catalogue:
    """The models this studio offers. Raises UnknownModel when the default model is not among them."""
    made = Catalogue.of({name: model.model_dump() for name, model in config.models.items()})
    made.get(config.engine.model)
    return made


def engine(config: Config) -> Engine:
    """The engine of this config, to be opened with `async with`; it begins to load the default model at once."""
    return Engine(
        catalogue(config),
        device=config.engine.device,
        dtype=config.engine.dtype,
        lanes=config.engine.lanes,
        preview_every=config.engine.preview_every,
        model=config.engine.model,
    )
