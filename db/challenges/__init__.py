"""Contests with blind votes: their phases, entries, ballots, results and rewards. Knows no Discord and no pixels."""
