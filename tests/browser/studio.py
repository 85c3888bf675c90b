"""A small real bot to try the page against: pictures, buttons, forms, choices, whispers. It knows no product."""

import asyncio
import contextlib
import io
from collections.abc import AsyncIterator

import discord
import yarl
from discord import app_commands
from discord.gateway import DiscordWebSocket
from discord.http import Route
from PIL import Image, ImageDraw

from playground import Playground

COLOURS = ((196, 78, 62), (62, 110, 196), (70, 150, 96), (214, 168, 72))
MODELS = ("pocket", "pocket-large", "watercolour", "ink")


def picture(index: int, side: int = 256) -> discord.File:
    """A house on a hill, each number in its own colour."""
    image = Image.new("RGB", (side, side), (24, 28, 62))
    draw = ImageDraw.Draw(image)
    draw.ellipse((side * 0.68, side * 0.1, side * 0.86, side * 0.28), fill=(246, 228, 160))
    draw.ellipse((-side * 0.3, side * 0.66, side * 1.3, side * 1.6), fill=(38, 74, 58))
    draw.rectangle((side * 0.3, side * 0.48, side * 0.62, side * 0.76), fill=COLOURS[index % 4])
    draw.polygon([(side * 0.25, side * 0.5), (side * 0.46, side * 0.28), (side * 0.67, side * 0.5)], fill=(92, 40, 36))
    draw.rectangle((side * 0.37, side * 0.56, side * 0.45, side * 0.64), fill=(250, 214, 120))
    file = io.BytesIO()
    image.save(file, "PNG")
    file.seek(0)
    return discord.File(file, f"house-{index + 1}.png", description=f"house {index + 1}")


class Form(discord.ui.Modal, title="Form"):
    """Says back what was filled in."""

    async def on_submit(self, interaction: discord.Interaction, /) -> None:
        parts = [label.component for label in self.children if isinstance(label, discord.ui.Label)]
        said = []
        for part in parts:
            if isinstance(part, discord.ui.Select | discord.ui.CheckboxGroup):
                said.append("+".join(part.values))
            elif isinstance(part, discord.ui.UserSelect):
                said.append("+".join(user.display_name for user in part.values))
            elif isinstance(part, discord.ui.FileUpload):
                said.append("+".join(file.filename for file in part.values))
            elif isinstance(part, discord.ui.TextInput | discord.ui.RadioGroup | discord.ui.Checkbox):
                said.append(str(part.value))
        await interaction.response.send_message("form: " + ", ".join(said))


class TuneForm(Form, title="Tune"):
    """The fields that the other form has no room for: a form holds five."""

    words = discord.ui.TextDisplay("Set **once**, kept for all.")
    tile = discord.ui.Label(text="Tile it", component=discord.ui.Checkbox())
    friend = discord.ui.Label(text="Friend", component=discord.ui.UserSelect(placeholder="Choose a friend"))


class RemixForm(Form, title="Remix"):
    """Text, choice, radio buttons, check boxes, files."""

    prompt = discord.ui.Label(
        text="Prompt",
        description="What should change",
        component=discord.ui.TextInput(style=discord.TextStyle.paragraph, min_length=5, max_length=200),
    )
    style = discord.ui.Label(
        text="Style",
        component=discord.ui.Select(
            placeholder="Choose a style",
            options=[discord.SelectOption(label="Oil", value="oil"), discord.SelectOption(label="Ink", value="ink")],
        ),
    )
    strength = discord.ui.Label(
        text="Strength",
        component=discord.ui.RadioGroup(
            options=[
                discord.RadioGroupOption(label="Subtle", value="subtle", default=True),
                discord.RadioGroupOption(label="Strong", value="strong"),
            ]
        ),
    )
    extras = discord.ui.Label(
        text="Extras",
        component=discord.ui.CheckboxGroup(
            required=False,
            options=[
                discord.CheckboxGroupOption(label="Frame", value="frame"),
                discord.CheckboxGroupOption(label="Signature", value="signature"),
            ],
        ),
    )
    reference = discord.ui.Label(text="Reference", component=discord.ui.FileUpload(required=False, max_values=2))


class GridButtons(discord.ui.View):
    """What stands under a grid."""

    def __init__(self) -> None:
        super().__init__(timeout=None)
        self.add_item(discord.ui.Button(label="Read more", url="https://example.com/more"))

    @discord.ui.button(label="U1", custom_id="u1")
    async def large(self, interaction: discord.Interaction, _: discord.ui.Button) -> None:
        await interaction.response.send_message("**Image 1**", file=picture(0, 320))

    @discord.ui.button(label="Remix", custom_id="remix", style=discord.ButtonStyle.primary)
    async def remix(self, interaction: discord.Interaction, _: discord.ui.Button) -> None:
        await interaction.response.send_modal(RemixForm())

    @discord.ui.button(label="Tune", custom_id="tune")
    async def tune(self, interaction: discord.Interaction, _: discord.ui.Button) -> None:
        await interaction.response.send_modal(TuneForm())

    @discord.ui.button(label="Deaf", custom_id="deaf", style=discord.ButtonStyle.danger)
    async def deaf(self, _: discord.Interaction, __: discord.ui.Button) -> None:
        """Never answers."""

    @discord.ui.button(label="Off", custom_id="off", disabled=True)
    async def off(self, _: discord.Interaction, __: discord.ui.Button) -> None:
        """Cannot be pressed."""

    @discord.ui.select(
        custom_id="style",
        placeholder="Choose styles",
        max_values=2,
        options=[discord.SelectOption(label=name) for name in ("Oil", "Ink", "Chalk")],
    )
    async def style(self, interaction: discord.Interaction, menu: discord.ui.Select) -> None:
        await interaction.response.edit_message(content=f"styles: {', '.join(sorted(menu.values))}")


