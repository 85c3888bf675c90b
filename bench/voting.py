"""How well voting finds the truth: known strengths, noisy voters, 50 entries; by mode, by choice of pairs, brigaded.

`python -m bench.voting` simulates people with the same modules that the bot counts with; no rows, no pictures. A voter
prefers i to j with probability 1 / (1 + exp((t_j - t_i) / NOISE)); approves of about a third, the better the likelier;
gives stars by quintile. Effort is counted in answers: one pair, one yes or no, or one star mark.
"""

import argparse
from dataclasses import dataclass
from random import Random

import numpy as np
from numpy.typing import NDArray

from bench.report import Report, Table
from db.challenges import bradley_terry, choosing, counting
from db.challenges.counting import Vote
from db.models import VotingMode

ENTRIES = 50
VOTERS = 40
NOISE = 0.7
EFFORTS = (100, 200, 400, 800, 1600)
BRIGADE = 0.2
"""The share of accounts that vote for one weak entry whatever they see."""
SEEN_BY_ONE = 12
"""Entries one voter says yes, no or stars to: nobody looks at fifty pictures one by one."""

Array = NDArray[np.float64]


@dataclass(frozen=True)
class World:
    """Known strengths, standard normal, and the dice of everybody in it."""

    truth: Array
    dice: np.random.Generator

    @classmethod
    def of(cls, seed: int) -> "World":
        dice = np.random.default_rng(seed)
        return cls(dice.normal(0.0, 1.0, ENTRIES), dice)

    def prefers(self, one: int, other: int) -> bool:
        return bool(self.dice.random() < 1 / (1 + np.exp((self.truth[other] - self.truth[one]) / NOISE)))

    def feels(self, entry: int) -> float:
        """What a voter makes of an entry alone: the truth and as much noise as two of them have in a pair."""
        return float(self.truth[entry] + self.dice.logistic(0.0, NOISE / np.sqrt(2)))


def tau(one: Array, other: Array) -> float:
    """Kendall's rank correlation (tau-b: ties in either count for neither side)."""
    row, column = np.triu_indices(len(one), 1)
    left, right = np.sign(one[row] - one[column]), np.sign(other[row] - other[column])
    return float((left * right).sum() / np.sqrt((left**2).sum() * (right**2).sum()))


def pairs(world: World, *, ours: bool, efforts: tuple[int, ...]) -> list[float]:
    """Kendall's tau after so many answered pairs, pairs chosen as the bot does or at random."""
    wins, shown = np.zeros((ENTRIES, ENTRIES)), [0] * ENTRIES
    seen: list[set[tuple[int, int]]] = [set() for _ in range(VOTERS)]
    found: list[float] = []
    for answer in range(1, max(efforts) + 1):
        voter = int(world.dice.integers(VOTERS))
        pair = _next(world, wins, shown, seen[voter], ours=ours)
        seen[voter].add(pair)
        for entry in pair:
            shown[entry] += 1
        wins[pair if world.prefers(*pair) else pair[::-1]] += 1
        if answer in efforts:
            found.append(tau(bradley_terry.fit(wins).strengths, world.truth))
    return found


def _next(world: World, wins: Array, shown: list[int], seen: set[tuple[int, int]], *, ours: bool) -> tuple[int, int]:
    if ours:
        pair = choosing.next_pair(wins, shown, seen=seen, random=Random(int(world.dice.integers(2**31))))
        assert pair is not None
        return pair
    while True:
        one, other = sorted(int(entry) for entry in world.dice.choice(ENTRIES, 2, replace=False))
        if (one, other) not in seen:
            return one, other


def alone(world: World, mode: VotingMode, efforts: tuple[int, ...]) -> list[float]:
    """The same for yes or no, and for stars: each voter looks at some of the entries."""
    cuts = np.quantile(world.truth, (0.2, 0.4, 0.6, 0.8))
    likes = float(np.quantile(world.truth, 2 / 3))
    votes: list[Vote] = []
    found: list[float] = []
    voter = 0
    while len(found) < len(efforts):
        voter += 1
        for entry in world.dice.choice(ENTRIES, SEEN_BY_ONE, replace=False):
            felt = world.feels(int(entry))
            value = int(felt > likes) if mode is VotingMode.APPROVAL else 1 + int((felt > cuts).sum())
            votes.append(Vote(voter, int(entry), int(entry), value))
            if len(votes) == efforts[len(found)]:
                found.append(tau(scores(mode, votes), world.truth))
                if len(found) == len(efforts):
                    break
    return found


def scores(mode: VotingMode, votes: list[Vote]) -> Array:
    by_entry = {place.entry_id: place.score for place in counting.tally(mode, range(ENTRIES), votes)}
    return np.array([by_entry[entry] for entry in range(ENTRIES)])


