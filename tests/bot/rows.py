"""Rows as tests make them, without a database."""

from datetime import UTC, datetime
from typing import Any

from db.models import Image, Job, JobStatus, Route

NOON = datetime(2026, 5, 17, 12, 0, tzinfo=UTC)


def job(**values: Any) -> Job:
    given: dict[str, Any] = {
        "id": 7,
        "interaction_id": 1,
        "part": 0,
        "kind": "imagine",
        "status": JobStatus.QUEUED,
        "author_id": 11,
        "channel_id": 22,
        "route": Route.CHANNEL,
        "prompt": "a red house",
        "request": {
            "model": "pocket",
            "prompt": "a red house",
            "negative_prompt": "",
            "width": 256,
            "height": 256,
            "steps": 12,
            "guidance": 3.5,
            "seeds": [1, 2, 3, 4],
            "image": None,
            "strength": None,
        },
        "relaxed": False,
        "cancel_requested": False,
        "work": 48,
        "upload_limit": 10 * 2**20,
        "created_at": NOON,
    }
    return Job(**given | values)


def image(index: int = 0, **values: Any) -> Image:
    given: dict[str, Any] = {
        "id": 100 + index,
        "job_id": 7,
        "index": index,
        "author_id": 11,
        "digest": f"{index:064x}",
        "width": 256,
        "height": 256,
        "seed": index + 1,
        "bytes": 1000,
        "created_at": NOON,
    }
    return Image(**given | values)
