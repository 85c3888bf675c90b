"""Words for everything that can go wrong in front of a person, and the one function that answers with them.

The other packages raise types that carry data; what people read about them is written here and nowhere else.
Over 300 lines because of that.
"""

import logging
import secrets
import traceback
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import aiohttp
import discord
from discord import app_commands

import bot.refusals as own
import db.challenges.errors as contests
import db.errors as rows
import engine.errors as pixels
import prompts
from bot.loras.words import refusal
from bot.ui.quoting import quote
from db.models import Phase
from engine.lora.errors import LoraMissing, LoraRefused

log = logging.getLogger(__name__)

ALREADY_ANSWERED = 40060
UNKNOWN_INTERACTION = 10062
UNKNOWN_WEBHOOK = 10015


async def answer(interaction: discord.Interaction, error: BaseException) -> None:
    """Tell the person, privately, what was wrong and what would be right; answers once, logs once, never raises."""
    cause = error.original if isinstance(error, app_commands.CommandInvokeError) else error
    words = explain(cause)
    if words is None:
        if _is_too_late(cause) or _went_down(cause):
            log.info("an interaction was answered too late or twice, or while the bot went down: %s", cause)
            return
        words = f"Something broke here (id {_report(cause)})."
    try:
        await tell(interaction, words, cause.view if isinstance(cause, own.Banned) else None)
    except (discord.HTTPException, aiohttp.ClientError, OSError, TimeoutError) as problem:
        log.info("an error could not be told: %s", type(problem).__name__)
    except RuntimeError as problem:
        if not _went_down(problem):
            raise
        log.info("an error could not be told: the bot went down")


async def tell(interaction: discord.Interaction, words: str, view: discord.ui.View | None = None) -> None:
    """A private answer, whatever was answered before: first answer, in place of a public "thinking", or a follow-up."""
    response = interaction.response
    buttons = view or discord.utils.MISSING
    if not response.is_done():
        try:
            await response.send_message(words, view=buttons, ephemeral=True)
            return
        except discord.HTTPException as problem:
            if problem.code != ALREADY_ANSWERED:
                raise
    elif response.type is discord.InteractionResponseType.deferred_channel_message:
        # Whether an answer is private was fixed when it was deferred; only a new one can be.
        await interaction.delete_original_response()
    await interaction.followup.send(words, view=buttons, ephemeral=True)


def explain(error: BaseException) -> str | None:
    """What was wrong and what would be right, in a sentence or two; None for what nobody foresaw."""
    for kind in (_prompt, _own, _contests, _rows, _pixels, _discord):
        words = kind(error)
        if words is not None:
            return words
    return None


def _wish(name: object) -> str:
    """What of a request a model cannot do, in people's words."""
    return {
        "loras": "LoRAs",
        "negative_prompt": "what is to be kept out",
        "image": "a picture to start from",
        "mask": "regions",
        "texts": "weighted texts",
        "references": "reference pictures",
        "size": "other sizes than its own",
        "scheduler": "other schedulers than its own",
    }.get(str(name), quote(str(name), 60))


