"""Faults on demand. The plan says what shall go wrong; the server and the gateway ask it at the right moments."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from playground.errors import Json
from playground.ratelimit import RateLimits


@dataclass
class FaultPlan:
    """Rates are 0..1 and hold until changed; verbs act once. seeded `dice` make a run repeatable."""

    limits: RateLimits
    rest_failure_rate: float = 0.0
    """Share of API requests answered with `failure_status` before anything is done."""
    failure_status: int = 502
    lost_reply_rate: float = 0.0
    """Share of API requests that are carried out but never answered (see `lose_how`)."""
    lose_how: str = "drop"
    """`drop` closes the connection, `502` answers with an error after the deed."""
    delay: float = 0.0
    """Seconds before every API answer."""
    dice: Random = field(default_factory=lambda: Random(0))
    drop: Callable[[], int] = lambda: 0
    reconnect: Callable[[], int] = lambda: 0
    invalidate: Callable[[bool], int] = lambda _: 0
    log: list[str] = field(default_factory=list)

    def drop_gateway(self) -> int:
        """Break every gateway connection without a close frame; returns how many."""
        self.log.append("drop_gateway")
        return self.drop()

    def request_reconnect(self) -> int:
        """Ask every client to reconnect and resume (op 7)."""
        self.log.append("request_reconnect")
        return self.reconnect()

    def invalid_session(self, *, resumable: bool = False) -> int:
        """Declare every session invalid (op 9)."""
        self.log.append("invalid_session")
        return self.invalidate(resumable)

    def fail_rest(self, rate: float, status: int = 502) -> None:
        """Answer a share of API requests with a 5xx; 0 ends it."""
        self.rest_failure_rate, self.failure_status = rate, status

    def rate_limit_next(self, count: int = 1, *, retry_after: float = 1.0, is_global: bool = False) -> None:
        """Answer the next `count` API requests with 429."""
        self.limits.forced, self.limits.forced_after, self.limits.forced_global = count, retry_after, is_global

    def lose_replies(self, rate: float, *, how: str = "drop") -> None:
        """Carry out a share of API requests but lose the answer (`how`: drop or 502); 0 ends it."""
        self.lost_reply_rate, self.lose_how = rate, how

    def slow(self, seconds: float) -> None:
        """Delay every API answer; 0 ends it."""
        self.delay = seconds

    def clear(self) -> None:
        """End everything that holds until changed."""
        self.rest_failure_rate = self.lost_reply_rate = self.delay = 0.0
        self.limits.forced = 0

    def happens(self, rate: float) -> bool:
        """Draw once."""
        return rate > 0 and self.dice.random() < rate

    def apply(self, asked: Json) -> None:
        """What the page's panel asks for: rates as numbers, verbs as true. Raises ValueError, KeyError or TypeError."""
        for key, value in asked.items():
            match key:
                case "rest_failure_rate":
                    self.fail_rest(float(value), int(asked.get("failure_status", self.failure_status)))
                case "lose_replies" | "lost_reply_rate":
                    self.lose_replies(float(value), how=str(asked.get("lose_how", self.lose_how)))
                case "slow" | "delay":
                    self.slow(float(value))
                case "rate_limit_next":
                    self.rate_limit_next(int(value), retry_after=float(asked.get("retry_after", 1.0)))
                case "drop_gateway" | "request_reconnect":
                    if value:
                        getattr(self, key)()
                case "reset" | "clear":
                    if value:
                        self.clear()
                case "invalid_session":
                    if value:
                        self.invalid_session(resumable=bool(asked.get("resumable", False)))
                case "failure_status" | "lose_how" | "retry_after" | "resumable":
                    pass
                case _:
                    raise KeyError(f"unknown fault {key!r}")

    def shown(self) -> Json:
        """What holds now."""
        return {
            "rest_failure_rate": self.rest_failure_rate,
            "failure_status": self.failure_status,
            "lose_replies": self.lost_reply_rate,
            "lose_how": self.lose_how,
            "slow": self.delay,
            "rate_limit_next": self.limits.forced,
        }
