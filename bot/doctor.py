"""Looks at everything the bot stands on, without changing anything: one finding each, well or what to do.

Knows what to look at; how a finding is shown is the command line's work.
"""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from bot import invitation
from bot.cli.words import Declined, reason
from bot.config import Config
from db.lock import PID_NAME
from engine.errors import ModelDamaged, ModelUnavailable

if TYPE_CHECKING:
    from engine.models import ModelEntry

_ENOUGH_DISK = 2 * 1024**3


@dataclass(frozen=True, kw_only=True)
class Finding:
    """`part` is well, or not; `words` say what is there or what to do, on one line."""

    part: str
    well: bool
    words: str


async def examine(config: Config) -> AsyncIterator[Finding]:
    """One finding after another, the cheap ones first; all parts are looked at, whatever is wrong with one."""
    checks: dict[str, Callable[[Config], Awaitable[str]]] = {
        "storage": _storage,
        "disk": _disk,
        "database": _database,
        "device": _device,
        "model": partial(_model, name=config.engine.model),
    }
    # What a default config has none of has no line either.
    others = [name for name in config.models if name.lower() != config.engine.model.lower()]
    checks |= {f"model {name}": partial(_model, name=name) for name in others}
    if config.filter.pictures != "off":
        checks["filter"] = _filter
    if config.engine.upscaler is not None:
        checks["upscaler"] = _upscaler
    if config.engine.captioner:
        checks["captioner"] = _captioner
    checks |= {"token": _token, "permissions": _permissions}
    for part, check in checks.items():
        try:
            yield Finding(part=part, well=True, words=await check(config))
        except Exception as error:
            words = reason(error) or f"{type(error).__name__}: {error}"
            yield Finding(part=part, well=False, words=words)


async def _storage(config: Config) -> str:
    folder = config.storage.folder
    existing = _nearest_existing(folder)
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        raise Declined(f"{existing} cannot be written; change its owner, or set storage.folder")
    if not folder.exists():
        return f"{folder}, made at the first start"
    # Permission bits do not tell of a read-only mount or a full quota; a file does.
    with tempfile.TemporaryFile(dir=folder):
        return str(folder)


async def _disk(config: Config) -> str:
    free = psutil.disk_usage(str(_nearest_existing(config.storage.folder))).free
    if free < _ENOUGH_DISK:
        raise Declined(f"{_size(free)} are free where the storage folder is; make room for at least 2 GiB")
    return f"{_size(free)} free"


async def _database(config: Config) -> str:
    import migrations
    from db.database import FILE_NAME, Database

    file = config.storage.folder / FILE_NAME
    if not config.database.url.get_secret_value() and not file.exists():
        return "none yet, made at the first start"
    async with Database.open(config.database_url, read_only=True) as database:
        await migrations.check(database)
    return f"{config.database_name}, up to date"


async def _device(config: Config) -> str:
    # torch takes seconds to import; no other check should wait for it.
    from engine import device

    return await asyncio.to_thread(device.describe, config.engine.device)


async def _model(config: Config, name: str) -> str:
    from bot import parts
    from engine.folders import check_folder

    entry = parts.catalogue(config).get(name)
    entry.check_licence()
    parts.screen(config).check(entry.name)
    if entry.redux:
        await _downloaded(f"{entry.name}, redux", entry.redux)
    if entry.folder is not None:
        folder, words = entry.folder, f"{entry.name}, in {entry.folder}"
    else:
        folder = await _downloaded(entry.name, entry.repository, entry.revision)
        words = f"{entry.name}, {'' if folder else 'to be '}downloaded from {entry.repository}"
    if folder is not None:
        check_folder(folder)
    return f"{words}{await asyncio.to_thread(_memory, config, entry, folder)}"


async def _filter(config: Config) -> str:
    chosen = config.filter
    if chosen.pictures == "review":
        return "moderators look at what models with conditions draw"
    return await _looked_up("filter", str(chosen.folder or chosen.repository), chosen.revision)


