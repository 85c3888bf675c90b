"""A contest from its announcement to its podium, with the bot started anew in every phase: the short form of
`bench.challenge`."""

from pathlib import Path

import numpy as np
import pytest

from bot.cli.challenge import _verify
from bot.config import Config
from tests.e2e.contest_play import Play

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


async def test_a_contest_survives_a_restart_in_each_phase_and_the_ballots_choose_the_winner(
    tmp_path: Path, sqlite_url: str
) -> None:
    play = Play(tmp_path, sqlite_url, entrants=12, voters=10, pairs=6)
    await play.run()
    assert play.leaks == []
    assert play.scanned > play.votes >= 60
    assert play.restarts >= 5
    assert play.refusals == []

    entries, strengths, worth = play.fitted()
    placed = play.rows("SELECT entry_id, score FROM placings ORDER BY place")
    assert placed[0][0] == entries[int(np.argmax(strengths))] == entries[int(np.argmax(worth))]
    chances = dict(zip(entries, 1 / (1 + np.exp(-strengths)), strict=True))
    assert [row[1] for row in placed] == pytest.approx([chances[row[0]] for row in placed], abs=1e-5)

    ((winner,),) = play.rows(f"SELECT author_id FROM entries WHERE id = {placed[0][0]}")
    assert f"🥇 <@{winner}>" in "\n".join(part.get("content", "") for part in _walk(play.podium["components"]))
    assert f"1. <@{winner}>" in play.told
    assert play.rows("SELECT user_id, amount FROM ledger WHERE kind = 'reward'") == [(winner, 30)]
    assert play.posts == 3
    config = Config.of({"storage": {"folder": str(tmp_path)}, "database": {"url": sqlite_url}})
    assert "the ballots give the announced result" in (await _verify(config, play.number))[-1]


def _walk(parts: list[dict]) -> list[dict]:
    return [found for part in parts for found in (part, *_walk(part.get("components") or []))]
