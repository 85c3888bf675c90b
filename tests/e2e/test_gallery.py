"""The short forms of bench/like_storm.py and bench/share_kill.py."""

from pathlib import Path

import pytest

from bench import like_storm, share_kill

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


async def test_a_storm_of_hearts_ends_in_the_true_count_with_few_edits(tmp_path: Path) -> None:
    seen = await like_storm.storm(tmp_path, presses=300, people=30, seconds=6)
    assert like_storm.broken(seen) == []
    assert 1 <= len(seen.edits) <= 5


async def test_five_kills_while_sharing_leave_one_post_for_each_shared_picture(tmp_path: Path) -> None:
    outcome = await share_kill.trial(tmp_path, kills=5, seed=2)
    assert not outcome.broken, outcome
    assert outcome.shared > 0