def brigaded(world: World, answers_each: int) -> dict[str, tuple[int, int]]:
    """The place of an entry of the lower half, and how many of the true first three stay there, with a fifth of the
    accounts voting for it: by likes (each likes what pleases most of what they see; the brigade only its own), and by
    mode. Everybody follows the bot's questions; the brigade cannot choose what it is asked."""
    order = np.argsort(-world.truth)
    favourite, podium = int(order[ENTRIES * 3 // 5]), {int(entry) for entry in order[:3]}
    corrupt = {voter for voter in range(VOTERS) if voter < BRIGADE * VOTERS}

    likes = np.zeros(ENTRIES)
    for voter in range(VOTERS):
        if voter in corrupt:
            likes[favourite] += 1
        else:
            looked = world.dice.choice(ENTRIES, SEEN_BY_ONE, replace=False)
            felt = sorted(looked, key=lambda entry: -world.feels(int(entry)))
            likes[[int(entry) for entry in felt[:3]]] += 1

    wins, shown = np.zeros((ENTRIES, ENTRIES)), [0] * ENTRIES
    seen: list[set[tuple[int, int]]] = [set() for _ in range(VOTERS)]
    for answer in range(VOTERS * answers_each):
        voter = answer % VOTERS
        pair = _next(world, wins, shown, seen[voter], ours=True)
        seen[voter].add(pair)
        for entry in pair:
            shown[entry] += 1
        first = favourite == pair[0] if voter in corrupt and favourite in pair else world.prefers(*pair)
        wins[pair if first else pair[::-1]] += 1

    found = {"likes": likes, "pairs": bradley_terry.fit(wins).strengths}
    likes_from = float(np.quantile(world.truth, 2 / 3))
    cuts = np.quantile(world.truth, (0.2, 0.4, 0.6, 0.8))
    for mode in (VotingMode.APPROVAL, VotingMode.STARS):
        votes: list[Vote] = []
        for voter in range(VOTERS):
            for entry in world.dice.choice(ENTRIES, answers_each, replace=False):
                felt = world.feels(int(entry))
                if mode is VotingMode.APPROVAL:
                    value = int(entry == favourite) if voter in corrupt else int(felt > likes_from)
                else:
                    value = (5 if entry == favourite else 1) if voter in corrupt else 1 + int((felt > cuts).sum())
                votes.append(Vote(voter, int(entry), int(entry), value))
        found[mode.value] = scores(mode, votes)
    return {name: _moved(values, favourite, podium) for name, values in found.items()}


def _moved(values: Array, favourite: int, podium: set[int]) -> tuple[int, int]:
    order = [int(entry) for entry in np.argsort(-values, kind="stable")]
    return order.index(favourite) + 1, len(podium & set(order[:3]))


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m bench.voting", description=__doc__)
    arguments.add_argument("--worlds", type=int, default=20, help="simulated contests per number")
    arguments.add_argument("--answers", type=int, default=20, help="answers per voter in the brigading table")
    given = arguments.parse_args()
    seeds = range(given.worlds)
    by_way = {
        "pairs, our choice": [pairs(World.of(seed), ours=True, efforts=EFFORTS) for seed in seeds],
        "pairs at random": [pairs(World.of(seed), ours=False, efforts=EFFORTS) for seed in seeds],
        "approval": [alone(World.of(seed), VotingMode.APPROVAL, EFFORTS) for seed in seeds],
        "stars": [alone(World.of(seed), VotingMode.STARS, EFFORTS) for seed in seeds],
    }
    rows = [[way, *(round(float(value), 3) for value in np.mean(found, axis=0))] for way, found in by_way.items()]
    gain = np.array(by_way["pairs, our choice"]) - np.array(by_way["pairs at random"])
    error = gain.std(axis=0, ddof=1) / np.sqrt(len(gain))
    rows.append(["our choice better by", *(round(float(value), 3) for value in gain.mean(axis=0))])
    rows.append(["(standard error)", *(round(float(value), 3) for value in error)])
    attacks = [brigaded(World.of(1000 + seed), given.answers) for seed in seeds]
    ways = ("likes", "pairs", "approval", "stars")
    table = [
        [
            way,
            round(float(np.mean([one[way][0] for one in attacks])), 1),
            round(float(np.mean([one[way][0] <= 3 for one in attacks])), 2),
            round(float(np.mean([one[way][1] for one in attacks])), 2),
        ]
        for way in ways
    ]
    moved = {way: float(np.mean([one[way][0] <= 3 for one in attacks])) for way in ways}
    better = bool((gain.mean(axis=0)[2:] > 0).all()) and float(gain.mean()) > 0
    Report(
        name="voting",
        claim=f"{ENTRIES} entries of known strength, {VOTERS} noisy voters: how well each way of voting finds the "
        f"order, and what {BRIGADE:.0%} of accounts that vote for one weak entry do to it.",
        command="python -m bench.voting",
        tables=[
            Table(
                "Kendall's tau against the truth, by answers of all voters together",
                ["", *map(str, EFFORTS)],
                rows,
            ),
            Table(
                f"A fifth of the accounts push the entry of true place {ENTRIES * 3 // 5 + 1}",
                ["", "its mean place", "it is on the podium", "true first three on the podium"],
                table,
            ),
        ],
        notes=[
            f"means of {given.worlds} contests; noise {NOISE} of a standard deviation of strength; {given.answers} "
            "answers each in the second table, of which the brigade is asked as everybody is",
            "likes: each of the honest likes the three best of the twelve they see; the brigade likes its one",
            "approval and stars see an entry alone, with as much noise per look as one side of a pair",
        ],
        packages=["numpy"],
        passed=better and moved["pairs"] < moved["likes"],
    ).publish()


if __name__ == "__main__":
    main()
