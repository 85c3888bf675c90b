"""Answers to interactions: the callback, and the webhook addresses under the interaction's token."""

from typing import Any

from playground import drafts
from playground.call import Call, Routes
from playground.errors import Json, invalid
from playground.interactions import ANSWER, DEFER, DEFER_UPDATE, UPDATE


async def callback(call: Call) -> Any:
    body = await call.body()
    row, resource = call.pg.interactions.answer(call.arg("interaction_id"), call.arg("token"), body)
    if call.request.query.get("with_response", "").lower() not in ("1", "true"):
        return None
    told: Json = {"id": row.id, "type": row.type}
    if row.callback in (ANSWER, DEFER, UPDATE, DEFER_UPDATE):
        told |= {
            "response_message_id": row.original_id,
            "response_message_loading": row.callback in (DEFER, DEFER_UPDATE),
            "response_message_ephemeral": row.ephemeral,
            "channel_id": row.channel_id,
        }
        if row.guild_id:
            told["guild_id"] = row.guild_id
    if "message" in resource:
        resource["message"] = call.pg.render.message(resource["message"], call.me)
    return {"interaction": told, "resource": resource}


async def follow_up(call: Call) -> Any:
    row = _row(call)
    record = call.pg.interactions.follow_up(row, await call.body())
    return call.pg.render.message(record, call.me)


async def get(call: Call) -> Json:
    row = _row(call)
    return call.pg.render.message(call.pg.interactions.own_message(row, call.arg("message_id")), call.me)


async def edit(call: Call) -> Json:
    row = _row(call)
    record = call.pg.interactions.own_message(row, call.arg("message_id"))
    draft = drafts.edit_of(record, await call.body())
    return call.pg.render.message(call.pg.interactions.edit(row, record, draft), call.me)


async def delete(call: Call) -> None:
    row = _row(call)
    record = call.pg.interactions.own_message(row, call.arg("message_id"))
    call.pg.interactions.delete(row, record)


def _row(call: Call) -> Any:
    row = call.pg.interactions.by_token(call.arg("application_id"), call.arg("token"))
    if row.channel_id not in call.pg.world.channels:
        raise invalid(50008)
    return row


_HOOK = "/webhooks/{application_id}/{token}"
ROUTES: Routes = [
    ("POST", "/interactions/{interaction_id}/{token}/callback", callback),
    ("POST", _HOOK, follow_up),
    ("GET", f"{_HOOK}/messages/{{message_id}}", get),
    ("PATCH", f"{_HOOK}/messages/{{message_id}}", edit),
    ("DELETE", f"{_HOOK}/messages/{{message_id}}", delete),
]
