"""`/challenge create` and `cancel`: for those who manage the server."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

import discord
from discord import app_commands

from bot.challenges import when
from bot.challenges.roles import check_given, check_taken
from bot.cogs.admin.acting import acting, permit
from bot.cogs.challenge.naming import named, offer
from bot.delivery.place import NEEDED
from bot.errors import tell
from bot.refusals import BadSetting, CannotPostHere, NotCallable
from bot.ui.quoting import bold
from db.challenges import finding, phases, rotas
from db.challenges.rotas import NewRota
from db.challenges.terms import MOST_ENTRIES_EACH, NewChallenge, Reward, Rules, Terms
from db.models import Phase, VotingMode

if TYPE_CHECKING:
    from bot.client import Studio

Mode = Literal["pairs", "approval", "stars"]
Place = discord.TextChannel | discord.Thread
MOST_CREDIT = 1_000_000
LENGTHS = "a length such as `3d`, `36h` or `1w 2d`, from a minute to 60 days"
MOMENTS = "`now`, a length from now such as `2h`, or a time in UTC such as `2026-12-24 18:00`"


@app_commands.command(description="A new challenge: a theme, time to enter, then a blind vote")
@app_commands.describe(
    theme="What it is about; with `weekly`, several themes with | between them",
    entering="How long pictures can be entered, such as 3d",
    voting="How long the vote lasts, such as 2d",
    description="A few words more about it",
    opens="When it opens: now, 2h, or 2026-12-24 18:00 (UTC)",
    mode="How people vote: the better of two, all they like, or stars",
    entries="Pictures per person",
    model="Only pictures of this model",
    lora="Only pictures with this LoRA",
    fresh="Only pictures made after the opening",
    no_image_prompts="Only pictures made from words alone",
    newcomers="Let those vote who joined after the opening",
    account_days="How many days old a voter's account must be",
    voter_role="Only those with this role vote",
    credits="Credits for the winner",
    winner_role="A role for the winner",
    pin="Pin the podium",
    ping="A role that is called; members take it by a bell",
    weekly="Every week again, the themes in turn",
    channel="Where it is announced; here, if you name none",
)
async def create(
    interaction: "discord.Interaction[Studio]",
    theme: app_commands.Range[str, 1, 1000],
    entering: str = "3d",
    voting: str = "2d",
    description: app_commands.Range[str, 1, 1000] | None = None,
    opens: str = "now",
    mode: Mode = "pairs",
    entries: app_commands.Range[int, 1, MOST_ENTRIES_EACH] = 1,
    model: str | None = None,
    lora: str | None = None,
    fresh: bool = False,
    no_image_prompts: bool = False,
    newcomers: bool = False,
    account_days: app_commands.Range[int, 0, 3650] = 0,
    voter_role: discord.Role | None = None,
    credits: app_commands.Range[int, 0, MOST_CREDIT] = 0,
    winner_role: discord.Role | None = None,
    pin: bool = False,
    ping: discord.Role | None = None,
    weekly: bool = False,
    channel: Place | None = None,
) -> None:
    studio = interaction.client
    permit(interaction)
    place = channel or interaction.channel
    assert isinstance(place, discord.abc.GuildChannel | discord.Thread)
    _check_place(place, pin=pin)
    assert isinstance(interaction.user, discord.Member)
    for role in (winner_role, ping):
        if role is not None:
            check_given(role, interaction.user)
    if ping is not None:
        check_taken(ping)
        if not (ping.mentionable or place.permissions_for(place.guild.me).mention_everyone):
            raise NotCallable(ping.id)
    if model is not None:
        studio.catalogue.get(model)
    themes = [part.strip() for part in theme.split("|") if part.strip()] if weekly else [theme.strip()]
    if not themes or any(len(one) > 100 for one in themes):
        raise BadSetting("theme", theme[:60], "1 to 100 characters each; with `weekly` several with `|` between them")
    rules = Rules(
        entries=entries,
        model=model,
        lora=lora,
        fresh=fresh,
        no_image_prompts=no_image_prompts,
        member_before=not newcomers,
        account_days=account_days,
        role_id=voter_role.id if voter_role else None,
    )
    terms = Terms(
        description=description or "",
        mode=VotingMode(mode),
        rules=rules,
        reward=Reward(credit=credits, role_id=winner_role.id if winner_role else None, pin=pin),
        ping_role_id=ping.id if ping else None,
    )
    async with acting(interaction) as act:
        now = await studio.challenges.now(act.session)
        opens_at, enter_for, vote_for = _times(opens, entering, voting, now)
        if weekly:
            if enter_for + vote_for > rotas.WEEK:
                raise BadSetting("entering", entering, "with `voting` a week together at most, when it is weekly")
            made = await rotas.create(
                act.session,
                NewRota(
                    guild_id=act.guild_id,
                    channel_id=place.id,
                    created_by=act.actor_id,
                    themes=themes,
                    terms=terms,
                    first_at=opens_at,
                    entering=enter_for,
                    voting=vote_for,
                ),
            )
            stamp = int(opens_at.timestamp())
            words = (
                f"Every week from <t:{stamp}:f> in <#{place.id}>: {', '.join(bold(one, 100) for one in themes[:10])}."
            )
        else:
            made = await phases.create(
                act.session,
                NewChallenge(
                    guild_id=act.guild_id,
                    channel_id=place.id,
                    created_by=act.actor_id,
                    theme=themes[0],
                    terms=terms,
                    opens_at=opens_at,
                    votes_at=opens_at + enter_for,
                    closes_at=opens_at + enter_for + vote_for,
                ),
                now=now,
            )
            words = f"Challenge `{made.id}` is announced in <#{place.id}>: {bold(themes[0], 200)}."
        await act.write("challenge", challenge=made.id, theme=themes[0], weekly=weekly or None)
    studio.challenges.wake()
    await tell(interaction, words)


@app_commands.command(description="Cancel a challenge, or stop a weekly one")
@app_commands.describe(challenge="Which one; picked from the list")
async def cancel(interaction: "discord.Interaction[Studio]", challenge: str) -> None:
    studio = interaction.client
    guild_id = permit(interaction)
    if challenge.startswith("w") and challenge[1:].isdecimal() and len(challenge) < 19:
        async with acting(interaction) as act:
            await rotas.stop(act.session, int(challenge[1:]), guild_id)
            await act.write("challenge_cancel", rota=int(challenge[1:]))
        await tell(interaction, "No more weekly challenges from this list. The one that runs goes on.")
        return
    async with studio.database.reading() as session:
        found = await named(session, challenge, guild_id)
    async with acting(interaction) as act:
        await phases.cancel(act.session, found.id, now=studio.challenges.moment)
        await act.write("challenge_cancel", challenge=found.id)
    studio.challenges.wake()
    await tell(interaction, f"Cancelled: {bold(found.theme, 200)}. Pictures and votes stay as they are; nobody wins.")


@cancel.autocomplete("challenge")
async def _running(interaction: "discord.Interaction[Studio]", typed: str) -> list[app_commands.Choice[str]]:
    async with interaction.client.database.reading() as session:
        guild_id = interaction.guild_id or 0
        running = await finding.of_guild(session, guild_id, Phase.SCHEDULED, Phase.OPEN, Phase.VOTING)
        weekly = await rotas.of_guild(session, guild_id)
    choices = [
        app_commands.Choice(name=f"weekly · {', '.join(one.themes)}"[:100], value=f"w{one.id}")
        for one in weekly
        if typed.lower() in ", ".join(one.themes).lower()
    ]
    return [*offer(running, typed), *choices][:25]


@create.autocomplete("model")
async def _models(interaction: "discord.Interaction[Studio]", typed: str) -> list[app_commands.Choice[str]]:
    names = [one.name for one in interaction.client.catalogue if typed.lower() in one.name.lower()]
    return [app_commands.Choice(name=name[:100], value=name[:100]) for name in names[:25]]


def _times(opens: str, entering: str, voting: str, now: datetime) -> tuple[datetime, timedelta, timedelta]:
    opens_at = when.moment(opens, now)
    if opens_at is None or not now <= opens_at <= now + when.LONGEST:
        raise BadSetting("opens", opens, f"{MOMENTS}, at most 60 days ahead")
    enter_for, vote_for = when.length(entering), when.length(voting)
    if enter_for is None:
        raise BadSetting("entering", entering, LENGTHS)
    if vote_for is None:
        raise BadSetting("voting", voting, LENGTHS)
    return opens_at, enter_for, vote_for


def _check_place(place: discord.abc.GuildChannel | discord.Thread, *, pin: bool) -> None:
    """Raises CannotPostHere."""
    granted = place.permissions_for(place.guild.me)
    missing = [name for name in NEEDED if not getattr(granted, name)]
    if pin and not granted.pin_messages:
        missing.append("pin_messages")
    if missing:
        raise CannotPostHere(missing)
