"""From ballots to places, by voting mode: pure and deterministic, knows no rows.

**Ties.** The higher score wins; scores are compared rounded to six decimals, so that machines agree. Of equal scores
the entry with more ballots in its favour comes first (comparisons won, approvals, stars given), then the one that was
entered earlier.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from db.challenges.bradley_terry import Z95, Array, fit
from db.models import VotingMode

PRIOR_STARS = 3.0
"""How many ballots of the average star count are added to each entry, so that one friend's five stars do not win."""
_PLACES = 6


@dataclass(frozen=True, slots=True)
class Vote:
    """An answered ballot as `db.models.Ballot` explains it: two entries, or one named twice."""

    voter_id: int
    entry_id: int
    other_id: int
    value: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """One line of a result; `low` and `high` end the score's 95 % interval, `ballots` are those that spoke of it.

    The score is 0..1 for pairs (the chance to be preferred to an average entry) and approval (the share of those who
    were asked), and 1..5 for stars.
    """

    place: int
    entry_id: int
    score: float
    low: float
    high: float
    ballots: int


@dataclass(frozen=True, slots=True)
class _Standing:
    score: float
    low: float
    high: float
    ballots: int
    favour: int


def tally(mode: VotingMode, entries: Sequence[int], votes: Sequence[Vote]) -> list[Place]:
    """The places of `entries`, which come in the order they were entered; ballots on anything else do not count."""
    standing = set(entries)
    counted = [vote for vote in votes if vote.entry_id in standing and vote.other_id in standing]
    by_mode = {VotingMode.PAIRS: _pairs, VotingMode.APPROVAL: _approval, VotingMode.STARS: _stars}
    found = by_mode[mode](entries, counted) if entries else []
    ranked = sorted(range(len(entries)), key=lambda index: (-found[index].score, -found[index].favour, index))
    return [
        Place(
            place=place,
            entry_id=entries[index],
            score=found[index].score,
            low=found[index].low,
            high=found[index].high,
            ballots=found[index].ballots,
        )
        for place, index in enumerate(ranked, start=1)
    ]


def wins_of(entries: Sequence[int], votes: Sequence[Vote]) -> Array:
    """[i, j] says how often entry i was preferred to entry j; skipped pairs say nothing."""
    index = {entry: number for number, entry in enumerate(entries)}
    wins = np.zeros((len(entries), len(entries)))
    for vote in votes:
        if vote.value and vote.entry_id in index and vote.other_id in index:
            one, other = index[vote.entry_id], index[vote.other_id]
            wins[(one, other) if vote.value > 0 else (other, one)] += 1
    return wins


def _pairs(entries: Sequence[int], votes: Sequence[Vote]) -> list[_Standing]:
    wins = wins_of(entries, votes)
    fitted = fit(wins)
    won, games = wins.sum(axis=1), (wins + wins.T).sum(axis=1)
    return [
        _Standing(*map(_rounded, fitted.against_average(index)), ballots=int(games[index]), favour=int(won[index]))
        for index in range(len(entries))
    ]


def _approval(entries: Sequence[int], votes: Sequence[Vote]) -> list[_Standing]:
    asked = Counter(vote.entry_id for vote in votes)
    liked = Counter(vote.entry_id for vote in votes if vote.value == 1)
    return [
        _Standing(*map(_rounded, _share(liked[entry], asked[entry])), ballots=asked[entry], favour=liked[entry])
        for entry in entries
    ]


def _share(part: int, whole: int) -> tuple[float, float, float]:
    """The share with E. B. Wilson's score interval (Journal of the American Statistical Association 22, 1927)."""
    if whole == 0:
        return 0.0, 0.0, 1.0
    share, z2 = part / whole, Z95**2
    middle = (share + z2 / (2 * whole)) / (1 + z2 / whole)
    half = Z95 * sqrt(share * (1 - share) / whole + z2 / (4 * whole**2)) / (1 + z2 / whole)
    return share, max(0.0, middle - half), min(1.0, middle + half)


def _stars(entries: Sequence[int], votes: Sequence[Vote]) -> list[_Standing]:
    """Means drawn towards the mean of all stars by `PRIOR_STARS` ballots; the interval is the mean's normal one."""
    everything = [vote.value for vote in votes]
    mean = sum(everything) / len(everything) if everything else 3.0
    found: list[_Standing] = []
    for entry in entries:
        stars = [vote.value for vote in votes if vote.entry_id == entry]
        weight = len(stars) + PRIOR_STARS
        score = (sum(stars) + PRIOR_STARS * mean) / weight
        # A star either way is assumed before anything is known.
        spread = sqrt((sum((value - score) ** 2 for value in stars) + PRIOR_STARS) / weight)
        half = Z95 * spread / sqrt(weight)
        ends = max(1.0, score - half), min(5.0, score + half)
        found.append(_Standing(*map(_rounded, (score, *ends)), ballots=len(stars), favour=sum(stars)))
    return found


def _rounded(number: float) -> float:
    return round(number, _PLACES) + 0.0
