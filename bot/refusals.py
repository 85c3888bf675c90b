"""What the bot does not do, for a reason of its own: types that carry data. The words for people live in `bot.errors`.

Over 300 lines because every one of them stands here.
"""

from datetime import datetime

import discord


class Refusal(Exception):
    """The bot does not do what was asked, for a reason of its own."""


class CannotPostHere(Refusal):
    """The bot lacks `missing` permissions (discord.py's names) in the place it was asked in."""

    def __init__(self, missing: list[str]) -> None:
        super().__init__(missing)
        self.missing = missing


class NotYours(Refusal):
    """Only the author or a moderator may do `verb` ("cancel", "delete", "show") to this; None names no author."""

    def __init__(self, verb: str, author_id: int | None) -> None:
        super().__init__(verb, author_id)
        self.verb = verb
        self.author_id = author_id


class Gone(Refusal):
    """The picture or job a button or command names was deleted or never was."""


class Expired(Refusal):
    """The question that a button answers was asked too long ago."""


class OwnPicture(Refusal):
    """One's own picture takes no like."""


class MadeElsewhere(Refusal):
    """A picture is shared in the server where it was made."""


class AgeRestricted(Refusal):
    """A picture from an age-restricted channel shows itself, and goes on, in such channels only."""


class AgeRestrictedContest(Refusal):
    """A contest shows pictures from age-restricted channels, in such channels only."""


class NothingSimilar(Refusal):
    """There is nothing to compare the picture with, or it has not been looked at yet."""


class NoSuchJob(Refusal):
    """`given` names no job that this person can see."""

    def __init__(self, given: str) -> None:
        super().__init__(given)
        self.given = given


class NothingToCancel(Refusal):
    """There is no waiting or running job to cancel; `ended` when the one that was named is over."""

    def __init__(self, *, ended: bool) -> None:
        super().__init__(ended)
        self.ended = ended


class NotACard(Refusal):
    """A message menu was used on a message that shows no job."""


class Withheld(Refusal):
    """Only the author sees the picture until a moderator has looked at it."""


class Banned(Refusal):
    """A moderator of this server shut the person out, until a time or until it is lifted (None); `view`: a way out."""

    def __init__(self, until: datetime | None, reason: str, view: discord.ui.View | None = None) -> None:
        super().__init__(until, reason)
        self.until = until
        self.reason = reason
        self.view = view


class ElsewhereOnly(Refusal):
    """Commands are taken in these channels of the server only."""

    def __init__(self, channels: list[int]) -> None:
        super().__init__(channels)
        self.channels = channels


class AboveCap(Refusal):
    """The server lets this person have at most `most` of `what` ("steps", "pixels", "loras", "model")."""

    def __init__(self, what: str, given: str, most: str) -> None:
        super().__init__(what, given, most)
        self.what = what
        self.given = given
        self.most = most


class BlockedWord(Refusal):
    """The prompt holds an entry of the server's list of blocked words."""

    def __init__(self, entry: str) -> None:
        super().__init__(entry)
        self.entry = entry


class ModeratorsOnly(Refusal):
    """The button or command is for those who have a permission (discord.py's name) in this server."""

    def __init__(self, permission: str) -> None:
        super().__init__(permission)
        self.permission = permission


class DecidedAlready(Refusal):
    """Somebody was first: the report, the question or the appeal is closed."""


class SaidAlready(Refusal):
    """The person has reported or appealed this before."""


class NoReportsChannel(Refusal):
    """Nobody would see what is asked of moderators: the server has set no channel for it."""


class BadSetting(Refusal):
    """A moderator gave a setting a value it cannot have; `allowed` says which ones it can."""

    def __init__(self, name: str, given: str, allowed: str) -> None:
        super().__init__(name, given, allowed)
        self.name = name
        self.given = given
        self.allowed = allowed


class ClosedMessages(Refusal):
    """The person takes no direct messages from the bot."""


class TooLargeToSend(Refusal):
    """Discord takes no file of this size in a direct message."""


class NotSure(Refusal):
    """Deleting all one has was not confirmed as it was asked for."""


class ForeignAddress(Refusal):
    """A picture's address is not one of Discord's servers but of `host`, "" where there is none."""

    def __init__(self, host: str) -> None:
        super().__init__(host[:100])
        self.host = host[:100]