def explain_failure(code: str | None, detail: Mapping[str, Any] | None) -> str:
    """Why a job failed, from its row; always some words, and always that nothing was charged."""
    detail = detail or {}
    match code:
        case "out_of_memory":
            reason = "Failed: the picture is too large for this device. Fewer pictures or a smaller size would do"
        case "model_damaged" | "model_quantised" | "model_unavailable":
            reason = "Failed: the model could not be loaded. The owner sees why in `atelier doctor`"
        case "model_too_large":
            reason = "Failed: the device has not enough memory for this model"
        case "not_by_this_model":
            name = quote(str(detail.get("name", "?")), 60)
            reason = f"Failed: the model `{name}` draws by a pipeline of its own, without {_wish(detail.get('wish'))}"
        case "unknown_model":
            reason = f"Failed: the model `{quote(str(detail.get('name', '?')), 60)}` is no longer here"
        case "licence_not_accepted":
            reason = "Failed: the owner has not accepted this model's licence"
        case "picture_filter":
            reason = "Blocked: the picture filter refused this"
        case "filter_failed":
            reason = "Blocked: the picture filter could not judge this. The owner finds why in the log"
        case "filter_missing":
            reason = "Failed: this model's licence asks for a picture filter. The owner sets it in `[filter]`"
        case "lora_refused":
            words = quote(refusal(LoraRefused.of(detail)), 400)
            reason = f"Failed: a LoRA does not fit, {words}"
        case "lora_missing":
            reason = "Failed: the file of a LoRA is no longer here"
        case "lora_bank_full":
            reason = "Failed: the LoRAs of this picture do not fit in the device's memory together. Fewer would do"
        case "disk_full":
            reason = "Failed: the studio's disk is full"
        case "picture_missing":
            reason = "Failed: the picture to start from is no longer here"
        case "upscaled_enough":
            reason = f"Failed: the picture would be longer than {detail.get('longest')} pixels"
        case "nothing_left":
            reason = "Failed: this takes away all there is to draw. Say what should be there instead"
        case "panned_enough":
            reason = "Failed: the picture has no room to go on there"
        case "unsupported_size":
            reason = f"Failed: the model does not draw {detail.get('width')} x {detail.get('height')}"
        case "not_finite":
            reason = "Failed: the model gave no picture. Another seed or fewer steps may do"
        case "attempts" | "max_attempts" | "too_many_attempts" | "lost":
            reason = "Failed: the studio was interrupted too often while drawing this"
        case "internal":
            reason = "Failed: something broke while this was drawn, the owner finds it in the log"
        case _:
            reason = f"Failed ({quote(code or 'no reason given', 60)})"
    return f"{reason}. Nothing was charged."


def _prompt(error: BaseException) -> str | None:
    match error:
        case prompts.EmptyPrompt():
            return "The prompt is empty. Say what the picture shows, such as `a red house under a starry night sky`."
        case prompts.PromptTooLong():
            return f"The prompt has {error.length} characters; {error.limit} fit."
        case prompts.UnknownParameter():
            hint = f"Did you mean `--{error.nearest}`?" if error.nearest else "`/help` lists them all."
            return f"There is no parameter `--{_code(error.name)}`. {hint}"
        case prompts.MissingValue():
            return f"`--{error.parameter}` needs a value: {error.allowed}."
        case prompts.RepeatedParameter():
            also = f" (also called {', '.join(f'`--{name}`' for name in error.aliases)})" if error.aliases else ""
            return f"`--{error.parameter}`{also} is given twice. Once is clear."
        case prompts.BadValue(parameter="ar"):
            return f"`{_code(error.given)}` is no aspect ratio here. `--ar W:H` goes from 1:4 to 4:1, such as `16:9`."
        case prompts.BadValue(parameter="image"):
            return f"`{_code(error.given)}` is no address of a picture: `https://...`, with `::0` to `::3` as weight."
        case prompts.BadValue(parameter="::"):
            return f"`{_code(error.given)}` is no weight here. Weights go from `::-1000` to `::1000`."
        case prompts.BadValue(allowed=""):
            return f"`--{error.parameter}` takes no value, not even `{_code(error.given)}`."
        case prompts.BadValue():
            hint = f" Did you mean `{error.suggestion}`?" if error.suggestion else ""
            return f"`--{error.parameter}` cannot be `{_code(error.given)}`. Allowed: {error.allowed}.{hint}"
        case prompts.Conflict():
            return f"`--{error.parameter}` and `--{error.other}` exclude each other. Keep one."
        case prompts.Needless(other="image"):
            return f"`--{error.parameter}` weighs image prompts, and there is none: put an address before the words."
        case prompts.Needless(given=None):
            return f"`--{error.parameter}` is the weight of `--{error.other}`, which is missing."
        case prompts.Needless():
            name = _code(error.given)
            return f"`--{error.parameter}` names the LoRA `{name}`, which the prompt does not use: add `--lora {name}`."
        case prompts.NearlyParameter() if "--" in (error.given or "")[1:]:
            return f"`{_code(error.given)}` runs together. Put a space before the dashes of `--{error.parameter}`."
        case prompts.NearlyParameter():
            return (
                f"`{_code(error.given)}` would be read as words. A parameter stands apart, with two dashes: "
                f"`--{error.parameter}`."
            )
        case prompts.MisplacedImage():
            return f"`{_code(error.given)}` stands among the words. Pictures come first, then the words."
        case prompts.UnfinishedTag():
            return f"`{_code(error.given)}` has no end. A LoRA is `<lora:NAME:0.8>`."
        case prompts.UnfinishedQuote():
            return f"The quotation mark in `{_code(error.given)}` has no other one."
        case prompts.BadWeights():
            return f"The weights add up to {error.given}; together they must be more than 0, as in `hot::2 dog::-0.5`."
        case prompts.StrayWeight():
            return f"The weight `{_code(error.given)}` stands apart from its words. Together they are `hot::2 dog::1`."
        case prompts.TooMany(parameter="job"):
            return f"The braces make {error.given} prompts, and {error.limit} at once are allowed."
        case prompts.TooMany(parameter="brace"):
            return f"Braces stand inside of braces more than {error.limit} deep here."
        case prompts.TooMany(parameter="text"):
            return f"The prompt has {error.given} parts with `::`; {error.limit} are allowed."
        case prompts.TooMany(parameter="lora"):
            return f"The prompt uses {error.given} LoRAs; {error.limit} work together at most."
        case prompts.TooMany():
            return f"The prompt begins from {error.given} pictures; {error.limit} are allowed."
        case prompts.UnbalancedBraces() if (error.given or "").startswith("}"):
            return (
                f"The brace in `{_code(error.given)}` closes nothing: a choice is `{{red, blue}}`. A brace that "
                "chooses nothing is written `\\}`."
            )
        case prompts.UnbalancedBraces():
            return (
                f"The brace in `{_code(error.given)}` is not closed: a choice is `{{red, blue}}`. A brace that "
                "chooses nothing is written `\\{`."
            )
    return None


