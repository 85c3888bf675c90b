"""How well voting finds the truth: known strengths, noisy voters, 50 entries; by mode, by choice of pairs, brigaded.

`python -m bench.voting` simulates people with the same modules that the bot counts with; no rows, no pictures. A voter
prefers i to j with probability 1 / (1 + exp((t_j - t_i) / NOISE)); approves of about a third, the better the likelier;
gives stars by quintile. Effort is counted in answers: one pair, one yes or no, or one star mark.
"""

import argparse
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from random import Random

import numpy as np
from numpy.typing import NDArray

from bench.report import Cell, Report, Table
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


@dataclass(frozen=True)
class Podium:
    """The place of the entry that a brigade pushes, and how many of the true first three are among the first three."""

    place: int
    kept: int

    @classmethod
    def of(cls, values: Array, favourite: int, truth: set[int]) -> "Podium":
        order = np.argsort(-values, kind="stable").tolist()
        return cls(order.index(favourite) + 1, len(truth & set(order[:3])))


OURS, RANDOM = "pairs, our choice", "pairs at random"
MEASURED = (OURS, RANDOM, "approval", "stars")
WAYS = ("likes", "pairs", "pairs, burying", "approval", "stars")


def brigaded(seed: int, way: str, answers_each: int, *, brigade: float) -> Podium:
    """One contest in which this share of the accounts pushes an entry of the lower half.

    By likes each of the honest likes what pleases most of what they see; the brigade only its own. In a contest
    everybody follows the bot's questions: the brigade cannot choose what it is asked.
    """
    world = World.of(seed)
    order = np.argsort(-world.truth)
    favourite, truth = int(order[ENTRIES * 3 // 5]), {int(entry) for entry in order[:3]}
    corrupt = round(brigade * VOTERS)
    if way == "likes":
        values = _liked(world, favourite, corrupt)
    elif way.startswith("pairs"):
        values = _paired(world, answers_each, favourite, corrupt, buries=way != "pairs")
    else:
        values = _marked(world, VotingMode(way), answers_each, favourite, corrupt)
    return Podium.of(values, favourite, truth)


def _liked(world: World, favourite: int, corrupt: int) -> Array:
    likes = np.zeros(ENTRIES)
    for voter in range(VOTERS):
        if voter < corrupt:
            likes[favourite] += 1
            continue
        looked = world.dice.choice(ENTRIES, SEEN_BY_ONE, replace=False)
        felt = {int(entry): world.feels(int(entry)) for entry in looked}
        likes[sorted(felt, key=felt.__getitem__)[-3:]] += 1
    return likes


def _paired(world: World, answers_each: int, favourite: int, corrupt: int, *, buries: bool) -> Array:
    """Strengths; who `buries` also prefers the worse picture where the pushed one is not asked about."""
    wins, shown = np.zeros((ENTRIES, ENTRIES)), [0] * ENTRIES
    seen: list[set[tuple[int, int]]] = [set() for _ in range(VOTERS)]
    for answer in range(VOTERS * answers_each):
        voter = answer % VOTERS
        pair = _next(world, wins, shown, seen[voter], ours=True)
        seen[voter].add(pair)
        for entry in pair:
            shown[entry] += 1
        if voter < corrupt and favourite in pair:
            first = favourite == pair[0]
        elif voter < corrupt and buries:
            first = bool(world.truth[pair[0]] < world.truth[pair[1]])
        else:
            first = world.prefers(*pair)
        wins[pair if first else pair[::-1]] += 1
    return bradley_terry.fit(wins).strengths


def _marked(world: World, mode: VotingMode, answers_each: int, favourite: int, corrupt: int) -> Array:
    likes_from = float(np.quantile(world.truth, 2 / 3))
    cuts = np.quantile(world.truth, (0.2, 0.4, 0.6, 0.8))
    votes: list[Vote] = []
    for voter in range(VOTERS):
        for entry in world.dice.choice(ENTRIES, answers_each, replace=False):
            felt = world.feels(int(entry))
            if mode is VotingMode.APPROVAL:
                value = int(entry == favourite) if voter < corrupt else int(felt > likes_from)
            else:
                value = (5 if entry == favourite else 1) if voter < corrupt else 1 + int((felt > cuts).sum())
            votes.append(Vote(voter, int(entry), int(entry), value))
    return scores(mode, votes)


def tau_of(way: str, seed: int) -> list[float]:
    """Kendall's tau at each of `EFFORTS` in one contest."""
    if way.startswith("pairs"):
        return pairs(World.of(seed), ours=way == OURS, efforts=EFFORTS)
    return alone(World.of(seed), VotingMode(way), EFFORTS)


def measured(worlds: int, brigades: int, answers: int) -> tuple[dict[str, Array], dict[str, list[list[Podium]]]]:
    """Tau by way (world, effort), and podiums by way: of all honest contests, then of brigaded ones."""
    with ProcessPoolExecutor() as pool:
        asked = {way: [pool.submit(tau_of, way, seed) for seed in range(worlds)] for way in MEASURED}
        attacked = {
            way: [
                [pool.submit(brigaded, 1000 + seed, way, answers, brigade=share) for seed in range(brigades)]
                for share in (0.0, BRIGADE)
            ]
            for way in WAYS
        }
        curves = {way: np.array([one.result() for one in found]) for way, found in asked.items()}
        return curves, {way: [[one.result() for one in some] for some in both] for way, both in attacked.items()}


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m bench.voting", description=__doc__)
    arguments.add_argument("--worlds", type=int, default=64, help="simulated contests per number in the first table")
    arguments.add_argument("--brigades", type=int, default=24, help="simulated contests per number in the second")
    arguments.add_argument("--answers", type=int, default=20, help="answers per voter in the brigading table")
    given = arguments.parse_args()
    curves, podiums = measured(given.worlds, given.brigades, given.answers)
    gain = curves[OURS] - curves[RANDOM]
    error = gain.std(axis=0, ddof=1) / np.sqrt(len(gain))
    means = {way: found.mean(axis=0) for way, found in curves.items()}
    lines = means | {"our choice better by": gain.mean(axis=0), "(standard error)": error}
    rows = [[name, *(round(float(value), 3) for value in values)] for name, values in lines.items()]
    table: list[list[Cell]] = []
    for way, both in podiums.items():
        places = [float(np.mean([one.place for one in some])) for some in both]
        on = [f"{np.mean([one.place <= 3 for one in some]):.0%}" for some in both]
        table.append([way, *places, *on, *(float(np.mean([one.kept for one in some])) for some in both)])

    def climbed(way: str) -> float:
        honest, pushed = (np.mean([one.place for one in some]) for some in podiums[way])
        return float(honest - pushed)

    def arrives(way: str) -> float:
        return float(np.mean([one.place <= 3 for one in podiums[way][1]]))

    # Beyond chance: more than twice its error, at every number of answers.
    better = bool((gain.mean(axis=0) > 2 * error).all())
    modes = [way for way in WAYS if way != "likes"]
    steady = all(climbed(way) < climbed("likes") and arrives(way) < arrives("likes") for way in modes)
    Report(
        name="voting",
        claim=f"{ENTRIES} entries of known strength, {VOTERS} noisy voters: pairs as the bot chooses them find the "
        "order better than pairs at random, beyond chance at every number of answers; and "
        f"{BRIGADE:.0%} of accounts that push one weak entry move the podium less than that of a plain count of likes.",
        command="python -m bench.voting",
        tables=[
            Table(
                "Kendall's tau against the truth, by answers of all voters together",
                ["", *map(str, EFFORTS)],
                rows,
            ),
            Table(
                f"A fifth of the accounts push the entry of true place {ENTRIES * 3 // 5 + 1}",
                [
                    *("", "its mean place, all honest", "with the brigade"),
                    *("it is on the podium, all honest", "with the brigade"),
                    *("of the true first three there, all honest", "with the brigade"),
                ],
                table,
            ),
        ],
        notes=[
            f"Means of {given.worlds} contests in the first table, of {given.brigades} in the second; noise {NOISE} of "
            f"a standard deviation of strength; {given.answers} answers each in the second table.",
            "Moved less means: the pushed entry climbs fewer places, and is on the podium less often.",
            "The brigade is asked as everybody is: it cannot choose its questions.",
            "Likes: each of the honest likes the three best of the twelve they see; the brigade likes its one.",
            "Approval and stars see an entry alone, with as much noise per look as one side of a pair.",
            "Burying: where the pushed entry is not in the pair, the brigade prefers the worse picture.",
            "All honest: the same contests, in which those accounts vote as everybody does.",
        ],
        packages=["numpy"],
        passed=better and steady,
    ).publish()


if __name__ == "__main__":
    main()
