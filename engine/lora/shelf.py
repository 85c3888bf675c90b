"""LoRA files that the studio keeps, named by the hash of their content. Knows no names and no rows.

Everything here is plain blocking file work: call it from a thread.
"""

import hashlib
import os
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from engine.lora import files, notes
from engine.lora.errors import LoraMissing
from engine.lora.shapes import Shapes
from engine.lora.sources import as_safetensors
from engine.storage import written_to

_TEMPORARY = ".tmp-"
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A LoRA on the shelf: what there is to know of it without its numbers. `rank` is the largest of a module."""

    digest: str
    bytes: int
    style: str
    rank: int
    of_text: bool
    triggers: tuple[str, ...]
    licence: str


class Shelf:
    """The folder `folder`, made when the first file comes: `ab/abcd....safetensors`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def find(self, digest: str) -> Path:
        """The file. Raises LoraMissing."""
        path = self._path(digest)
        if path is None or not path.is_file():
            raise LoraMissing(digest)
        return path

    def scratch(self, suffix: str) -> Path:
        """A name for a file that is still coming in; the next start sweeps it when nobody unlinks it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return self.folder / f"{_TEMPORARY}{secrets.token_hex(8)}{suffix}"

    def take(self, source: Path, shapes: Shapes) -> Kept:
        """Look at every number of a file, pickled or not, and keep a copy of it as safetensors.

        Raises LoraRefused, OSError for a `source` that cannot be read, DiskFull or StorageFailed; nothing is kept then.
        """
        with as_safetensors(source) as readable:
            # A copy of our own first: what was looked at must be what is kept.
            copy = self._copied(readable)
            try:
                lora = files.read(copy, shapes)
                lora.container.check_values()
                with copy.open("rb") as file:
                    digest = hashlib.file_digest(file, "sha256").hexdigest()
                path = self._path(digest)
                assert path is not None
                path.parent.mkdir(parents=True, exist_ok=True)
                copy.replace(path)
            finally:
                copy.unlink(missing_ok=True)
        told = notes.told(lora.container.metadata)
        return Kept(
            digest=digest,
            bytes=lora.container.bytes,
            style=lora.style,
            rank=lora.ranks[1],
            of_text=any(component != "transformer" for component in lora.components),
            triggers=tuple(notes.triggers(lora.container.metadata)),
            licence=told.get("licence", ""),
        )

    def sweep(self, known: Collection[str]) -> list[Path]:
        """Remove temporary files, and files whose digest is not in `known`; returns what went. For the start."""
        swept = [
            *self.folder.glob(f"{_TEMPORARY}*"),
            *(
                file
                for file in self.folder.glob("[0-9a-f][0-9a-f]/*.safetensors")
                if _DIGEST.fullmatch(file.stem) and file.stem not in known
            ),
        ]
        for file in swept:
            file.unlink(missing_ok=True)
        return swept

    def _path(self, digest: str) -> Path | None:
        return self.folder / digest[:2] / f"{digest}.safetensors" if _DIGEST.fullmatch(digest) else None

    def _copied(self, source: Path) -> Path:
        with source.open("rb") as content, written_to(self.folder):
            target = self.scratch(".safetensors")
            try:
                with target.open("xb") as file:
                    while piece := content.read(1 << 20):
                        file.write(piece)
                    file.flush()
                    os.fsync(file.fileno())
            except OSError:
                target.unlink(missing_ok=True)
                raise
        return target
