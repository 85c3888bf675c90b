"""What a server's moderators chose, as typed values over the owner's config. Pure: settings in, rules out."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, Self

from bot.config import Quota as QuotaConfig

Period = Literal["off", "day", "month"]
EVERYONE = 0
"""Stands for the role that everyone has."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Quota:
    """Credits per period. At each period's first job or `/info` the balance is filled up to the allowance.

    Attributes:
        amount: the allowance of those whose roles (`roles`: role id to allowance) give none.
        first: a bonus, once in a person's life here.
        relaxed_free: whether relaxed jobs cost nothing.
    """

    period: Period = "off"
    amount: int = 0
    first: int = 0
    relaxed_free: bool = True
    roles: Mapping[int, int] = field(default_factory=dict)

    @property
    def on(self) -> bool:
        return self.period != "off"

    def allowance(self, roles: Collection[int]) -> int:
        """The credits of a person with these roles: the highest of what the roles give."""
        return max((self.roles[role] for role in roles if role in self.roles), default=self.amount)

    def key(self, now: datetime) -> str:
        """Names the period that `now` is in, for the ledger."""
        return f"day:{now:%Y-%m-%d}" if self.period == "day" else f"month:{now:%Y-%m}"

    def refills_at(self, now: datetime) -> datetime:
        """When the next period begins: midnight, or the first of the month, in UTC."""
        midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        if self.period == "day":
            return midnight + timedelta(days=1)
        return (midnight.replace(day=1) + timedelta(days=32)).replace(day=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Cap:
    """The most that a role may ask for; None sets nothing. `models` are the only ones allowed."""

    steps: int | None = None
    pixels: int | None = None
    loras: int | None = None
    models: tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """All of one server's rules; of direct messages, what the owner's config says.

    Attributes:
        channels: the only channels where commands are taken; empty for all.
        block, ask: entries of the two word lists.
        caps: by role id, `EVERYONE` for all.
        keep_days: pictures older than this are deleted; 0 keeps them.
    """

    quota: Quota = field(default_factory=Quota)
    channels: frozenset[int] = frozenset()
    block: tuple[str, ...] = ()
    ask: tuple[str, ...] = ()
    caps: Mapping[int, Cap] = field(default_factory=dict)
    reports_channel: int | None = None
    gallery_channel: int | None = None
    keep_days: int = 0

    @classmethod
    def of(cls, settings: Mapping[str, Any], owner: QuotaConfig) -> Self:
        """From a server's settings row; without a quota of its own the owner's holds."""
        chosen = settings.get("quota") or owner.model_dump()
        roles = {int(role): amount for role, amount in chosen.get("roles", {}).items()}
        quota: dict[str, Any] = {**chosen, "roles": roles}
        words = settings.get("filter") or {}
        return cls(
            quota=Quota(**quota),
            channels=frozenset(settings.get("channels") or ()),
            block=tuple(words.get("block") or ()),
            ask=tuple(words.get("ask") or ()),
            caps={int(role): _cap(cap) for role, cap in (settings.get("caps") or {}).items()},
            reports_channel=settings.get("reports_channel"),
            gallery_channel=settings.get("gallery_channel"),
            keep_days=settings.get("keep_days") or 0,
        )

    def cap(self, roles: Collection[int]) -> Cap:
        """What a person with these roles may ask for: of each limit the widest of the roles', else everyone's."""
        everyone = self.caps.get(EVERYONE, Cap())
        own = [self.caps[role] for role in roles if role in self.caps]
        models = [cap.models for cap in own if cap.models is not None]
        return Cap(
            steps=max((cap.steps for cap in own if cap.steps is not None), default=everyone.steps),
            pixels=max((cap.pixels for cap in own if cap.pixels is not None), default=everyone.pixels),
            loras=max((cap.loras for cap in own if cap.loras is not None), default=everyone.loras),
            models=tuple(name for some in models for name in some) if models else everyone.models,
        )


def stored(value: Quota | Cap) -> dict[str, Any]:
    """As it goes into a settings row."""
    return asdict(value)


def _cap(cap: Mapping[str, Any]) -> Cap:
    given: dict[str, Any] = {**cap, "models": None if cap.get("models") is None else tuple(cap["models"])}
    return Cap(**given)
