"""The gallery's buttons: hearts, sharing, looking. What they may do is `bot.gallery.rights`' business."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import discord

from bot.answering import change, in_time, writing
from bot.errors import tell
from bot.gallery import rights
from bot.gallery.rights import Act, Picture, Viewer
from bot.ui import cards
from bot.ui.press import PLAIN, TAKEN, Press, view_of
from bot.ui.quoting import bold
from db import guilds, shares
from db.models import Image, Job, Visibility

if TYPE_CHECKING:
    from bot.client import Studio

PROMPT, NAME, WEB = "p", "n", "w"
"""Flags in a custom id: the prompt is shown, the author is named, the web may show it."""


class Like(Press, template=r"a:like:(?P<id>\d{1,19})"):
    """A heart: pressed again it is taken back."""

    for_anyone = True  # who is shut out is looked up for many presses at once, by `Hearts`

    @classmethod
    def on(cls, image_id: int, count: int = 0, row: int | None = None) -> "Like":
        return cls(f"a:like:{image_id}", emoji="❤️", label=str(count) if count else None, row=row)

    async def pressed(self, interaction: "discord.Interaction[Studio]") -> None:
        hearts, viewer = interaction.client.hearts, Viewer.of(interaction)
        async with in_time(interaction, thinking=False):
            await hearts.press(self.number(), viewer, interaction.user.display_name)
        if not interaction.response.is_done():
            await interaction.response.defer()


class Share(Press, template=r"a:share:(?P<id>\d{1,19})"):
    """Ask how a picture is to be shared, privately."""

    @classmethod
    def on(cls, image: Image, row: int | None = None, label: str = "Share") -> "Share":
        return cls(f"a:share:{image.id}", label=label, row=row)

    async def pressed(self, interaction: "discord.Interaction[Studio]") -> None:
        await offer(interaction, self.number())


class ShareAs(Press, template=r"a:shareas:(?P<verb>set|go):(?P<id>\d{1,19}):(?P<flags>p?n?w?)"):
    """On the private question: change how, or do it."""

    async def pressed(self, interaction: "discord.Interaction[Studio]") -> None:
        studio, flags = interaction.client, self.parts["flags"]
        picture = await rights.picture_for(interaction, self.number(), Act.SHARE)
        if not _decides(interaction, picture):
            flags = _flags_of(picture, by_author=False)
        if self.parts["verb"] == "set":
            words = await _question(studio, picture, ask=_decides(interaction, picture))
            view = _choices(studio, picture, flags, ask=_decides(interaction, picture))
            await interaction.response.edit_message(content=words, view=view)
            return
        channel_id = await _gallery_channel(studio, picture.job)
        async with writing(interaction) as session:
            shared = await shares.share(
                session,
                picture.image.id,
                visibility=Visibility.PUBLIC if WEB in flags else Visibility.GUILD,
                show_prompt=PROMPT in flags,
                anonymous=NAME not in flags,
                channel_id=channel_id,
            )
            studio.poster.unposted(shared)
        studio.poster.wake()
        where = f"in <#{shared.channel_id}>" if shared.channel_id else "in `/gallery`"
        await change(interaction, content=f"Shared {where}.", view=view_of(Unshare.on(picture.image.id)))


class Unshare(Press, template=r"a:unshare:(?P<id>\d{1,19})"):
    """Make a shared picture private again; its post goes."""

    @classmethod
    def on(cls, image_id: int) -> "Unshare":
        return cls(f"a:unshare:{image_id}", label="Unshare")

    async def pressed(self, interaction: "discord.Interaction[Studio]") -> None:
        studio = interaction.client
        await rights.picture_for(interaction, self.number(), Act.UNSHARE)
        async with writing(interaction) as session:
            was_shared = await shares.unshare(session, self.number())
        studio.poster.wake()
        await tell(interaction, "It is private again; its post goes." if was_shared else "It was not shared.")


class Details(Press, template=r"a:details:(?P<id>\d{1,19})"):
    """What is known of a shared picture, as far as its author shows it."""

    @classmethod
    def on(cls, image_id: int) -> "Details":
        return cls(f"a:details:{image_id}", label="Details")

    async def pressed(self, interaction: "discord.Interaction[Studio]") -> None:
        picture = await rights.picture_for(interaction, self.number(), Act.SEE)
        share, own = picture.share, interaction.user.id == picture.image.author_id
        open_prompt = own or share is None or share.show_prompt
        facts = cards.facts(picture.job, [picture.image])
        kept = () if open_prompt else ("Without", "Seeds")
        lines = [f"**{name}** {value}" for name, value in facts if name not in kept]
        if open_prompt:
            lines.insert(0, bold(picture.job.prompt))
        if own or picture.named:
            lines.append(f"**By** <@{picture.image.author_id}>")
        await interaction.response.send_message("\n".join(lines), ephemeral=True)


async def offer(interaction: "discord.Interaction[Studio]", image_id: int) -> None:
    """The private question how to share, with what was chosen before. Raises as `rights.picture_for`."""
    studio = interaction.client
    picture = await rights.picture_for(interaction, image_id, Act.SHARE)
    by_author = _decides(interaction, picture)
    flags = _flags_of(picture, by_author=by_author)
    words = await _question(studio, picture, ask=by_author)
    view = _choices(studio, picture, flags, ask=by_author)
    await interaction.response.send_message(words, view=view, ephemeral=True)


def offer_of(images: Sequence[Image]) -> discord.ui.View:
    """A button for each of several pictures, to say which one."""
    return view_of(*(Share.on(image, label=f"Image #{image.index + 1}") for image in images))


def _decides(interaction: discord.Interaction, picture: Picture) -> bool:
    """How a picture is shown is its author's choice; a moderator shares it as its author left it."""
    return interaction.user.id == picture.image.author_id