def _own(error: BaseException) -> str | None:
    match error:
        case own.CannotPostHere():
            names = ", ".join(name.replace("_", " ").title() for name in error.missing)
            return f"I lack permissions in this channel: {names}. A moderator can grant them; nothing was queued."
        case own.NotYours(author_id=None):
            return f"Only its author or a moderator may {error.verb} this."
        case own.NotYours():
            return f"Only <@{error.author_id}> or a moderator may {error.verb} this."
        case own.Gone():
            return "This picture was deleted."
        case own.Expired():
            return "This question has expired: it was asked days ago. Ask again; nothing was queued."
        case own.OwnPicture():
            return "This is your own picture; hearts come from others."
        case own.AgeRestricted():
            return "It comes from an age-restricted channel; go on with it in one."
        case own.AgeRestrictedContest():
            return "This challenge has pictures from age-restricted channels; look at it in one."
        case own.MadeElsewhere():
            return "Share it in the server where it was made."
        case own.NothingSimilar():
            return "Nothing similar is in this gallery yet."
        case own.NoSuchJob():
            return f"There is no job `{_code(error.given)}` of yours. `/history` shows them all."
        case own.NothingToCancel(ended=True):
            return "This job is over already. Use `Cancel or delete` on its message to delete the pictures."
        case own.NothingToCancel():
            return "You have no job waiting or running."
        case own.NotACard():
            return "This message shows no job of mine."
        case own.Withheld():
            return "A moderator has to look at this picture before anything is done with it."
        case own.Banned(until=None):
            return f"A moderator has shut you out of this studio{_because(error.reason)}."
        case own.Banned(until=datetime() as until):
            moment = f"<t:{int(until.timestamp())}:f>"
            return f"A moderator has shut you out of this studio until {moment}{_because(error.reason)}."
        case own.ElsewhereOnly():
            where = ", ".join(f"<#{channel}>" for channel in error.channels[:10])
            return f"In this server I work in {where}."
        case own.AboveCap(what="model"):
            return f"You may not use the model `{_code(error.given)}` in this server. Allowed: {_code(error.most)}."
        case own.AboveCap():
            given, most = f"{int(error.given):,}", f"{int(error.most):,}"
            what = "LoRAs" if error.what == "loras" else error.what
            return f"In this server you may have {most} {what} at most, and this has {given}."
        case own.BlockedWord():
            return f"This server does not draw `{_code(error.entry)}`. Nothing was queued and nothing charged."
        case own.ModeratorsOnly():
            return f"This is for members who may {error.permission.replace('_', ' ')} in this server."
        case own.DecidedAlready():
            return "Somebody has decided this already."
        case own.SaidAlready():
            return "You have said so before; the moderators see it."
        case own.NoReportsChannel():
            return "This server has no channel for reports. A manager sets one with `/admin channel reports`."
        case own.BadSetting():
            return f"`{_code(error.name)}` cannot be `{_code(error.given)}`. Allowed: {error.allowed}."
        case own.ClosedMessages():
            return "I cannot write to you. Allow direct messages from this server's members and ask again."
        case own.TooLargeToSend():
            return "Discord takes no files as large as yours in direct messages. The owner of this studio has them."
        case own.NotSure():
            return "Nothing was deleted. To delete everything, type the word as it is asked for."
        case own.ForeignAddress():
            where = f"`{_code(error.host)}`" if error.host else "no address"
            return f"Pictures come from Discord only, and this is {where}. Attach the picture, or use its Discord link."
        case own.NotFetched(status=403 | 404):
            return "Discord no longer has this picture: its links expire. Attach the picture, or copy its link again."
        case own.NotFetched():
            return "Discord did not give me this picture. Try again in a moment; nothing was queued."
        case own.BadLoraName():
            name = _code(error.name)
            return f"`{name}` cannot be the name of a LoRA: up to 60 letters, no quotes, brackets, colons and commas."
        case own.OneOfTwo():
            return f"One of the two is needed: `{error.first}` or `{error.second}`."
        case own.NoSuchFile():
            return f"There is no file `{_code(error.name)}` in the folder `loras/incoming` of the studio's storage."
        case own.UnknownLora():
            hint = f"Did you mean `{_code(error.nearest)}`?" if error.nearest else "`/lora list` shows them all."
            return f"There is no LoRA `{_code(error.name)}`. {hint}"
        case own.NoRoom():
            return (
                f"`--hd` has no room here: `{_code(error.model)}` draws {error.width} x {error.height} at most by its "
                "own or the owner's limit."
            )
        case own.ShapeStays():
            return (
                f"A region keeps the shape of its picture, {error.width} x {error.height}. Leave out `--ar`, `--size`, "
                "`--draft` and `--hd`."
            )
        case own.BadFactor():
            return f"`{_code(error.given)}` is no zoom. It goes from 1.01 to 2, such as `1.8`."
        case own.NoPart():
            return "Say which part is to be drawn anew: choose parts of the grid, or hand in a mask."
        case own.BlackMask():
            return "The mask is black all over. What is white in it is drawn anew; what is black stays."
        case own.NothingSeen():
            return "Nothing can be told of this picture."
        case own.NoPicture():
            return "This message shows no picture."
        case own.StrayWords():
            return f"Only parameters fit here, such as `--ar 16:9 --s 200`; `{_code(error.given)}` is none."
        case own.BadOption(taken=True):
            return f"`--{_code(error.given)}` is a parameter already. Choose another name."
        case own.BadOption():
            return f"`{_code(error.given)}` can be no name: up to 30 letters, digits and dashes, a letter first."
        case own.Closing():
            return "The studio is restarting. Try again in a moment; nothing was queued."
    return None


