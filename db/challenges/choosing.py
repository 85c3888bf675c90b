"""What a voter is shown next, and in which order: pure, knows no rows and no pictures.

Least-shown entries come first, so that each gets its hearing; among those, the pair that teaches most: the one whose
answer is least certain and whose strengths are least known, p (1 - p) times the variance of their difference, which is
the Fisher information of the answer weighed by what is not known yet.
"""

from collections.abc import Collection, Sequence
from random import Random

import numpy as np

from db.challenges.bradley_terry import Array, fit

WINDOW = 1
"""How many showings above the least-shown entry count as least shown too; with 0 the last of a round has no choice."""
PAIRS_PER_ENTRY = 3
FEWEST_PAIRS = 30


def next_pair(
    wins: Array,
    shown: Sequence[int],
    *,
    barred: Collection[int] = (),
    seen: Collection[tuple[int, int]] = (),
    random: Random,
) -> tuple[int, int] | None:
    """Two indices, the lower first; None when this voter has seen all pairs.

    Args:
        wins: [i, j] says how often i was preferred to j, by everybody.
        shown: how often each entry was shown to anybody.
        barred: entries this voter may not judge, such as their own.
        seen: pairs this voter was shown before, the lower index first.
    """
    size = len(shown)
    allowed = np.triu(np.ones((size, size), dtype=bool), k=1)
    for index in barred:
        allowed[index, :] = allowed[:, index] = False
    for one, other in seen:
        allowed[one, other] = False
    if not allowed.any():
        return None
    times = np.asarray(shown)
    # The least shown that this voter can still be shown; and a partner for it, however often shown.
    available = allowed.any(axis=0) | allowed.any(axis=1)
    rare = times <= times[available].min() + WINDOW
    both = allowed & rare[:, None] & rare[None, :]
    one_of = allowed & (rare[:, None] | rare[None, :])
    candidates = both if both.any() else one_of
    fitted = fit(wins)
    chance = 1.0 / (1.0 + np.exp(fitted.strengths[None, :] - fitted.strengths[:, None]))
    teaches = chance * (1.0 - chance) * fitted.variance()
    lot = np.random.default_rng(random.getrandbits(64)).random((size, size))
    one, other = divmod(int(np.argmax(np.where(candidates, teaches + 1e-9 * lot, -1.0))), size)
    return one, other


def most_pairs(entries: int) -> int:
    """How many pairs one voter is shown at most: enough to say much, too few to meet one entry again and again."""
    return min(entries * (entries - 1) // 2, max(FEWEST_PAIRS, PAIRS_PER_ENTRY * entries))


def is_swapped(seed: int, voter_id: int, one: int, other: int) -> bool:
    """Whether this voter sees the second of a pair on the left; the same at every look."""
    return Random(f"{seed}:{voter_id}:{one}:{other}").random() < 0.5


def shuffled(seed: int, voter_id: int, entries: Sequence[int]) -> list[int]:
    """The entries in this voter's own order, the same at every look, wherever a new one came in."""
    return sorted(entries, key=lambda entry: Random(f"{seed}:{voter_id}:{entry}").random())
