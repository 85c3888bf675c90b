"""Who may take part with what: pictures against a contest's rules, voters against its gates. Pure."""

from collections.abc import Sequence
from datetime import timedelta

import discord

from bot.refusals import MayNotVote, UnfitPicture
from db.challenges.terms import Rules
from db.models import Challenge, Image, Job


def check_picture(challenge: Challenge, image: Image, lineage: Sequence[Job], *, nsfw_channel: bool) -> None:
    """Whether a picture fits; `lineage` is its own job, then the jobs of what it was made from. Raises UnfitPicture."""
    rules, job = Rules(**challenge.rules), lineage[0]
    if image.deleted_at is not None or image.unsure:
        raise UnfitPicture("gone")
    if image.guild_id != challenge.guild_id:
        raise UnfitPicture("elsewhere")
    if job.nsfw and not nsfw_channel:
        raise UnfitPicture("nsfw")
    if rules.fresh and image.created_at < challenge.opens_at:
        raise UnfitPicture("old", f"<t:{int(challenge.opens_at.timestamp())}:f>")
    if rules.model is not None and job.request["model"] != rules.model:
        raise UnfitPicture("model", rules.model)
    if rules.lora is not None and rules.lora not in {str(use["name"]) for use in job.request.get("loras") or ()}:
        raise UnfitPicture("lora", rules.lora)
    if rules.no_image_prompts and any(map(_has_image_prompt, lineage)):
        raise UnfitPicture("image_prompt")


def check_voter(challenge: Challenge, voter: discord.abc.User) -> None:
    """Whether a member may vote. Raises MayNotVote."""
    rules = Rules(**challenge.rules)
    if not isinstance(voter, discord.Member):
        raise MayNotVote("member")
    if rules.member_before and (voter.joined_at is None or voter.joined_at >= challenge.opens_at):
        raise MayNotVote("joined", f"<t:{int(challenge.opens_at.timestamp())}:f>")
    if challenge.opens_at - voter.created_at < timedelta(days=rules.account_days):
        raise MayNotVote("account", str(rules.account_days))
    if rules.role_id is not None and voter.get_role(rules.role_id) is None:
        raise MayNotVote("role", f"<@&{rules.role_id}>")


def _has_image_prompt(job: Job) -> bool:
    """Whether a stranger's picture went in; one's own earlier picture is a parent, and its job is looked at itself."""
    starts_from_upload = job.request.get("image") is not None and job.parent_image_id is None
    return starts_from_upload or bool(job.request.get("references"))
