import errno
import hashlib
import io
import os
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image

from engine import metadata
from engine.errors import DiskFull, PictureMissing, StorageFailed
from engine.metadata import TRAINED_ALGORITHMIC_MEDIA, PictureMetadata
from engine.storage import THUMBNAIL_SIDE, WAITING, Storage


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(tmp_path / "pictures")


def a_picture(size: tuple[int, int] = (96, 64), seed: int = 7) -> Image.Image:
    small = Image.frombytes("RGB", (16, 16), random.Random(seed).randbytes(16 * 16 * 3))
    return small.resize(size, Image.Resampling.BICUBIC)


def made(**changes: object) -> PictureMetadata:
    values: dict[str, object] = {
        "prompt": "a red house — under a starry night sky, 星",
        "model": "pocket",
        "steps": 12,
        "guidance": 3.5,
        "seed": 4294967295,
        "width": 96,
        "height": 64,
    }
    return PictureMetadata(**(values | changes))  # type: ignore[arg-type]


def files(storage: Storage) -> list[Path]:
    return sorted(path for path in storage.folder.rglob("*") if path.is_file())


def test_a_stored_picture_has_its_own_pixels_under_the_hash_of_its_file(storage: Storage) -> None:
    picture = a_picture()
    stored = storage.put(picture, made())
    content = storage.read(stored.digest)
    assert hashlib.sha256(content).hexdigest() == stored.digest
    assert (stored.bytes, stored.width, stored.height) == (len(content), 96, 64)
    assert storage.open(stored.digest).tobytes() == picture.tobytes()


def test_the_same_picture_is_stored_once(storage: Storage) -> None:
    first, second = storage.put(a_picture(), made()), storage.put(a_picture(), made())
    assert first.digest == second.digest
    assert (first.created, second.created) == (True, False)
    assert len(files(storage)) == 2


def test_a_picture_says_how_it_was_made(storage: Storage) -> None:
    written = made(negative_prompt="people", strength=0.3, parent="ab" * 32, model="my, model")
    digest = storage.put(a_picture(), written).digest
    assert storage.metadata(digest) == written


def test_the_file_carries_the_texts_other_programs_read(storage: Storage) -> None:
    digest = storage.put(a_picture(), made(negative_prompt="people", strength=0.3)).digest
    with Image.open(storage.path(digest)) as image:
        image.load()
        assert image.info["parameters"] == (
            "a red house — under a starry night sky, 星\n"
            "Negative prompt: people\n"
            "Steps: 12, Sampler: Euler, CFG scale: 3.5, Seed: 4294967295, Size: 96x64, Model: pocket, "
            "Denoising strength: 0.3"
        )
        packet = ElementTree.fromstring(image.info["xmp"])
    marks = packet[0][0].attrib
    assert marks["{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType"] == TRAINED_ALGORITHMIC_MEDIA


def test_a_model_name_with_commas_cannot_forge_another_field() -> None:
    assert 'Model: "x, Seed: 1"' in made(model="x, Seed: 1").parameters()


@pytest.mark.parametrize("text", ["", "{", "[]", "[" * 100_000, '{"prompt": 3}', '{"prompt": "only"}', "null"])
def test_foreign_json_is_no_metadata(text: str) -> None:
    image = a_picture()
    image.info[metadata.JSON_KEY] = text
    assert metadata.read(image) is None


