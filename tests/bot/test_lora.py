"""LoRAs through Discord: taken in by moderators, found by name, used in prompts, shared and removed."""

import asyncio
import pickle
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save

from bot.sweeping import sweep
from db import guilds, loras, users
from engine.lora.shelf import Shelf
from tests.bot.studio import Running, custom_ids, private_words, running

NOTES = {"modelspec.trigger_phrase": "inkwash"}
STEM = "transformer.transformer_blocks.0.attn.to_q"


def lora(seed: int = 0, *, rank: int = 4, width: int = 224, notes: dict[str, str] | None = None) -> bytes:
    """A small sound file for the pocket model."""
    chance = np.random.default_rng(seed)
    tensors = {
        f"{STEM}.lora_A.weight": chance.standard_normal((rank, width), np.float32),
        f"{STEM}.lora_B.weight": chance.standard_normal((width, rank), np.float32),
    }
    return save(tensors, notes)


def guild(bot: Running) -> int:
    return int(next(iter(bot.pg.world.guilds)))


async def told(bot: Running, words: str) -> str:
    """Wait until somebody was told so, to their eyes only."""

    def found() -> list[str]:
        private = (message for message in bot.pg.messages("studio") if message.get("_viewer"))
        return [message["content"] for message in private if words in message["content"]]

    await bot.pg.wait_for(lambda: bool(found()), what=words)
    return found()[0]


async def add(bot: Running, name: str, content: bytes | None = None, person: str = "Ada", **options: Any) -> Any:
    """`/lora add`, until it is answered."""
    file = ("made.safetensors", lora(len(name)) if content is None else content)
    return await bot.pg.person(person).slash("studio", "lora add", name=name, file=file, **options)


async def add_quietly(bot: Running, *names: str, author: str = "Ada", shared: bool = True) -> None:
    """Rows and files without pictures."""
    shelf, base = Shelf(bot.config.storage.folder / "loras"), bot.studio.taking
    person = bot.pg.person(author)
    async with bot.database.writing() as session:
        await users.touch(session, int(person.id), author)
        await guilds.touch(session, guild(bot), "here")
        for name in names:
            source = shelf.scratch(".safetensors")
            source.write_bytes(lora(len(name)))
            kept = base._kept(source, "pocket")
            new = loras.NewLora(
                interaction_id=abs(hash(name)),
                guild_id=guild(bot),
                author_id=int(person.id),
                name=name,
                digest=kept.digest,
                bytes=kept.bytes,
                model="pocket",
                style=kept.style,
                rank=kept.rank,
                of_text=False,
                shared=shared,
            )
            await loras.add(session, new)
            source.unlink(missing_ok=True)


async def test_a_moderator_adds_a_file_and_pictures_of_it_are_drawn_at_once(bot: Running):
    asked = await add(bot, "Ink Wash", lora(1, notes=NOTES), licence="CC0-1.0")
    card = asked.message
    await bot.pictures(card)
    (request,) = bot.engine.requests
    assert request.prompt == "a red house under a starry night sky, inkwash"
    ((use,), seeds) = request.loras, request.seeds
    assert (use.weight, len(seeds)) == (1.0, 2)
    assert Shelf(bot.config.storage.folder / "loras").find(use.name).read_bytes() == lora(1, notes=NOTES)
    (said,) = [m for m in bot.pg.messages("studio") if m.get("_viewer") and "Ink Wash" in m["content"]]
    assert "rank 4, diffusers format, trigger `inkwash`" in said["content"]

    shown = await bot.pg.person("Ben").slash("studio", "lora info", name="ink wash")
    await bot.pg.wait_for(lambda: bool(shown.message and shown.message["embeds"]))
    assert shown.message is not None
    embed, second = shown.message["embeds"]
    assert embed["title"] == '"Ink Wash"'
    assert "CC0-1.0" in str(embed["fields"])
    assert embed["image"]["url"] != second["image"]["url"]
    assert len(shown.message["attachments"]) == 2


async def test_only_a_moderator_adds(bot: Running):
    assert "manage guild" in private_words(await add(bot, "mine", person="Cleo"))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (lora(width=3072), "has width 3072 there and 224 here"),
        (lora()[:-5], "cut off or damaged"),
        (pickle.dumps({"a": 1}), "no safetensors file but a pickle"),
        (b"<!DOCTYPE html>", "no safetensors file but a web page"),
        (save({f"{STEM}.dora_scale": np.ones((224, 1), np.float32)}), "this is a DoRA"),
    ],
)
async def test_a_file_that_does_not_fit_is_refused_with_the_reason_and_nothing_is_kept(
    content: bytes, words: str, bot: Running
):
    await add(bot, "bad", content)
    assert (await told(bot, words)).startswith("This LoRA cannot be used: ")
    assert [file for file in (bot.config.storage.folder / "loras").rglob("*") if file.is_file()] == []
    assert await bot.jobs() == []


async def test_a_taken_name_and_an_impossible_one_are_told(bot: Running):
    await add_quietly(bot, "ink")
    await add(bot, "INK")
    assert await told(bot, "Another LoRA is called")
    for name in ("a:b", "--x", "<lora:x>", "x" * 61):
        assert "cannot be the name" in private_words(await add(bot, name))
    both = await bot.pg.person("Ada").slash("studio", "lora add", name="x")
    assert "`file` or `path`" in private_words(both)


