"""No mock without a spec: one that accepts every call proves nothing. Fakes are written by hand."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MOCKS = {"Mock", "MagicMock", "AsyncMock", "NonCallableMock", "NonCallableMagicMock", "PropertyMock"}
PATCHES = {"patch", "object", "dict", "multiple"}


def specless(source: str) -> list[int]:
    """The lines on which a mock is made, or something is patched by one, without a spec."""
    found: list[int] = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name, owner = _name(node.func)
        keywords = {keyword.arg for keyword in node.keywords}
        if name in MOCKS:
            # `Mock(Thing)` gives the spec by place.
            if not node.args and not keywords & {"spec", "spec_set", "wraps"}:
                found.append(node.lineno)
        elif name == "patch" or (owner == "patch" and name in PATCHES - {"dict"}):
            replaced_by_hand = len(node.args) > (2 if name == "object" else 1) or "new" in keywords
            if not replaced_by_hand and not keywords & {"autospec", "spec", "spec_set", "new_callable"}:
                found.append(node.lineno)
    return found


def _name(function: ast.expr) -> tuple[str, str]:
    if isinstance(function, ast.Name):
        return function.id, ""
    if isinstance(function, ast.Attribute):
        return function.attr, _name(function.value)[0]
    return "", ""


def test_every_mock_has_a_spec() -> None:
    found = {
        str(path.relative_to(ROOT)): lines
        for path in (ROOT / "tests").rglob("*.py")
        if (lines := specless(path.read_text(encoding="utf-8")))
    }
    assert found == {}


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("Mock()", [1]),
        ("mock.MagicMock(return_value=3)", [1]),
        ("AsyncMock(name='x')", [1]),
        ("patch('a.b')", [1]),
        ("mock.patch.object(thing, 'name')", [1]),
        ("create_autospec(Thing)\nMock(spec=Thing)\nMock(Thing)\nAsyncMock(wraps=function)", []),
        ("patch('a.b', autospec=True)\npatch('a.b', 3)\npatch.object(thing, 'name', new=3)", []),
        ("patch.dict(environment, {})", []),
        ("client.patch", []),
    ],
)
def test_the_rule_sees_what_it_should(source: str, lines: list[int]) -> None:
    assert specless(source) == lines
