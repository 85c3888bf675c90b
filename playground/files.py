"""Uploaded bytes by attachment id, on disk or in memory, and the addresses they get. It does not know messages."""

import hashlib
import hmac
import io
import mimetypes
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl

from PIL import Image, UnidentifiedImageError

from playground.clock import Clock, Timer
from playground.errors import Json

ADDRESS_LIFE = 24 * 3600
"""Seconds that a CDN address works; every new look at the message gives a fresh one."""
LINGER = 60.0
"""Seconds that a deleted file is still served."""
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_.\-]+")


@dataclass(frozen=True)
class Upload:
    """One uploaded file."""

    filename: str
    content_type: str | None
    data: bytes


class FileStore:
    """Keeps bytes under `folder`, or in memory when there is none."""

    def __init__(self, folder: Path | None, clock: Clock) -> None:
        self.folder = folder
        self.clock = clock
        self.address = ""
        self._memory: dict[str, bytes] = {}
        self._leaving: dict[str, Timer] = {}
        self._key = b"playground"

    def attach(self, attachment_id: str, channel_id: str, upload: Upload, asked: Json) -> Json:
        """Store `upload`; returns an attachment record (its address is filled in by `shown`)."""
        name = safe_name(asked.get("filename") or upload.filename)
        kind = upload.content_type
        if not kind or kind == "application/octet-stream":
            kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        record: Json = {
            "id": attachment_id,
            "filename": name,
            "size": len(upload.data),
            "content_type": kind,
            "content_scan_version": 0,
            "_path": f"/attachments/{channel_id}/{attachment_id}/{name}",
        }
        size = picture_size(upload.data)
        if size:
            record |= {"width": size[0], "height": size[1], "placeholder": "", "placeholder_version": 1}
        for key in ("description", "title", "duration_secs", "waveform"):
            if asked.get(key) is not None:
                record[key] = asked[key]
        self.write(attachment_id, upload.data)
        return record

    def shown(self, record: Json) -> Json:
        """An attachment with addresses that work for ADDRESS_LIFE from now."""
        url = self.address + record["_path"] + "?" + self._signature(record["_path"])
        shown = {key: value for key, value in record.items() if not key.startswith("_")}
        return {**shown, "url": url, "proxy_url": url}

    def is_valid(self, path: str, query: str) -> bool:
        """Whether a signed address still works; one without a signature never does."""
        parts = dict(parse_qsl(query))
        try:
            until = int(parts.get("ex", ""), 16)
        except ValueError:
            return False
        expected = self._hash(path, parts.get("ex", ""))
        return hmac.compare_digest(expected, parts.get("hm", "")) and self.clock.time() < until

    def write(self, file_id: str, data: bytes) -> None:
        """Store bytes whole or not at all."""
        if self.folder is None:
            self._memory[file_id] = data
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        temporary = self.folder / f"{file_id}.part"
        temporary.write_bytes(data)
        temporary.replace(self.folder / file_id)

    def read(self, file_id: str) -> bytes | None:
        """The bytes, or None."""
        if self.folder is None or not file_id.isdecimal():
            return self._memory.get(file_id)
        path = self.folder / file_id
        return path.read_bytes() if path.is_file() else None

    def delete(self, file_id: str) -> None:
        """Forget the bytes, in LINGER: a client may be fetching what an edit has just replaced."""
        if file_id not in self._leaving:
            self._leaving[file_id] = self.clock.call_later(LINGER, lambda: self._forget(file_id))

    def close(self) -> None:
        """Forget at once what waits to be forgotten."""
        for file_id, timer in list(self._leaving.items()):
            timer.cancel()
            self._forget(file_id)

    def _forget(self, file_id: str) -> None:
        del self._leaving[file_id]
        if self.folder is None:
            self._memory.pop(file_id, None)
        elif file_id.isdecimal():
            (self.folder / file_id).unlink(missing_ok=True)

    def _signature(self, path: str) -> str:
        now = int(self.clock.time())
        expires = f"{now + ADDRESS_LIFE:x}"
        return f"ex={expires}&is={now:x}&hm={self._hash(path, expires)}"

    def _hash(self, path: str, expires: str) -> str:
        return hmac.new(self._key, f"{path}{expires}".encode(), hashlib.sha256).hexdigest()


def safe_name(name: str) -> str:
    """A file name as Discord rewrites it."""
    return _NOT_IN_NAMES.sub("_", name.strip().replace(" ", "_"))[-260:].lstrip(".") or "unknown"


def picture_size(data: bytes) -> tuple[int, int] | None:
    """(width, height) from the header of a picture; None for anything else."""
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP", "GIF")) as picture:
            return picture.size
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        return None
