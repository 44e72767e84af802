"""Time-outs, retries and errors of calls to other systems, over real HTTP."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
from aiohttp import web

from agent.errors import InputError, RetryLater, SettingsError
from tests.outside import Outside, Seen, reply, served
from tools.json_api import JsonApi, message_of, retry_after


@pytest.fixture
async def wire() -> AsyncGenerator[Outside]:
    async def system(seen: Seen) -> web.Response:
        if seen.path == "/html":
            return web.Response(text="<html>Instance hibernating</html>", content_type="text/html")
        return reply({"got": seen.body})

    async with served(system) as outside:
        yield outside


def api(wire: Outside, **options: Any) -> JsonApi:
    return JsonApi("Jira", wire.url, "WATCHKEEPER_JIRA_TOKEN", **({"pause": 0.01} | options))


@pytest.mark.parametrize("status", [429, 500, 502, 503])
async def test_what_is_busy_is_asked_again(wire: Outside, status: int) -> None:
    wire.plan(status, times=2)
    assert await api(wire).call("POST", "/x", body={"n": 1}) == {"got": {"n": 1}}
    assert len(wire.seen) == 3


async def test_it_waits_as_long_as_it_is_told(wire: Outside) -> None:
    wire.plan(429, headers={"Retry-After": "1"})
    began = time.monotonic()
    await api(wire).call("GET", "/x")
    assert time.monotonic() - began >= 1


async def test_a_long_wait_is_left_to_the_queue(wire: Outside) -> None:
    wire.plan(429, headers={"Retry-After": "77"})
    with pytest.raises(RetryLater) as error:
        await api(wire).call("GET", "/x")
    assert error.value.seconds == 77
    assert len(wire.seen) == 1


async def test_after_three_tries_it_is_for_later(wire: Outside) -> None:
    wire.plan(503, times=3)
    with pytest.raises(RetryLater, match=r"Jira is busy or out of order \(503\)\.") as error:
        await api(wire).call("GET", "/x")
    assert error.value.seconds == 30


@pytest.mark.parametrize(("status", "requests"), [(500, 1), (504, 1), (429, 2), (503, 2)])
async def test_what_may_have_been_done_is_not_asked_again_at_once(wire: Outside, status: int, requests: int) -> None:
    wire.plan(status)
    try:
        await api(wire).call("POST", "/x", repeatable=False)
    except RetryLater:
        assert requests == 1
    assert len(wire.seen) == requests


async def test_a_time_out_is_one_sentence(wire: Outside) -> None:
    wire.delay = 0.3
    with pytest.raises(RetryLater, match=r"Jira does not answer \(ReadTimeout\)\."):
        await api(wire, timeout=0.05).call("POST", "/x", repeatable=False)
    assert len(wire.seen) == 1


async def test_nobody_there_is_one_sentence(unused_tcp_port: int) -> None:
    nobody = JsonApi("Jira", f"http://127.0.0.1:{unused_tcp_port}", "WATCHKEEPER_JIRA_TOKEN", pause=0.01)
    with pytest.raises(RetryLater, match=r"Jira does not answer \(ConnectError\)\."):
        await nobody.call("GET", "/x")


async def test_who_is_denied_hears_what_to_check(wire: Outside) -> None:
    wire.plan(401, {"errorMessages": ["Client must be authenticated."]})
    with pytest.raises(SettingsError) as error:
        await api(wire).call("GET", "/x")
    assert str(error.value) == "Jira denies access (401: Client must be authenticated.); check WATCHKEEPER_JIRA_TOKEN."


async def test_what_is_refused_says_why_without_secrets(wire: Outside) -> None:
    token = "xoxb-" + "1234567890-abcdefghijkl"
    wire.plan(400, {"errors": {"summary": f"Bad {token}"}})
    with pytest.raises(InputError, match=r"Jira does not take this \(400: Bad \[redacted:"):
        await api(wire).call("POST", "/x")


async def test_what_is_not_there_is_none_and_what_is_no_json_a_mistake(wire: Outside) -> None:
    wire.plan(404, {"errorMessages": ["No."]})
    assert await api(wire).call("GET", "/x") is None
    with pytest.raises(InputError, match="something that is no JSON"):
        await api(wire).call("GET", "/html")


def test_a_wait_may_be_a_date() -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    assert 55 < retry_after(httpx.Response(429, headers={"Retry-After": later})) <= 60
    assert retry_after(httpx.Response(429, headers={"Retry-After": "soon"})) == 0
    assert retry_after(httpx.Response(429)) == 0


def test_what_a_system_says_is_found_wherever_it_stands() -> None:
    assert message_of({"error": {"code": 2006, "message": "Bad", "errors": ["Really bad", "Bad"]}}) == "Bad; Really bad"
    assert message_of(None) == "no reason given"
    assert len(message_of(["x" * 500])) == 300
