"""The picture filter: finished pictures judged by an image classifier before anybody sees them. Fails closed.

The classifier runs on the processor in a thread of its own, beside the device's next step. A picture it is sure of is
blocked, one it is unsure of is shown to its author only; where it cannot judge, everything is blocked. Knows no rows.
"""

import asyncio
import json
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

from engine.errors import FilterFailed, FilterMissing
from engine.models import Catalogue

if TYPE_CHECKING:
    import torch
    from PIL import Image
    from transformers import PreTrainedModel

log = logging.getLogger(__name__)

Verdict = Literal["safe", "unsure", "blocked"]
SAFE = frozenset({"normal", "neutral", "low", "safe", "sfw"})
"""Labels, in lower case, of pictures that may be shown, as the known classifiers call them."""


@dataclass(frozen=True, kw_only=True)
class Screening:
    """How pictures are looked at.

    Attributes:
        pictures: "off"; "review", where moderators look at what a model with conditions draws; or "classifier".
        folder, repository, revision: the classifier's, in transformers' layout.
        block, unsure: probabilities of not being safe, 0..1, from which on a picture is blocked, or is doubtful.
    """

    pictures: Literal["off", "review", "classifier"] = "off"
    folder: Path | None = None
    repository: str = ""
    revision: str = ""
    block: float = 0.85
    unsure: float = 0.5


class Screen:
    """Judges pictures of the catalogue's models; `async with` owns its thread. The classifier loads when first used."""

    def __init__(self, screening: Screening, catalogue: Catalogue) -> None:
        self._screening = screening
        self._catalogue = catalogue
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="screen")
        self._loaded: _Classifier | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    @property
    def hides_previews(self) -> bool:
        """Whether unfinished pictures must not be shown, since nobody judges them."""
        return self._screening.pictures != "off"

    def check(self, model: str) -> None:
        """Raises FilterMissing when the model's licence asks for a filter or a review, and there is none."""
        entry = self._catalogue.get(model)
        if entry.must_accept and self._screening.pictures == "off":
            raise FilterMissing(entry.name, entry.conditions)

    async def judge(self, model: str, images: "Sequence[Image.Image]") -> list[Verdict]:
        """A verdict for each picture, in order. Raises FilterFailed, FilterMissing: none of them may be shown."""
        self.check(model)
        if self._screening.pictures == "off":
            return ["safe"] * len(images)
        if self._screening.pictures == "review":
            return ["unsure" if self._catalogue.get(model).must_accept else "safe"] * len(images)
        loop = asyncio.get_running_loop()
        try:
            odds = await loop.run_in_executor(self._thread, self._odds, list(images))
        except Exception as error:
            log.exception("the picture filter failed; what it should have judged is blocked")
            raise FilterFailed(type(error).__name__) from None
        return [self._verdict(one) for one in odds]

    def _odds(self, images: "list[Image.Image]") -> list[float]:
        if self._loaded is None:
            source = str(self._screening.folder) if self._screening.folder else self._screening.repository
            self._loaded = _Classifier.load(source, self._screening.revision or None)
        return self._loaded.unsafe(images)

    def _verdict(self, odds: float) -> Verdict:
        # Not "odds >= block": what is no number at all is blocked as well.
        if not odds < self._screening.block:
            return "blocked"
        return "unsure" if odds >= self._screening.unsure else "safe"


@dataclass(frozen=True)
class _Classifier:
    """A classifier of transformers' library with what its files say about its input."""

    model: "PreTrainedModel"
    size: tuple[int, int]
    mean: "torch.Tensor"
    std: "torch.Tensor"
    unsafe_labels: list[int]

    @classmethod
    def load(cls, source: str, revision: str | None) -> "_Classifier":
        """From a folder or a repository. Raises ValueError for one none of whose labels is known to be safe."""
        import torch
        from transformers import AutoModelForImageClassification
        from transformers.utils.hub import cached_file

        model = AutoModelForImageClassification.from_pretrained(source, revision=revision).eval()
        # Not AutoImageProcessor: it asks for torchvision, which has no build for every machine.
        found = cached_file(source, "preprocessor_config.json", revision=revision)
        given: dict[str, Any] = json.loads(Path(str(found)).read_text(encoding="utf-8"))
        size = given.get("size", 224)
        side = size if isinstance(size, int) else size.get("height") or size.get("shortest_edge", 224)
        width = size.get("width", side) if isinstance(size, dict) else side
        labels = {int(index): str(label).lower() for index, label in model.config.id2label.items()}
        if SAFE.isdisjoint(labels.values()):
            raise ValueError("no label of the classifier is known to be safe")
        return cls(
            model=model,
            size=(width, side),
            mean=torch.tensor(given.get("image_mean", [0.5, 0.5, 0.5])).view(3, 1, 1),
            std=torch.tensor(given.get("image_std", [0.5, 0.5, 0.5])).view(3, 1, 1),
            unsafe_labels=[index for index, label in labels.items() if label not in SAFE],
        )

    def unsafe(self, images: "Sequence[Image.Image]") -> list[float]:
        """The probability, 0..1, that each picture is not safe."""
        import numpy as np
        import torch
        from PIL import Image

        rows = []
        for image in images:
            small = image.convert("RGB").resize(self.size, Image.Resampling.BICUBIC)
            pixels = torch.from_numpy(np.asarray(small, dtype=np.float32) / 255.0).permute(2, 0, 1)
            rows.append((pixels - self.mean) / self.std)
        with torch.inference_mode():
            odds = self.model(pixel_values=torch.stack(rows)).logits.float().softmax(dim=-1)
        return [float(row[self.unsafe_labels].sum()) for row in odds]
