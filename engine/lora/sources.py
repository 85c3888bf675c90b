"""Where LoRA files and their base models come from: any file of the owner's, and the catalogue's folders.

Knows no names of LoRAs.
"""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from engine.errors import ModelUnavailable
from engine.lora import pickled
from engine.models import ModelEntry


@contextlib.contextmanager
def as_safetensors(file: Path) -> Iterator[Path]:
    """The file itself, or what a child process made of a pickled one. Raises LoraRefused or OSError."""
    if file.suffix.lower() not in pickled.ENDINGS:
        yield file
        return
    with tempfile.TemporaryDirectory(prefix="atelier-lora-") as scratch:
        made = Path(scratch) / f"{file.stem}.safetensors"
        pickled.to_safetensors(file, made)
        yield made


def folder_of(entry: ModelEntry) -> Path:
    """The model's folder, where it lies on this machine. Raises ModelUnavailable when it was not fetched yet."""
    if entry.folder is not None:
        return entry.folder
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    revision = entry.revision or None
    try:
        # Not snapshot_download: it misses the one large file beside the folders, which nobody fetches.
        index = hf_hub_download(entry.repository, "model_index.json", revision=revision, local_files_only=True)
        return Path(index).parent
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError, ValueError) as error:
        raise ModelUnavailable(entry.name, entry.repository, "not on this machine yet") from error
