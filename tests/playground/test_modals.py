"""Modals, selects, menus and autocomplete, with discord.py's own classes on the bot's side."""

from typing import Any

import discord
import pytest
from discord import app_commands, ui

from playground import NotOffered, Playground
from playground.errors import ApiError
from playground.modals import check, check_choices
from tests.playground.conftest import Bot, online


class Everything(ui.Modal, title="Everything"):
    """One of each input that a modal takes, five to a modal."""

    def __init__(self, parts: list[ui.Item[Any]]) -> None:
        super().__init__(custom_id="everything")
        self.got: dict[str, Any] = {}
        for index, part in enumerate(parts):
            self.add_item(ui.Label(text=f"Field {index}", description="d", component=part))
        self.parts = parts

    async def on_submit(self, interaction: discord.Interaction) -> None:
        for part in self.parts:
            value = getattr(part, "values", None) if hasattr(part, "values") else getattr(part, "value", None)
            self.got[getattr(part, "custom_id", "")] = value
        await interaction.response.send_message("thanks", ephemeral=True)


def first_half() -> list[ui.Item[Any]]:
    choices = [discord.SelectOption(label="One", value="1"), discord.SelectOption(label="Two", value="2")]
    return [
        ui.TextInput(custom_id="text", style=discord.TextStyle.long, min_length=2, max_length=10, default="none"),
        ui.Select(custom_id="select", options=choices, max_values=2),
        ui.UserSelect(custom_id="user"),
        ui.RoleSelect(custom_id="role", required=False, min_values=0),
        ui.ChannelSelect(custom_id="channel", channel_types=[discord.ChannelType.text]),
    ]


def second_half() -> list[ui.Item[Any]]:
    radio = [
        discord.RadioGroupOption(label="A", value="a"),
        discord.RadioGroupOption(label="B", value="b", default=True),
    ]
    boxes = [discord.CheckboxGroupOption(label="X", value="x"), discord.CheckboxGroupOption(label="Y", value="y")]
    return [
        ui.FileUpload(custom_id="file", max_values=2),
        ui.RadioGroup(custom_id="radio", options=radio),
        ui.CheckboxGroup(custom_id="boxes", options=boxes, max_values=2),
        ui.Checkbox(custom_id="box", default=True),
        ui.MentionableSelect(custom_id="mention"),
    ]


async def test_every_input_of_a_modal_arrives(pg: Playground, bot: Bot) -> None:
    modals = {"first": Everything(first_half()), "second": Everything(second_half())}

    @bot.tree.command(description="d")
    @app_commands.choices(which=[app_commands.Choice(name=name, value=name) for name in modals])
    async def form(interaction: discord.Interaction, which: str) -> None:
        await interaction.response.send_modal(modals[which])

    ada, ben, studio = pg.person("Ada"), pg.person("Ben"), pg.channel("studio")
    async with online(pg, bot):
        opened = await ada.slash("studio", "form", which="first")
        with pytest.raises(NotOffered, match="select takes 1 to 2"):
            await ada.submit(opened, {"user": ben, "channel": studio})
        with pytest.raises(NotOffered, match="2 to 10 characters"):
            await ada.submit(opened, {"text": "x"})
        answer = await ada.submit(opened, {"text": "hello", "select": ["Two", "1"], "user": ben, "channel": studio})
        assert answer.message is not None
        assert answer.message["content"] == "thanks"
        opened = await ada.slash("studio", "form", which="second")
        with pytest.raises(NotOffered, match="somebody else's"):
            await ben.submit(opened)
        await ada.submit(opened, {"file": ("a.png", b"pixels"), "boxes": ["x", "y"], "mention": ben})
        got = modals["second"].got
        assert await got["file"][0].read() == b"pixels"
    first = modals["first"].got
    assert (first["text"], first["select"], first["role"]) == ("hello", ["2", "1"], [])
    assert [user.name for user in first["user"]] == ["ben"]
    assert [str(channel.id) for channel in first["channel"]] == [studio["id"]]
    assert (got["radio"], got["boxes"], got["box"]) == ("b", ["x", "y"], True)
    assert [user.name for user in got["mention"]] == ["ben"]
    assert bot.errors == []
    assert pg.refusals == []


def label(component: dict[str, Any], text: str = "l") -> dict[str, Any]:
    return {"type": 18, "label": text, "component": component}


TEXT = {"type": 4, "custom_id": "t", "style": 1}


@pytest.mark.parametrize(
    "change",
    [
        {"title": "x" * 46},
        {"custom_id": ""},
        {"components": []},
        {"components": [label(TEXT | {"custom_id": str(index)}) for index in range(6)]},
        {"components": [label(TEXT), label(TEXT)]},
        {"components": [label(TEXT, "x" * 46)]},
        {"components": [label(TEXT | {"max_length": 4001})]},
        {"components": [label(TEXT | {"min_length": 5, "max_length": 4})]},
        {"components": [label({"type": 2, "style": 1, "label": "b", "custom_id": "b"})]},
        {"components": [label({"type": 21, "custom_id": "r", "options": [{"label": "a", "value": "a"}]})]},
        {"components": [label({"type": 22, "custom_id": "r", "options": []})]},
        {"components": [label({"type": 19, "custom_id": "f", "max_values": 11})]},
        {"components": [{"type": 1, "components": [TEXT, TEXT | {"custom_id": "u"}]}]},
        {"components": [TEXT]},
    ],
)
async def test_a_broken_modal_is_refused(change: dict[str, Any]) -> None:
    whole = {"custom_id": "m", "title": "t", "components": [label(TEXT)]}
    assert check(whole)["components"][0]["id"] == 1
    with pytest.raises(ApiError, match="50035"):
        check(whole | change)


