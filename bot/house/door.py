"""Who may come in, and with which wishes: bans, channels, limits, word lists and what it costs, in one place.

Reads and renews in the caller's transaction, so that what is checked is what is charged. Knows no queue.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Self

import discord
from sqlalchemy.ext.asyncio import AsyncSession

from bot.config import Config
from bot.house import prices
from bot.house.rules import Cap, Quota, Rules
from bot.refusals import AboveCap, BlockedWord, ElsewhereOnly
from bot.ui.moderating import kept_out
from bot.wishes import Wish
from db import guilds, ledger, sanctions, times, users
from prompts.blocklist import Blocklist


@dataclass(frozen=True, kw_only=True, slots=True)
class Asker:
    """A person in a place. `channels` are the channel and, for a thread, the channel it hangs on."""

    user_id: int
    guild_id: int | None
    channels: tuple[int, ...]
    roles: frozenset[int]

    @classmethod
    def of(cls, interaction: discord.Interaction) -> Self:
        channel = interaction.channel
        parent = channel.parent_id if isinstance(channel, discord.Thread) else None
        roles = interaction.user.roles if isinstance(interaction.user, discord.Member) else []
        return cls(
            user_id=interaction.user.id,
            guild_id=interaction.guild_id if interaction.client.get_guild(interaction.guild_id or 0) else None,
            channels=tuple(one for one in (interaction.channel_id, parent) if one is not None),
            roles=frozenset(role.id for role in roles),
        )

    @classmethod
    def reacting(cls, payload: discord.RawReactionActionEvent) -> Self:
        """Who added a reaction; servers in which the bot is not send none."""
        roles = payload.member.roles if payload.member is not None else []
        return cls(
            user_id=payload.user_id,
            guild_id=payload.guild_id,
            channels=(payload.channel_id,),
            roles=frozenset(role.id for role in roles),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Admission:
    """What came of looking at some wishes: the price of each, and the listed word a moderator must look at."""

    costs: tuple[int, ...]
    ask: str | None = None


class Door:
    """The one who asks. Nothing is remembered between two questions but compiled word lists."""

    def __init__(self, config: Config) -> None:
        self._config = config

    async def rules(self, session: AsyncSession, guild_id: int | None) -> Rules:
        """The rules of a server, or of direct messages (None)."""
        return Rules.of(await guilds.settings(session, guild_id), self._config.quota)

    async def greet(
        self, session: AsyncSession, asker: Asker, *, strictly: bool = False, now: datetime | None = None
    ) -> Rules:
        """Let a person use the bot here at all; `strictly` in the channels for commands only.

        Raises Banned, ElsewhereOnly.
        """
        held = await sanctions.shut_out(session, asker.guild_id, asker.user_id, now=now)
        if held is not None:
            raise kept_out(held)
        rules = await self.rules(session, asker.guild_id)
        if strictly and rules.channels and rules.channels.isdisjoint(asker.channels):
            raise ElsewhereOnly(sorted(rules.channels))
        return rules

    async def admit(
        self, session: AsyncSession, asker: Asker, wishes: Sequence[Wish], *, now: datetime | None = None
    ) -> Admission:
        """Let these wishes in, and bring the person's account up to date. The person's row must exist.

        Raises Banned, AboveCap, BlockedWord. Whether the balance covers the costs is the ledger's say.
        """
        now = now or times.now()
        rules = await self.greet(session, asker, now=now)
        for wish in wishes:
            _check(wish.request, rules.cap(asker.roles))
        texts = [text for wish in wishes for text in _texts(wish.request)]
        if (found := _find(rules.block, texts)) is not None:
            raise BlockedWord(found)
        await self.renew(session, asker, rules, now=now)
        costs = tuple(prices.cost(wish, rules.quota) for wish in wishes)
        return Admission(costs=costs, ask=_find(rules.ask, texts))

    async def renew(self, session: AsyncSession, asker: Asker, rules: Rules, *, now: datetime) -> None:
        """Give what the period brings, and the first-time bonus, each once."""
        quota = rules.quota
        if not quota.on:
            return
        await users.meet(session, asker.user_id, now=now)
        allowance = quota.allowance(asker.roles)
        await ledger.fill(session, asker.user_id, allowance, guild_id=asker.guild_id, key=quota.key(now), now=now)
        if quota.first:
            await ledger.grant(session, asker.user_id, quota.first, guild_id=asker.guild_id, key="first", now=now)

    async def bill(
        self, session: AsyncSession, asker: Asker, wishes: Sequence[Wish], *, now: datetime | None = None
    ) -> prices.Bill | None:
        """What these wishes would cost here; None where nothing costs anything. Writes nothing."""
        now = now or times.now()
        rules = await self.rules(session, asker.guild_id)
        if not rules.quota.on:
            return None
        return prices.Bill(
            cost=prices.total(wishes, rules.quota),
            balance=await self._renewed(session, asker, rules.quota, now),
            refills_at=rules.quota.refills_at(now),
        )

    async def _renewed(self, session: AsyncSession, asker: Asker, quota: Quota, now: datetime) -> int:
        """The balance as `renew` will leave it."""
        account = (asker.user_id, asker.guild_id)
        balance = await ledger.balance(session, *account)
        if not await ledger.was_given(session, *account, quota.key(now)):
            balance = max(balance, quota.allowance(asker.roles))
        if quota.first and not await ledger.was_given(session, *account, "first"):
            balance += quota.first
        return balance


def _check(request: Any, cap: Cap) -> None:
    """Raises AboveCap."""
    asked = {
        "steps": (request["steps"], cap.steps),
        "pixels": (request["width"] * request["height"], cap.pixels),
        "loras": (len(request.get("loras") or ()), cap.loras),
    }
    for what, (given, most) in asked.items():
        if most is not None and given > most:
            raise AboveCap(what, str(given), str(most))
    if cap.models is not None and request["model"] not in cap.models:
        raise AboveCap("model", request["model"], ", ".join(cap.models) or "none")


def _texts(request: Any) -> list[str]:
    """What is to be drawn; what is to be kept out may be named."""
    told = str((request.get("edit") or {}).get("instruction", ""))
    return [request["prompt"], told, *(text for text, weight in request.get("texts") or () if weight > 0)]


def _find(entries: Collection[str], texts: Sequence[str]) -> str | None:
    if not entries:
        return None
    blocklist = _compiled(tuple(entries))
    return next(filter(None, map(blocklist.find, texts)), None)


@lru_cache(maxsize=64)
def _compiled(entries: tuple[str, ...]) -> Blocklist:
    return Blocklist(entries)
