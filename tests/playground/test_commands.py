"""Application commands: what may be registered, what an overwrite keeps, and who sees what."""

from typing import Any

import pytest

from playground import NotOffered, Playground
from tests.playground.conftest import Rest, code, problems


def commands(pg: Playground, guild: bool = False) -> str:
    scope = f"/guilds/{next(iter(pg.world.guilds))}" if guild else ""
    return f"/applications/{pg.world.application['id']}{scope}/commands"


def chat(name: str = "go", **fields: Any) -> dict[str, Any]:
    return {"name": name, "description": "d", **fields}


def option(name: str = "o", kind: int = 3, **fields: Any) -> dict[str, Any]:
    return {"name": name, "description": "d", "type": kind, **fields}


LONG = [{"name": f"{i}" + "n" * 80, "value": f"{i}" + "v" * 80} for i in range(25)]


@pytest.mark.parametrize(
    ("command", "path", "what"),
    [
        (chat("Go"), "0.name", "APPLICATION_COMMAND_INVALID_NAME"),
        (chat("with space"), "0.name", "APPLICATION_COMMAND_INVALID_NAME"),
        (chat("x" * 33), "0.name", "BASE_TYPE_BAD_LENGTH"),
        ({"name": "go"}, "0.description", "BASE_TYPE_REQUIRED"),
        (chat(description="x" * 101), "0.description", "BASE_TYPE_MAX_LENGTH"),
        (chat(options=[option(str(index)) for index in range(26)]), "0.options", "BASE_TYPE_MAX_LENGTH"),
        (
            chat(options=[option(choices=[{"name": str(i), "value": str(i)} for i in range(26)])]),
            "0.options.0.choices",
            "BASE_TYPE_MAX_LENGTH",
        ),
        (
            chat(options=[option("a"), option("b", required=True)]),
            "0.options.1",
            "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
        ),
        (chat(options=[option(), option()]), "0.options.1.name", "APPLICATION_COMMAND_OPTIONS_NAME_DUPLICATED"),
        (chat(options=[option("UP")]), "0.options.0.name", "APPLICATION_COMMAND_INVALID_NAME"),
        (chat(options=[option(kind=12)]), "0.options.0.type", "BASE_TYPE_CHOICES"),
        (
            chat(options=[option(kind=4, choices=[{"name": "n", "value": "text"}])]),
            "0.options.0.choices.0.value",
            "BASE_TYPE_BAD_LENGTH",
        ),
        (
            chat(options=[option(autocomplete=True, choices=[{"name": "n", "value": "v"}])]),
            "0.options.0.autocomplete",
            "APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE_CHOICES_INVALID",
        ),
        (
            chat(options=[option(kind=5, autocomplete=True)]),
            "0.options.0.autocomplete",
            "APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE_INVALID",
        ),
        (
            chat(options=[option("s", 1), option("v")]),
            "0.options",
            "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID",
        ),
        (
            chat(options=[option("g", 2, options=[option("s", 1, options=[option("deep", 1)])])]),
            "0.options.0.options.0.options.0.type",
            "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID",
        ),
        (
            {"name": "Menu", "type": 3, "description": "none here"},
            "0.description",
            "APPLICATION_COMMAND_CONTEXT_MENU_DESCRIPTION",
        ),
        (
            chat(options=[option(str(i), choices=LONG) for i in range(5)]),
            "0",
            "APPLICATION_COMMAND_TOO_LARGE",
        ),
    ],
)
async def test_a_broken_command_is_refused_and_the_old_ones_stay(
    rest: Rest, command: dict[str, Any], path: str, what: str
) -> None:
    await rest("PUT", commands(rest.pg), [chat("old")])
    assert problems(await rest("PUT", commands(rest.pg), [command])) == {path: what}
    assert [row["name"] for row in rest.pg.world.commands.values()] == ["old"]


async def test_an_overwrite_keeps_the_ids_of_names_that_stay(rest: Rest) -> None:
    _, before = await rest("PUT", commands(rest.pg), [chat("a"), chat("b")])
    _, after = await rest("PUT", commands(rest.pg), [chat("b", description="new"), chat("c")])
    assert after[0]["id"] == before[1]["id"]
    assert {row["name"] for row in rest.pg.world.commands.values()} == {"b", "c"}


