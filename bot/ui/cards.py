"""What cards say: the text of every message that shows a job, in one voice. Pure: rows in, text out; sends nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.ui.quoting import bold, quote
from db.jobs import Load
from db.models import Image, Job, JobStatus

TITLES = {
    "vary_subtle": "Variations (Subtle)",
    "vary_strong": "Variations (Strong)",
    "upscale_subtle": "Upscaled (Subtle)",
    "upscale_creative": "Upscaled (Creative)",
    "zoom": "Zoom Out",
    "square": "Make Square",
    "pan_left": "Pan Left",
    "pan_right": "Pan Right",
    "pan_up": "Pan Up",
    "pan_down": "Pan Down",
    "region": "Variations (Region)",
    "remix": "Remix",
    "blend": "Blend",
    "edit": "Edit",
}
"""What a job of this kind is called on its card; other kinds have no name."""
REPEATED = "-# Drawn before with these very words and seeds: from storage, no step was run."
PAUSED = ", paused by a moderator of this server"


def heading(job: Job) -> str:
    """`**prompt** - Variations (Strong) by @author (fast)`; the author is named, never pinged."""
    called = title(job)
    speed = "relaxed" if job.relaxed else "fast"
    return f"{bold(without_addresses(job.prompt))} - {called + ' ' if called else ''}by <@{job.author_id}> ({speed})"


def title(job: Job) -> str | None:
    """What the job is called, a zoom with its factor."""
    named = TITLES.get(job.kind)
    factor = (job.request.get("edit") or {}).get("factor")
    return f"{named} ({factor:g}x)" if named and factor else named


def without_addresses(prompt: str) -> str:
    """The prompt with a sign in place of each address: those of pictures are long and lead nowhere after a day."""
    return " ".join("🖼️" if word.startswith(("http://", "https://")) else word for word in prompt.split(" "))


def waiting(job: Job, position: int | None, starts_at: datetime | None) -> str:
    """A queued card: place in the queue (1 is next), and the start when it is known from measured steps."""
    place = "next" if position == 1 else ordinal(position) if position else None
    parts = [
        "Queued",
        *([place] if place else []),
        *([f"starts <t:{int(starts_at.timestamp())}:R>"] if starts_at else []),
    ]
    return f"{heading(job)}\n{', '.join(parts)}"


def running(job: Job, percent: int | None) -> str:
    """A running card; without a figure the engine has not begun its first step."""
    return f"{heading(job)}\n{'Starting' if percent is None else f'{percent} %'}"


def fetching(job: Job) -> str:
    """The card of a job whose model is on its way from the hub."""
    return f"{heading(job)}\nDownloading the model, which takes a while the first time"


def cancelling(job: Job) -> str:
    return f"{heading(job)}\nStopping"


def result(job: Job, notices: list[str]) -> str:
    """A finished card; the notices say what about its files is not as usual, a line each."""
    again = [REPEATED] if job.repeats_id is not None else []
    return "\n".join([heading(job), *again, *notices])


def page(web_address: str, image: Image) -> str:
    """Where a picture's page is; the address of the web gallery may come without a scheme."""
    base = web_address if "://" in web_address else f"http://{web_address}"
    return f"{base.rstrip('/')}/images/{image.id}"


def pages(images: Sequence[Image], web_address: str | None) -> list[str]:
    """A line that links to the pictures' pages, where there are such; a link button would be no dynamic item."""
    if not web_address or not images:
        return []
    if len(images) == 1:
        return [f"-# [Page](<{page(web_address, images[0])}>)"]
    links = " ".join(f"[{image.index + 1}](<{page(web_address, image)}>)" for image in images)
    return [f"-# Pages {links}"]


def ended(job: Job, reason: str | None) -> str:
    """A card that brings no pictures: failed (with the reason in words), cancelled or blocked."""
    if job.status is JobStatus.CANCELLED:
        return f"{heading(job)}\nCancelled"
    if job.status is JobStatus.BLOCKED:
        return f"{heading(job)}\n{reason or 'Blocked by the content filter.'}"
    return f"{heading(job)}\n{reason or 'Failed.'}"


def withheld(job: Job, count: int) -> str:
    """A card whose pictures only their author sees, until a moderator has looked."""
    what = "The picture is" if count == 1 else "The pictures are"
    return f"{heading(job)}\n{what} shown to only its author for now; a moderator will look."


def deleted(job: Job) -> str:
    """A card whose pictures were all deleted."""
    return f"{heading(job)}\nDeleted"


def single(job: Job, image: Image, pressed_by: int) -> str:
    """One picture of a grid on its own; who pressed U is named beside the author when it is someone else."""
    by = (
        f"by <@{job.author_id}>" if pressed_by == job.author_id else f"by <@{job.author_id}>, picked by <@{pressed_by}>"
    )
    return f"{bold(job.prompt)} - Image #{image.index + 1} {by}"


def separate(job: Job, image: Image) -> str:
    """A picture sent by itself: its prompt, its seed, its job."""
    return f"{bold(without_addresses(job.prompt), 1000)}\njob {job.id}, image #{image.index + 1}, seed {image.seed}"


def too_large(image: Image, limit: int, address: str | None) -> str:
    """A picture that fits this place's limit (bytes) in no form."""
    where = address or "the owner of this studio has the file"
    return (
        f"Image #{image.index + 1} is {megabytes(image.bytes)}, more than the {megabytes(limit)} allowed here: {where}"
    )


def missing(image: Image) -> str:
    """A picture whose file is not in the storage any more."""
    return f"Image #{image.index + 1} is missing from the studio's storage."