_UNFIT = {
    "gone": "This picture was deleted or is withheld.",
    "elsewhere": "Only pictures made in this server can be entered.",
    "nsfw": "This picture was made in an age-restricted channel, and the challenge is not in one.",
    "old": "Only pictures made after the opening ({}) can be entered.",
    "model": "Only pictures of the model `{}` can be entered.",
    "lora": "Only pictures with the LoRA `{}` can be entered.",
    "image_prompt": "Only pictures made from words alone can be entered; this one has an image prompt in its line.",
}
_NO_VOTE = {
    "member": "Only members of this server vote.",
    "joined": "Only those vote who were members before the opening ({}).",
    "account": "Only accounts that were {} days old at the opening vote.",
    "role": "Only those with {} vote.",
}


def _contests(error: BaseException) -> str | None:
    match error:
        case own.UnfitPicture():
            return _UNFIT[error.reason].format(_code(error.wanted))
        case own.MayNotVote():
            return _NO_VOTE[error.reason].format(error.wanted)
        case own.NotGivable():
            return (
                f"I may not give <@&{error.role_id}>: that needs the permission Manage Roles, and a role below my own. "
                "Nothing was changed."
            )
        case own.NotYoursToGive():
            return (
                f"You may not give <@&{error.role_id}>: that needs the permission Manage Roles, and a role below your "
                "highest. Nothing was changed."
            )
        case own.PowerfulRole():
            return (
                f"<@&{error.role_id}> has permissions that not everybody has, and a role that is called can be taken "
                "by anybody. Choose one without. Nothing was changed."
            )
        case own.NotCallable():
            return (
                f"My mention of <@&{error.role_id}> would call nobody: allow anyone to mention the role, or give me "
                "the permission Mention Everyone. Nothing was created."
            )
        case own.NotYourPicture():
            return "You can only enter and withdraw your own pictures."
        case own.NoContest():
            verb = {"enter": "takes entries", "vote": "takes votes", "cancel": "could be cancelled"}.get(
                error.doing, ""
            )
            return f"No challenge {verb or 'is there'} right now. `/challenge list` shows all of them."
        case contests.NoSuchChallenge():
            return "There is no such challenge in this server. `/challenge list` shows all of them."
        case contests.WrongPhase():
            return _wrong_phase(error.doing, error.phase)
        case contests.EntryLimit(limit=1):
            return "You have entered a picture already. `/challenge withdraw` takes it back, then another can go in."
        case contests.EntryLimit():
            return f"You have entered {error.limit} pictures, and no more fit. `/challenge withdraw` takes one out."
        case contests.AlreadyEntered():
            return "This picture is in the challenge already."
        case contests.NoSuchEntry():
            return "This picture is not in the challenge, or was taken out before."
        case contests.NotYourBallot():
            return "This question was put to somebody else. `/challenge vote` gives you yours."
        case contests.OwnEntry():
            return "Nobody votes on their own picture."
    return None


