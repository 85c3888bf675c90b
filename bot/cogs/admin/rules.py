"""`/admin quota`, `filter`, `model` and `limit`: what people may ask for, and how much of it."""

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import discord
from discord import app_commands

from bot.cogs.admin.acting import Act, acting
from bot.errors import tell
from bot.house.rules import EVERYONE, Cap, Quota, Rules, stored
from bot.refusals import BadSetting, NoReportsChannel
from bot.ui.quoting import quote
from db import guilds, ledger
from prompts.blocklist import Blocklist

if TYPE_CHECKING:
    from bot.client import Studio

MOST_WORDS, LONGEST_WORD = 1000, 60
Credits = app_commands.Range[int, 0, 1_000_000]
Text = app_commands.Range[str, 1, 2000]


@app_commands.command(description="Credits: how many a day or month, for whom; gifts. Alone it shows what is set")
@app_commands.describe(
    period="off: no limit; day or month: balances are filled up at its beginning (UTC)",
    amount="The allowance of everyone, or of the role",
    role="For members with this role; the highest of one's roles counts",
    first="A bonus for a person's first time here",
    relaxed_free="Whether --relax costs nothing",
    person="Whose balance to change",
    gift="Credits to give, or with a minus to take",
)
async def quota(
    interaction: "discord.Interaction[Studio]",
    period: Literal["off", "day", "month"] | None = None,
    amount: Credits | None = None,
    role: discord.Role | None = None,
    first: Credits | None = None,
    relaxed_free: bool | None = None,
    person: discord.User | None = None,
    gift: app_commands.Range[int, -1_000_000, 1_000_000] | None = None,
) -> None:
    if (person is None) != (gift is None):
        raise BadSetting("gift", "alone", "person and gift together")
    async with acting(interaction, *([person] if person else [])) as act:
        rules = await _rules(interaction, act)
        if person is not None and gift is not None:
            given = await ledger.gift(act.session, person.id, gift, guild_id=act.guild_id, key=f"gift:{interaction.id}")
            await act.write("gift", target_id=person.id, credits=given)
            balance = await ledger.balance(act.session, person.id, act.guild_id)
            words = f"{person.mention} {'got' if given >= 0 else 'lost'} {abs(given)} credits and now has {balance}."
        else:
            changed = _changed(rules.quota, period, amount, role, first, relaxed_free)
            if changed != rules.quota:
                await act.set("quota", stored(changed))
                await act.write(
                    "quota",
                    period=period,
                    amount=amount,
                    role=role.name if role else None,
                    first=first,
                    relaxed_free=relaxed_free,
                )
            words = _quota(changed)
    await tell(interaction, words)


@app_commands.command(name="filter", description="Words that are not drawn, or drawn only when a moderator agrees")
@app_commands.describe(
    block="Words to refuse, with commas between; gor* is every word that begins so",
    ask="Words that a moderator has to look at first",
    remove="Words to take off both lists",
    test="Try a prompt against the lists",
)
async def filter_(
    interaction: "discord.Interaction[Studio]",
    block: Text | None = None,
    ask: Text | None = None,
    remove: Text | None = None,
    test: Text | None = None,
) -> None:
    async with acting(interaction) as act:
        rules = await _rules(interaction, act)
        if ask is not None and rules.reports_channel is None:
            raise NoReportsChannel
        gone = set(_words(remove))
        lists = {
            name: [word for word in dict.fromkeys((*old, *_words(new))) if word not in gone]
            for name, old, new in (("block", rules.block, block), ("ask", rules.ask, ask))
        }
        if max(map(len, lists.values())) > MOST_WORDS:
            raise BadSetting("words", str(max(map(len, lists.values()))), f"at most {MOST_WORDS} in a list")
        if block or ask or remove:
            await act.set("filter", lists)
            await act.write("filter", block=_words(block) or None, ask=_words(ask) or None, remove=sorted(gone) or None)
    lines = [
        f"**{title}** {', '.join(f'`{word}`' for word in lists[name][:100]) or 'nothing'}"
        for name, title in (("block", "Not drawn"), ("ask", "A moderator is asked"))
    ]
    if test is not None:
        found = [
            f"{title} for `{word}`"
            for name, title in (("block", "refused"), ("ask", "held back"))
            if (word := Blocklist(lists[name]).find(test)) is not None
        ]
        lines.append(f"**This prompt** is {found[0] if found else 'let through'}: {quote(test, 300)}")
    await tell(interaction, "\n".join(lines)[:2000])


