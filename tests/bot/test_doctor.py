"""The doctor against a stand-in for Discord: what is well, and what to do about what is not."""

import json
import os
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from bot import invitation
from bot.config import Config
from bot.doctor import Finding, examine
from db.database import Database
from engine import device, hub
from engine.pocket.blank import write_blank
from playground import Playground


@pytest.fixture
async def playground() -> AsyncIterator[Playground]:
    async with Playground() as opened:
        yield opened


@pytest.fixture
def config(playground: Playground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    monkeypatch.delenv("ATELIER_DISCORD__TOKEN", raising=False)
    document = {
        "discord": {"token": playground.token, "api": playground.api},
        "storage": {"folder": "storage"},
        "engine": {"device": "cpu"},
        "models": {"pocket": {"folder": "model"}},
    }
    write_blank(tmp_path / "model")
    return Config.of(document, folder=tmp_path)


def changed(config: Config, section: str, **values: object) -> Config:
    table = getattr(config, section).model_copy(update=values)
    return config.model_copy(update={section: table})


async def findings(config: Config) -> dict[str, Finding]:
    return {finding.part: finding async for finding in examine(config)}


async def test_a_good_setup_is_well_in_every_part_and_nothing_is_changed(config: Config):
    found = await findings(config)
    assert [finding for finding in found.values() if not finding.well] == []
    assert list(found) == ["storage", "disk", "database", "device", "model", "token", "permissions"]
    assert "made at the first start" in found["storage"].words
    assert not config.storage.folder.exists()


async def test_a_wrong_token_is_told_from_a_missing_one(config: Config):
    wrong = await findings(Config.of({**document_of(config), "discord": {"token": "wrong", "api": config.discord.api}}))
    assert not wrong["token"].well
    assert "refused the token" in wrong["token"].words
    none = await findings(Config.of({**document_of(config), "discord": {"api": config.discord.api}}))
    assert "developer portal" in none["token"].words
    assert not none["permissions"].well


def document_of(config: Config) -> dict[str, object]:
    return {
        "storage": {"folder": config.storage.folder},
        "models": {"pocket": {"folder": config.models["pocket"].folder}},
        "engine": {"device": "cpu"},
    }


async def test_a_server_without_a_permission_is_named_with_what_it_lacks(config: Config, playground: Playground):
    for guild in playground.world.guilds.values():
        for role in guild["roles"]:
            role["permissions"] = str(int(role["permissions"]) & ~(1 << 15))
    found = await findings(config)
    assert not found["permissions"].well
    assert "lacks attach files" in found["permissions"].words
    assert await invitation.missing_permissions(config.discord) == {"Atelier": ["attach files"]}


async def test_an_unreachable_discord_is_one_line(config: Config):
    found = await findings(changed(config, "discord", api="http://127.0.0.1:9/api/v10"))
    assert not found["token"].well
    assert "cannot be reached" in found["token"].words


async def test_a_damaged_model_folder_is_named(config: Config):
    folder = config.models["pocket"].folder
    assert folder is not None
    (folder / "model_index.json").write_text("{")
    found = await findings(config)
    assert not found["model"].well
    assert str(folder) in found["model"].words


async def test_quantised_weights_are_named_with_what_would_be_right(config: Config):
    folder = config.models["pocket"].folder
    assert folder is not None
    file = folder / "transformer" / "config.json"
    file.write_text(
        json.dumps(json.loads(file.read_text()) | {"quantization_config": {"quant_method": "bitsandbytes"}})
    )
    found = await findings(config)
    assert not found["model"].well
    assert found["model"].words == (
        f"the model folder {folder} has quantised weights (bitsandbytes, in transformer), which are not supported; "
        "put one there with weights in bfloat16, float16 or float32"
    )


def of_schnell(config: Config) -> Config:
    models = {"schnell": {}}
    return Config.of(document_of(config) | {"models": models, "engine": {"device": "cpu", "model": "schnell"}})


@pytest.mark.parametrize(
    ("why", "words"),
    [
        (hub.GATED, "accept its conditions on https://huggingface.co/black-forest-labs/FLUX.1-schnell"),
        (hub.NO_NETWORK, "black-forest-labs/FLUX.1-schnell: no network"),
    ],
)
async def test_a_model_that_cannot_be_downloaded_is_told_before_the_first_start(
    config: Config, monkeypatch: pytest.MonkeyPatch, why: str, words: str
):
    monkeypatch.setattr(hub, "refusal", lambda repository, revision, file: why)
    found = await findings(of_schnell(config))
    assert not found["model"].well
    assert words in found["model"].words


async def test_a_model_whose_licence_wants_a_filter_is_told_of_it_before_its_first_picture(
    config: Config, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(hub, "refusal", lambda repository, revision, file: None)
    monkeypatch.setattr(device, "room", lambda name, dtype: ("cuda", 2, 80 * 2**30))
    document = document_of(config)
    document["models"] = {"pocket": {"folder": config.models["pocket"].folder}, "dev": {"accepted": True}, "krea": {}}
    found = await findings(Config.of(document))
    assert "filter.pictures" in found["model dev"].words
    assert "models.krea.accepted" in found["model krea"].words
    assert (found["model"].well, found["model dev"].well, found["model krea"].well) == (True, False, False)
    reviewed = await findings(Config.of(document | {"filter": {"pictures": "review"}}))
    assert reviewed["model dev"].well
    assert "moderators" in reviewed["filter"].words


async def test_a_filter_an_upscaler_and_a_captioner_that_are_not_there_are_named(config: Config, tmp_path: Path):
    (tmp_path / "empty").mkdir()
    document = document_of(config)
    document["engine"] = {"device": "cpu", "upscaler": str(tmp_path / "x4.pth"), "captioner": str(tmp_path / "blip")}
    document["filter"] = {"pictures": "classifier", "folder": str(tmp_path / "empty")}
    found = await findings(Config.of(document))
    for part, words in (("filter", "missing: config.json"), ("upscaler", "x4.pth"), ("captioner", "blip")):
        assert not found[part].well
        assert words in found[part].words
    (tmp_path / "empty" / "config.json").write_text("{}")
    assert (await findings(Config.of(document)))["filter"].well


async def test_a_classifier_that_cannot_be_downloaded_is_told_before_it_blocks_everything(
    config: Config, monkeypatch: pytest.MonkeyPatch
):
    asked: list[tuple[str, str]] = []
    monkeypatch.setattr(
        hub, "refusal", lambda repository, revision, file: asked.append((repository, file)) or hub.NO_NETWORK
    )
    found = await findings(changed(config, "filter", pictures="classifier"))
    assert not found["filter"].well
    assert "no network" in found["filter"].words
    assert asked == [("Falconsai/nsfw_image_detection", "config.json")]


@pytest.mark.parametrize(
    ("free", "well", "words"),
    [
        (15.6, False, "needs 16.1 GiB of memory, and 15.6 are there"),
        (
            23.1,
            True,
            "needs 16.1 GiB of 23.1 GiB free, its text encoders in main memory and its weights kept in float8",
        ),
        (31.0, True, "needs 24.1 GiB of 31.0 GiB free, its text encoders in main memory"),
        (79.0, True, "needs 33.9 GiB of 79.0 GiB free"),
    ],
)
async def test_what_the_model_needs_of_a_gpu_is_compared_with_what_is_free(
    config: Config, monkeypatch: pytest.MonkeyPatch, free: float, well: bool, words: str
):
    monkeypatch.setattr(hub, "refusal", lambda repository, revision, file: None)
    monkeypatch.setattr(device, "room", lambda name, dtype: ("cuda", 2, int(free * 2**30)))
    found = await findings(of_schnell(config))
    assert found["model"].well is well
    assert words in found["model"].words
    config.storage.folder.mkdir()
    (config.storage.folder / "atelier.pid").write_text(f"{os.getpid()}\n")
    beside = await findings(of_schnell(config))
    assert beside["model"].words == "schnell, to be downloaded from black-forest-labs/FLUX.1-schnell", (
        "a running bot has the model loaded already"
    )


async def test_a_database_that_is_behind_is_told_apart_from_one_that_is_not_there(config: Config):
    config.storage.folder.mkdir()
    async with Database.open(config.database_url):
        pass
    found = await findings(config)
    assert not found["database"].well
    assert "atelier db upgrade" in found["database"].words


async def test_a_device_that_is_not_there_is_told_with_the_way_out(config: Config):
    found = await findings(changed(config, "engine", device="cuda:99"))
    assert not found["device"].well
    assert found["device"].words == 'there is no device cuda:99 here; engine.device = "auto" takes what there is'


async def test_a_full_disk_is_said(config: Config, monkeypatch: pytest.MonkeyPatch):
    usage = psutil.disk_usage(str(config.storage.folder.parent))
    monkeypatch.setattr(psutil, "disk_usage", lambda path: usage._replace(free=10_000_000))
    found = await findings(config)
    assert not found["disk"].well
    assert "make room" in found["disk"].words
