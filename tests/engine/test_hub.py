"""What the hub's client raises, in words for an owner."""

import json
import shutil
from pathlib import Path

import huggingface_hub
import pytest
from huggingface_hub import errors
from huggingface_hub.utils import httpx

from engine import fetching, hub
from engine.describe import _captioning
from engine.errors import ModelUnavailable
from engine.lora.sources import folder_of
from engine.models import ModelEntry


def answered(kind: type[errors.HfHubHTTPError], status: int) -> errors.HfHubHTTPError:
    request = httpx.Request("GET", "https://hub.example/a/secret")
    return kind("a secret", response=httpx.Response(status, request=request))


def wrapped(cause: Exception) -> Exception:
    """As the loaders do it, twice."""
    outer, middle = OSError("a secret"), ValueError("a secret")
    outer.__cause__, middle.__context__ = middle, cause
    return outer


WITHIN = 120.0  # seconds after which a wait gives up


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (answered(errors.GatedRepoError, 403), hub.GATED),
        (answered(errors.HfHubHTTPError, 401), hub.GATED),
        (answered(errors.HfHubHTTPError, 403), hub.GATED),
        (answered(errors.HfHubHTTPError, 500), "HfHubHTTPError"),
        (answered(errors.RepositoryNotFoundError, 401), hub.NOT_THERE),
        (answered(errors.RevisionNotFoundError, 404), hub.NOT_THERE),
        (httpx.ConnectError("a secret"), hub.NO_NETWORK),
        (httpx.ReadTimeout("a secret"), hub.NO_NETWORK),
        (errors.OfflineModeIsEnabled("a secret"), hub.NO_NETWORK),
        (errors.LocalEntryNotFoundError("a secret"), hub.NO_NETWORK),
        (KeyError("a secret"), "KeyError"),
    ],
)
def test_why_something_could_not_be_fetched(error: Exception, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert hub.why(error) == words

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(huggingface_hub, "get_hf_file_metadata", fail)
    assert hub.refusal("a/b") == words


@pytest.mark.parametrize("cause", [answered(errors.GatedRepoError, 401), httpx.ConnectError("x")], ids=["gated", "net"])
def test_every_way_to_the_hub_tells_why_it_is_closed(
    cause: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from diffusers.pipelines.pipeline_utils import DiffusionPipeline
    from transformers import AutoProcessor

    def fail(*_: object, **__: object) -> Path:
        raise wrapped(cause)

    monkeypatch.setattr(DiffusionPipeline, "download", fail)
    monkeypatch.setattr(AutoProcessor, "from_pretrained", fail)
    assert fetching._child("a/dev", "") == 1
    assert capsys.readouterr().out == f"{hub.why(cause)}\n"
    with pytest.raises(ModelUnavailable) as caught:
        _captioning("a/blip")
    assert (caught.value.repository, caught.value.reason) == ("a/blip", hub.why(cause))


@pytest.fixture
def fetched(blank_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model in the hub's cache as diffusers leaves it: without the one large file beside the folders. No network."""
    commit = "0" * 40
    cached = tmp_path / "models--a--dev"
    folder = cached / "snapshots" / commit
    shutil.copytree(blank_folder, folder)
    (cached / "refs").mkdir()
    (cached / "refs" / "main").write_text(commit)
    names = [file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()]
    files = {name: {"size": 1, "blob_id": "0" * 40} for name in (*names, "flux1-dev.safetensors")}
    (cached / "trees").mkdir()
    (cached / "trees" / f"{commit}.json").write_text(json.dumps({"format_version": 1, "files": files}))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))  # for the child
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(errors.IncompleteSnapshotError):
        huggingface_hub.snapshot_download("a/dev", local_files_only=True)
    return folder


def test_a_model_that_was_fetched_is_found_again_without_a_network(fetched: Path) -> None:
    entry = ModelEntry(name="dev", repository="a/dev")
    assert fetching.Fetching().ensure("dev", "a/dev").result(WITHIN) == fetched
    assert folder_of(entry) == fetched


@pytest.mark.usefixtures("fetched")
def test_a_model_that_was_not_fetched_is_said_not_to_be_there() -> None:
    with pytest.raises(ModelUnavailable):
        folder_of(ModelEntry(name="other", repository="a/other"))