async def test_names_are_unique_per_type_and_counts_are_limited(rest: Rest) -> None:
    twins = problems(await rest("PUT", commands(rest.pg), [chat(), chat()]))
    assert twins == {"1": "APPLICATION_COMMANDS_DUPLICATE_NAME"}
    many = [chat(f"c{index}") for index in range(101)]
    assert code(await rest("PUT", commands(rest.pg), many)) == (400, 30032)


async def test_guild_commands_stand_beside_global_ones(rest: Rest) -> None:
    await rest("PUT", commands(rest.pg), [chat("everywhere")])
    _, rows = await rest("PUT", commands(rest.pg, guild=True), [chat("here")])
    assert rows[0]["guild_id"] in rest.pg.world.guilds
    _, everywhere = await rest("GET", commands(rest.pg))
    assert [row["name"] for row in everywhere] == ["everywhere"]
    ada = rest.pg.person("Ada")
    assert {row["name"] for row in ada.commands("studio")} == {"everywhere", "here"}
    assert [row["name"] for row in ada.commands(ada.dm())] == ["everywhere"]


async def test_one_command_can_be_made_changed_and_deleted(rest: Rest) -> None:
    status, row = await rest("POST", commands(rest.pg), chat())
    assert status == 201
    status, again = await rest("POST", commands(rest.pg), chat(description="new"))
    assert (status, again["id"], again["description"]) == (200, row["id"], "new")
    path = f"{commands(rest.pg)}/{row['id']}"
    _, changed = await rest("PATCH", path, {"name": "gone"})
    assert changed["name"] == "gone"
    assert (await rest("DELETE", path))[0] == 204
    assert code(await rest("GET", path)) == (404, 10063)


async def test_people_see_only_what_they_may_use_where_they_are(rest: Rest) -> None:
    await rest(
        "PUT",
        commands(rest.pg),
        [chat("admin", default_member_permissions=str(1 << 5)), chat("late", nsfw=True), chat("server", contexts=[0])],
    )
    ada, ben = rest.pg.person("Ada"), rest.pg.person("Ben")
    assert {row["name"] for row in ada.commands("studio")} == {"admin", "server"}
    assert {row["name"] for row in ben.commands("studio")} == {"server"}
    assert {row["name"] for row in ben.commands("after-dark")} == {"server", "late"}
    assert {row["name"] for row in ben.commands(ben.dm())} == {"admin", "late"}
    with pytest.raises(NotOffered, match="lacks the permissions"):
        await ben.slash("studio", "admin")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "needs the option 'text'"),
        ({"text": "long" * 10}, "1 to 5 characters"),
        ({"text": "ok", "count": 9}, "between 1 and 4"),
        ({"text": "ok", "count": 1.5}, "whole number"),
        ({"text": "ok", "shape": "round"}, "one of square"),
        ({"text": "ok", "yes": "y"}, "true or false"),
        ({"text": "ok", "who": "1"}, "nobody"),
        ({"text": "ok", "file": "a.png"}, "must be a file"),
        ({"text": "ok", "other": 1}, "no option 'other'"),
    ],
)
async def test_a_client_lets_nobody_send_values_that_do_not_fit(rest: Rest, values: dict[str, Any], words: str) -> None:
    fields = [
        option("text", required=True, min_length=1, max_length=5),
        option("count", 4, min_value=1, max_value=4),
        option("shape", choices=[{"name": "square", "value": "1:1"}]),
        option("yes", 5),
        option("who", 6),
        option("file", 11),
    ]
    await rest("PUT", commands(rest.pg), [chat(options=fields)])
    with pytest.raises(NotOffered, match=words):
        await rest.pg.person("Ben").slash("studio", "go", **values)


async def test_subcommands_arrive_nested(rest: Rest) -> None:
    tree = [option("lora", 2, options=[option("add", 1, options=[option("name")])])]
    await rest("PUT", commands(rest.pg), [chat("x", options=tree)])
    row = await rest.pg.person("Ben").slash("studio", "x lora add", name="ink", wait=False)
    assert row.data["options"] == [
        {
            "name": "lora",
            "type": 2,
            "options": [{"name": "add", "type": 1, "options": [{"name": "name", "type": 3, "value": "ink"}]}],
        }
    ]
    assert (await rest("POST", f"/interactions/{row.id}/{row.token}/callback", {"type": 5}))[0] == 204
    assert row.message is not None
    assert row.message["interaction"]["name"] == row.message["interaction_metadata"]["name"] == "x lora add"
    with pytest.raises(NotOffered, match="needs one of: add"):
        await rest.pg.person("Ben").slash("studio", "x lora")
