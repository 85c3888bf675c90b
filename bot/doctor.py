"""Looks at everything the bot stands on, without changing anything: one finding each, well or what to do.

Knows what to look at; how a finding is shown is the command line's work.
"""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from bot import invitation
from bot.cli.words import Declined, reason
from bot.config import Config
from db.lock import PID_NAME

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
        "model": _model,
        "token": _token,
        "permissions": _permissions,
    }
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
        raise Declined(f"{_size(free)} are free where the storage folder is; make room for at least 2 GB")
    return f"{_size(free)} free"


async def _database(config: Config) -> str:
    import migrations
    from db.database import Database

    file = config.storage.folder / "atelier.db"
    if not config.database.url.get_secret_value() and not file.exists():
        return "none yet, made at the first start"
    async with Database.open(config.database_url, read_only=True) as database:
        await migrations.check(database)
    return f"{config.database_name}, up to date"


async def _device(config: Config) -> str:
    # torch takes seconds to import; no other check should wait for it.
    from engine import device

    return await asyncio.to_thread(device.describe, config.engine.device)


async def _model(config: Config) -> str:
    from huggingface_hub import try_to_load_from_cache

    from engine import hub
    from engine.errors import ModelUnavailable
    from engine.folders import check_folder
    from engine.models import Catalogue

    entry = Catalogue.of({name: model.model_dump() for name, model in config.models.items()}).get(config.engine.model)
    entry.check_licence()
    folder, words = entry.folder, f"{entry.name}, in {entry.folder}"
    if folder is None:
        cached = try_to_load_from_cache(entry.repository, "model_index.json", revision=entry.revision or None)
        if isinstance(cached, str):
            folder, words = Path(cached).parent, f"{entry.name}, downloaded from {entry.repository}"
        else:
            # Many repositories want their conditions accepted first; better told now than after gigabytes.
            why = await asyncio.to_thread(hub.refusal, entry.repository, entry.revision)
            if why is not None:
                raise ModelUnavailable(entry.name, entry.repository, why)
            words = f"{entry.name}, downloaded from {entry.repository} at the first start"
    if folder is not None:
        check_folder(folder)
    return f"{words}{await asyncio.to_thread(_memory, config, entry, folder)}"


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
    rest = "" if plan == "whole" else ", its text encoders in main memory"
    return f"; needs {_size(needed[plan])} of {_size(free)} free{rest}"


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
    return f"{number / 1024**3:.1f} GB"
