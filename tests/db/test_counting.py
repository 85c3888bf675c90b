"""From numbers to places: the fit against an independent one, ties, priors, and the choice of pairs."""

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.challenges import bradley_terry, choosing, counting
from db.challenges.counting import Vote
from db.models import VotingMode


def by_minorization(wins: np.ndarray, rounds: int = 20_000) -> np.ndarray:
    """Maximum likelihood by D. R. Hunter's MM algorithm (Annals of Statistics 32, 2004), without any prior."""
    games = wins + wins.T
    worth = np.ones(len(wins))
    for _ in range(rounds):
        worth = wins.sum(axis=1) / (games / (worth[:, None] + worth[None, :])).sum(axis=1)
        worth /= np.exp(np.log(worth).mean())
    return np.log(worth)


def played(strengths: np.ndarray, games: int, seed: int) -> np.ndarray:
    """Every pair `games` times."""
    dice = np.random.default_rng(seed)
    wins = np.zeros((len(strengths), len(strengths)))
    for one in range(len(strengths)):
        for other in range(one):
            won = dice.binomial(games, 1 / (1 + np.exp(strengths[other] - strengths[one])))
            wins[one, other], wins[other, one] = won, games - won
    return wins


def test_with_a_wide_prior_the_fit_is_the_maximum_likelihood_of_another_algorithm() -> None:
    wins = played(np.linspace(-1, 1, 8), 40, seed=1)
    fitted = bradley_terry.fit(wins, spread=1e4).strengths
    assert fitted - fitted.mean() == pytest.approx(by_minorization(wins), abs=1e-5)


def test_the_fit_is_where_the_posterior_has_no_slope() -> None:
    wins = played(np.linspace(-2, 2, 6), 3, seed=2)
    strengths = bradley_terry.fit(wins).strengths
    chance = 1 / (1 + np.exp(strengths[None, :] - strengths[:, None]))
    slope = wins.sum(axis=1) - ((wins + wins.T) * chance).sum(axis=1) - strengths / bradley_terry.SPREAD**2
    assert slope == pytest.approx(np.zeros(6), abs=1e-8)


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    inside = total = 0
    for seed in range(40):
        truth = np.random.default_rng(seed).normal(0, bradley_terry.SPREAD, 6)
        fitted = bradley_terry.fit(played(truth, 12, seed))
        deviation = np.sqrt(fitted.variance())
        one, other = np.triu_indices(6, 1)
        error = (fitted.strengths[one] - fitted.strengths[other]) - (truth[one] - truth[other])
        inside += int((np.abs(error) < bradley_terry.Z95 * deviation[one, other]).sum())
        total += len(one)
    assert 0.92 < inside / total < 0.98


