"""Interactions from press to answer: three seconds, fifteen minutes, one first answer. It does not know how a client
fills them in (`offered.py`, `filled.py`) nor how they look on the wire (`interaction.py`).
"""

import asyncio
import secrets
from collections.abc import Callable

from playground import drafts, modals
from playground.clock import Clock
from playground.drafts import EPHEMERAL, LAYOUT, SUPPRESS_EMBEDS, SUPPRESS_NOTIFICATIONS
from playground.errors import ApiError, Json, expired_token, form_error, invalid, unknown
from playground.feed import Event, Feed
from playground.interaction import AUTOCOMPLETE, COMMAND, COMPONENT, MODAL_SUBMIT, REPLY, Describer, Interaction
from playground.posts import Posts
from playground.refusals import Refusals
from playground.shapes import Integer, one
from playground.snowflake import Snowflakes
from playground.uploads import Body
from playground.world import World

PONG, ANSWER, DEFER, DEFER_UPDATE, UPDATE, CHOICES, MODAL, LAUNCH = 1, 4, 5, 6, 7, 8, 9, 12
ANSWER_WITHIN = 3.0
"""Seconds until an unanswered interaction has failed."""
TOKEN_LIFE = 15 * 60.0
"""Seconds that the token of an answered interaction works."""
_ALLOWED = {
    COMMAND: (ANSWER, DEFER, MODAL, LAUNCH),
    COMPONENT: (ANSWER, DEFER, DEFER_UPDATE, UPDATE, MODAL, LAUNCH),
    AUTOCOMPLETE: (CHOICES,),
    MODAL_SUBMIT: (ANSWER, DEFER, DEFER_UPDATE, UPDATE, LAUNCH),
}
_ANSWER_FLAGS = SUPPRESS_EMBEDS | EPHEMERAL | SUPPRESS_NOTIFICATIONS | LAYOUT


