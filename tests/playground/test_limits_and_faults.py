"""Rate limits as headers and refusals, and the faults that can be asked for."""

import asyncio
import time
from collections.abc import AsyncIterator

import aiohttp
import discord
import pytest

from playground import ManualClock, Playground
from tests.playground.conftest import Bot, Rest, code, online


@pytest.fixture
async def limited() -> AsyncIterator[Rest]:
    """Rate limits on, on a clock that stands still."""
    async with Playground(clock=ManualClock()) as pg, aiohttp.ClientSession() as session:
        yield Rest(pg, session)


def clock(rest: Rest) -> ManualClock:
    assert isinstance(rest.pg.clock, ManualClock)
    return rest.pg.clock


def header(rest: Rest, name: str) -> str:
    assert rest.last is not None
    return rest.last.headers[f"X-RateLimit-{name}"]


async def test_a_channel_takes_five_messages_in_five_seconds(limited: Rest) -> None:
    for left in (4, 3, 2, 1, 0):
        assert (await limited("POST", limited.studio, {"content": "x"}))[0] == 200
        assert (header(limited, "Limit"), header(limited, "Remaining")) == ("5", str(left))
    clock(limited).advance(2)
    status, body = await limited("POST", limited.studio, {"content": "x"})
    assert (status, body["global"], body["retry_after"]) == (429, False, 3.0)
    assert (header(limited, "Reset-After"), header(limited, "Scope")) == ("3.000", "user")
    assert len(limited.pg.messages("studio")) == 5
    assert limited.pg.refusals[-1].status == 429
    clock(limited).advance(3)
    assert (await limited("POST", limited.studio, {"content": "x"}))[0] == 200


async def test_channels_and_routes_have_their_own_buckets(limited: Rest) -> None:
    _, message = await limited("POST", limited.studio, {"content": "x"})
    bucket = header(limited, "Bucket")
    gallery = f"/channels/{limited.pg.channel('gallery')['id']}/messages"
    assert (await limited("POST", gallery, {"content": "x"}))[0] == 200
    assert header(limited, "Bucket") == bucket
    assert (await limited("PATCH", f"{limited.studio}/{message['id']}", {"content": "y"}))[0] == 200
    assert header(limited, "Bucket") != bucket


async def test_edits_of_all_messages_of_a_channel_share_one_bucket(limited: Rest) -> None:
    messages = [(await limited("POST", limited.studio, {"content": "x"}))[1]["id"] for _ in range(5)]
    for message in messages:
        assert (await limited("PATCH", f"{limited.studio}/{message}", {"content": "y"}))[0] == 200
    assert (await limited("PATCH", f"{limited.studio}/{messages[0]}", {"content": "z"}))[0] == 429


async def test_fifty_requests_a_second_are_the_bots_limit(limited: Rest) -> None:
    limited.pg.limits.global_limit = 3
    for channel in ("studio", "gallery", "general"):
        assert (await limited("GET", f"/channels/{limited.pg.channel(channel)['id']}"))[0] == 200
    status, body = await limited("GET", "/users/@me")
    assert (status, body["global"]) == (429, True)
    assert (await limited("GET", "/gateway"))[0] == 200
    clock(limited).advance(1)
    assert (await limited("GET", "/users/@me"))[0] == 200


async def test_too_many_invalid_answers_bring_a_ban(limited: Rest) -> None:
    limited.pg.limits.invalid_limit = 3
    limited.headers = {"Authorization": "Bot wrong"}
    for _ in range(3):
        assert (await limited("GET", "/users/@me"))[0] == 401
    limited.headers = {"Authorization": f"Bot {limited.pg.token}"}
    assert await limited("GET", "/users/@me") == (429, "error code: 1015")
    clock(limited).advance(601)
    assert (await limited("GET", "/users/@me"))[0] == 200


async def test_faults_on_rest_happen_as_asked(rest: Rest) -> None:
    rest.pg.faults.fail_rest(1.0, 503)
    assert (await rest("POST", rest.studio, {"content": "x"}))[0] == 503
    assert rest.pg.messages("studio") == []
    rest.pg.faults.clear()
    rest.pg.faults.lose_replies(1.0, how="502")
    assert (await rest("POST", rest.studio, {"content": "x"}))[0] == 502
    assert len(rest.pg.messages("studio")) == 1
    rest.pg.faults.lose_replies(1.0)
    with pytest.raises(aiohttp.ClientError):
        await rest("POST", rest.studio, {"content": "y"})
    assert len(rest.pg.messages("studio")) == 2
    rest.pg.faults.clear()
    rest.pg.faults.rate_limit_next(1, retry_after=0.5)
    status, body = await rest("GET", "/users/@me")
    assert (status, body["retry_after"]) == (429, 0.5)
    assert (await rest("GET", "/users/@me"))[0] == 200
    rest.pg.faults.slow(0.05)
    before = time.monotonic()
    await rest("GET", "/users/@me")
    assert time.monotonic() - before >= 0.05


async def test_a_failure_rate_is_a_share_and_repeats_with_its_dice(rest: Rest) -> None:
    rest.pg.faults.fail_rest(0.5)
    answers = [(await rest("GET", "/users/@me"))[0] for _ in range(20)]
    assert {200, 502} == set(answers)


async def test_the_panel_sets_and_resets_faults_and_knows_no_others(rest: Rest) -> None:
    url = f"{rest.pg.url}/page/faults"
    async with rest.session.post(url, json={"rest_failure_rate": 0.2, "slow": 1.5, "lose_replies": 0.1}) as answer:
        plan = await answer.json()
    assert (plan["rest_failure_rate"], plan["slow"], plan["lose_replies"]) == (0.2, 1.5, 0.1)
    async with rest.session.post(url, json={"reset": True}) as answer:
        assert (await answer.json())["slow"] == 0
    async with rest.session.post(url, json={"earthquake": 1}) as answer:
        assert answer.status == 400


async def test_a_real_client_waits_out_a_rate_limit(pg: Playground, bot: Bot) -> None:
    async with online(pg, bot):
        pg.faults.rate_limit_next(2, retry_after=0.05)
        channel = bot.get_channel(int(pg.channel("studio")["id"]))
        assert isinstance(channel, discord.TextChannel)
        message = await channel.send("patient")
        pg.faults.rate_limit_next(1, retry_after=0.05, is_global=True)
        await asyncio.gather(message.edit(content="a"), channel.send("b"))
    assert [row["content"] for row in pg.messages("studio")] == ["a", "b"]
    assert code((429, {"code": pg.refusals[-1].code})) == (429, 0)
