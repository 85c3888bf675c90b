"""The demo as a person starts it: stopped, killed, started again, always in the same folder."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from engine.pocket.blank import write_blank

ROOT = Path(__file__).parents[2]
PATIENCE = 400.0

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A demo folder whose model draws noise in one step."""
    write_blank(tmp_path / "model")
    demo = tmp_path / "demo"
    demo.mkdir()
    (demo / "config.toml").write_text(
        "[storage]\nfolder = 'storage'\n[models.pocket]\nfolder = '../model'\nsteps = 1\nwidth = 64\nheight = 64\n"
    )
    return demo


@contextlib.contextmanager
def demo(folder: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", "from bot.cli import main; main()", "demo", "--folder", str(folder), *options]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(command, cwd=folder.parent, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def read_until(process: subprocess.Popen[str], words: str) -> str:
    """The output up to the line that holds `words`."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if words in line:
            return "".join(lines)
    raise AssertionError(f"the demo ended without {words!r}:\n{''.join(lines)}")


def bot_of(url: str) -> dict[str, object]:
    with urllib.request.urlopen(f"{url}/page/state") as answer:
        return json.load(answer)["bot"]


def running_bot(folder: Path) -> int:
    return int((folder / "storage" / "atelier.pid").read_text())


def test_the_demo_shows_pictures_outlives_a_killed_bot_and_stops_clean(folder: Path):
    with demo(folder, "--port", "0") as process:
        said = read_until(process, "It works")
        found = re.search(r"http://127\.0\.0\.1:\d+", said)
        assert found is not None
        first = bot_of(found[0])
        assert first["online"]
        with demo(folder, "--once") as second:
            assert second.wait(PATIENCE) == 1, "two demos in one folder would fight over it"

        press = urllib.request.Request(
            f"{found[0]}/page/bot/restart", data=b'{"kill": true}', headers={"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(press) as answer:
            assert answer.status == 202
        until = time.monotonic() + PATIENCE
        while not ((now := bot_of(found[0]))["online"] and now["pid"] != first["pid"]):
            assert time.monotonic() < until, "the bot did not come back"
            time.sleep(0.2)

        child = running_bot(folder)
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 0
        assert not psutil.pid_exists(child)


def test_a_killed_demo_leaves_nothing_in_the_way_of_the_next(folder: Path):
    with demo(folder, "--once", "--port", "0") as process:
        read_until(process, "bot online")
        orphan = running_bot(folder)
    with demo(folder, "--once", "--port", "0") as process:
        said = process.communicate(timeout=PATIENCE)[0]
        assert process.returncode == 0, said
    assert not psutil.pid_exists(orphan)
    files = [Path(line.strip()) for line in said.splitlines() if line.strip().endswith(".png")]
    assert len(files) == 4
    assert all(file.is_file() for file in files)
