"""The short form of bench/challenge_kill.py: contests end once, whenever the process that drives them is killed."""

from pathlib import Path

import pytest

from bench.challenge_kill import Trial

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


async def test_kills_at_the_close_change_no_winner_and_repeat_no_reward_and_no_post(tmp_path: Path) -> None:
    findings = await Trial(tmp_path, contests=4, kills=4, seed=11, longest_life=30).run()
    assert findings.broken == []
    assert findings.kills == 4