class NotFetched(Refusal):
    """Discord's server did not give the picture: its HTTP `status`, None where it did not answer."""

    def __init__(self, status: int | None) -> None:
        super().__init__(status)
        self.status = status


class UnfitPicture(Refusal):
    """A picture does not fulfil a contest's rules; `reason` names which, `wanted` what it asks for."""

    def __init__(self, reason: str, wanted: str = "") -> None:
        super().__init__(reason, wanted)
        self.reason = reason
        self.wanted = wanted


class MayNotVote(Refusal):
    """A contest's gates keep this person from voting; `reason` names which, `wanted` what it asks for."""

    def __init__(self, reason: str, wanted: str = "") -> None:
        super().__init__(reason, wanted)
        self.reason = reason
        self.wanted = wanted


class NotGivable(Refusal):
    """The bot may not hand out this role."""

    def __init__(self, role_id: int) -> None:
        super().__init__(role_id)
        self.role_id = role_id


class NotYoursToGive(Refusal):
    """The person may not hand out this role, so the bot does not do it for them."""

    def __init__(self, role_id: int) -> None:
        super().__init__(role_id)
        self.role_id = role_id


class PowerfulRole(Refusal):
    """Anybody could take this role by a button, and it allows more than everybody is allowed."""

    def __init__(self, role_id: int) -> None:
        super().__init__(role_id)
        self.role_id = role_id


class NotCallable(Refusal):
    """The bot's mention of this role would call nobody."""

    def __init__(self, role_id: int) -> None:
        super().__init__(role_id)
        self.role_id = role_id


class NotYourPicture(Refusal):
    """Somebody entered, or took out, a picture of another person."""


class NoContest(Refusal):
    """There is no contest in a phase that would allow `doing` ("enter", "vote")."""

    def __init__(self, doing: str) -> None:
        super().__init__(doing)
        self.doing = doing


class BadLoraName(Refusal):
    """A LoRA cannot be called `name`: nobody could type it in a prompt."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class OneOfTwo(Refusal):
    """Exactly one of the options `first` and `second` is needed."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(first, second)
        self.first = first
        self.second = second


class NoSuchFile(Refusal):
    """The owner put no file `name` into the folder for it."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class UnknownLora(Refusal):
    """No LoRA that this person may use is called `name`; `nearest` is the closest one, or None."""

    def __init__(self, name: str, nearest: str | None) -> None:
        super().__init__(name[:100], nearest)
        self.name = name[:100]
        self.nearest = nearest


class NoRoom(Refusal):
    """`--hd` would be no larger than the usual `width` x `height` of `model`, by its own or the owner's limit."""

    def __init__(self, model: str, width: int, height: int) -> None:
        super().__init__(model, width, height)
        self.model = model
        self.width = width
        self.height = height


class ShapeStays(Refusal):
    """Words ask for another shape than the `width` x `height` of the picture, of which only a part is drawn anew."""

    def __init__(self, width: int, height: int) -> None:
        super().__init__(width, height)
        self.width = width
        self.height = height


class BadFactor(Refusal):
    """`given` is no factor to zoom out by."""

    def __init__(self, given: str) -> None:
        super().__init__(given[:100])
        self.given = given[:100]


class NoPart(Refusal):
    """Neither a part of the picture nor a mask was chosen."""


class BlackMask(Refusal):
    """A mask that has nothing white in it, so that nothing would be drawn anew."""


class NothingSeen(Refusal):
    """The describer can tell nothing of a picture."""


class NoPicture(Refusal):
    """A message was named that shows no picture."""


class StrayWords(Refusal):
    """`given` is no parameter, where only parameters are wanted."""

    def __init__(self, given: str) -> None:
        super().__init__(given[:100])
        self.given = given[:100]


class BadOption(Refusal):
    """`given` can be no name of a person's own parameter: taken by a real one, or not of letters."""

    def __init__(self, given: str, *, taken: bool) -> None:
        super().__init__(given[:100], taken)
        self.given = given[:100]
        self.taken = taken


class Closing(Refusal):
    """The bot is on its way down and takes nothing new."""
