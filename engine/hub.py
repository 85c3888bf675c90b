"""The model hub as far as an owner meets it: why something could not be fetched, and whether it could be.

Knows no models. Its client is imported when it is needed.
"""

from collections.abc import Iterator

GATED, NO_NETWORK, NOT_THERE = "gated", "no network", "no such repository or revision"

_LONGEST = 10.0
"""Seconds for a question to the hub that fetches nothing."""


def why(error: BaseException) -> str:
    """GATED, NO_NETWORK, NOT_THERE, or the error's type: in one word or two, without addresses and tokens."""
    from huggingface_hub import errors
    from huggingface_hub.utils import httpx

    # The loaders wrap the client's errors in their own, some of them twice.
    for one in _chain(error):
        if isinstance(one, errors.GatedRepoError):
            return GATED
        if isinstance(one, errors.RepositoryNotFoundError | errors.RevisionNotFoundError):
            return NOT_THERE
        if isinstance(one, errors.HfHubHTTPError):
            return GATED if one.response.status_code in (401, 403) else type(one).__name__
        if isinstance(one, ConnectionError | TimeoutError | httpx.TransportError):
            return NO_NETWORK
    # Without a network the client looks into its cache, and tells of that alone.
    missed = any(isinstance(one, errors.LocalEntryNotFoundError) for one in _chain(error))
    return NO_NETWORK if missed else type(error).__name__


def refusal(repository: str, revision: str = "", file: str = "model_index.json") -> str | None:
    """What `why` would say of fetching `file` from this repository now; None when it may be. Waits ten seconds."""
    from huggingface_hub import get_hf_file_metadata, hf_hub_url

    try:
        get_hf_file_metadata(hf_hub_url(repository, file, revision=revision or None), timeout=_LONGEST)
    except Exception as error:  # the hub's client raises errors of five libraries
        return why(error)
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    following: BaseException | None = error
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        yield following
        following = following.__cause__ or following.__context__
