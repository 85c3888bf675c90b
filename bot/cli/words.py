"""The owner's words for what stops a verb. What people on Discord read is in `bot.errors`; the owner is told more."""

import errno
import sys

from bot.config import ConfigError


class Declined(Exception):
    """A verb declines, for the reason that is its text: one line, what is wrong and what to do."""


def reason(error: BaseException) -> str | None:
    """Why a verb ended, on one line, where an owner brought it about or can put it right; None for our own mistakes."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, Declined | ConfigError):
        return str(error)
    words = _of_rows(error) or _of_pixels(error) or _of_the_connection(error) or _of_the_system(error)
    return None if words is None else " ".join(words.split())


def _of_rows(error: BaseException) -> str | None:
    from db import errors

    match error:
        case errors.StorageLocked(folder=folder, pid=pid):
            who = f"process {pid}" if pid else "another process"
            return f"{who} is using the folder {folder}; stop it first (a running bot holds its folder)"
        case errors.DatabaseTooNew(revision=revision):
            return f"the database was made by a newer version of Atelier (revision {revision}); install that version"
        case errors.DatabaseBehind():
            return "the database is empty or of an older version; the next start, or `atelier db upgrade`, mends that"
        case errors.DatabaseLost(folder=folder):
            return (
                f"the database is empty, and {folder} holds files that another one knows, which a start would remove; "
                "restore that database, or name another storage.folder"
            )
        case errors.DatabaseMissing(path=path):
            return f"there is no database at {path}"
        case errors.DatabaseDamaged(path=path, reason=why):
            return f"{path} is not a sound Atelier database ({why}); restore a backup with `atelier db restore`"
        case errors.DatabaseUnavailable():
            return f"the database cannot be opened: {_first_line(error.__cause__ or error)}"
        case errors.UnsupportedDatabase(scheme=scheme):
            return f"database.url begins with {scheme}; use sqlite+aiosqlite:///FILE or postgresql+asyncpg://..."
        case errors.DatabaseFull():
            return "the disk or quota of the database is full; make room and start again"
        case errors.DatabaseBusy(path=path):
            return f"another program has {path} open; close it and try again"
        case errors.CopyFailed(path=path, reason=why):
            return f"{path} could not be written: {why}"
        case errors.TargetExists(path=path):
            return f"{path} is there already; name another file"
        case _:
            return None


def _of_pixels(error: BaseException) -> str | None:
    from engine import errors, hub
    from engine.lora.errors import LoraRefused
    from prompts import PromptError

    match error:
        case errors.UnknownModel(name=name, nearest=nearest):
            hint = f"; did you mean {nearest}?" if nearest else ""
            return f"there is no model {name} in the config{hint}"
        case errors.LicenceNotAccepted(name=name, licence=licence):
            return f"the model {name} is under {licence}; read it, then set models.{name}.accepted = true"
        case errors.FilterMissing(name=name, licence=licence):
            return f"the model {name} is under {licence}, which wants pictures looked at; set filter.pictures"
        case errors.ModelDamaged(folder=folder, reason=why):
            return f"the model folder {folder} cannot be used ({why}); put a whole copy there"
        case errors.ModelQuantised(folder=folder, component=component, method=method):
            return (
                f"the model folder {folder} has quantised weights ({method}, in {component}), which are not supported; "
                "put one there with weights in bfloat16, float16 or float32"
            )
        case errors.ModelNowhere(name=name):
            return f"models.{name} has neither folder nor repository; say where the model is"
        case errors.ModelUnavailable(name=name, repository=repository, reason=hub.GATED):
            return (
                f"the model {name} could not be fetched: accept its conditions on https://huggingface.co/{repository}, "
                "then set HF_TOKEN in the environment, or type `hf auth login` as the user that the bot runs as"
            )
        case errors.ModelUnavailable(name=name, repository=repository, reason=why):
            return f"the model {name} could not be fetched from {repository}: {why}"
        case errors.ModelTooLarge(name=name, needed=needed, free=free):
            return (
                f"the model {name} needs {needed / 2**30:.1f} GiB of memory, and {free / 2**30:.1f} are there for it; "
                "engine.model_megabytes bounds it, and so does what else is on the device"
            )
        case errors.OutOfMemory(device=device):
            return f"the memory of {device} does not suffice; ask for fewer or smaller pictures"
        case errors.StorageFailed(folder=folder, reason=why):
            return f"the folder {folder} cannot be written: {why}"
        case errors.NoSuchDevice(device=device):
            return f'there is no device {device} here; engine.device = "auto" takes what there is'
        case errors.DeviceFailed(device=device, reason=why):
            return f"the device {device} failed ({why}); start again, and look at the system's log if it comes back"
        case errors.DiskFull(folder=folder):
            return f"the disk of {folder} is full; make room and start again"
        case LoraRefused():
            from bot.loras.words import refusal

            return refusal(error)
        case errors.EngineError() | PromptError():
            from bot.errors import explain

            return explain(error)
        case _:
            return None


def _of_the_connection(error: BaseException) -> str | None:
    # Only what was imported can have been raised; importing it here would cost every other failure its time.
    discord, aiohttp = sys.modules.get("discord"), sys.modules.get("aiohttp")
    if discord is not None and isinstance(error, discord.LoginFailure):
        return "Discord refused the token; copy it anew from the developer portal into ATELIER_DISCORD__TOKEN"
    if discord is not None and isinstance(error, discord.HTTPException):
        return f"Discord refused a request: {_first_line(error)}"
    if aiohttp is not None and isinstance(error, aiohttp.ClientError):
        return f"Discord cannot be reached: {_first_line(error)}"
    # The client's own time limits; what the system says of a connection has a number.
    if aiohttp is not None and isinstance(error, TimeoutError) and error.errno is None:
        return "Discord cannot be reached: no answer in time"
    return None


def _of_the_system(error: BaseException) -> str | None:
    if not isinstance(error, OSError):
        return None
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"the disk is full{f' ({error.filename})' if error.filename else ''}; make room and start again"
    if error.errno == errno.EEXIST:
        return f"{error.filename or 'a file'}: there is a file of that name already"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ENOTDIR, errno.EISDIR):
        return f"{error.filename or 'a file'}: {(error.strerror or 'cannot be used').lower()}"
    return None


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
