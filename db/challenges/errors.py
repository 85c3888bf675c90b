"""Why something cannot be done in a contest, as types that carry data."""

from db.errors import DatabaseError
from db.models import Phase


class NoSuchChallenge(DatabaseError):
    """There is no such contest in this server."""


class WrongPhase(DatabaseError):
    """`doing` ("enter", "withdraw", "vote", "cancel") is not possible while, or since, the contest is in `phase`."""

    def __init__(self, doing: str, phase: Phase) -> None:
        super().__init__(f"doing={doing} phase={phase}")
        self.doing = doing
        self.phase = phase


class EntryLimit(DatabaseError):
    """The person has all the entries, `limit`, that the contest allows."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"limit={limit}")
        self.limit = limit


class AlreadyEntered(DatabaseError):
    """This picture stands in the contest."""


class NoSuchEntry(DatabaseError):
    """There is no such entry, or it is out already."""


class NotYourBallot(DatabaseError):
    """The ballot is another person's, another server's, or never was."""


class OwnEntry(DatabaseError):
    """A ballot would speak of the voter's own entry."""
