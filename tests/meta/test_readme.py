"""What the README tells people to type, typed."""

import re
import shlex
from pathlib import Path

import pytest

from bot.cli import main
from bot.config import Config
from engine.pocket.blank import write_blank

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [README, *(page.read_text(encoding="utf-8") for page in (ROOT / "docs").glob("*.md"))]


def commands(program: str) -> list[str]:
    """Every command line for `program` in the README and the docs, without the program."""
    text = "\n".join(PAGES)
    found = re.findall(rf"(?:^|`)(?:[./\w]*/)?{program} ([^`\n]+)", text, flags=re.MULTILINE)
    return sorted({re.sub(r"\s+#.*", "", line).strip() for line in found})


def test_every_make_target_is_there():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = {line.split()[0] for line in commands("make")}
    assert {"demo", "test", "setup", "check"} <= named
    for target in named:
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target


def test_every_verb_is_there(capsys: pytest.CaptureFixture[str]):
    verbs = {tuple(word for word in shlex.split(line)[:2] if word.isalpha()) for line in commands("atelier")}
    known = {verb if verb[:1] in (("db",), ("pocket",)) else verb[:1] for verb in verbs if verb and verb != ("VERB",)}
    assert {("run",), ("invite",), ("doctor",), ("imagine",), ("db", "backup")} <= known
    for verb in known:
        with pytest.raises(SystemExit) as ended:
            main([*verb, "--help"])
        assert ended.value.code == 0, verb
    capsys.readouterr()


def test_the_copied_example_config_loads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    assert "cp config.example.toml config.toml" in README
    (tmp_path / "config.toml").write_bytes((ROOT / "config.example.toml").read_bytes())
    monkeypatch.chdir(tmp_path)
    Config.load()


def test_the_pictures_without_discord_are_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    write_blank(tmp_path / "model")
    (tmp_path / "config.toml").write_text("[models.pocket]\nfolder = 'model'\nsteps = 1\n")
    (tmp_path / "prompts.txt").write_text("a red house\na cat\n")
    monkeypatch.chdir(tmp_path)
    lines = [line for line in commands("atelier") if line.startswith("imagine")]
    assert len(lines) == 2
    for line in lines:
        with pytest.raises(SystemExit) as ended:
            main(shlex.split(line))
        assert ended.value.code == 0
    assert (tmp_path / "boat.png").exists()
    assert [file.name for file in sorted((tmp_path / "pictures").iterdir())] == ["0001.png", "0002.png"]
    assert "boat.png  seed 7" in capsys.readouterr().out


def test_links_and_pictures_lead_somewhere():
    for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name}: {target}"
