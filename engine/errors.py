"""What can go wrong with pixels, as data. The words for people live in `bot.errors`.

Every error has a stable `code` and a `detail` of plain JSON values, which the worker writes into a failed job's row.
"""

from typing import ClassVar, TypeAlias

Json: TypeAlias = str | int | float | bool | list["Json"] | dict[str, "Json"] | None


class EngineError(Exception):
    """Base of all. `detail` holds the fields of the error by name."""

    code: ClassVar[str] = "engine"

    def __init__(self, **detail: Json) -> None:
        self.detail = detail
        super().__init__(detail)


class RequestError(EngineError):
    """The request cannot be served as it is; the engine is well."""

    code = "request"


class UnknownModel(RequestError):
    """The catalogue has no model called `name`; `nearest` is the closest name, or None."""

    code = "unknown_model"

    def __init__(self, name: str, nearest: str | None) -> None:
        super().__init__(name=name[:100], nearest=nearest)
        self.name = name[:100]
        self.nearest = nearest


class LicenceNotAccepted(RequestError):
    """The owner has not accepted `licence`, which the model `name` asks for before it loads."""

    code = "licence_not_accepted"

    def __init__(self, name: str, licence: str) -> None:
        super().__init__(name=name, licence=licence)
        self.name = name
        self.licence = licence


class UnsupportedSize(RequestError):
    """The size is not one the model draws: sides are multiples of `multiple` from `smallest` to `largest` pixels."""

    code = "unsupported_size"

    def __init__(self, width: int, height: int, *, multiple: int, smallest: int, largest: int) -> None:
        super().__init__(width=width, height=height, multiple=multiple, smallest=smallest, largest=largest)
        self.width = width
        self.height = height
        self.multiple = multiple
        self.smallest = smallest
        self.largest = largest


class BadRequest(RequestError):
    """The field `field` has a value `given` outside of `allowed`; the callers should have seen to it."""

    code = "bad_request"

    def __init__(self, field: str, given: str, allowed: str) -> None:
        super().__init__(field=field, given=given[:100], allowed=allowed)
        self.field = field
        self.given = given[:100]
        self.allowed = allowed


class NotByThisModel(RequestError):
    """The model `name` is run by its own pipeline, which has no `wish` ("loras", "mask", "size", ...)."""

    code = "not_by_this_model"

    def __init__(self, name: str, wish: str) -> None:
        super().__init__(name=name, wish=wish)
        self.name = name
        self.wish = wish


class NothingLeft(RequestError):
    """An edit in words takes away all that the words of the picture name."""

    code = "nothing_left"


class UpscaledEnough(RequestError):
    """A picture of this size cannot become twice as large: this studio's longest side is `longest` pixels."""

    code = "upscaled_enough"

    def __init__(self, width: int, height: int, *, longest: int) -> None:
        super().__init__(width=width, height=height, longest=longest)
        self.width = width
        self.height = height
        self.longest = longest


class PannedEnough(RequestError):
    """A picture of this size has no room to go on: a side has at most `longest` pixels and `widest` times the other."""

    code = "panned_enough"

    def __init__(self, width: int, height: int, *, longest: int, widest: int) -> None:
        super().__init__(width=width, height=height, longest=longest, widest=widest)
        self.width = width
        self.height = height
        self.longest = longest
        self.widest = widest


class UnfitUpload(RequestError):
    """A stranger's file is not taken: for `reason`, where `allowed` would be; its size in pixels where that is known.

    `reason` is "too many bytes", "no picture", "too large", "too small", "too narrow" or "damaged".
    """

    code = "unfit_upload"

    def __init__(self, reason: str, *, allowed: str, width: int | None = None, height: int | None = None) -> None:
        super().__init__(reason=reason, allowed=allowed, width=width, height=height)
        self.reason = reason
        self.allowed = allowed
        self.width = width
        self.height = height


