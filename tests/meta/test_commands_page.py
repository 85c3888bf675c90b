"""The page of commands claims nothing that no test measures."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
TABLE = PAGE.split("## What works with which model")[1].split("\n## ")[0]
ROWS = [
    line.strip("| ").split(" | ") for line in TABLE.splitlines() if line.startswith("| ") and "measured by" not in line
]
NAMED = re.compile(r"`((?:tests|bench)/[\w/]+\.py)(?:::(\w+))?`")


def test_whatever_works_names_a_test():
    assert len(ROWS) > 30
    for row in ROWS:
        if any(cell.startswith("works") for cell in row[1:4]):
            assert NAMED.search(row[-1]), row[0]


def test_every_test_that_is_named_is_there():
    for file, name in NAMED.findall(TABLE):
        text = (ROOT / file).read_text(encoding="utf-8")
        assert not name or f"def {name}(" in text, f"{file}::{name}"


def test_every_picture_that_is_linked_is_there():
    for link in re.findall(r"\]\((images/[^)]+)\)", PAGE):
        assert (ROOT / "docs" / link).exists(), link
