"""The pins: complete, exact, free of GPU packages, and the same torch everywhere it is named."""

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LINES = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if line and not line.startswith("#")]
PINS: dict[str, str] = {canonicalize_name(line.partition("==")[0]): line.partition("==")[2] for line in LINES}


def test_every_line_is_an_exact_public_version():
    for line in LINES:
        assert re.fullmatch(r"[A-Za-z0-9_.-]+==[0-9][0-9A-Za-z.]*", line), line


def test_no_gpu_package_is_pulled_in():
    assert [name for name in PINS if re.match(r"nvidia|cuda|cupy|triton|pytorch-triton", name)] == []


def test_every_dependency_is_pinned_within_its_range():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    for requirement in map(Requirement, wanted):
        pin = PINS[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(pin), requirement


def test_makefile_and_readme_name_the_pinned_torch():
    for file in ("Makefile", "README.md"):
        named = set(re.findall(r"torch==([0-9.]+)", (ROOT / file).read_text()))
        assert named == {PINS["torch"]}, file