async def test_a_file_of_the_owner_is_taken_by_its_name_alone(bot: Running, tmp_path: Path):
    incoming = bot.config.storage.folder / "loras" / "incoming"
    incoming.mkdir(parents=True)
    (incoming / "big.safetensors").write_bytes(lora(5))
    (tmp_path / "secret.safetensors").write_bytes(lora(6))
    ada = bot.pg.person("Ada")
    for path in ("../../secret.safetensors", "nowhere.safetensors", str(tmp_path / "secret.safetensors")):
        await ada.slash("studio", "lora add", name="x", path=path)
        assert await told(bot, f"There is no file `{path[:20]}")
    asked = await ada.slash("studio", "lora add", name="big one", path="big.safetensors", triggers="bigone, --ar {x}")
    assert asked.message is not None
    await bot.pictures(asked.message)
    async with bot.database.reading() as session:
        (found,) = await loras.usable(session, int(ada.id), guild(bot))
    assert (found.name, found.triggers) == ("big one", ["bigone", "ar x"])
    assert (incoming / "big.safetensors").exists()


async def test_loras_in_a_prompt_become_files_and_weights(bot: Running):
    await add_quietly(bot, "ink", "oil paint")
    await bot.imagine("Ben", prompt='a cat <lora:INK:0.8> --lora "oil paint:-0.5" --lora-steps ink:0..0.5=1', count=1)
    ink, oil = bot.engine.requests[-1].loras
    assert (ink.weight, oil.weight) == (0.8, -0.5)
    assert ink.name != oil.name
    assert (ink.steps[0].start, ink.steps[0].end, ink.steps[0].first) == (0.0, 0.5, 1.0)
    await bot.imagine("Ben", prompt="a cat", lora="ink:0.4", count=1)
    assert [(use.name, use.weight) for use in bot.engine.requests[-1].loras] == [(ink.name, 0.4)]


async def test_a_trigger_that_stands_in_the_prompt_is_not_added_twice(bot: Running):
    asked = await add(bot, "ink", triggers="inkwash, ink style")
    await bot.pictures(asked.message)
    for prompt, drawn in (
        ("a cat in Ink Style", "a cat in Ink Style"),
        ("a cat", "a cat, inkwash"),
    ):
        card = await bot.imagine("Ben", prompt=f"{prompt} --lora ink", count=1)
        assert bot.engine.requests[-1].prompt == drawn
        assert drawn in card["content"]


async def test_an_unknown_name_is_answered_with_the_nearest(bot: Running):
    await add_quietly(bot, "watercolour")
    asked = await bot.pg.person("Ben").slash("studio", "imagine", prompt="a cat --lora watercolor")
    assert private_words(asked) == "There is no LoRA `watercolor`. Did you mean `watercolour`?"
    assert await bot.jobs() == []


async def test_any_number_of_names_is_offered_by_what_was_typed(bot: Running):
    await add_quietly(bot, *(f"style {number:02}" for number in range(40)))
    ben = bot.pg.person("Ben")
    assert len(await ben.autocomplete("studio", "imagine", "lora", "", prompt="x")) == 25
    offered = await ben.autocomplete("studio", "imagine", "lora", "39:0.7", prompt="x")
    assert [choice["value"] for choice in offered] == ["style 39:0.7"]


async def test_the_list_has_pages_that_outlive_the_process(tmp_path: Path, sqlite_url: str):
    async with running(tmp_path, sqlite_url) as bot:
        await add_quietly(bot, *(f"style {number:02}" for number in range(20)))
        asked = await bot.pg.person("Ben").slash("studio", "lora list")
        await bot.pg.wait_for(lambda: bool(asked.message and asked.message["embeds"]))
        card = asked.message
        assert card is not None
        assert "style 14" in card["embeds"][0]["description"]
        assert "style 15" not in card["embeds"][0]["description"]
        assert custom_ids(card) == ["lora:page:0", "lora:page:1"]
        await bot.pg.person("Ben").click(card, "More")
        await bot.pg.wait_for(lambda: "style 19" in card["embeds"][0]["description"])
        await bot.pg.person("Ben").click(card, "Back")
        await bot.pg.wait_for(lambda: "style 00" in card["embeds"][0]["description"])
        bot.was_polite()


async def test_a_private_one_is_shared_and_taken_back_by_its_author_alone(bot: Running):
    await add_quietly(bot, "mine", author="Cleo", shared=False)
    cleo, ben, ada = (bot.pg.person(name) for name in ("Cleo", "Ben", "Ada"))
    asked = await ben.slash("studio", "imagine", prompt="a cat --lora mine")
    assert "There is no LoRA `mine`" in private_words(asked)
    assert "for everybody in its server now" in private_words(await cleo.slash("studio", "lora share", name="mine"))
    await bot.imagine("Ben", prompt="a cat --lora mine", count=1)
    assert "may share this" in private_words(await ada.slash("studio", "lora share", name="mine", private=True))
    assert "may remove this" in private_words(await ben.slash("studio", "lora remove", name="mine"))
    assert "off the list" in private_words(await ada.slash("studio", "lora remove", name="mine"))
    asked = await cleo.slash("studio", "lora info", name="mine")
    assert "There is no LoRA `mine`" in private_words(asked)


async def test_the_start_sweeps_files_that_no_row_knows(bot: Running):
    await add_quietly(bot, "kept")
    shelf = Shelf(bot.config.storage.folder / "loras")
    (known,) = shelf.folder.glob("*/*.safetensors")
    lost = shelf.folder / "ab" / f"{'ab' * 32}.safetensors"
    lost.parent.mkdir(exist_ok=True)
    await asyncio.to_thread(shutil.copy, known, lost)
    half = shelf.scratch(".ckpt")
    half.write_bytes(b"half")
    await sweep(bot.database, bot.storage, shelf)
    assert known.exists()
    assert not lost.exists()
    assert not half.exists()
