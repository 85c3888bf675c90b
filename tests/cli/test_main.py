"""The command line as a person meets it: exit codes, one line of words, no traceback."""

import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.cli import main
from db.lock import StorageLock

ROOT = Path(__file__).parents[2]

Atelier = Callable[..., tuple[int, str, str]]


@pytest.fixture
def atelier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Atelier:
    """Run a verb in an empty folder; gives exit code, output, errors."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ATELIER_DISCORD__TOKEN", raising=False)

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        captured = capsys.readouterr()
        code = ended.value.code
        assert isinstance(code, int)
        return code, captured.out, captured.err

    return run


def test_help_names_every_verb(atelier: Atelier):
    code, out, _ = atelier("--help")
    assert code == 0
    for verb in ("run", "demo", "imagine", "doctor", "invite", "db", "pocket"):
        assert f" {verb} " in out


def test_a_wrong_verb_is_misuse(atelier: Atelier):
    code, _, err = atelier("imagin")
    assert code == 2
    assert "imagine" in err


def test_a_misspelt_key_stops_every_verb_with_its_name(atelier: Atelier, tmp_path: Path):
    (tmp_path / "config.toml").write_text("[queue]\nordr = 'fair'\n")
    for verb in (["run"], ["db", "upgrade"], ["imagine", "a house"], ["invite"]):
        code, _, err = atelier(*verb)
        assert (code, err.count("\n")) == (1, 1)
        assert "queue.ordr" in err
        assert "queue.order" in err
    assert not (tmp_path / "storage").exists()


def test_without_a_token_the_bot_does_not_start(atelier: Atelier, tmp_path: Path):
    code, _, err = atelier("run")
    assert (code, err.count("\n")) == (1, 1)
    assert "ATELIER_DISCORD__TOKEN" in err
    assert not (tmp_path / "storage").exists()


def test_a_named_config_that_is_not_there_is_said(atelier: Atelier):
    code, _, err = atelier("run", "--config", "absent.toml")
    assert code == 1
    assert "absent.toml" in err


def test_upgrade_makes_the_database_and_a_second_time_changes_nothing(atelier: Atelier, tmp_path: Path):
    assert atelier("db", "upgrade")[0] == 0
    assert (tmp_path / "storage" / "atelier.db").exists()
    code, out, _ = atelier("db", "upgrade")
    assert code == 0
    assert "up to date" in out


def test_upgrade_makes_no_database_beside_the_pictures_of_another_one(atelier: Atelier, tmp_path: Path):
    picture = tmp_path / "storage" / "pictures" / "ab" / f"ab{'0' * 62}.png"
    picture.parent.mkdir(parents=True)
    picture.write_bytes(b"x")
    for _ in range(2):
        code, _, err = atelier("db", "upgrade")
        assert (code, err.count("\n")) == (1, 1)
        assert "restore that database" in err


def test_writing_verbs_are_refused_beside_a_running_bot_and_reading_ones_are_not(atelier: Atelier, tmp_path: Path):
    assert atelier("db", "upgrade")[0] == 0
    # A running bot is another process.
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, pathlib; from db.lock import StorageLock\n"
            "with StorageLock(pathlib.Path(sys.argv[1])): print('locked', flush=True); sys.stdin.read()",
            str(tmp_path / "storage"),
        ],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"locked\n"
        for verb in (["db", "upgrade"], ["db", "restore", "other.db"]):
            code, _, err = atelier(*verb)
            assert (code, err.count("\n")) == (1, 1)
            assert f"process {holder.pid}" in err
        assert atelier("db", "backup", "copy.db")[0] == 0
    finally:
        holder.communicate(b"", timeout=20)


def test_a_backup_is_restored_and_never_overwritten(atelier: Atelier, tmp_path: Path):
    assert atelier("db", "upgrade")[0] == 0
    assert atelier("db", "backup", "copy.db")[0] == 0
    code, _, err = atelier("db", "backup", "copy.db")
    assert code == 1
    assert "copy.db is there already" in err
    (tmp_path / "storage" / "atelier.db").unlink()
    assert atelier("db", "restore", "copy.db")[0] == 0
    code, out, _ = atelier("db", "upgrade")
    assert code == 0
    assert "up to date" in out


def test_a_file_that_is_no_backup_is_refused_and_the_database_stays(atelier: Atelier, tmp_path: Path):
    assert atelier("db", "upgrade")[0] == 0
    before = (tmp_path / "storage" / "atelier.db").read_bytes()
    (tmp_path / "copy.db").write_text("not a database at all" * 100)
    code, _, err = atelier("db", "restore", "copy.db")
    assert (code, err.count("\n")) == (1, 1)
    assert "copy.db" in err
    assert (tmp_path / "storage" / "atelier.db").read_bytes() == before


def test_a_database_from_a_newer_version_is_refused(atelier: Atelier, tmp_path: Path):
    import sqlite3

    assert atelier("db", "upgrade")[0] == 0
    with sqlite3.connect(tmp_path / "storage" / "atelier.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'from_the_future'")
    connection.close()
    code, _, err = atelier("db", "upgrade")
    assert (code, err.count("\n")) == (1, 1)
    assert "newer version" in err


def test_the_invite_link_asks_for_exactly_what_is_used(atelier: Atelier):
    code, out, _ = atelier("invite", "--application", "1234")
    assert code == 0
    assert out.startswith("https://discord.com/oauth2/authorize?client_id=1234&scope=bot+applications.commands&")
    permissions = int(out.rpartition("=")[2])
    # VIEW_CHANNEL, SEND_MESSAGES, EMBED_LINKS, ATTACH_FILES, READ_MESSAGE_HISTORY, SEND_MESSAGES_IN_THREADS,
    # PIN_MESSAGES
    assert permissions == 1 << 10 | 1 << 11 | 1 << 14 | 1 << 15 | 1 << 16 | 1 << 38 | 1 << 51


def test_help_does_not_import_what_is_heavy():
    heavy = "{'torch', 'discord', 'sqlalchemy', 'PIL'}"
    code = f"import sys; import bot.cli.app; sys.exit(', '.join({heavy} & set(sys.modules)))"
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.stderr.strip() == ""


def test_python_m_bot_takes_the_same_verbs_and_runs_when_none_is_given(tmp_path: Path):
    def python_m_bot(*arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {"PYTHONPATH": str(ROOT), "PATH": ""}
        command = [sys.executable, "-m", "bot", *arguments]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    ended = python_m_bot()
    assert (ended.returncode, ended.stderr.count("\n")) == (1, 1)
    assert "ATELIER_DISCORD__TOKEN" in ended.stderr
    assert python_m_bot("invite", "--application", "5").stdout.startswith("https://")


def test_a_damaged_model_folder_and_an_unknown_model_are_said(atelier: Atelier, tmp_path: Path):
    (tmp_path / "config.toml").write_text("[models.pocket]\nfolder = 'model'\n")
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model_index.json").write_text("{")
    for options, words in (([], "model_index.json"), (["--model", "poket"], "did you mean pocket")):
        code, _, err = atelier("imagine", "a house", *options)
        assert (code, err.count("\n")) == (1, 1), err
        assert words in err
    assert not (tmp_path / "out.png").exists()


def test_prompts_from_a_file_are_all_read_before_any_is_drawn(atelier: Atelier, tmp_path: Path):
    (tmp_path / "prompts.txt").write_text("a house\n\na cat --sed 4\n")
    code, _, err = atelier("imagine", "--from", "prompts.txt", "-o", "out")
    assert code == 1
    assert err.startswith("atelier: line 3: ")
    assert "--seed" in err
    code, _, err = atelier("imagine", "--from", "absent.txt")
    assert code == 1
    assert "absent.txt" in err
    assert not (tmp_path / "out").exists()


def test_the_lock_is_free_after_a_verb(atelier: Atelier, tmp_path: Path):
    assert atelier("db", "upgrade")[0] == 0
    with StorageLock(tmp_path / "storage"):
        pass


def test_a_demo_whose_state_is_of_another_version_or_cut_off_says_what_to_remove(atelier: Atelier, tmp_path: Path):
    (tmp_path / "demo").mkdir()
    for content in ('{"version": 99}', '{"vers'):
        (tmp_path / "demo" / "playground.json").write_text(content)
        code, out, err = atelier("demo", "--once", "--port", "0")
        assert (code, err.count("\n")) == (1, 1), err
        file = tmp_path / "demo" / "playground.json"
        assert err == f"atelier: {file} is cut off or of another version; remove it to begin anew\n"
        assert "chat page" not in out


def test_a_storage_folder_that_is_a_file_is_said(atelier: Atelier, tmp_path: Path):
    (tmp_path / "storage").write_text("x")
    code, _, err = atelier("db", "upgrade")
    assert (code, err.count("\n")) == (1, 1)
    assert f"{tmp_path / 'storage'}: there is a file of that name" in err


def test_rows_and_their_backup_are_in_the_storage_folder_whatever_its_name(atelier: Atelier, tmp_path: Path):
    folder = tmp_path / "a?b=c%20d#e"
    (tmp_path / "config.toml").write_text(f"[storage]\nfolder = '{folder.name}'\n")
    assert atelier("db", "upgrade")[0] == 0
    assert (folder / "atelier.db").is_file()
    assert atelier("db", "backup", "copy.db")[0] == 0
    assert atelier("db", "restore", "copy.db")[0] == 0
    code, _, err = atelier("challenge", "verify", "1")
    assert (code, "there is no challenge 1" in err) == (1, True)
    assert {path.name for path in tmp_path.iterdir()} == {"config.toml", folder.name, "copy.db"}


def test_a_discord_that_never_answers_is_one_line(atelier: Atelier, monkeypatch: pytest.MonkeyPatch):
    import aiohttp

    from bot import invitation

    monkeypatch.setenv("ATELIER_DISCORD__TOKEN", "x")
    monkeypatch.setattr(invitation, "LONGEST", aiohttp.ClientTimeout(total=0.2))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("ATELIER_DISCORD__API", f"http://127.0.0.1:{silent.getsockname()[1]}")
        code, _, err = atelier("invite")
    assert (code, err) == (1, "atelier: Discord cannot be reached: no answer in time\n")
