"""What makes two jobs the same: one key for everything that decides their pixels. Knows no rows beyond the request."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

_DRAWING = 2  # to be counted up when the same request is drawn differently from some version on


def key_of(request: Mapping[str, Any], identity: str) -> str:
    """64 hexadecimal digits for `Job.request` drawn by the model of that identity.

    Pictures and LoRAs are in a request by their digests, seeds one by one, so nothing else decides.
    """
    text = json.dumps([_DRAWING, identity, dict(request)], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