def _wrong_phase(doing: str, phase: Phase) -> str:
    match doing, phase:
        case (("enter" | "vote"), Phase.SCHEDULED):
            return "This challenge has not opened yet; its card says when it will."
        case "vote", Phase.OPEN:
            return "Voting has not begun yet; the challenge still takes entries."
        case "enter", (Phase.OPEN | Phase.VOTING):
            return "This challenge takes no more entries: voting has begun."
        case "vote", _:
            return "Voting is over. `/challenge results` shows how it ended."
        case "withdraw", _:
            return "The votes are in; nothing can be withdrawn any more."
        case "results", _:
            return "There is no result yet: nobody sees a count before the end."
        case "cancel", _:
            return "This challenge is over; it cannot be cancelled any more."
    return "This challenge is over."


def _because(reason: str) -> str:
    return f": {quote(reason, 300)}" if reason else ""


def _rows(error: BaseException) -> str | None:
    match error:
        case rows.NotShareable(reason="hidden"):
            return "A moderator hid this picture; it cannot be shared."
        case rows.NotShareable(reason="unsure"):
            return "A moderator has to look at this picture before it can be shared."
        case rows.NotShareable(reason="no server"):
            return "Pictures made in direct messages have no gallery. `/imagine` in a server makes one that has."
        case rows.NotShareable():
            return "This picture was deleted."
        case rows.AnsweredAlready():
            return "You have answered this question already."
        case rows.TooManyWaiting():
            return f"One person may have {error.limit} jobs waiting, and this would be more. `/queue` shows yours."
        case rows.NameTaken():
            return f"Another LoRA is called `{_code(error.name)}`. Choose another name; nothing was kept."
        case rows.QueueFull():
            return f"The queue is full ({error.limit} jobs wait). Try again when some are done; nothing was queued."
        case rows.TooManyOptions():
            return f"You have {error.limit} parameters of your own, the most there can be. Remove one first."
        case rows.Overdrawn():
            have = f"{error.balance} credit{'' if error.balance == 1 else 's'}"
            return f"This costs {error.cost}, and you have {have}. `/info` shows when there will be more."
        case rows.DatabaseFull():
            return "The studio's disk is full; nothing was queued. The owner needs to make room."
    return None