class Card(discord.ui.LayoutView):
    """Second-generation components."""

    def __init__(self) -> None:
        super().__init__(timeout=None)
        thumbnail = discord.ui.Thumbnail("attachment://house-1.png", description="the house")
        gallery = discord.ui.MediaGallery(
            discord.MediaGalleryItem("attachment://house-2.png", description="second house")
        )
        self.add_item(
            discord.ui.Container(
                discord.ui.TextDisplay("## A card"),
                discord.ui.Section("Words beside a picture", accessory=thumbnail),
                discord.ui.Separator(),
                gallery,
                accent_colour=0xEF8354,
            )
        )


class Studio(discord.Client):
    """The bot. `handled` are the names of what it was asked."""

    def __init__(self) -> None:
        super().__init__(intents=discord.Intents(guilds=True, guild_messages=True))
        self.tree = app_commands.CommandTree(self)
        self.handled: list[str] = []
        self.here = asyncio.Event()
        self.go = asyncio.Event()
        self._commands()

    async def setup_hook(self) -> None:
        self.add_view(GridButtons())
        await self.tree.sync()

    async def on_ready(self) -> None:
        self.here.set()

    async def _gone(self) -> None:
        await asyncio.wait_for(self.go.wait(), 120)
        self.go.clear()

    def _commands(self) -> None:
        @self.tree.command(description="Four houses of the kind you describe")
        @app_commands.describe(
            prompt="What should be in the picture",
            shape="Its shape",
            count="How many",
            model="Which model",
            image="A start",
        )
        @app_commands.choices(shape=[app_commands.Choice(name=name, value=name) for name in ("square", "wide", "tall")])
        async def paint(
            interaction: discord.Interaction,
            prompt: app_commands.Range[str, 1, 400],
            shape: str = "square",
            count: app_commands.Range[int, 1, 4] = 4,
            model: str = "pocket",
            image: discord.Attachment | None = None,
            friend: discord.Member | None = None,
            private: bool = False,
        ) -> None:
            self.handled.append(
                f"paint {prompt}|{shape}|{count}|{model}|{image and image.filename}|{friend and friend.name}"
            )
            await interaction.response.defer(ephemeral=private)
            view = GridButtons()
            await interaction.edit_original_response(
                content=f"**{prompt}** ({shape}, {model})",
                attachments=[picture(index) for index in range(count)],
                view=view,
            )

        @paint.autocomplete("model")
        async def models(_: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
            return [app_commands.Choice(name=name, value=name) for name in MODELS if typed.lower() in name]

        @self.tree.command(description="Thinks until it is told to go on, twice")
        async def ponder(interaction: discord.Interaction) -> None:
            await interaction.response.defer()
            await self._gone()
            await interaction.edit_original_response(content="half way", attachments=[picture(0, 64)])
            await self._gone()
            await interaction.edit_original_response(content="all done", attachments=[picture(0, 256)])

        @self.tree.command(description="A word for you alone")
        async def whisper(interaction: discord.Interaction) -> None:
            await interaction.response.send_message("between us", ephemeral=True)

        @self.tree.command(description="A card of the newer kind")
        async def card(interaction: discord.Interaction) -> None:
            await interaction.response.send_message(view=Card(), files=[picture(0), picture(1)])

        @self.tree.command(description="A framed note")
        async def note(interaction: discord.Interaction) -> None:
            embed = discord.Embed(
                title="Queue", description="Two **wait**.", colour=0x57C4A5, url="https://example.com/queue"
            )
            embed.add_field(name="Running", value="1").add_field(name="Waiting", value="2")
            embed.set_footer(text="measured").set_thumbnail(url="attachment://house-1.png")
            await interaction.response.send_message(embed=embed, file=picture(0))

        @self.tree.command(description="For moderators")
        @app_commands.default_permissions(manage_guild=True)
        async def govern(interaction: discord.Interaction) -> None:
            await interaction.response.send_message("governed", ephemeral=True)

        @self.tree.context_menu(name="Describe it")
        async def describe(interaction: discord.Interaction, message: discord.Message) -> None:
            await interaction.response.send_message(f"described: {message.content}", ephemeral=True)


@contextlib.asynccontextmanager
async def studio(playground: Playground) -> AsyncIterator[Studio]:
    """The bot, connected to a playground in this very process; discord.py's addresses are put back at the end."""
    before = (Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY)
    Route.BASE = playground.api
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(playground.gateway_url)
    bot = Studio()
    running = asyncio.create_task(bot.start(playground.token))
    try:
        ready = asyncio.create_task(bot.here.wait())
        await asyncio.wait({running, ready}, return_when=asyncio.FIRST_COMPLETED, timeout=20)
        if running.done():
            running.result()
        assert bot.here.is_set(), "the bot did not connect"
        yield bot
    finally:
        await bot.close()
        await asyncio.wait({running}, timeout=5)
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = before
