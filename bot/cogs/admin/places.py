"""`/admin pause`, `resume`, `channel` and `retention`: where and when the studio works here, and what it keeps."""

from typing import TYPE_CHECKING, Literal

import discord
from discord import app_commands

from bot.cogs.admin.acting import acting
from bot.errors import tell
from bot.refusals import CannotPostHere
from db import guilds

if TYPE_CHECKING:
    from bot.client import Studio

Use = Literal["allow", "forbid", "everywhere", "gallery", "reports", "daily", "no daily", "show"]
Place = discord.TextChannel | discord.ForumChannel | discord.Thread
NEEDED = ("view_channel", "send_messages", "embed_links", "attach_files", "read_message_history")


@app_commands.command(description="Begin no more of this server's jobs; what runs ends, what waits keeps its place")
async def pause(interaction: "discord.Interaction[Studio]") -> None:
    async with acting(interaction) as act:
        changed = await guilds.pause(act.session, act.guild_id, paused=True)
        if changed:
            await act.write("pause")
    await tell(interaction, "Paused. `/admin resume` goes on." if changed else "It is paused already.")


@app_commands.command(description="Go on with this server's jobs")
async def resume(interaction: "discord.Interaction[Studio]") -> None:
    async with acting(interaction) as act:
        changed = await guilds.pause(act.session, act.guild_id, paused=False)
        if changed:
            await act.write("resume")
    interaction.client.worker.wake()
    await tell(interaction, "The queue goes on." if changed else "It is not paused.")


@app_commands.command(description="Channels for commands, the gallery, reports, and the best of each day")
@app_commands.describe(
    use="What the channel is for; allow and forbid make the list of channels that take commands",
    channel="This channel, if you name none",
)
async def channel(interaction: "discord.Interaction[Studio]", use: Use, channel: Place | None = None) -> None:
    chosen = channel or interaction.channel
    assert chosen is not None
    if use in ("gallery", "reports", "daily") and channel is not None:
        _check(interaction, channel)
    async with acting(interaction) as act:
        allowed = set(await act.setting("channels") or ())
        match use:
            case "allow":
                await act.set("channels", sorted(allowed | {chosen.id}))
            case "forbid":
                await act.set("channels", sorted(allowed - {chosen.id}) or None)
            case "everywhere":
                await act.set("channels", None)
            case "gallery" | "reports" | "daily":
                await act.set(f"{use}_channel", chosen.id)
            case "no daily":
                await act.set("daily_channel", None)
            case "show":
                pass
        if use != "show":
            await act.write("channel", use=use, channel=None if use in ("everywhere", "no daily") else chosen.id)
        settings = await guilds.settings(act.session, act.guild_id)
    if use == "reports":
        interaction.client.desk.wake()
    await tell(interaction, _channels(settings))


@app_commands.command(description="How long pictures made in this server are kept")
@app_commands.describe(days="They are deleted after so many days; 0 keeps them as long as the owner's config does")
async def retention(interaction: "discord.Interaction[Studio]", days: app_commands.Range[int, 0, 3650]) -> None:
    async with acting(interaction) as act:
        await act.set("keep_days", days or None)
        await act.write("retention", days=days)
    await tell(interaction, f"Pictures are deleted after {days} days." if days else "Pictures are kept.")


def _channels(settings: dict[str, object]) -> str:
    allowed = settings.get("channels")
    taken = ", ".join(f"<#{one}>" for one in allowed) if isinstance(allowed, list) and allowed else "every channel"
    lines = [f"**Commands** in {taken}"]
    for name in ("gallery", "reports"):
        found = settings.get(f"{name}_channel")
        lines.append(f"**{name.title()}** {f'<#{found}>' if found else 'no channel yet'}")
    if daily := settings.get("daily_channel"):
        lines.append(f"**Best of yesterday** <#{daily}>")
    return "\n".join(lines)


def _check(interaction: discord.Interaction, channel: Place) -> None:
    """Raises CannotPostHere when the bot could not write there."""
    me = channel.guild.me
    granted = channel.permissions_for(me) if me is not None else None
    if granted is not None and not granted.administrator:
        missing = [name for name in NEEDED if not getattr(granted, name)]
        if missing:
            raise CannotPostHere(missing)
