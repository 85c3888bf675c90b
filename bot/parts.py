"""The parts that are made from the config alone: catalogue, engine, editor. Opens nothing by itself."""

from bot.config import Config
from engine.describe import Describer
from engine.edits.plan import Editor, lanczos
from engine.edits.upscalers import Upscaler
from engine.engine import Engine
from engine.lora.shelf import Shelf
from engine.models import Catalogue
from engine.screen import Screen, Screening


def catalogue(config: Config) -> Catalogue:
    """The models this studio offers. Raises UnknownModel when the default model is not among them."""
    made = Catalogue.of({name: model.model_dump() for name, model in config.models.items()})
    made.get(config.engine.model)
    return made


def screen(config: Config) -> Screen:
    """The picture filter of this config, to be opened with `async with`."""
    chosen = config.filter
    screening = Screening(
        pictures=chosen.pictures,
        folder=chosen.folder,
        repository=chosen.repository,
        revision=chosen.revision,
        block=chosen.block,
        unsure=chosen.unsure,
    )
    return Screen(screening, catalogue(config))


def engine(config: Config) -> Engine:
    """The engine of this config, to be opened with `async with`; it begins to load the default model at once."""
    return Engine(
        catalogue(config),
        device=config.engine.device,
        dtype=config.engine.dtype,
        lanes=config.engine.lanes,
        find_lora=Shelf(config.storage.folder / "loras").find,
        lora_bytes=config.engine.lora_megabytes << 20,
        model_bytes=config.engine.model_megabytes << 20 or None,
        preview_every=config.engine.preview_every,
        model=config.engine.model,
    )


def editor(config: Config, describer: Describer) -> Editor:
    """What plans the jobs that are edits; `describer` reads pictures for it."""
    upscale = Upscaler(config.engine.upscaler) if config.engine.upscaler else lanczos
    return Editor(catalogue=catalogue(config), reader=describer, upscale=upscale, longest=config.limits.longest)


def describer(config: Config) -> Describer:
    """What reads pictures; it loads when it is first asked."""
    return Describer(config.engine.captioner)
