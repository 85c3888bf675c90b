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