async def _captioner(config: Config) -> str:
    return await _looked_up("captioner", config.engine.captioner)


async def _upscaler(config: Config) -> str:
    weights = config.engine.upscaler
    if weights is None or not weights.is_file():
        raise Declined(f"there is no file {weights}; set engine.upscaler")
    if find_spec("spandrel") is None:
        raise Declined("spandrel is not installed, which reads the weights; docs/running.md, Upscaler weights")
    return str(weights)


async def _looked_up(part: str, place: str, revision: str = "") -> str:
    """Where a model in transformers' layout is. Raises ModelDamaged, ModelUnavailable."""
    folder = await _downloaded(part, place, revision, "config.json")
    if folder is None:
        return f"to be downloaded from {place}"
    if not (folder / "config.json").is_file():
        raise ModelDamaged(str(folder), "missing: config.json")
    return str(folder)


async def _downloaded(name: str, place: str, revision: str = "", file: str = "model_index.json") -> Path | None:
    """Where a folder or a repository of the hub lies here; None for one that may be fetched.

    Raises ModelDamaged for a folder that is not there, ModelUnavailable.
    """
    from huggingface_hub import try_to_load_from_cache

    from engine import hub

    if Path(place).is_dir():
        return Path(place)
    if Path(place).is_absolute():
        raise ModelDamaged(place, "missing")
    cached = try_to_load_from_cache(place, file, revision=revision or None)
    if isinstance(cached, str):
        return Path(cached).parent
    # Many repositories want their conditions accepted first; better told now than after gigabytes.
    why = await asyncio.to_thread(hub.refusal, place, revision, file)
    if why is not None:
        raise ModelUnavailable(name, place, why)
    return None


def _memory(config: Config, entry: "ModelEntry", folder: Path | None) -> str:
    """What the model will take of what is free. Raises ModelTooLarge."""
    from engine import device, plans

    if _runs(config.storage.folder):
        return ""  # it has the model loaded, and what is free is what that left
    kind, bytes_each, free = device.room(config.engine.device, config.engine.dtype)
    free = min(free, config.engine.model_megabytes << 20 or free)
    needed = plans.possible(entry, folder, bytes_each=bytes_each, device=kind)
    if not needed:
        return ""
    plan = plans.choose(entry, needed, free=free)
    rest = {
        "whole": "",
        "split": ", its text encoders in main memory",
        "float8": ", its text encoders in main memory and its weights kept in float8, which changes pictures a little",
    }
    return f"; needs {_size(needed[plan])} of {_size(free)} free{rest[plan]}"


def _runs(folder: Path) -> bool:
    """Whether a bot is using this storage folder."""
    try:
        return psutil.pid_exists(int((folder / PID_NAME).read_text(encoding="ascii")))
    except (OSError, ValueError):
        return False


async def _token(config: Config) -> str:
    if not config.discord.token.get_secret_value():
        raise Declined("there is none; create a bot in the developer portal and set ATELIER_DISCORD__TOKEN")
    return f"good, of application {await invitation.application_id(config.discord)}"


async def _permissions(config: Config) -> str:
    if not config.discord.token.get_secret_value():
        raise Declined("cannot be looked up without a token")
    missing = await invitation.missing_permissions(config.discord)
    if not missing:
        raise Declined("the bot is in no server yet; open the link that `atelier invite` prints")
    lacking = [f"{guild} lacks {', '.join(names)}" for guild, names in missing.items() if names]
    if lacking:
        raise Declined(f"{'; '.join(lacking)}; open the link that `atelier invite` prints again")
    return f"all there in {len(missing)} server{'s' if len(missing) > 1 else ''}"


def _nearest_existing(folder: Path) -> Path:
    return next(parent for parent in (folder, *folder.parents) if parent.exists())


def _size(number: int) -> str:
    return f"{number / 1024**3:.1f} GiB"