class Interactions:
    """All interactions of the last quarter of an hour."""

    def __init__(
        self, world: World, ids: Snowflakes, clock: Clock, posts: Posts, feed: Feed, refusals: Refusals
    ) -> None:
        self.world = world
        self.ids = ids
        self.clock = clock
        self.posts = posts
        self.feed = feed
        self.refusals = refusals
        self.rows: dict[str, Interaction] = {}
        self._waiting: dict[str, list[asyncio.Future[None]]] = {}
        self.describe = Describer(world, posts.render, self.rows)
        self.is_bot_online: Callable[[], bool] = lambda: False

    @property
    def file_limit(self) -> int:
        """Bytes per attachment."""
        return self.describe.file_limit

    def create(
        self,
        kind: int,
        *,
        user_id: str,
        channel_id: str,
        data: Json,
        message: Json | None = None,
        opener: str | None = None,
        nonce: str | None = None,
    ) -> Interaction:
        """Make an interaction, send it to the bot and start its three seconds."""
        self._forget_old()
        row = Interaction(
            id=self.ids.new(),
            token=secrets.token_urlsafe(48),
            type=kind,
            channel_id=channel_id,
            user_id=user_id,
            data=data,
            created=self.clock.time(),
            guild_id=self.world.channel(channel_id).get("guild_id"),
            message_id=message["id"] if message else None,
            opener=opener,
            nonce=nonce,
        )
        self.rows[row.id] = row
        self._tell(row)
        if not self.is_bot_online():
            self._fail(row, "The application is offline", missed=False)
            return row
        self.feed.publish(Event(name="INTERACTION_CREATE", record=self.describe.payload(row, message), page=False))
        self.clock.call_later(ANSWER_WITHIN, lambda: self._deadline(row))
        return row

    def answer(self, interaction_id: str, token: str, body: Body) -> tuple[Interaction, Json]:
        """The bot's first answer; returns the interaction and the `resource`. Raises 10062, 40060 or 50035."""
        row = self.rows.get(interaction_id)
        if row is None or row.token != token:
            raise unknown("interaction")
        if row.callback is not None:
            raise invalid(40060)
        if row.state == "failed" or self.clock.time() - row.created > ANSWER_WITHIN:
            raise unknown("interaction")
        kind = one(Integer(), body.payload.get("type", 0), "type")
        if kind not in _ALLOWED[row.type] or (kind in (DEFER_UPDATE, UPDATE) and not row.message_id):
            allowed = ", ".join(map(str, _ALLOWED[row.type]))
            raise form_error(("type",), "BASE_TYPE_CHOICES", f"Value must be one of ({allowed}).")
        data = body.payload.get("data") or {}
        if not isinstance(data, dict):
            raise form_error(("data",), "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
        resource = self._apply(row, kind, Body(data, body.files))
        row.callback = kind
        row.answered_after = self.clock.time() - row.created
        row.state = "acknowledged" if kind in (DEFER, DEFER_UPDATE) else "done"
        self._tell(row)
        return row, {"type": kind, **resource}

    async def settled(self, row: Interaction) -> None:
        """Return when `row` has been answered or has failed."""
        if row.state == "pending":
            future = asyncio.get_running_loop().create_future()
            self._waiting.setdefault(row.id, []).append(future)
            await future

    def by_token(self, application_id: str, token: str) -> Interaction:
        """The interaction of a webhook address. Raises 10015 (not there, not answered yet) or 50027 (too old)."""
        row = next((row for row in self.rows.values() if row.token == token), None)
        if application_id != self.world.application["id"] or row is None:
            raise unknown("webhook")
        if self.clock.time() - row.created > TOKEN_LIFE:
            raise expired_token()
        if row.callback is None:
            raise unknown("webhook")
        return row

    def own_message(self, row: Interaction, message_id: str) -> Json:
        """A message this token may touch: its own answers, or with `@original` the first one. Raises 10008."""
        wanted = row.original_id if message_id == "@original" else message_id
        if wanted is None or wanted not in (row.original_id, row.message_id, *row.message_ids):
            raise unknown("message")
        return self.world.message(row.channel_id, wanted)

    def follow_up(self, row: Interaction, body: Body) -> Json:
        """A further message. The first one after a deferral takes the place of "thinking"."""
        draft = drafts.new_message(body, flags_allowed=_ANSWER_FLAGS)
        original = self.world.messages.get(row.channel_id, {}).get(row.original_id or "")
        if original is not None and original["_thinking"]:
            draft.given |= {"content", "embeds", "components"}
            return self.edit(row, original, draft)
        target = original
        extra = self.describe.extra(row, follow_up=True)
        if target is not None:
            extra["message_reference"] = self.posts.render.reference(target)
        record = self._send(row, draft, kind=REPLY if target is not None else 0, extra=extra)
        self._done(row)
        return record

    def edit(self, row: Interaction, record: Json, draft: drafts.Draft) -> Json:
        """Change an answer by its token."""
        self.posts.edit(record, draft)
        self._done(row)
        return record

    def delete(self, row: Interaction, record: Json) -> None:
        """Remove an answer by its token."""
        self.posts.delete(record)
        self._done(row)

    def shown(self, row: Interaction) -> Json:
        """What the page of its person is told of an interaction, in INTERACTION_UPDATE and in the page's state."""
        return {
            "id": row.id,
            "nonce": row.nonce,
            "type": row.type,
            "state": row.state,
            "reason": row.reason,
            "channel_id": row.channel_id,
            "message_id": row.message_id,
            "callback": row.callback,
            "modal": row.modal,
            "custom_id": row.data.get("custom_id"),
        }

    def dump(self) -> list[Json]:
        """Interactions whose token still works, for the state file."""
        self._forget_old()
        return [{**vars(row), "message": None} for row in self.rows.values()]

    def load(self, rows: list[Json]) -> None:
        """Take what `dump` gave; those that waited for an answer have failed meanwhile."""
        for values in rows:
            row = Interaction(**values)
            if row.state == "pending":
                row.state, row.reason = "failed", "The application did not respond"
            row.message = self.world.messages.get(row.channel_id, {}).get(row.original_id or "")
            self.rows[row.id] = row

    def _apply(self, row: Interaction, kind: int, body: Body) -> Json:
        if kind == ANSWER:
            draft = drafts.new_message(body, flags_allowed=_ANSWER_FLAGS)
            row.ephemeral = bool(draft.flags & EPHEMERAL)
            extra = self.describe.extra(row)
            record = self._send(row, draft, kind=self.describe.message_kind(row), extra=extra)
            return self._answered(row, record)
        if kind == DEFER:
            flags = body.payload.get("flags") or 0
            row.ephemeral = bool(one(Integer(), flags, "data", "flags") & EPHEMERAL)
            viewer = row.user_id if row.ephemeral else None
            record = self.posts.placeholder(
                channel_id=row.channel_id,
                author_id=self.world.bot["id"],
                kind=self.describe.message_kind(row),
                viewer=viewer,
                extra=self.describe.extra(row),
            )
            row.message_ids.append(record["id"])
            return self._answered(row, record)
        if kind in (UPDATE, DEFER_UPDATE):
            record = self.world.message(row.channel_id, row.message_id or "")
            if kind == UPDATE:
                self.posts.edit(record, drafts.edit_of(record, body))
            return self._answered(row, record)
        if kind == CHOICES:
            row.choices = modals.check_choices(body.payload)
            told = {"interaction_id": row.id, "nonce": row.nonce, "choices": row.choices}
            self.feed.publish(Event(name="AUTOCOMPLETE_RESULT", record=told, viewer=row.user_id, bot=False))
        elif kind == MODAL:
            row.modal = modals.check(body.payload)
        return {}

    def _answered(self, row: Interaction, record: Json) -> Json:
        row.original_id = record["id"]
        row.message = record
        return {"message": record}

    def _send(self, row: Interaction, draft: drafts.Draft, *, kind: int, extra: Json) -> Json:
        viewer = row.user_id if draft.flags & EPHEMERAL else None
        record = self.posts.send(
            draft, channel_id=row.channel_id, author_id=self.world.bot["id"], kind=kind, viewer=viewer, extra=extra
        )
        row.message_ids.append(record["id"])
        return record

    def _deadline(self, row: Interaction) -> None:
        if row.callback is None and row.state == "pending":
            self._fail(row, "The application did not respond")

    def _fail(self, row: Interaction, reason: str, *, missed: bool = True) -> None:
        row.state, row.reason = "failed", reason
        if missed:
            error = ApiError(404, 10062, "No answer within 3 seconds: the interaction has failed")
            self.refusals.note("POST", f"/interactions/{row.id}/callback", error)
        self._tell(row)

    def _done(self, row: Interaction) -> None:
        if row.state == "acknowledged":
            row.state = "done"
            self._tell(row)
        else:
            self.feed.nudge()

    def _tell(self, row: Interaction) -> None:
        told = self.shown(row)
        if row.message is not None and row.message["_author"] in self.world.users:
            told["message"] = self.posts.render.for_page(row.message, row.user_id)
        if row.state != "pending":
            for future in self._waiting.pop(row.id, []):
                if not future.done():
                    future.set_result(None)
        self.feed.publish(Event(name="INTERACTION_UPDATE", record=told, viewer=row.user_id, bot=False))

    def _forget_old(self) -> None:
        now = self.clock.time()
        for row in [row for row in self.rows.values() if now - row.created > TOKEN_LIFE + 60]:
            del self.rows[row.id]