class ModelDamaged(EngineError):
    """The model's folder is missing, incomplete or unreadable: `reason` is a short code with the file's name.

    `reason` is "missing", "missing: FILE", "damaged: FILE" or "unreadable: ERROR".
    """

    code = "model_damaged"

    def __init__(self, folder: str, reason: str) -> None:
        super().__init__(folder=folder, reason=reason)
        self.folder = folder
        self.reason = reason


class ModelQuantised(EngineError):
    """The weights of a `component` in the model's folder are quantised by a `method`, which nothing here can draw with.

    `method` is as the folder says it: "bitsandbytes", "torchao", "gguf", ...
    """

    code = "model_quantised"

    def __init__(self, folder: str, component: str, method: str) -> None:
        super().__init__(folder=folder, component=component, method=method[:100])
        self.folder = folder
        self.component = component
        self.method = method[:100]


class ModelNowhere(EngineError):
    """The table of the model `name` has neither folder nor repository, and the name is not a known one."""

    code = "model_nowhere"

    def __init__(self, name: str) -> None:
        super().__init__(name=name)
        self.name = name


class ModelUnavailable(EngineError):
    """The model's `repository` could not be fetched. `reason` is one of `engine.hub`, or the error's type."""

    code = "model_unavailable"

    def __init__(self, name: str, repository: str, reason: str) -> None:
        super().__init__(name=name, repository=repository, reason=reason)
        self.name = name
        self.repository = repository
        self.reason = reason


class ModelTooLarge(EngineError):
    """The model `name` needs `needed` bytes of the device's memory at the least, and `free` are all there is for it."""

    code = "model_too_large"

    def __init__(self, name: str, *, needed: int, free: int) -> None:
        super().__init__(name=name, needed=needed, free=free)
        self.name = name
        self.needed = needed
        self.free = free


class NoSuchDevice(EngineError):
    """This machine, or the build of torch on it, has no `device`."""

    code = "no_such_device"

    def __init__(self, device: str) -> None:
        super().__init__(device=device)
        self.device = device


class OutOfMemory(EngineError):
    """The device's memory did not suffice for this request; the engine goes on."""

    code = "out_of_memory"

    def __init__(self, device: str) -> None:
        super().__init__(device=device)
        self.device = device


class DeviceFailed(EngineError):
    """The device or a library on it failed while it drew; `reason` is the error's type and first line."""

    code = "device_failed"

    def __init__(self, device: str, reason: str) -> None:
        super().__init__(device=device, reason=reason)
        self.device = device
        self.reason = reason


class NotFinite(EngineError):
    """The model gave numbers that are no picture (NaN or infinity) for the pictures at `indices`."""

    code = "not_finite"

    def __init__(self, indices: list[int]) -> None:
        super().__init__(indices=list(indices))
        self.indices = indices


class EngineClosed(EngineError):
    """The engine is closed or closing: the request was not finished."""

    code = "engine_closed"

    def __init__(self) -> None:
        super().__init__()


class FilterMissing(EngineError):
    """The licence of the model `name` asks for a picture filter or a review, and the owner has set neither."""

    code = "filter_missing"

    def __init__(self, name: str, licence: str) -> None:
        super().__init__(name=name, licence=licence)
        self.name = name
        self.licence = licence


class FilterFailed(EngineError):
    """The picture filter could not judge, so nothing is shown; `reason` is the error's type."""

    code = "filter_failed"

    def __init__(self, reason: str) -> None:
        super().__init__(reason=reason)
        self.reason = reason


class DiskFull(EngineError):
    """The storage folder's disk is full; nothing was written."""

    code = "disk_full"

    def __init__(self, folder: str) -> None:
        super().__init__(folder=folder)
        self.folder = folder


class StorageFailed(EngineError):
    """The storage folder could not be written for another reason; nothing was written. `reason` names the error."""

    code = "storage_failed"

    def __init__(self, folder: str, reason: str) -> None:
        super().__init__(folder=folder, reason=reason)
        self.folder = folder
        self.reason = reason


class PictureMissing(EngineError):
    """The storage has no readable picture with this `digest`."""

    code = "picture_missing"

    def __init__(self, digest: str) -> None:
        super().__init__(digest=digest)
        self.digest = digest
