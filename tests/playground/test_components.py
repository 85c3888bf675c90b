"""Components of messages: rows and layouts, each rule with its code."""

from typing import Any

import pytest

from tests.playground.conftest import Rest, problems

LAYOUT = 1 << 15


def button(**fields: Any) -> dict[str, Any]:
    return {"type": 2, "style": 1, "label": "b", "custom_id": "b", **fields}


def row(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"type": 1, "components": list(parts)}


def select(**fields: Any) -> dict[str, Any]:
    return {"type": 3, "custom_id": "s", "options": [{"label": "a", "value": "a"}], **fields}


def text(content: str = "t") -> dict[str, Any]:
    return {"type": 10, "content": content}


def options(count: int) -> list[dict[str, str]]:
    return [{"label": str(index), "value": str(index)} for index in range(count)]


@pytest.mark.parametrize(
    ("components", "path", "what"),
    [
        ([row(button(custom_id=str(index))) for index in range(6)], "components", "BASE_TYPE_MAX_LENGTH"),
        ([row(*[button(custom_id=str(i)) for i in range(6)])], "components.0.components", "BASE_TYPE_BAD_LENGTH"),
        ([row()], "components.0.components", "BASE_TYPE_BAD_LENGTH"),
        ([row(button(label="x" * 81))], "components.0.components.0.label", "BASE_TYPE_MAX_LENGTH"),
        ([row(button(custom_id="x" * 101))], "components.0.components.0.custom_id", "BASE_TYPE_BAD_LENGTH"),
        (
            [row(button(), button())],
            "components.0.components.1.custom_id",
            "COMPONENT_CUSTOM_ID_DUPLICATED",
        ),
        ([row(button(custom_id=None))], "components.0.components.0.custom_id", "BUTTON_COMPONENT_CUSTOM_ID_REQUIRED"),
        ([row(button(label=None))], "components.0.components.0", "BUTTON_COMPONENT_LABEL_OR_EMOJI_REQUIRED"),
        ([row(button(style=9))], "components.0.components.0.style", "BASE_TYPE_CHOICES"),
        (
            [row(button(style=5, url="https://x.y"))],
            "components.0.components.0.custom_id",
            "BUTTON_COMPONENT_CUSTOM_ID_AND_URL_MUTUALLY_EXCLUSIVE",
        ),
        ([row(select(options=options(26)))], "components.0.components.0.options", "BASE_TYPE_BAD_LENGTH"),
        ([row(select(options=[]))], "components.0.components.0.options", "BASE_TYPE_BAD_LENGTH"),
        (
            [row(select(options=options(1) * 2, max_values=1))],
            "components.0.components.0.options.1.value",
            "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED",
        ),
        (
            [row(select(max_values=2))],
            "components.0.components.0.max_values",
            "SELECT_COMPONENT_MAX_VALUES_GREATER_THAN_OPTIONS",
        ),
        ([row(select(placeholder="x" * 151))], "components.0.components.0.placeholder", "BASE_TYPE_MAX_LENGTH"),
        ([row(select(), button())], "components.0.components.1", "COMPONENT_LAYOUT_WIDTH_EXCEEDED"),
        ([text()], "components.0.type", "BASE_TYPE_CHOICES"),
        ([button()], "components.0.type", "BASE_TYPE_CHOICES"),
        ([{"components": []}], "components.0.type", "BASE_TYPE_REQUIRED"),
    ],
)
async def test_a_broken_row_is_refused_at_its_place(
    rest: Rest, components: list[dict[str, Any]], path: str, what: str
) -> None:
    assert problems(await rest("POST", rest.studio, {"content": "x", "components": components})) == {path: what}


def gallery(count: int, url: str = "https://x.y/z.png") -> dict[str, Any]:
    return {"type": 12, "items": [{"media": {"url": url}}] * count}


