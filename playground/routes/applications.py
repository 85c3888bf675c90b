"""The application itself and the gateway's address."""

from playground.call import Call, Routes
from playground.errors import Json
from playground.world import clean


async def gateway(call: Call) -> Json:
    return {"url": call.pg.gateway.address}


async def gateway_bot(call: Call) -> Json:
    limit = {"total": 1000, "remaining": 999, "reset_after": 14_400_000, "max_concurrency": 1}
    return {"url": call.pg.gateway.address, "shards": 1, "session_start_limit": limit}


async def application(call: Call) -> Json:
    world = call.pg.world
    row = world.application
    owner = world.user_object(row["owner_id"])
    return {
        "id": row["id"],
        "name": row["name"],
        "icon": None,
        "description": row["description"],
        "summary": "",
        "bot_public": True,
        "bot_require_code_grant": False,
        "verify_key": "0" * 64,
        "flags": row["flags"],
        "hook": True,
        "owner": owner,
        "team": None,
        "tags": [],
        "bot": clean(world.bot),
        "redirect_uris": [],
        "interactions_endpoint_url": None,
        "role_connections_verification_url": None,
        "approximate_guild_count": len(world.guilds),
        "approximate_user_install_count": 0,
        "install_params": {"scopes": ["bot", "applications.commands"], "permissions": "0"},
        "integration_types_config": {"0": {}},
    }


ROUTES: Routes = [
    ("GET", "/gateway", gateway),
    ("GET", "/gateway/bot", gateway_bot),
    ("GET", "/oauth2/applications/@me", application),
    ("GET", "/applications/@me", application),
]
