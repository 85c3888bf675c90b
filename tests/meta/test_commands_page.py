"""The page of commands claims nothing that no test measures, and names what the bot registers, no more and no less."""

import re
from collections.abc import Iterator
from pathlib import Path

from discord import app_commands

from bot import cogs
from prompts import PARAMETERS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
PAGES = "\n".join(page.read_text(encoding="utf-8") for page in sorted((ROOT / "docs").glob("*.md")))
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


def registered() -> Iterator[tuple[str, bool]]:
    """The name of every command and menu, as people type or read it, and whether it is a group of others."""
    for command in cogs.commands():
        yield command.qualified_name, isinstance(command, app_commands.Group)
        if isinstance(command, app_commands.Group):
            yield from ((one.qualified_name, isinstance(one, app_commands.Group)) for one in command.walk_commands())


def test_every_command_and_menu_is_on_a_page():
    for name, is_group in registered():
        group, _, verb = name.rpartition(" ")
        alone = f"/{name}" in PAGES or f"**{name}**" in PAGES
        assert is_group or alone or (f"/{group} " in PAGES and f"`{verb}" in PAGES), name


def test_every_command_on_a_page_is_one_of_the_bots():
    known = {name for name, _ in registered()}
    for written in re.findall(r"(?<=`/)[a-z]+(?: [a-z]+)*(?![a-z/])", PAGES):
        words = written.split()
        first = max((size for size in range(len(words) + 1) if " ".join(words[:size]) in known), default=0)
        assert first, f"/{written}"


def test_every_parameter_is_in_the_table_under_all_its_names():
    table = PAGE.split("## Parameters in a prompt")[1].split("\n## ")[0]
    named = set(re.findall(r"--[a-z-]+", table))
    assert {f"--{name}" for one in PARAMETERS for name in (one.name, *one.aliases)} - named == set()
