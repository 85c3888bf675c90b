"""Modules stay small enough to read: one over 300 lines says in its docstring why it has to be."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("bench", "bot", "db", "engine", "migrations", "playground", "prompts")
LIMIT = 300
REASON = "over 300 lines because"


def says_what_it_is(source: str) -> bool:
    return bool(ast.get_docstring(ast.parse(source)))


def complaint(source: str) -> str | None:
    """What is wrong with the length of a module, if anything."""
    lines = len(source.splitlines())
    docstring = " ".join((ast.get_docstring(ast.parse(source)) or "").lower().split())
    if lines > LIMIT and REASON not in docstring:
        return f'{lines} lines; split it, or say "{REASON} ..." in its docstring'
    return None


def sources(*packages: str) -> dict[str, str]:
    """Every module's text by its path from the root."""
    return {
        str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
        for package in packages
        for path in (ROOT / package).rglob("*.py")
    }


def test_a_long_module_gives_its_reason() -> None:
    found = {path: words for path, source in sources(*PACKAGES, "tests").items() if (words := complaint(source))}
    assert found == {}


def test_every_module_says_what_it_is() -> None:
    silent = [path for path, source in sources(*PACKAGES).items() if source.strip() and not says_what_it_is(source)]
    assert silent == []


def test_the_rule_sees_what_it_should() -> None:
    assert complaint("x = 1\n" * 301) is not None
    assert complaint('"""Over 300 lines because it is a table."""\n' + "x = 1\n" * 301) is None
    assert complaint("x = 1\n" * 300) is None
    assert says_what_it_is('"""A table."""')
    assert not says_what_it_is("# a table")
