"""Discord's refusals: HTTP status, JSON error code and the nested `errors` tree. It does not know who is refused why.

Codes: https://docs.discord.com/developers/topics/opcodes-and-status-codes#json-json-error-codes
"""

from typing import Any

Json = dict[str, Any]
Path = tuple[str | int, ...]

UNKNOWN = {
    "application": (10002, "Unknown Application"),
    "channel": (10003, "Unknown Channel"),
    "guild": (10004, "Unknown Guild"),
    "member": (10007, "Unknown Member"),
    "message": (10008, "Unknown Message"),
    "overwrite": (10009, "Unknown Overwrite"),
    "role": (10011, "Unknown Role"),
    "user": (10013, "Unknown User"),
    "emoji": (10014, "Unknown Emoji"),
    "webhook": (10015, "Unknown Webhook"),
    "ban": (10026, "Unknown Ban"),
    "interaction": (10062, "Unknown interaction"),
    "command": (10063, "Unknown application command"),
    "command permissions": (10066, "Unknown application command permissions"),
}

FORBIDDEN = {
    20028: "The write action you are performing on the channel has hit the write rate limit",
    50001: "Missing Access",
    50003: "Cannot execute action on a DM channel",
    50005: "Cannot edit a message authored by another user",
    50007: "Cannot send messages to this user",
    50013: "Missing Permissions",
    50021: "Cannot execute action on a system message",
}

INVALID = {
    30003: "Maximum number of pins reached (50)",
    30008: "Maximum number of emojis reached",
    30010: "Maximum number of reactions reached (20)",
    30032: "Maximum number of application commands reached (100).",
    40060: "Interaction has already been acknowledged.",
    50006: "Cannot send an empty message",
    50008: "Cannot send messages in a non-text channel",
    50016: "Provided too few or too many messages to delete. Must provide at least 2 and at most 100 messages",
    50024: "Cannot execute action on this channel type",
    50028: "Invalid role",
    50033: "Invalid Recipient(s)",
    50034: "You can only bulk delete messages that are under 14 days old.",
    50035: "Invalid Form Body",
    50046: "Invalid file uploaded",
    50083: "Thread is archived",
    50109: "The request body contains invalid JSON.",
    160004: "A thread has already been created for this message",
    160005: "Thread is locked",
}


class ApiError(Exception):
    """An answer that is not a success. `errors` is Discord's nested tree for 50035, else None."""

    def __init__(self, status: int, code: int, message: str, errors: Json | None = None) -> None:
        super().__init__(f"{status} ({code}): {message}")
        self.status = status
        self.code = code
        self.message = message
        self.errors = errors

    def body(self) -> Json:
        """The JSON that Discord sends with the refusal."""
        body: Json = {"message": self.message, "code": self.code}
        if self.errors is not None:
            body["errors"] = self.errors
        return body

    def detail(self) -> str:
        """The nested tree flattened to `path: message (CODE)` lines, for people."""
        return "\n".join(_flatten(self.errors or {}))


def unknown(noun: str) -> ApiError:
    """404 with the code of `noun` (a key of UNKNOWN)."""
    code, message = UNKNOWN[noun]
    return ApiError(404, code, message)


def forbidden(code: int) -> ApiError:
    """403 with one of FORBIDDEN's codes."""
    return ApiError(403, code, FORBIDDEN[code])


def invalid(code: int) -> ApiError:
    """400 with one of INVALID's codes."""
    return ApiError(400, code, INVALID[code])


def unauthorized() -> ApiError:
    """401 as Discord answers a wrong bot token."""
    return ApiError(401, 0, "401: Unauthorized")


def not_found() -> ApiError:
    """404 for a route that does not exist."""
    return ApiError(404, 0, "404: Not Found")


def expired_token() -> ApiError:
    """401 for an interaction token after its 15 minutes."""
    return ApiError(401, 50027, "Invalid Webhook Token")


def too_large() -> ApiError:
    """413 for an upload over the limit."""
    return ApiError(413, 40005, "Request entity too large")


class Problems:
    """Collects what is wrong in a body, by path, and raises all of it as one 50035."""

    def __init__(self) -> None:
        self.tree: Json = {}

    def add(self, path: Path, code: str, message: str) -> None:
        """Note one problem at `path`, for instance ("embeds", 0, "title")."""
        node = self.tree
        for part in path:
            node = node.setdefault(str(part), {})
        node.setdefault("_errors", []).append({"code": code, "message": message})

    def __bool__(self) -> bool:
        return bool(self.tree)

    def raise_if_any(self) -> None:
        """Raise ApiError 400/50035 when something was noted."""
        if self.tree:
            raise ApiError(400, 50035, INVALID[50035], self.tree)


def form_error(path: Path, code: str, message: str) -> ApiError:
    """A 50035 with a single problem."""
    problems = Problems()
    problems.add(path, code, message)
    return ApiError(400, 50035, INVALID[50035], problems.tree)


def _flatten(tree: Json, prefix: str = "") -> list[str]:
    lines: list[str] = []
    for key, value in tree.items():
        if key == "_errors":
            lines += [f"{prefix or 'body'}: {problem['message']} ({problem['code']})" for problem in value]
        else:
            lines += _flatten(value, f"{prefix}.{key}" if prefix else key)
    return lines
