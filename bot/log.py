"""Log lines on the terminal: one plain format, chosen depth, no secrets. Knows no part that writes them."""

import logging
import os
import sys
from collections.abc import Collection

OURS = ("bot", "db", "engine", "migrations", "playground", "prompts")
"""The loggers of our own parts."""


def setup(level: str, *, secrets: Collection[str] = ()) -> None:
    """Send all log lines to standard error; `level` is for our own parts, libraries speak from INFO or WARNING on.

    Args:
        level: DEBUG, INFO, WARNING or ERROR. Only at DEBUG do lines hold prompts.
        secrets: texts that never appear in a line, whoever writes it.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Veiled([secret for secret in secrets if secret]))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in OURS:
        logging.getLogger(name).setLevel(level)
    # transformers sets up its own lines when it is imported, and only its variable can quieten what it says then.
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    # discord.py prints whole payloads at DEBUG; its INFO says when the connection comes and goes.
    logging.getLogger("discord").setLevel(max(logging.INFO, logging.getLevelName(level)))


class _Veiled(logging.Formatter):
    """Replaces secrets in the finished line, tracebacks included."""

    def __init__(self, secrets: Collection[str]) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%Y-%m-%d %H:%M:%S")
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        for secret in self._secrets:
            line = line.replace(secret, "[secret]")
        return line
