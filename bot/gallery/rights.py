"""Who may look at, like, share and unshare a picture. One table of rules for buttons, menus and commands alike.

| act | author | moderator there | member there | anybody elsewhere |
|---|---|---|---|---|
| see | always | always | what is listed | what is public |
| like | never | unless it is withheld | unless it is withheld | what is public |
| share | there | as its author left it | no | no |
| unshare | always | yes | no | no |
| draw on | always | yes | unless it is hidden | what is public |
| take | always | yes | unless it is withheld | what is public |

"There" is the server in which it was made. A deleted picture is gone for everybody. What comes from an age-restricted
channel shows itself, and is drawn on, only in such channels, whoever looks. Withheld is what moderators hid or the
filter is unsure of; drawing on from it waits for them. To take is to have its file sent, by a reaction.

Of a job, its author and the moderators there decide: they cancel and delete it, and look at its pictures again.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Self

import discord
from sqlalchemy.ext.asyncio import AsyncSession

from bot.refusals import AgeRestricted, Gone, MadeElsewhere, NotYours, OwnPicture
from db import images, jobs, shares
from db.models import Image, Job, Share, Visibility

if TYPE_CHECKING:
    from bot.client import Studio


class Act(StrEnum):
    SEE = "see"
    LIKE = "like"
    SHARE = "share"
    UNSHARE = "unshare"
    DRAW = "draw on"
    TAKE = "take"


@dataclass(frozen=True, kw_only=True, slots=True)
class Viewer:
    """A person at a place. `nsfw`: the channel is age-restricted. `moderates`: may manage messages there."""

    user_id: int
    guild_id: int | None
    moderates: bool
    nsfw: bool

    @classmethod
    def of(cls, interaction: discord.Interaction) -> Self:
        here = interaction.guild_id is not None
        return cls(
            user_id=interaction.user.id,
            guild_id=interaction.guild_id,
            moderates=here and interaction.permissions.manage_messages,
            nsfw=is_nsfw(interaction.channel),
        )

    @classmethod
    def reacting(cls, client: discord.Client, payload: discord.RawReactionActionEvent) -> Self:
        """Who added a reaction, where its message stands."""
        return cls(
            user_id=payload.user_id,
            guild_id=payload.guild_id,
            moderates=payload.member is not None and payload.member.guild_permissions.manage_messages,
            nsfw=is_nsfw(client.get_channel(payload.channel_id)),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """A living picture with its job, and its share if it has one."""

    image: Image
    job: Job
    share: Share | None

    @property
    def listed(self) -> bool:
        return self.share is not None and shares.is_listed(self.share) and not self.image.unsure

    @property
    def withheld(self) -> bool:
        return self.image.unsure or (self.share is not None and self.share.hidden_at is not None)

    @property
    def named(self) -> bool:
        """Whether its author may be told; only a share can ask for silence."""
        return not (self.share is not None and self.share.anonymous)

    @property
    def explained(self) -> bool:
        """Whether it may be told how it was made; only a share can ask for silence."""
        return self.share is None or self.share.show_prompt


def may(act: Act, viewer: Viewer, picture: Picture) -> bool:
    """The table above."""
    author, there = viewer.user_id == picture.image.author_id, viewer.guild_id == picture.image.guild_id
    there = there and viewer.guild_id is not None
    shown = shows(viewer, picture.job)
    public = picture.listed and picture.share is not None and picture.share.visibility is Visibility.PUBLIC
    match act:
        case Act.SEE:
            return shown and (author or (there and (viewer.moderates or picture.listed)) or public)
        case Act.LIKE:
            return shown and not author and not picture.withheld and (there or public)
        case Act.SHARE:
            return there and (author or viewer.moderates)
        case Act.UNSHARE:
            return author or (there and viewer.moderates)
        case Act.DRAW:
            # What waits for moderators as well is refused later, in words of its own (`album.reached`).
            hidden = picture.share is not None and picture.share.hidden_at is not None and not picture.image.unsure
            return shown and (author or (there and (viewer.moderates or not hidden)) or public)
        case Act.TAKE:
            return shown and (author or (there and (viewer.moderates or not picture.withheld)) or public)


async def picture_for(interaction: "discord.Interaction[Studio]", image_id: int, act: Act) -> Picture:
    """The picture, to do `act` with it. Raises Gone, OwnPicture, MadeElsewhere, NotYours, AgeRestricted."""
    async with interaction.client.database.reading() as session:
        picture = await find(session, image_id)
    return permitted(act, Viewer.of(interaction), picture)


async def find(session: AsyncSession, image_id: int) -> Picture | None:
    """A picture that was not deleted."""
    image = await images.get(session, image_id) if image_id < 2**63 else None
    job = await jobs.get(session, image.job_id) if image is not None else None
    if image is None or job is None or image.deleted_at is not None:
        return None
    return Picture(image=image, job=job, share=await shares.of_image(session, image_id))


def permitted(act: Act, viewer: Viewer, picture: Picture | None) -> Picture:
    """The picture, if `may`. Raises Gone, OwnPicture, MadeElsewhere, NotYours, AgeRestricted."""
    if picture is None:
        raise Gone
    if may(act, viewer, picture):
        return picture
    image = picture.image
    if act is Act.DRAW:
        raise AgeRestricted if viewer.user_id == image.author_id else Gone
    if act in (Act.SEE, Act.LIKE):
        raise OwnPicture if act is Act.LIKE and viewer.user_id == image.author_id else Gone
    if act is Act.SHARE and (image.guild_id is None or viewer.guild_id != image.guild_id):
        raise MadeElsewhere
    raise NotYours(act.value, image.author_id if picture.named else None)


def decides(viewer: Viewer, job: Job) -> bool:
    """Whether this is the job's author, or a moderator of the server in which it was made."""
    there = viewer.guild_id is not None and viewer.guild_id == job.guild_id
    return viewer.user_id == job.author_id or (there and viewer.moderates)


def shows(viewer: Viewer, job: Job) -> bool:
    """Whether a job's pictures may be seen at this place, by whomever."""
    return viewer.nsfw or not job.nsfw


def permit_job(viewer: Viewer, job: Job) -> None:
    """Let a person draw a job again: the author, or anybody in its server. Raises Gone, AgeRestricted."""
    author = viewer.user_id == job.author_id
    if not (author or (viewer.guild_id is not None and viewer.guild_id == job.guild_id)):
        raise Gone
    if not shows(viewer, job):
        raise AgeRestricted if author else Gone


def is_nsfw(channel: object) -> bool:
    """Whether a channel, or the one a thread belongs to, is age-restricted."""
    home = channel.parent if isinstance(channel, discord.Thread) else channel
    return isinstance(home, discord.abc.GuildChannel) and bool(getattr(home, "nsfw", False))
