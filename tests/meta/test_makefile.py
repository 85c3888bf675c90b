"""The virtual environment of the Makefile, with a Python that installs nothing; and that its benches can be started."""

import ast
import re
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


def test_every_bench_of_make_starts_without_an_argument_and_answers_to_help():
    listed = re.search(r"^BENCHES \?= ((?:.*\\\n)*.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert listed is not None
    for name in listed[1].replace("\\\n", " ").split():
        tree = ast.parse((ROOT / "bench" / f"{name}.py").read_text(encoding="utf-8"))
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
        assert [call for call in calls if ast.unparse(call.func).endswith("ArgumentParser")], f"{name} --help"
        for call in calls:
            if ast.unparse(call.func).endswith(".add_argument") and not ast.literal_eval(call.args[0]).startswith("-"):
                assert "nargs" in {keyword.arg for keyword in call.keywords}, f"{name} asks for {call.args[0]}"