@app_commands.command(description="Which models people may use, all of them or those with a role")
@app_commands.describe(action="any takes the limit away", name="The model", role="For members with this role")
async def model(
    interaction: "discord.Interaction[Studio]",
    action: Literal["allow", "forbid", "any"],
    name: str | None = None,
    role: discord.Role | None = None,
) -> None:
    known = [entry.name for entry in interaction.client.catalogue]
    if action != "any" and name not in known:
        raise BadSetting("name", name or "", ", ".join(known))
    async with acting(interaction) as act:
        cap = await _cap(interaction, act, role)
        before = known if cap.models is None else [one for one in known if one in cap.models]
        if action == "any":
            models = None
        elif action == "allow":
            models = tuple(dict.fromkeys((*([] if cap.models is None else before), name or "")))
        else:
            models = tuple(one for one in before if one != name)
        await _put_cap(act, role, replace(cap, models=models))
        await act.write("model", verb=action, name=name, role=role.name if role else None)
    whose = f"With {role.mention}" if role else "Everyone"
    allowed = "any model" if models is None else ", ".join(f"`{one}`" for one in models) or "no model"
    await tell(interaction, f"{whose} may use {allowed}.")


@model.autocomplete("name")
async def names(interaction: "discord.Interaction[Studio]", typed: str) -> list[app_commands.Choice[str]]:
    found = [entry.name for entry in interaction.client.catalogue if typed.lower() in entry.name.lower()]
    return [app_commands.Choice(name=name[:100], value=name[:100]) for name in found[:25]]


@app_commands.command(description="The most steps, pixels and LoRAs people may ask for")
@app_commands.describe(
    steps="0 takes the limit away",
    pixels="Of one picture; 0 takes the limit away",
    loras="0 allows none; -1 takes the limit away",
    role="For members with this role; of several roles the widest limit counts",
)
async def limit(
    interaction: "discord.Interaction[Studio]",
    steps: app_commands.Range[int, 0, 100] | None = None,
    pixels: app_commands.Range[int, 0, 67_108_864] | None = None,
    loras: app_commands.Range[int, -1, 8] | None = None,
    role: discord.Role | None = None,
) -> None:
    async with acting(interaction) as act:
        cap = await _cap(interaction, act, role)
        if steps is not None:
            cap = replace(cap, steps=steps or None)
        if pixels is not None:
            cap = replace(cap, pixels=pixels or None)
        if loras is not None:
            cap = replace(cap, loras=None if loras < 0 else loras)
        if (steps, pixels, loras) != (None, None, None):
            await _put_cap(act, role, cap)
            await act.write("limit", steps=steps, pixels=pixels, loras=loras, role=role.name if role else None)
    set_ = [f"{value:,} {name}" for name in ("steps", "pixels", "loras") if (value := getattr(cap, name)) is not None]
    whose = f"With {role.mention}" if role else "Everyone"
    await tell(interaction, f"{whose}: {', '.join(set_) or 'no limit beyond the owner’s'}.")


async def _rules(interaction: "discord.Interaction[Studio]", act: Act) -> Rules:
    return await interaction.client.door.rules(act.session, act.guild_id)


async def _cap(interaction: "discord.Interaction[Studio]", act: Act, role: discord.Role | None) -> Cap:
    return (await _rules(interaction, act)).caps.get(role.id if role else EVERYONE, Cap())


async def _put_cap(act: Act, role: discord.Role | None, cap: Cap) -> None:
    caps = dict((await guilds.settings(act.session, act.guild_id)).get("caps") or {})
    caps[str(role.id if role else EVERYONE)] = stored(cap)
    await act.set("caps", caps)


def _changed(
    old: Quota,
    period: Literal["off", "day", "month"] | None,
    amount: int | None,
    role: discord.Role | None,
    first: int | None,
    relaxed_free: bool | None,
) -> Quota:
    if role is not None and amount is None:
        raise BadSetting("role", role.name, "a role together with an amount")
    if role is not None and amount is not None:
        old = replace(old, roles={**old.roles, role.id: amount})
    elif amount is not None:
        old = replace(old, amount=amount)
    given = {"period": period, "first": first, "relaxed_free": relaxed_free}
    return replace(old, **{name: value for name, value in given.items() if value is not None})


def _quota(quota: Quota) -> str:
    if not quota.on:
        return "Nothing costs anything here. `period` and `amount` set an allowance."
    lines = [f"**Everyone** {quota.amount} credits a {quota.period}"]
    lines += [f"**<@&{role}>** {amount} credits a {quota.period}" for role, amount in quota.roles.items()]
    lines.append(f"**First time** {quota.first} more")
    lines.append(f"**Relaxed jobs** {'cost nothing' if quota.relaxed_free else 'cost the same'}")
    lines.append("-# A credit is one step on one picture of 1024 x 1024; smaller pictures cost less.")
    return "\n".join(lines)


def _words(typed: str | None) -> list[str]:
    """The words between commas. Raises BadSetting for one that is too long."""
    words = [" ".join(word.lower().split()) for word in (typed or "").split(",")]
    for word in words:
        if len(word) > LONGEST_WORD:
            raise BadSetting("words", word, f"words of at most {LONGEST_WORD} characters")
    return [word for word in words if word]