def made_smaller(images: list[Image], limit: int) -> str:
    """These pictures went out as WebP; the PNG originals are kept."""
    which = "Image" if len(images) == 1 else "Images"
    numbers = ", ".join(f"#{image.index + 1}" for image in images)
    return f"-# {which} {numbers} as WebP: files here may have {megabytes(limit)}. The PNG is kept."


def elsewhere(job: Job) -> str:
    """Opens a private message with a result that could not be posted where it was asked for."""
    return f"This could not be posted in <#{job.channel_id}>, so it comes here."


def facts(job: Job, images: list[Image]) -> list[tuple[str, str]]:
    """What `Image details` and `/show` tell about a job, as (name, value), in reading order."""
    request = job.request
    seeds = ", ".join(f"#{image.index + 1} {image.seed}" for image in images) or ", ".join(map(str, request["seeds"]))
    lines = [
        ("Job", f"{job.id}, {job.status.value}"),
        ("Model", f"`{request['model'].replace('`', '')}`"),
        ("Size", f"{request['width']} x {request['height']}"),
        ("Steps", str(request["steps"])),
        ("Guidance", f"{request['guidance']:g}"),
        ("Seeds", seeds),
    ]
    if request["negative_prompt"]:
        lines.append(("Without", bold(request["negative_prompt"], 300)))
    if request["strength"] is not None:
        start = "a picture handed in" if job.parent_image_id is None else f"image {job.parent_image_id}"
        lines.append(("Strength", f"{request['strength']:g} from {start}"))
    if job.started_at and job.finished_at:
        lines.append(("Took", f"{(job.finished_at - job.started_at).total_seconds():.1f} s"))
    lines.append(("Asked", f"<t:{int(job.created_at.timestamp())}:f>"))
    return lines


def details(job: Job, images: list[Image]) -> str:
    """`Image details`: everything that is known of a job or of one of its pictures."""
    return "\n".join([heading(job), *(f"**{name}** {value}" for name, value in facts(job, images))])


class Recipe(Protocol):
    """What a file says of how it was made."""

    @property
    def prompt(self) -> str: ...
    @property
    def model(self) -> str: ...
    @property
    def steps(self) -> int: ...
    @property
    def guidance(self) -> float: ...
    @property
    def seed(self) -> int: ...
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...


def recipe(said: Recipe) -> str:
    """What a file of ours says about itself; a stranger may have written it."""
    return (
        f"{bold(said.prompt, 500)}\nmodel {quote(said.model, 60)}, seed {said.seed}, {said.steps} steps, "
        f"guidance {said.guidance:g}, {said.width} x {said.height}"
    )


def entry(job: Job, position: int | None, starts_at: datetime | None, *, pictures: int = 0, limit: int = 120) -> str:
    """A job on one line of a list, its prompt in at most `limit` characters."""
    state = job.status.value
    if job.status is JobStatus.QUEUED and position:
        state = f"{ordinal(position)} in the queue"
    parts = [f"`{job.id}`", bold(job.prompt, limit), state]
    if pictures:
        parts.append("1 picture" if pictures == 1 else f"{pictures} pictures")
    parts.append(
        f"starts <t:{int(starts_at.timestamp())}:R>" if starts_at else f"<t:{int(job.created_at.timestamp())}:R>"
    )
    return " · ".join(parts)


@dataclass(frozen=True, kw_only=True)
class Credits:
    """Where a person stands: what is left, what a full period brings, and when the next one begins."""

    balance: int
    allowance: int
    refills_at: datetime
    relaxed_free: bool

    def __str__(self) -> str:
        free = ", `--relax` costs nothing" if self.relaxed_free else ""
        more = f"filled up to {self.allowance} <t:{int(self.refills_at.timestamp())}:R>"
        return f"{self.balance} credit{'' if self.balance == 1 else 's'}, {more}{free}"


def information(
    *,
    quota: Credits | None,
    paused: bool,
    mine: Load,
    everyone: Load,
    model: str,
    seconds_per_step: float | None,
    web_address: str | None,
) -> str:
    """`/info`; the pace is shown once it was measured."""
    lines = [
        f"**You** {mine.running} running, {mine.waiting} waiting",
        f"**Studio** {everyone.running} running, {everyone.waiting} waiting{PAUSED if paused else ''}",
        f"**Quota** {quota or 'no limit is set'}",
        f"**Model** `{model}`",
    ]
    if seconds_per_step is not None:
        lines.append(f"**Pace** {seconds_per_step:.2g} s per step and picture, as measured")
    if web_address:
        lines.append(f"**Gallery** <{web_address}>")
    return "\n".join(lines)


def guide(parameters: list[tuple[str, str, str]]) -> str:
    """`/help`; parameters as (name, other names, allowed values)."""
    listed = "\n".join(
        f"`{name}{f', {others}' if others else ''}` {allowed}".rstrip() for name, others, allowed in parameters
    )
    return f"""`/imagine` draws what you describe, `/edit` changes a picture in words, `/blend` makes one of several, \
`/describe` finds prompts for one. `/queue`, `/cancel`, `/show` and `/history` are about your jobs, `/settings` and \
`/prefer` about what you like, `/info` about the studio.

**Parameters** in the prompt win over options:
{listed}
`cat::2 dog::-0.5` weighs texts, `{{red, blue}}` makes a job of each, addresses of pictures come first.
**Buttons** U shows one picture by itself, V varies it, 🔄 draws again. **Menus** on any picture: Remix, Describe."""


def ordinal(number: int) -> str:
    """1 -> "1st", 12 -> "12th"."""
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"


def megabytes(size: int) -> str:
    """Bytes in the unit Discord shows: "10 MB" for 10 MiB."""
    return f"{size / 2**20:.0f} MB" if size >= 9.5 * 2**20 else f"{size / 2**20:.1f} MB"
