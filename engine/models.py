"""The catalogue: which models there are, where they lie, how they are best asked, and under which licence.

Only names and numbers; what is in a folder, `engine.folders` looks at. Knows no tensors.
"""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from engine.errors import LicenceNotAccepted, ModelNowhere, UnknownModel, UnsupportedSize

POCKET_FOLDER = Path(__file__).parent / "pocket" / "weights"

FLUX_DEV = "FLUX.1 [dev] Non-Commercial License"
# 11.9 billion numbers of two bytes are 22.2 GiB, T5 8.9, decoding 1024 x 1024 takes 1.5; kept in a byte each, 8.65 of
# the billions take 8.1 GiB less. Not measured on a GPU yet.
_FLUX_MEMORY = {"whole": 33.9, "split": 24.1, "float8": 16.1}
_FREE = {"Apache-2.0", "MIT", "CC0-1.0"}


@dataclass(frozen=True, kw_only=True)
class ModelEntry:
    """One model: `folder` (diffusers' layout) or else `repository` on the model hub at `revision` ("" for the newest).

    Attributes:
        family: the code that runs it; all FLUX.1 models are "flux1". A family without code of its own is run by the
            stock pipeline that its folder names, one request at a time.
        steps, guidance, width, height: what is taken when nobody asks for something else; pixels.
        max_side, min_side, multiple: sides it draws, in pixels.
        text_tokens: T5 tokens a prompt is cut or padded to; fewer are faster.
        negative_scale: strength of a negative prompt (true classifier-free guidance), over 1.
        step_cache: 0 computes every step; 0.05 to 0.3 lets a picture of many steps skip those that change little, the
            more the higher, and then it is no longer quite the stock pipeline's picture.
        instructed: it changes a picture that it is given as the prompt tells it to (FLUX.1 Kontext).
        redux: a folder or a repository with FLUX.1 Redux, through which it looks at references; "" without.
        memory: GiB on the device that each plan of `engine.plans` needs at the least, with numbers of two bytes; a plan
            that is not named is counted from the files.
        licence: as it is called, "" for a model of one's own.
        accepted: the owner says in the config that the use is within the licence.
    """

    name: str
    family: str = "flux1"
    folder: Path | None = None
    repository: str = ""
    revision: str = ""
    steps: int = 28
    guidance: float = 3.5
    width: int = 1024
    height: int = 1024
    min_side: int = 256
    max_side: int = 2048
    multiple: int = 16
    text_tokens: int = 512
    negative_scale: float = 2.0
    step_cache: float = 0.0
    instructed: bool = False
    redux: str = ""
    memory: Mapping[str, float] = field(default_factory=dict)
    licence: str = ""
    accepted: bool = False

    @property
    def must_accept(self) -> bool:
        """Whether the licence has conditions, so that the owner has to accept it before the model loads."""
        return self.conditions != ""

    @property
    def conditions(self) -> str:
        """The licence with conditions that holds for it: its own, or that of the Redux beside it; "" for none."""
        if self.licence and self.licence not in _FREE:
            return self.licence
        return FLUX_DEV if self.redux else ""

    def looks_at(self, kind: str) -> bool:
        """Whether references of this kind reach it as pictures, and not in words and by a pull on what it draws."""
        return self.joins(kind) or bool(self.redux)

    def joins(self, kind: str) -> bool:
        """Whether references of this kind stand beside what it draws."""
        return self.instructed and kind in ("image", "subject")

    def identity(self) -> str:
        """Changes with whatever decides the pixels: weights (by their files' sizes and times) and fixed settings."""
        folders = [self.folder, Path(self.redux) if self.redux else None]
        files = [file for folder in folders if folder is not None for file in sorted(folder.rglob("*"))]
        stats = [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in files if file.is_file()]
        settings = (self.family, self.text_tokens, self.negative_scale, self.step_cache, self.instructed, self.redux)
        return repr((str(self.folder or self.repository), self.revision, stats, settings))

    def check_size(self, width: int, height: int) -> None:
        """Raises UnsupportedSize."""
        if any(side % self.multiple or not self.min_side <= side <= self.max_side for side in (width, height)):
            raise UnsupportedSize(width, height, multiple=self.multiple, smallest=self.min_side, largest=self.max_side)

    def check_licence(self) -> None:
        """Raises LicenceNotAccepted."""
        if self.must_accept and not self.accepted:
            raise LicenceNotAccepted(self.name, self.conditions)


