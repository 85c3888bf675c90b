"""The state file: what a restarted playground still knows."""

import asyncio
import signal
import sys
import time
from pathlib import Path

import aiohttp
import pytest

from playground import Playground
from playground.__main__ import main
from tests.playground.conftest import Rest


async def test_messages_files_commands_and_ids_survive_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    async with Playground(state_file=file, rate_limits=False) as pg, aiohttp.ClientSession() as session:
        rest = Rest(pg, session)
        _, message = await rest("POST", rest.studio, {"content": "kept"}, {"a.txt": b"a"})
        application = pg.world.application["id"]
        await rest("PUT", f"/applications/{application}/commands", [{"name": "go", "description": "d"}])
        token, commands, last = pg.token, dict(pg.world.commands), pg.ids.last
    async with Playground(state_file=file) as pg, aiohttp.ClientSession() as session:
        assert (pg.token, pg.world.commands) == (token, commands)
        assert int(pg.ids.new()) > last
        _, again = await Rest(pg, session)("GET", f"{Rest(pg, session).studio}/{message['id']}")
        assert again["content"] == "kept"
        assert again["attachments"][0]["url"].startswith(pg.url)
        async with session.get(again["attachments"][0]["url"]) as answer:
            assert await answer.read() == b"a"


async def test_no_file_of_a_deleted_message_stays_behind(tmp_path: Path) -> None:
    async with Playground(state_file=tmp_path / "state.json") as pg:
        ada = pg.person("Ada")
        record = await ada.say("studio", "gone", files=[("a.txt", b"a")])
        kept = await ada.say("studio", "kept", files=[("b.txt", b"b")])
        await ada.delete(record)
    assert [file.name for file in (tmp_path / "state-files").iterdir()] == [kept["attachments"][0]["id"]]


async def test_a_killed_process_keeps_what_was_written_a_moment_ago(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "playground", "--port", "0", "--folder", str(tmp_path)]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    address = (await process.stdout.readline()).decode().split()[-1].rstrip("/")
    async with aiohttp.ClientSession(address) as session:
        async with session.get("/page/state") as answer:
            state = await answer.json()
        studio = next(row for row in state["guilds"][0]["channels"] if row["name"] == "studio")
        body = {"as": state["me"]["id"], "content": "before the end"}
        async with session.post(f"/page/channels/{studio['id']}/messages", json=body) as answer:
            assert answer.status == 200
    file = tmp_path / "playground.json"
    await asyncio.to_thread(_wait_for, file, "before the end")
    process.send_signal(signal.SIGKILL)
    await process.wait()
    pg = Playground(state_file=file)
    assert [row["content"] for row in pg.messages("studio")] == ["before the end"]
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize(
    "content", [b'{"version": 99}', b'{"vers', b"\xff", b'{"version": 1}', b'{"version": 1, "last_id": 5']
)
async def test_a_file_that_is_not_ours_is_refused_in_words(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "state.json"
    file.write_bytes(content)
    with pytest.raises(ValueError, match=r"state\.json is not"):
        Playground(state_file=file)


@pytest.mark.parametrize("port", ["99999", "-1", "many"])
def test_a_port_that_is_none_is_misuse(port: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setattr(sys, "argv", ["playground", f"--port={port}"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "--port" in capsys.readouterr().err


def _wait_for(file: Path, text: str) -> None:
    while not file.is_file() or text not in file.read_text():
        time.sleep(0.05)
