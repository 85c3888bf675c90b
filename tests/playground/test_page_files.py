"""The page's own files, without a browser: served as what they are, complete, inert, and of a readable size."""

import re
from pathlib import Path

import aiohttp
import pytest

import playground
from playground import Playground

PAGE = Path(playground.__file__).with_name("page")
FILES = sorted(path for path in PAGE.rglob("*") if path.suffix in (".js", ".css", ".html", ".svg"))
MODULES = [path for path in FILES if path.suffix == ".js"]
NAMESPACE = "http://www.w3.org/2000/svg"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_page_names_no_outside_address(path: Path) -> None:
    text = path.read_text().replace(NAMESPACE, "")
    assert re.findall(r"(?:https?:)?//[a-z0-9-]+\.[a-z]{2,}|@import|url\(\s*['\"]?(?!\$)\w", text) == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_no_module_turns_text_into_html_or_code(path: Path) -> None:
    markup = r"innerHTML|outerHTML|insertAdjacentHTML|srcdoc|DOMParser|createContextualFragment|document\.write"
    forbidden = rf"\b(?:{markup}|eval|new Function)\b"
    assert re.findall(forbidden, path.read_text()) == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_a_module_says_what_it_is_and_stays_readable(path: Path) -> None:
    lines = path.read_text().splitlines()
    assert lines[0].startswith("// ")
    assert len(lines) <= 280


def colours(theme: str) -> dict[str, str]:
    """The variables of base.css that are plain colours."""
    light, dark = re.findall(r"^:root[^{]*\{([^}]*)\}", (PAGE / "css/base.css").read_text(), re.MULTILINE)
    found = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", light))
    return found | dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", dark)) if theme == "dark" else found


def luminance(colour: str) -> float:
    """WCAG's relative luminance of #rrggbb."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_words_stand_out_from_what_they_are_written_on(theme: str) -> None:
    known = colours(theme)
    pairs = [
        (words, ground)
        for words in ("text", "muted", "faint", "accent", "bad")
        for ground in ("side", "chat", "raised", "float")
    ]
    pairs += [("on-accent", "accent"), ("on-warm", "warm"), ("text", "quiet"), ("warm", "side"), ("warm", "chat")]
    pairs += [("on-bad", "bad"), ("on-bad", "bad-strong")]
    for words, ground in pairs:
        low, high = sorted((luminance(known[words]), luminance(known[ground])))
        assert (high + 0.05) / (low + 0.05) >= 4.5, f"{words} on {ground}"


async def test_everything_the_page_asks_for_is_served_as_what_it_is() -> None:
    kinds = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
    async with Playground() as world, aiohttp.ClientSession() as client:
        async with client.get(world.url) as answer:
            text = await answer.text()
        wanted = set(re.findall(r'(?:src|href)="(/page/static/[^"]+)"', text))
        assert {"/page/static/js/main.js", "/page/static/css/base.css"} <= wanted
        seen: set[str] = set()
        while wanted:
            address = wanted.pop()
            seen.add(address)
            async with client.get(world.url + address) as answer:
                assert answer.status == 200, address
                assert answer.content_type == kinds[Path(address).suffix]
                text = await answer.text()
            if address.endswith(".js"):
                found = re.findall(r'^import (?:[^"]* from )?"\./([\w.]+)";', text, re.MULTILINE)
                wanted |= {f"/page/static/js/{name}" for name in found} - seen
    served = {address.removeprefix("/page/static/") for address in seen}
    assert served == {str(path.relative_to(PAGE)) for path in FILES if path.suffix != ".html"}


async def test_no_path_leaves_the_pages_folder() -> None:
    async with Playground() as world, aiohttp.ClientSession() as client:
        for path in ("/page/static/%2e%2e/server.py", "/page/static/..%2fserver.py", "/page/static/js/../../server.py"):
            async with client.get(world.url + path) as answer:
                assert answer.status in (403, 404), path
