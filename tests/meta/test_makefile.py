"""The virtual environment of the Makefile, with a Python that installs nothing."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

MAKES = """#!/bin/sh
case "$*" in *"-m venv"*) echo made >> "{log}"; rm -rf "{venv}"; mkdir -p "{venv}/bin"
printf '#!/bin/sh\\nexit 0\\n' > "{venv}/bin/python"; chmod +x "{venv}/bin/python";; esac
"""


@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")
def test_an_environment_without_pip_is_made_anew_and_a_whole_one_is_kept(tmp_path: Path):
    venv, log, python = tmp_path / "venv", tmp_path / "log", tmp_path / "python"
    python.write_text(MAKES.format(log=log, venv=venv))
    (venv / "bin").mkdir(parents=True)
    half = venv / "bin" / "python"
    half.write_text("#!/bin/sh\necho No module named pip >&2\nexit 1\n")
    for file in (python, half):
        file.chmod(0o700)

    def make() -> str:
        command = ["make", "-C", str(ROOT), f"VENV={venv}", f"PYTHON={python}", str(venv / ".installed")]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert "[3/3]" in make()
    assert "[3/3]" not in make(), "a second call is instant"
    (venv / ".installed").unlink()
    assert "[3/3]" in make()
    assert log.read_text().split() == ["made"]