async def test_a_select_of_a_message_resolves_what_was_chosen(pg: Playground, bot: Bot) -> None:
    got: list[Any] = []

    class Choose(ui.View):
        @ui.select(cls=ui.UserSelect, custom_id="who", max_values=2)
        async def who(self, interaction: discord.Interaction, select: ui.UserSelect[Any]) -> None:
            got.extend(user.name for user in select.values)
            await interaction.response.edit_message(content="chosen", view=None)

        @ui.select(custom_id="what", options=[discord.SelectOption(label="One", value="1")])
        async def what(self, interaction: discord.Interaction, select: ui.Select[Any]) -> None:
            got.extend(select.values)
            await interaction.response.defer()

    @bot.tree.command(description="d")
    async def choose(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("choose", view=Choose())

    ben = pg.person("Ben")
    async with online(pg, bot):
        card = (await ben.slash("studio", "choose")).message
        assert card is not None
        await ben.choose(card, "what", "One")
        with pytest.raises(NotOffered, match="no option"):
            await ben.choose(card, "what", "Two")
        await ben.choose(card, "who", [pg.person("Ada"), ben])
        assert (card["content"], card["components"]) == ("chosen", [])
    assert got == ["1", "ada", "ben"]


async def test_menus_carry_their_target(pg: Playground, bot: Bot) -> None:
    async def details(interaction: discord.Interaction, message: discord.Message) -> None:
        await interaction.response.send_message(f"{message.content} by {message.author.name}", ephemeral=True)

    async def greet(interaction: discord.Interaction, member: discord.Member) -> None:
        await interaction.response.send_message(f"hello {member.name}")

    bot.tree.add_command(app_commands.ContextMenu(name="Image details", callback=details))
    bot.tree.add_command(app_commands.ContextMenu(name="Greet", callback=greet))
    async with online(pg, bot):
        said = await pg.person("Ben").say("studio", "a picture")
        row = await pg.person("Cleo").menu(said, "Image details")
        assert row.message is not None
        assert (row.message["content"], row.message["type"]) == ("a picture by ben", 23)
        assert row.message["interaction_metadata"]["target_message_id"] == said["id"]
        row = await pg.person("Cleo").user_menu("studio", "Ben", "Greet")
        assert row.message is not None
        assert row.message["content"] == "hello ben"
    assert bot.errors == []


async def test_autocomplete_offers_what_the_bot_returns(pg: Playground, bot: Bot) -> None:
    async def complete(interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        size = interaction.namespace.size
        return [app_commands.Choice(name=f"{typed}{index}-{size}", value=str(index)) for index in range(3)]

    @bot.tree.command(description="d")
    @app_commands.autocomplete(model=complete)
    async def pick(interaction: discord.Interaction, model: str, size: int = 1) -> None:
        await interaction.response.send_message(model)

    async with online(pg, bot):
        choices = await pg.person("Ada").autocomplete("studio", "pick", "model", "po", size=7)
        assert [choice["name"] for choice in choices] == ["po0-7", "po1-7", "po2-7"]
        row = await pg.person("Ada").slash("studio", "pick", model="2")
        assert row.message is not None
        assert row.message["content"] == "2"
    assert bot.errors == []


def test_a_choice_of_more_than_a_hundred_characters_is_refused() -> None:
    assert check_choices({"choices": [{"name": "n" * 100, "value": "v" * 100}]})
    for choice in ({"name": "n" * 101, "value": "v"}, {"name": "n", "value": "v" * 101}):
        with pytest.raises(ApiError, match="50035"):
            check_choices({"choices": [choice]})


async def test_a_layout_view_works_like_any_other(pg: Playground, bot: Bot) -> None:
    class Layout(ui.LayoutView):
        box: ui.Container[Any] = ui.Container(ui.TextDisplay("title"), ui.Separator())
        row: ui.ActionRow[Any] = ui.ActionRow()

        @row.button(label="Press", custom_id="press")
        async def press(self, interaction: discord.Interaction, button: ui.Button[Any]) -> None:
            await interaction.response.send_message("pressed")

    @bot.tree.command(description="d")
    async def layout(interaction: discord.Interaction) -> None:
        await interaction.response.send_message(view=Layout())

    async with online(pg, bot):
        card = (await pg.person("Ada").slash("studio", "layout")).message
        assert card is not None
        row = await pg.person("Ada").click(card, "Press")
        assert row.message is not None
        assert row.message["content"] == "pressed"
    assert bot.errors == []
    assert pg.refusals == []