def _flags_of(picture: Picture, *, by_author: bool) -> str:
    share = picture.share
    if share is None:
        # Whose files do not tell the prompt has not agreed to showing it, either.
        keeps = not by_author and picture.job.request.get("hide_prompt")
        return NAME if keeps else PROMPT + NAME
    flags = {PROMPT: share.show_prompt, NAME: not share.anonymous, WEB: share.visibility is Visibility.PUBLIC}
    return "".join(flag for flag, is_set in flags.items() if is_set)


async def _question(studio: "Studio", picture: Picture, *, ask: bool) -> str:
    channel_id = await _gallery_channel(studio, picture.job)
    where = f"in <#{channel_id}>" if channel_id else "in `/gallery`"
    shared = picture.share is not None and shares.is_listed(picture.share)
    verb = "How is it shown" if shared else "Share it"
    lines = [f"{verb} {where}?\n{bold(picture.job.prompt, 600)}"]
    if not ask:
        lines.append("-# Its prompt and its author's name are shown as the author chose.")
    if picture.job.nsfw:
        lines.append("-# It comes from an age-restricted channel and is shown in such channels only.")
    if channel_id is None and not picture.job.nsfw:
        lines.append("-# This server has no gallery channel; a moderator sets one with `/admin channel`.")
    return "\n".join(lines)


def _choices(studio: "Studio", picture: Picture, flags: str, *, ask: bool) -> discord.ui.View:
    image_id = picture.image.id
    named = {PROMPT: ("Prompt shown", "Prompt hidden"), NAME: ("Named", "Anonymous"), WEB: ("On the web", "Not web")}
    offered = [PROMPT, NAME, *([WEB] if studio.config.web.address and not picture.job.nsfw else [])] if ask else []
    toggles = [
        ShareAs(
            f"a:shareas:set:{image_id}:{_flipped(flags, flag)}",
            label=named[flag][flag not in flags],
            style=TAKEN if flag in flags else PLAIN,
            row=0,
        )
        for flag in offered
    ]
    go = ShareAs(f"a:shareas:go:{image_id}:{flags}", label="Share", style=discord.ButtonStyle.primary, row=1)
    is_shared = picture.share is not None and shares.is_listed(picture.share)
    return view_of(*toggles, go, *([Unshare.on(image_id)] if is_shared else []))


def _flipped(flags: str, flag: str) -> str:
    changed = set(flags) ^ {flag}
    return "".join(one for one in (PROMPT, NAME, WEB) if one in changed)


async def _gallery_channel(studio: "Studio", job: Job) -> int | None:
    """Where its post goes: the server's gallery channel, if there is one that may show it."""
    async with studio.database.reading() as session:
        chosen = (await guilds.settings(session, job.guild_id)).get("gallery_channel")
    channel = studio.get_channel(chosen) if isinstance(chosen, int) else None
    if channel is None or (job.nsfw and not rights.is_nsfw(channel)):
        return None
    return channel.id