def test_who_always_wins_or_never_played_still_gets_a_finite_strength() -> None:
    fitted = bradley_terry.fit(np.array([[0.0, 500.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]))
    assert np.isfinite(fitted.strengths).all()
    assert fitted.strengths[0] > fitted.strengths[2] > fitted.strengths[1]
    assert fitted.ahead(0, 1) > 0.99 > fitted.ahead(0, 2) > 0.5
    assert bradley_terry.fit(np.zeros((4, 4))).strengths == pytest.approx(np.zeros(4))


MODES = st.sampled_from(list(VotingMode))
RANGES = {VotingMode.PAIRS: (-1, 1), VotingMode.APPROVAL: (0, 1), VotingMode.STARS: (1, 5)}


@st.composite
def contests(draw: st.DrawFn) -> tuple[VotingMode, list[int], list[Vote]]:
    mode = draw(MODES)
    entries = list(range(10, 10 + draw(st.integers(1, 6))))
    votes = []
    for voter in range(draw(st.integers(0, 6))):
        for _ in range(draw(st.integers(0, 4))):
            one, other = draw(st.sampled_from(entries)), draw(st.sampled_from(entries))
            pair = (min(one, other), max(one, other)) if mode is VotingMode.PAIRS else (one, one)
            votes.append(Vote(voter, *pair, draw(st.integers(*RANGES[mode]))))
    return mode, entries, votes


@given(contests(), st.randoms())
def test_places_are_complete_and_do_not_depend_on_the_order_of_ballots(
    contest: tuple[VotingMode, list[int], list[Vote]], random: Random
) -> None:
    mode, entries, votes = contest
    places = counting.tally(mode, entries, votes)
    assert [place.place for place in places] == list(range(1, len(entries) + 1))
    assert {place.entry_id for place in places} == set(entries)
    assert all(place.low <= place.score <= place.high for place in places)
    again = list(votes)
    random.shuffle(again)
    assert counting.tally(mode, entries, again) == places


def test_equal_scores_go_to_more_favour_and_then_to_who_came_first() -> None:
    untouched = counting.tally(VotingMode.PAIRS, [3, 1, 2], [])
    assert [place.entry_id for place in untouched] == [3, 1, 2]
    even = [Vote(1, 1, 2, 1), Vote(2, 1, 2, -1)]
    assert [place.entry_id for place in counting.tally(VotingMode.PAIRS, [3, 2, 1], even)] == [2, 1, 3]


def test_ballots_on_what_is_out_do_not_count() -> None:
    votes = [Vote(1, 1, 2, -1), Vote(1, 2, 3, 1), Vote(2, 1, 3, 1)]
    assert counting.tally(VotingMode.PAIRS, [1, 3], votes) == counting.tally(VotingMode.PAIRS, [1, 3], votes[2:])


def test_one_friends_five_stars_do_not_beat_many_fours() -> None:
    votes = [Vote(voter, 1, 1, 4) for voter in range(20)] + [Vote(99, 2, 2, 5)]
    votes += [Vote(voter, 3, 3, 2) for voter in range(20)]
    assert next(place.entry_id for place in counting.tally(VotingMode.STARS, [2, 1, 3], votes)) == 1


def test_the_least_shown_come_first_and_nobody_meets_their_own_or_a_pair_twice() -> None:
    size, shown, seen = 7, [0] * 7, set[tuple[int, int]]()
    wins = np.zeros((size, size))
    for turn in range(100):
        pair = choosing.next_pair(wins, shown, barred={2}, seen=seen, random=Random(turn))
        if pair is None:
            break
        assert pair[0] < pair[1]
        assert pair not in seen
        assert 2 not in pair
        least = min(times for index, times in enumerate(shown) if index != 2)
        if len(seen) < 6:
            assert min(shown[index] for index in pair) <= least + choosing.WINDOW
        seen.add(pair)
        wins[pair] += 1
        for index in pair:
            shown[index] += 1
    assert len(seen) == 15
    assert choosing.next_pair(wins, shown, barred={2}, seen=seen, random=Random(0)) is None


def test_everybody_is_heard_equally_often() -> None:
    size, shown = 20, [0] * 20
    wins, dice = np.zeros((size, size)), Random(5)
    for turn in range(200):
        pair = choosing.next_pair(wins, shown, random=Random(turn))
        assert pair is not None
        wins[pair if dice.random() < 0.5 else pair[::-1]] += 1
        for index in pair:
            shown[index] += 1
    assert max(shown) - min(shown) <= 2 * choosing.WINDOW + 1


def test_each_voter_has_an_order_and_a_left_side_of_their_own() -> None:
    orders = {tuple(choosing.shuffled(7, voter, range(6))) for voter in range(20)}
    assert len(orders) > 15
    assert all(sorted(order) == list(range(6)) for order in orders)
    sides = [choosing.is_swapped(7, voter, 1, 2) for voter in range(200)]
    assert 70 < sum(sides) < 130
    assert sides == [choosing.is_swapped(7, voter, 1, 2) for voter in range(200)]
    assert choosing.most_pairs(4) == 6
    assert choosing.most_pairs(50) == 150