POCKET = ModelEntry(
    name="pocket",
    folder=POCKET_FOLDER,
    steps=12,
    guidance=4.0,  # distilled for 1.5 to 4; 4 draws the firmest shapes
    width=256,
    height=256,
    min_side=64,
    max_side=384,
    multiple=32,  # its autoencoder makes latents 16 times smaller, and the transformer takes them two by two
    text_tokens=32,
    licence="Apache-2.0",
)

# What is known of public models; one table in the config (`[models.schnell]`) adds one under its name here.
KNOWN = {
    entry.name: entry
    for entry in (
        POCKET,
        ModelEntry(
            name="schnell",
            repository="black-forest-labs/FLUX.1-schnell",
            steps=4,
            guidance=0.0,
            text_tokens=256,
            memory=_FLUX_MEMORY,
            licence="Apache-2.0",
        ),
        ModelEntry(
            name="dev",
            repository="black-forest-labs/FLUX.1-dev",
            memory=_FLUX_MEMORY,
            licence=FLUX_DEV,
        ),
        ModelEntry(
            name="krea",
            repository="black-forest-labs/FLUX.1-Krea-dev",
            guidance=4.5,
            memory=_FLUX_MEMORY,
            licence=FLUX_DEV,
        ),
        ModelEntry(
            name="kontext",
            repository="black-forest-labs/FLUX.1-Kontext-dev",
            guidance=2.5,
            instructed=True,
            memory=_FLUX_MEMORY,
            licence=FLUX_DEV,
        ),
    )
}


@dataclass(frozen=True)
class Catalogue:
    """The models this studio offers, by name; the pocket model is always among them."""

    entries: Mapping[str, ModelEntry] = field(default_factory=lambda: {"pocket": POCKET})

    @classmethod
    def of(cls, models: Mapping[str, Mapping[str, Any]]) -> Self:
        """From the config's tables: absent or None or empty means what is known of that name, or the entry's default.

        A table that names a known repository under another name starts from what is known of the repository, so that
        its licence cannot be lost by renaming; nor can a table change a known licence. Raises TypeError for a key that
        no entry has, ModelNowhere for a table that does not say where its model is.
        """
        entries = {"pocket": POCKET}
        for name, table in models.items():
            given = {key: value for key, value in table.items() if value not in (None, "", {})}
            if "folder" in given:
                given["folder"] = Path(given["folder"])
                given.setdefault("memory", {})  # whatever lies there is counted
            same = (known for known in KNOWN.values() if known.repository == given.get("repository"))
            known = next(same, None) or KNOWN.get(name)
            if known is not None:
                given.pop("licence", None)
            entry = entries[name] = replace(known or ModelEntry(name=name), **(given | {"name": name}))
            if entry.folder is None and not entry.repository:
                raise ModelNowhere(name)
        return cls(entries)

    def get(self, name: str) -> ModelEntry:
        """The entry called `name`, in lower or upper case. Raises UnknownModel with the nearest name."""
        lowered = {known.lower(): entry for known, entry in self.entries.items()}
        entry = self.entries.get(name) or lowered.get(name.lower())
        if entry is None:
            nearest = difflib.get_close_matches(name.lower(), lowered, n=1, cutoff=0.5)
            raise UnknownModel(name, lowered[nearest[0]].name if nearest else None)
        return entry

    def names(self) -> list[str]:
        """As people type them, the pocket model first."""
        return list(self.entries)

    def __iter__(self) -> Iterator[ModelEntry]:
        return iter(self.entries.values())

    def __len__(self) -> int:
        return len(self.entries)
