"""Pictures that people hand in, through the playground's own CDN."""

import io
from collections.abc import AsyncIterator
from pathlib import Path

import discord
import pytest
from PIL import Image

from bot.errors import explain
from bot.refusals import ForeignAddress, NotFetched
from bot.uploads import HOSTS, Uploads, check_address
from engine.errors import UnfitUpload
from engine.metadata import PictureMetadata
from engine.storage import Storage, encode_png
from playground import Playground


@pytest.fixture
async def pg(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Playground]:
    async with Playground(rate_limits=False) as playground:
        monkeypatch.setattr(discord.Asset, "BASE", playground.cdn)
        yield playground


@pytest.fixture
def uploads(tmp_path: Path) -> Uploads:
    return Uploads(Storage(tmp_path / "pictures"))


def png(size: tuple[int, int] = (64, 48)) -> bytes:
    buffer = io.BytesIO()
    Image.linear_gradient("L").resize(size).save(buffer, "PNG")
    return buffer.getvalue()


async def posted(pg: Playground, content: bytes, name: str = "picture.png") -> str:
    """The address of an attachment that Ada posted."""
    message = await pg.person("Ada").say("studio", "look", files=[(name, content)])
    return pg.files.shown(message["attachments"][0])["url"]


@pytest.mark.parametrize(
    "address",
    [
        "https://example.com/a.png",
        "http://cdn.discordapp.com/attachments/1/2/a.png",
        "https://cdn.discordapp.com.evil.example/a.png",
        "https://cdn.discordapp.com@evil.example/a.png",
        "https://evil@cdn.discordapp.com/a.png",
        "https://cdn.discordapp.com:8443/a.png",
        "https://cdn.discordapp.com:99999999/a.png",
        "file:///etc/passwd",
        "http://127.0.0.1:22/",
        "http://[::1]/a.png",
        "",
        "cdn.discordapp.com/a.png",
        "https://cdn.discordapp.com/" + "a" * 3000,
    ],
)
def test_only_discords_own_addresses_are_opened(address: str) -> None:
    with pytest.raises(ForeignAddress) as refused:
        check_address(address)
    words = explain(refused.value)
    assert words is not None
    assert "Discord" in words


@pytest.mark.parametrize("host", HOSTS)
def test_discords_addresses_are_opened(host: str) -> None:
    check_address(f"https://{host}/attachments/1/2/a.png?ex=1&is=2&hm=3")


async def test_a_picture_from_the_channel_is_stored_as_pixels(pg: Playground, uploads: Uploads, tmp_path: Path) -> None:
    upload = await uploads.take(await posted(pg, png()))
    assert (upload.stored.width, upload.stored.height, upload.about) == (64, 48, None)
    storage = Storage(tmp_path / "pictures")
    assert storage.open(upload.stored.digest).size == (64, 48)
    assert storage.metadata(upload.stored.digest) is None
    assert storage.thumbnail(upload.stored.digest).exists()


async def test_a_picture_of_ours_brings_its_recipe(pg: Playground, uploads: Uploads) -> None:
    row = {"prompt": "a red house", "negative_prompt": "", "model": "pocket", "steps": 4, "guidance": 4.0}
    about = PictureMetadata.of(row | {"seeds": [7], "chaos": 0.5}, 7, size=(64, 48))
    upload = await uploads.take(await posted(pg, encode_png(Image.new("RGB", (64, 48)), about)))
    assert upload.about == about


async def test_what_is_no_picture_is_refused_and_leaves_nothing(
    pg: Playground, uploads: Uploads, tmp_path: Path
) -> None:
    with pytest.raises(UnfitUpload) as refused:
        await uploads.take(await posted(pg, b"PK\x03\x04" + bytes(100)))
    words = explain(refused.value)
    assert words is not None
    assert "PNG, JPEG" in words
    assert list(tmp_path.iterdir()) == []


async def test_a_link_that_expired_says_so(pg: Playground, uploads: Uploads) -> None:
    address = (await posted(pg, png())).partition("?")[0]
    with pytest.raises(NotFetched) as refused:
        await uploads.take(address)
    words = explain(refused.value)
    assert words is not None
    assert "expire" in words
