"""Per-route buckets, the global limit and the count of invalid answers. It reads method and path, never a body.

Discord documents the headers, the global 50 a second and the 10,000 invalid answers; bucket sizes are what bots see.
"""

import hashlib
import re
from dataclasses import dataclass, field

from playground.clock import Clock

GLOBAL, INVALID_MOST, INVALID_WINDOW = 50, 10_000, 600.0
_ID = re.compile(r"\d{15,20}")
# (method, path pattern, requests, seconds); the first that fits holds. `major` ids stay in the key, others are folded.
_RULES: tuple[tuple[str, re.Pattern[str], int, float], ...] = tuple(
    (method, re.compile(pattern), limit, window)
    for method, pattern, limit, window in (
        ("POST", r"^/channels/\d+/messages$", 5, 5.0),
        ("PATCH", r"^/channels/\d+/messages/\d+$", 5, 5.0),
        ("DELETE", r"^/channels/\d+/messages/\d+$", 5, 1.0),
        ("POST", r"^/channels/\d+/messages/bulk-delete$", 1, 3.0),
        ("GET", r"^/channels/\d+/messages", 5, 1.0),
        ("PUT", r"^/channels/\d+/messages/\d+/reactions/", 1, 0.25),
        ("DELETE", r"^/channels/\d+/messages/\d+/reactions", 1, 0.25),
        ("POST", r"^/channels/\d+/typing$", 5, 5.0),
        ("PATCH", r"^/channels/\d+$", 10, 15.0),
        ("POST", r"^/webhooks/\d+/[^/]+$", 5, 2.0),
        ("PATCH", r"^/webhooks/\d+/[^/]+/messages/", 5, 2.0),
        ("PUT", r"^/applications/\d+(/guilds/\d+)?/commands$", 10, 60.0),
        ("POST", r"^/applications/\d+(/guilds/\d+)?/commands$", 5, 20.0),
        ("POST", r"^/users/@me/channels$", 10, 10.0),
        ("", r"^/", 20, 5.0),
    )
)
_EXEMPT = re.compile(r"^/interactions/|^/gateway|^/oauth2/|^/webhooks/.*/callback$")


@dataclass
class Bucket:
    """A fixed window: `limit` requests in `window` seconds from the first."""

    name: str
    limit: int
    window: float
    used: int = 0
    ends: float = 0.0


@dataclass
class Verdict:
    """What the limits say of a request; `retry_after` is None when it may pass."""

    headers: dict[str, str]
    retry_after: float | None = None
    is_global: bool = False
    banned: bool = False


@dataclass
class RateLimits:
    """All limits of one bot. `enabled` off lets everything pass (for benches of something else)."""

    clock: Clock
    enabled: bool = True
    global_limit: int = GLOBAL
    invalid_limit: int = INVALID_MOST
    forced: int = 0
    forced_after: float = 1.0
    forced_global: bool = False
    buckets: dict[str, Bucket] = field(default_factory=dict)
    invalid: list[float] = field(default_factory=list)
    _global: Bucket = field(default_factory=lambda: Bucket("global", GLOBAL, 1.0))

    def take(self, method: str, path: str) -> Verdict:
        """Count one request to `path` (below /api/v10)."""
        now = self.clock.time()
        if self.banned():
            return Verdict({}, INVALID_WINDOW, banned=True)
        if _EXEMPT.match(path):
            return self._force(Verdict({}))
        if not self.enabled:
            return self._force(Verdict({}))
        bucket = self._bucket(method, path)
        _roll(bucket, now)
        self._global.limit = self.global_limit
        _roll(self._global, now)
        passes_global = path.startswith("/webhooks/") or self._global.used < self._global.limit
        if bucket.used >= bucket.limit:
            headers = _headers(bucket, now) | {"X-RateLimit-Scope": "user"}
            return Verdict(headers, max(bucket.ends - now, 0.001))
        if not passes_global:
            return Verdict({"X-RateLimit-Global": "true", "X-RateLimit-Scope": "global"}, self._global.ends - now, True)
        bucket.used += 1
        if not path.startswith("/webhooks/"):
            self._global.used += 1
        return self._force(Verdict(_headers(bucket, now)))

    def note_invalid(self, status: int) -> None:
        """Count a 401, 403 or 429 against the ban."""
        if status in (401, 403, 429):
            self.invalid.append(self.clock.time())

    def banned(self) -> bool:
        """Whether the last ten minutes held too many invalid answers."""
        since = self.clock.time() - INVALID_WINDOW
        self.invalid = [at for at in self.invalid if at > since]
        return len(self.invalid) >= self.invalid_limit

    def _force(self, verdict: Verdict) -> Verdict:
        if self.forced <= 0:
            return verdict
        self.forced -= 1
        scope = {"X-RateLimit-Scope": "global" if self.forced_global else "shared"}
        return Verdict(verdict.headers | scope, self.forced_after, self.forced_global)

    def _bucket(self, method: str, path: str) -> Bucket:
        major = path.split("/")[1:3] if path.startswith(("/channels/", "/guilds/", "/webhooks/")) else []
        if path.startswith("/webhooks/"):
            major = path.split("/")[1:4]
        rule = next(row for row in _RULES if row[0] in ("", method) and row[1].match(path))
        route = _ID.sub(":id", rule[1].pattern if rule[0] else f"{method} {_ID.sub(':id', path)}")
        name = hashlib.blake2s(f"{rule[0]}{route}".encode(), digest_size=16).hexdigest()
        key = f"{name}:{'/'.join(major)}"
        if key not in self.buckets:
            if len(self.buckets) > 2000:
                now = self.clock.time()
                self.buckets = {k: row for k, row in self.buckets.items() if row.ends > now}
            self.buckets[key] = Bucket(name, rule[2], rule[3])
        return self.buckets[key]


def _roll(bucket: Bucket, now: float) -> None:
    if now >= bucket.ends:
        bucket.used, bucket.ends = 0, now + bucket.window


def _headers(bucket: Bucket, now: float) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": str(bucket.limit),
        "X-RateLimit-Remaining": str(max(bucket.limit - bucket.used, 0)),
        "X-RateLimit-Reset": f"{bucket.ends:.3f}",
        "X-RateLimit-Reset-After": f"{max(bucket.ends - now, 0):.3f}",
        "X-RateLimit-Bucket": bucket.name,
    }