def test_the_thumbnail_is_small_and_marked(storage: Storage) -> None:
    digest = storage.put(a_picture((1200, 600)), made()).digest
    with Image.open(storage.thumbnail(digest)) as small:
        assert small.format == "WEBP"
        assert small.size == (THUMBNAIL_SIDE, THUMBNAIL_SIDE // 2)
        assert TRAINED_ALGORITHMIC_MEDIA in small.info["xmp"].decode()


def test_webp_for_upload_fits_the_limit_or_is_none(storage: Storage) -> None:
    digest = storage.put(a_picture((300, 300)), made()).digest
    large = storage.as_webp(digest, 10_000_000)
    assert large is not None
    smaller = storage.as_webp(digest, len(large) - 1)
    assert smaller is not None
    assert len(smaller) < len(large)
    assert storage.as_webp(digest, 100) is None
    with Image.open(io.BytesIO(smaller)) as image:
        assert image.size == (300, 300)
        comment = image.getexif().get_ifd(0x8769)[0x9286]
    assert comment.removeprefix(b"UNICODE\0").decode("utf-16-be").endswith("Model: pocket")


@pytest.mark.parametrize("successes", [0, 2])
def test_a_full_disk_is_told_and_leaves_nothing(
    storage: Storage, monkeypatch: pytest.MonkeyPatch, successes: int
) -> None:
    """With 2 writes let through (the thumbnail and its folder), the disk is full at the original."""
    real, calls = os.fsync, 0

    def fsync(descriptor: int) -> None:
        nonlocal calls
        calls += 1
        if calls > successes:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(DiskFull) as caught:
        storage.put(a_picture(), made())
    assert caught.value.detail == {"folder": str(storage.folder)}
    assert files(storage) == []


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageFailed):
        Storage(tmp_path / "file").put(a_picture(), made())


@pytest.mark.parametrize("digest", ["0" * 64, "../../etc/passwd", "", "A" * 64])
def test_what_is_not_there_is_missing(storage: Storage, digest: str) -> None:
    for ask in (storage.read, storage.open, storage.metadata):
        with pytest.raises(PictureMissing):
            ask(digest)


def test_a_damaged_file_is_missing_not_a_crash(storage: Storage) -> None:
    digest = storage.put(a_picture(), made()).digest
    content = storage.read(digest)
    for damaged in (b"", b"not a picture", content[: len(content) // 2]):
        storage.path(digest).write_bytes(damaged)
        with pytest.raises(PictureMissing):
            storage.open(digest)


def test_delete_takes_both_files_and_may_be_repeated(storage: Storage) -> None:
    digest = storage.put(a_picture(), made()).digest
    storage.delete(digest)
    storage.delete(digest)
    assert files(storage) == []


def test_the_sweep_removes_orphans_and_temporary_files_only(storage: Storage) -> None:
    kept = storage.put(a_picture(), made()).digest
    orphan = storage.put(a_picture(seed=1), made(seed=1)).digest
    (storage.path(orphan).parent / ".tmp-0123456789abcdef").write_bytes(b"half")
    (storage.path(kept).parent / "notes.txt").write_text("the owner's")
    assert len(storage.sweep({kept})) == 3
    assert [file.name for file in files(storage)] == sorted([f"{kept}.png", f"{kept}.webp", "notes.txt"])


def test_what_was_handed_in_waits_a_week_for_its_job(storage: Storage) -> None:
    waits, old = storage.put(a_picture(), None).digest, storage.put(a_picture(seed=1), None).digest
    age(storage, old, WAITING + timedelta(minutes=1))
    assert {file.stem for file in storage.sweep(set())} == {old}
    age(storage, waits, WAITING + timedelta(minutes=1))
    assert not storage.put(a_picture(), None).created, "the same again counts as new"
    assert storage.sweep(set()) == []


def test_what_was_handed_in_again_since_a_moment_is_not_deleted(storage: Storage) -> None:
    digest, now = storage.put(a_picture(), None).digest, datetime.now(UTC)
    age(storage, digest, timedelta(hours=1))
    assert not storage.delete(digest, put_before=now - timedelta(hours=2))
    assert storage.open(digest)
    assert storage.delete(digest, put_before=now)
    drawn = storage.put(a_picture(), made()).digest
    assert storage.delete(drawn, put_before=now - timedelta(hours=2))
    assert files(storage) == []


def age(storage: Storage, digest: str, by: timedelta) -> None:
    moment = (datetime.now(UTC) - by).timestamp()
    os.utime(storage.path(digest), (moment, moment))


def test_a_sweep_of_a_folder_that_is_not_there_is_empty(storage: Storage) -> None:
    assert storage.sweep(set()) == []
