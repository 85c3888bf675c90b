"""What can be wrong with a LoRA, as data; the words for people are written in `bot`."""

from collections.abc import Mapping
from typing import Any, Literal, Self, TypeAlias

from engine.errors import EngineError, RequestError

Reason: TypeAlias = Literal[
    "container",  # not a safetensors file; `found` says what it looks like
    "file_size",  # more bytes than `wanted`
    "header",  # the header is no sound one, `what` of it
    "header_size",  # it has `found` bytes, more than `wanted`
    "truncated",  # the file has `found` bytes where its header speaks of `wanted`
    "tensor_count",  # `found` tensors, more than `wanted`
    "name",  # the tensor's name `what` is none
    "dtype",  # the tensor `what` has numbers of type `found`, not one of `wanted`
    "shape",  # the tensor `what` has the shape `found`, not `wanted`
    "values",  # the tensor `what` has `found` (NaN, infinity, or numbers beyond every use)
    "empty",  # nothing in it is a LoRA
    "incomplete",  # `what` has one of the two matrices without the other, `found`
    "rank",  # `what` has the rank `found`; `wanted` says what would do
    "alpha",  # the alpha of `what` is `found`, no use as a factor
    "pattern",  # `what` of the metadata chooses modules by the regular expression `found`
    "dora",  # a DoRA: the magnitudes of `what` cannot be applied
    "kind",  # another kind of adapter than LoRA, `found`, at `what`
    "unknown_modules",  # the base model has no module `what`; `found` is how many such there are
    "other_base",  # made for another base model: `what` is `found` there and `wanted` here
    "pickle",  # a pickled file that could not be read without running what is in it; `found` says why
    "digest",  # a stored file changed on the disk
    "format",  # the format `wanted` has no place for the module `what`
]


class LoraRefused(RequestError):
    """A file is not taken as a LoRA: `reason`, at the tensor or module `what`, with what was `found` and `wanted`."""

    code = "lora_refused"

    def __init__(self, reason: Reason, *, what: str = "", found: object = "", wanted: object = "") -> None:
        super().__init__(reason=reason, what=what[:200], found=str(found)[:200], wanted=str(wanted)[:200])
        self.reason: Reason = reason
        self.what = what[:200]
        self.found = str(found)[:200]
        self.wanted = str(wanted)[:200]

    @classmethod
    def of(cls, detail: Mapping[str, Any]) -> Self:
        """From the `detail` that a failed job's row keeps."""
        given = {name: detail.get(name, "") for name in ("what", "found", "wanted")}
        return cls(detail.get("reason", "container"), **given)


class LoraMissing(EngineError):
    """The file of the LoRA `digest` is not in the storage."""

    code = "lora_missing"

    def __init__(self, digest: str) -> None:
        super().__init__(digest=digest[:64])
        self.digest = digest[:64]


class BankFull(EngineError):
    """The LoRAs of one batch, `needed` bytes, do not fit in the bank's `budget` together."""

    code = "lora_bank_full"

    def __init__(self, needed: int, budget: int) -> None:
        super().__init__(needed=needed, budget=budget)
        self.needed = needed
        self.budget = budget
