"""What the hub's client raises, in words for an owner."""

from pathlib import Path

import huggingface_hub
import pytest
from huggingface_hub import errors
from huggingface_hub.utils import httpx

from engine import hub
from engine.describe import _captioning
from engine.errors import ModelUnavailable
from engine.families.flux1_redux import _download
from engine.models import ModelEntry
from engine.residents import _fetched


def answered(kind: type[errors.HfHubHTTPError], status: int) -> errors.HfHubHTTPError:
    request = httpx.Request("GET", "https://hub.example/a/secret")
    return kind("a secret", response=httpx.Response(status, request=request))


def wrapped(cause: Exception) -> Exception:
    """As the loaders do it, twice."""
    outer, middle = OSError("a secret"), ValueError("a secret")
    outer.__cause__, middle.__context__ = middle, cause
    return outer


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
def test_every_way_to_the_hub_tells_why_it_is_closed(cause: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    from diffusers.pipelines.pipeline_utils import DiffusionPipeline
    from transformers import AutoProcessor

    def fail(*_: object, **__: object) -> Path:
        raise wrapped(cause)

    monkeypatch.setattr(DiffusionPipeline, "download", fail)
    monkeypatch.setattr(AutoProcessor, "from_pretrained", fail)
    entry = ModelEntry(name="dev", repository="a/dev", redux="a/redux")
    for fetch, repository in (
        (lambda: _fetched(entry), "a/dev"),
        (lambda: _download(entry), "a/redux"),
        (lambda: _captioning("a/blip"), "a/blip"),
    ):
        with pytest.raises(ModelUnavailable) as caught:
            fetch()
        assert (caught.value.repository, caught.value.reason) == (repository, hub.why(cause))
