"""The one base of all our buttons: a custom id that says everything, and a callback whose errors reach the person.

discord.py only logs what a dynamic item's callback raises, so that nobody would be told; here everything ends in
`bot.errors.answer`. A view holds nothing but these, has no timeout, and is built afresh for every message and edit:
discord.py forgets a pattern, for all messages, when a view that mixed or lost items is taken off its list.
"""

import re
from typing import TYPE_CHECKING, Any, ClassVar, Self

import discord

from bot.errors import answer

if TYPE_CHECKING:
    from bot.client import Studio

Style = discord.ButtonStyle
PLAIN, TAKEN, DANGER = Style.secondary, Style.success, Style.danger


class Press(discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"(?!)"):
    """A button. Subclasses give a template that no other one matches, and `pressed`.

    `__init__` of a subclass takes the template's groups by name, as text, and `label`, `emoji`, `style`, `row`.
    """

    kinds: ClassVar[list[type["Press"]]] = []
    """Every kind of button, for the client to register."""
    for_anyone: ClassVar[bool] = False
    """Whether also those may press it whom a moderator has shut out."""

    def __init_subclass__(cls, *, template: str) -> None:
        super().__init_subclass__(template=template)
        Press.kinds.append(cls)

    def __init__(
        self,
        custom_id: str,
        *,
        label: str | None = None,
        emoji: str | None = None,
        style: Style = PLAIN,
        row: int | None = None,
        disabled: bool = False,
    ) -> None:
        button: discord.ui.Button[Any] = discord.ui.Button(
            custom_id=custom_id, label=label, emoji=emoji, style=style, disabled=disabled
        )
        super().__init__(button, row=row)
        found = self.template.fullmatch(custom_id)
        assert found is not None, custom_id
        self.parts = found.groupdict()

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(match.string)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        try:
            if not self.for_anyone:
                await interaction.client.let_in(interaction)
            await self.pressed(interaction)
        except Exception as error:
            await answer(interaction, error)

    async def pressed(self, interaction: "discord.Interaction[Studio]") -> None:
        """What the button does. Must answer the interaction; whatever it raises is put in words for the person."""
        raise NotImplementedError

    def number(self, part: str = "id") -> int:
        """A group of the custom id that holds a number."""
        return int(self.parts[part])


def view_of(*presses: Press) -> discord.ui.View:
    """A fresh view of these buttons that never times out."""
    view = discord.ui.View(timeout=None)
    for press in presses:
        view.add_item(press)
    return view


def with_mark(message: discord.Message, taken: set[str]) -> discord.ui.View | None:
    """The message's buttons again, those in `taken` marked; None when it holds anything that is not ours."""
    presses: list[Press] = []
    for row, line in enumerate(message.components):
        if not isinstance(line, discord.ActionRow):
            return None
        for button in line.children:
            press = _again(button, row, taken) if isinstance(button, discord.Button) else None
            if press is None:
                return None
            presses.append(press)
    return view_of(*presses)


def _again(button: discord.Button, row: int, taken: set[str]) -> Press | None:
    custom_id = button.custom_id or ""
    style = TAKEN if custom_id in taken else button.style
    for kind in Press.kinds:
        if kind.__discord_ui_compiled_template__.fullmatch(custom_id):
            emoji = str(button.emoji) if button.emoji else None
            return kind(custom_id, label=button.label, emoji=emoji, style=style, row=row, disabled=button.disabled)
    return None