def _pixels(error: BaseException) -> str | None:
    match error:
        case pixels.UnknownModel():
            hint = f" Did you mean `{_code(error.nearest)}`?" if error.nearest else " The option `model` lists them."
            return f"There is no model `{_code(error.name)}`.{hint}"
        case pixels.UnsupportedSize():
            return (
                f"The model does not draw {error.width} x {error.height}: sides go from {error.smallest} to "
                f"{error.largest} pixels in steps of {error.multiple}."
            )
        case pixels.NotByThisModel():
            wish = _wish(error.wish)
            return f"The model `{_code(error.name)}` draws by a pipeline of its own, without {wish}. Leave it out."
        case pixels.ModelTooLarge():
            return (
                f"The model `{_code(error.name)}` needs {error.needed / 2**30:.1f} GiB of memory, and the studio has "
                f"{error.free / 2**30:.1f} for it."
            )
        case pixels.UnfitUpload():
            return f"{_upload(error)} Nothing was queued."
        case pixels.UpscaledEnough():
            return (
                f"This picture is {error.width} x {error.height}; twice that is more than the {error.longest} pixels a "
                "side may have here."
            )
        case pixels.NothingLeft():
            return (
                "This takes away all there is to draw. Say what should be there instead, such as `turn the cat into a "
                "bird`. Nothing was queued."
            )
        case pixels.PannedEnough():
            return (
                f"This picture is {error.width} x {error.height} and has no room to go on there: a side may have "
                f"{error.longest} pixels here, and be {error.widest} times as long as the other."
            )
        case pixels.LicenceNotAccepted():
            return f"The owner has not accepted the licence of `{_code(error.name)}` ({quote(error.licence, 100)})."
        case pixels.DiskFull():
            return "The studio's disk is full; nothing was stored. The owner needs to make room."
        case pixels.PictureMissing():
            return "The file of this picture is missing from the studio's storage."
        case LoraRefused():
            words = quote(refusal(error), 400)
            return f"This LoRA cannot be used: {words}."
        case LoraMissing():
            return "The file of this LoRA is missing from the studio's storage. A moderator can add it again."
        case pixels.EngineClosed():
            return "The studio is restarting. Try again in a moment."
        case (
            pixels.ModelDamaged()
            | pixels.ModelQuantised()
            | pixels.ModelUnavailable()
            | pixels.ModelNowhere()
            | pixels.NoSuchDevice()
        ):
            return "The studio's model could not be loaded; nothing was queued. The owner sees why in `atelier doctor`."
        case pixels.EngineError():
            return f"The engine could not do this ({quote(error.code, 60)})."
    return None


def _upload(error: pixels.UnfitUpload) -> str:
    size = f"{error.width} x {error.height}"
    match error.reason:
        case "too many bytes":
            return f"The file is too large: {error.allowed} are taken."
        case "no picture":
            return f"This file is no picture I can read. I take {error.allowed}."
        case "too large":
            return f"The picture has {size} pixels. I take up to {error.allowed}."
        case "too small":
            return f"The picture has {size} pixels. It needs at least {error.allowed}."
        case "too narrow":
            return f"The picture has {size} pixels. It may be at most {error.allowed}."
    return "The picture is damaged. Save it again as PNG or JPEG."


def _discord(error: BaseException) -> str | None:
    match error:
        case app_commands.CommandNotFound() | app_commands.CommandSignatureMismatch():
            return "This command has changed. Type `/` again and pick it from the list."
        case app_commands.TransformerError():
            return f"`{_code(str(error.value))}` is not a value this option takes."
        case app_commands.NoPrivateMessage():
            return "This works in a server only."
        case app_commands.CheckFailure():
            return "You may not use this command here."
    return None


def _is_too_late(error: BaseException) -> bool:
    return isinstance(error, discord.HTTPException) and error.code in (
        ALREADY_ANSWERED,
        UNKNOWN_INTERACTION,
        UNKNOWN_WEBHOOK,
    )


def _went_down(error: BaseException) -> bool:
    """Whether the client's connections were closed under a press or command that was still at work."""
    return isinstance(error, RuntimeError) and "session is closed" in str(error).lower()


def _report(error: BaseException) -> str:
    """Log what nobody foresaw under a short id. Its message may quote a prompt, so that goes to DEBUG only."""
    report = secrets.token_hex(3)
    trace = "".join(traceback.format_tb(error.__traceback__))
    log.error("error %s: %s\n%s", report, type(error).__qualname__, trace)
    log.debug("error %s says: %s", report, error)
    return report


def _code(text: str | None) -> str:
    """Fit for a place between backticks."""
    return " ".join((text or "").replace("`", "'").replace("@", "@\u200b").split())[:100]
