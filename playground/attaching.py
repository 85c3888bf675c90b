"""Which attachments a message has after a send or an edit. It stores new files and deletes none."""

from playground import drafts
from playground.drafts import Draft
from playground.errors import Json, form_error
from playground.files import FileStore
from playground.snowflake import Snowflakes

_SNOWFLAKE_DIGITS = 17
"""Shorter ids in an attachments array are indices of uploaded files."""


def attachments_of(files: FileStore, ids: Snowflakes, channel_id: str, draft: Draft, keep: list[Json]) -> list[Json]:
    """Kept records (with their new descriptions) and then the new files. Raises ApiError 50035."""
    asked = {row["id"]: row for row in draft.attachments or []}
    if draft.attachments is None:
        wanted: list[tuple[int, Json]] = [(index, {}) for index in draft.body.files]
    else:
        wanted = [(int(key), row) for key, row in asked.items() if len(key) < _SNOWFLAKE_DIGITS]
        for index, _ in wanted:
            if index not in draft.body.files:
                text = f"Attachment with id {index} has no file uploaded with it"
                raise form_error(("attachments", index, "id"), "ATTACHMENT_NOT_FOUND", text)
    if len(keep) + len(wanted) > drafts.MOST_FILES:
        raise form_error(("attachments",), "BASE_TYPE_MAX_LENGTH", f"Must be {drafts.MOST_FILES} or fewer in length.")
    rows = [row | _texts(asked.get(row["id"], {})) for row in keep]
    for index, row in sorted(wanted, key=lambda pair: pair[0]):
        rows.append(files.attach(ids.new(), channel_id, draft.body.files[index], row))
    return rows


def _texts(asked: Json) -> Json:
    return {key: asked[key] for key in ("description", "title") if key in asked}
