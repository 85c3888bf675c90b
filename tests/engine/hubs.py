"""A model hub on this machine, as slow as the test wants it: a folder as a repository, over real HTTP."""

import contextlib
import hashlib
import json
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote, urlsplit

COMMIT = "1" * 40


class Hub:
    """Serves each repository's folder; of files named *.safetensors the second half waits until `open` is set.

    Attributes:
        asked: how often the weights of each path were asked for.
        reached: set once weights were asked for.
    """

    def __init__(self, repositories: dict[str, Path]) -> None:
        self.repositories = repositories
        self.open = threading.Event()
        self.reached = threading.Event()
        self.asked: Counter[str] = Counter()
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                hub._answer(self, body=False)

            def do_GET(self) -> None:
                hub._answer(self, body=True)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.open.set()
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, to: BaseHTTPRequestHandler, *, body: bool) -> None:
        path = unquote(urlsplit(to.path).path).strip("/")
        for name, folder in self.repositories.items():
            files = {file.relative_to(folder).as_posix(): file for file in folder.rglob("*") if file.is_file()}
            if path.startswith(f"api/models/{name}/tree/"):
                return _send(to, _json([_entry(file, there) for file, there in files.items()]), body=body)
            if path == f"api/models/{name}" or path.startswith(f"api/models/{name}/revision/"):
                about = {"id": name, "sha": COMMIT, "siblings": [{"rfilename": file} for file in files]}
                return _send(to, _json(about), body=body)
            if path.startswith(f"{name}/resolve/"):
                file = path.removeprefix(f"{name}/resolve/").partition("/")[2]
                if file in files:
                    return self._serve(to, files[file], body=body)
        to.send_response(404)
        to.send_header("X-Error-Code", "RepoNotFound")
        to.send_header("Content-Length", "0")
        to.end_headers()
        return None

    def _serve(self, to: BaseHTTPRequestHandler, file: Path, *, body: bool) -> None:
        content = file.read_bytes()
        _send(to, content, body=False)
        if not body:
            return
        half = len(content) // 2 if file.suffix == ".safetensors" else len(content)
        with contextlib.suppress(ConnectionError):  # whoever asked is gone
            to.wfile.write(content[:half])
            if half < len(content):
                self.asked[file.as_posix()] += 1
                self.reached.set()
                self.open.wait()
                to.wfile.write(content[half:])


def _entry(name: str, file: Path) -> dict[str, Any]:
    return {"type": "file", "path": name, "size": file.stat().st_size, "oid": _etag(file.read_bytes())}


def _etag(content: bytes) -> str:
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


def _json(content: object) -> bytes:
    return json.dumps(content).encode()


def _send(to: BaseHTTPRequestHandler, content: bytes, *, body: bool) -> None:
    to.send_response(200)
    to.send_header("Content-Length", str(len(content)))
    to.send_header("ETag", f'"{_etag(content)}"')
    to.send_header("X-Repo-Commit", COMMIT)
    to.end_headers()
    if body:
        to.wfile.write(content)
