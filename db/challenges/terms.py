"""What a contest is about and by which rules, as records and as stored in rows."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Self

from db.models import Challenge, VotingMode

MOST_ENTRIES_EACH = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """What entries must fulfil, and who may vote; None and False ask for nothing.

    Attributes:
        entries: pictures per person, 1..10.
        model, lora: the only model, or a LoRA's key, that entries are made with.
        fresh: only pictures made after the contest opened.
        no_image_prompts: only pictures that were made from words alone.
        member_before: voters were members before the contest opened.
        account_days: how old a voter's account is at least.
        role_id: the role that voters have.
    """

    entries: int = 1
    model: str | None = None
    lora: str | None = None
    fresh: bool = False
    no_image_prompts: bool = False
    member_before: bool = True
    account_days: int = 0
    role_id: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Reward:
    """What the winner gets: units of quota, a role, and the podium pinned."""

    credit: int = 0
    role_id: int | None = None
    pin: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """All of a contest but theme and times."""

    description: str = ""
    mode: VotingMode = VotingMode.PAIRS
    rules: Rules = field(default_factory=Rules)
    reward: Reward = field(default_factory=Reward)
    ping_role_id: int | None = None

    @classmethod
    def of(cls, challenge: Challenge) -> Self:
        return cls(
            description=challenge.description,
            mode=challenge.mode,
            rules=Rules(**challenge.rules),
            reward=Reward(**challenge.reward),
            ping_role_id=challenge.ping_role_id,
        )

    def as_row(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> Self:
        parts = {"mode": VotingMode(row["mode"]), "rules": Rules(**row["rules"]), "reward": Reward(**row["reward"])}
        return cls(**row | parts)


@dataclass(frozen=True, kw_only=True, slots=True)
class NewChallenge:
    """A contest to be: entering from `opens_at`, voting from `votes_at`, closing at `closes_at`."""

    guild_id: int
    channel_id: int
    created_by: int | None
    theme: str
    terms: Terms
    opens_at: datetime
    votes_at: datetime
    closes_at: datetime