@pytest.mark.parametrize(
    ("body", "path", "what"),
    [
        ({"content": "x"}, "content", "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2"),
        ({"embeds": [{"title": "t"}]}, "embeds", "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2"),
        ({"components": [text() for _ in range(41)]}, "components", "BASE_TYPE_MAX_LENGTH"),
        (
            {"components": [{"type": 17, "components": [text() for _ in range(39)]}, text()]},
            "components",
            "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED",
        ),
        ({"components": [text("x" * 4001)]}, "components.0.content", "BASE_TYPE_BAD_LENGTH"),
        (
            {"components": [text("x" * 2500), text("x" * 2500)]},
            "components",
            "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED",
        ),
        ({"components": [gallery(11)]}, "components.0.items", "BASE_TYPE_BAD_LENGTH"),
        ({"components": [gallery(0)]}, "components.0.items", "BASE_TYPE_BAD_LENGTH"),
        (
            {"components": [gallery(1, "attachment://gone.png")]},
            "components.0.items.0.media.url",
            "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND",
        ),
        (
            {"components": [{"type": 9, "components": [text()]}]},
            "components.0.accessory",
            "BASE_TYPE_REQUIRED",
        ),
        (
            {"components": [{"type": 17, "components": [{"type": 17, "components": [text()]}]}]},
            "components.0.components.0.type",
            "BASE_TYPE_CHOICES",
        ),
        (
            {"components": [text() | {"id": 3}, text() | {"id": 3}]},
            "components.1.id",
            "COMPONENT_ID_DUPLICATED",
        ),
    ],
)
async def test_a_broken_layout_is_refused_at_its_place(rest: Rest, body: dict[str, Any], path: str, what: str) -> None:
    whole = {"flags": LAYOUT, "components": [text()], **body}
    found = problems(await rest("POST", rest.studio, whole))
    if what == "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED":
        assert found == {path: what}
    assert found.get(path) == what


async def test_a_layout_shows_its_files_and_every_part_has_an_id(rest: Rest) -> None:
    parts = [
        {"type": 17, "accent_color": 5, "components": [text("title"), gallery(1, "attachment://a.png")]},
        {"type": 9, "components": [text("side")], "accessory": button()},
        {"type": 14, "spacing": 2},
        {"type": 13, "file": {"url": "attachment://a.png"}},
    ]
    status, message = await rest("POST", rest.studio, {"flags": LAYOUT, "components": parts}, {"a.png": b"pixels"})
    assert status == 200, message
    container, section, _, file = message["components"]
    assert [container["id"], container["components"][0]["id"]] == [1, 2]
    assert section["accessory"]["custom_id"] == "b"
    async with rest.session.get(container["components"][1]["items"][0]["media"]["url"]) as answer:
        assert await answer.read() == b"pixels"
    assert (file["name"], file["size"]) == ("a.png", 6)


async def test_a_layout_stays_one_and_cannot_get_content_by_an_edit(rest: Rest) -> None:
    _, message = await rest("POST", rest.studio, {"flags": LAYOUT, "components": [text()]})
    path = f"{rest.studio}/{message['id']}"
    refused = problems(await rest("PATCH", path, {"content": "x"}))
    assert refused == {"content": "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2"}
    status, edited = await rest("PATCH", path, {"components": [text("new")]})
    assert (status, edited["flags"] & LAYOUT) == (200, LAYOUT)
    assert problems(await rest("PATCH", path, {"components": []})) == {"components": "BASE_TYPE_REQUIRED"}


async def test_a_message_with_content_becomes_a_layout_only_without_it(rest: Rest) -> None:
    _, message = await rest("POST", rest.studio, {"content": "x"})
    path = f"{rest.studio}/{message['id']}"
    change = {"flags": LAYOUT, "components": [text()]}
    assert list(problems(await rest("PATCH", path, change))) == ["content"]
    status, edited = await rest("PATCH", path, {**change, "content": None})
    assert (status, edited["content"]) == (200, "")
