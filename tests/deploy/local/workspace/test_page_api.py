"""What the web page asks for, hears and does, and who may not."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import httpx
import pytest
from slack_sdk import WebClient

from deploy.local.workspace.background import RunningWorkspace, running_workspace
from deploy.local.workspace.server import ScenarioEntry, Workspace, WorkspaceServer

SCENARIOS = [ScenarioEntry("errors", "Errors after a deploy", "A Lambda fails."), ScenarioEntry("x", "X", "Breaks.")]


def post(ws: RunningWorkspace, path: str, **body: Any) -> dict[str, Any]:
    answer: dict[str, Any] = httpx.post(f"{ws.url}/_/{path}", json=body).json()
    return answer


def test_the_state_has_everything_the_page_draws(ws: RunningWorkspace) -> None:
    state = httpx.get(f"{ws.url}/_/state").json()
    assert [channel["name"] for channel in state["channels"]] == ["alerts", "general", "data-alerts", "finops", "maya"]
    assert {"FinOps analyst", "Data engineer"} <= {user["title"] for user in state["users"]}
    assert state["groups"] == [{"id": "S0PLATFORM", "handle": "platform"}]
    assert state["agent"]["bot_user"] == ws.bot_user
    assert (state["commands"], state["connected"]) == (["/watchkeeper"], False)


def test_whoever_looks_at_the_page_is_where_their_browser_is(ws: RunningWorkspace) -> None:
    def zone_of(name: str) -> str:
        described: Any = WebClient(ws.bot_token, base_url=ws.api_url).users_info(user=ws.user_id(name))["user"]
        return described["tz"]

    httpx.get(f"{ws.url}/_/state", params={"user": ws.user_id("priya"), "tz": "Asia/Tokyo"})
    httpx.get(f"{ws.url}/_/state", params={"user": ws.user_id("maya"), "tz": "../etc/passwd"})

    assert (zone_of("priya"), zone_of("maya")) == ("Asia/Tokyo", "America/Toronto")


def test_a_person_writes_and_another_has_it_unread(ws: RunningWorkspace) -> None:
    maya, sofia, general = ws.user_id("maya"), ws.user_id("sofia"), ws.channel_id("general")
    ts = post(ws, "messages", user=maya, channel=general, text="hello *all*")["ts"]
    reply = post(ws, "messages", user=sofia, channel=general, text="hi", thread_ts=ts)["ts"]

    (message,) = httpx.get(f"{ws.url}/_/channels/{general}/messages").json()["messages"]
    assert (message["reply_count"], message["reply_users"], message["reactions"]) == (1, [sofia], [])
    thread = httpx.get(f"{ws.url}/_/threads/{general}/{ts}").json()
    assert [m["ts"] for m in thread["messages"]] == [ts, reply]

    def unread(user: str) -> int:
        channels = httpx.get(f"{ws.url}/_/state", params={"user": user}).json()["channels"]
        return next(int(channel["unread"]) for channel in channels if channel["id"] == general)

    jonas = ws.user_id("jonas")
    assert (unread(maya), unread(jonas)) == (0, 1)
    post(ws, "read", user=jonas, channel=general)
    assert unread(jonas) == 0


def test_refusals_are_one_sentence(ws: RunningWorkspace) -> None:
    general = ws.channel_id("general")
    assert post(ws, "messages", channel=general, text=" ")["error"] == "Write something first."
    assert post(ws, "messages", channel="C0", text="x")["error"] == "That channel does not exist."
    assert post(ws, "messages", user=ws.bot_user, channel=general, text="x")["error"] == "Nobody can act as an app."
    assert "not a command" in post(ws, "commands", channel=general, command="/dance")["error"]
    assert httpx.post(f"{ws.url}/_/messages", content="{}").json()["error"] == "Send JSON."


def test_the_menu_fires_scenarios_and_tells_why_one_failed() -> None:
    fired: list[str] = []

    async def fire(name: str) -> None:
        if name == "x":
            raise RuntimeError("The simulated account is not running.")
        fired.append(name)

    with running_workspace(scenarios=SCENARIOS, fire=fire) as ws:
        assert [entry["name"] for entry in httpx.get(f"{ws.url}/_/state").json()["scenarios"]] == ["errors", "x"]
        assert post(ws, "scenarios/errors/fire") == {"ok": True}
        assert post(ws, "scenarios/x/fire") == {"ok": False, "error": "The simulated account is not running."}
        assert post(ws, "scenarios/none/fire")["error"] == "There is no scenario called none."
    assert fired == ["errors"]


@pytest.fixture
async def live(ws: RunningWorkspace) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    async with aiohttp.ClientSession() as session, session.ws_connect(f"{ws.url}/_/events") as socket:
        assert await socket.receive_json() == {"type": "app", "connected": False}
        yield socket


async def test_the_page_hears_of_messages_updates_and_status(
    ws: RunningWorkspace, client: WebClient, live: aiohttp.ClientWebSocketResponse
) -> None:
    def act() -> None:
        ts = client.chat_postMessage(channel="#general", text="one")["ts"]
        channel = ws.channel_id("general")
        client.assistant_threads_setStatus(channel_id=channel, thread_ts=ts, status="is thinking…")
        client.chat_update(channel=channel, ts=ts, text="two")
        client.chat_delete(channel=channel, ts=ts)

    await asyncio.to_thread(act)
    events = [await live.receive_json() for _ in range(4)]
    assert [event["type"] for event in events] == ["message", "status", "message_changed", "message_deleted"]
    assert events[0]["message"]["channel"] == ws.channel_id("general")
    assert events[1]["text"] == "is thinking…"
    assert events[2]["message"]["text"] == "two"


def test_a_human_message_is_stored_as_slack_stores_it(ws: RunningWorkspace) -> None:
    text = f"<@{ws.bot_user}> see <https://example.com|this> :eyes: `code`\n```\nline\n```"
    ws.post_as("maya", "general", text)
    (message,) = ws.messages("general")
    section, code = message["blocks"][0]["elements"]
    assert [element["type"] for element in section["elements"]] == [
        "user", "text", "link", "text", "emoji", "text", "text", "text",
    ]  # fmt: skip
    assert (code["type"], code["elements"][0]["text"]) == ("rich_text_preformatted", "line")


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Origin": "https://evil.example"},
        {"Origin": "http://localhost:1"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
def test_other_sites_and_other_names_are_refused(ws: RunningWorkspace, headers: dict[str, str]) -> None:
    body = json.dumps({"channel": ws.channel_id("general"), "text": "gotcha"})
    sent = headers | {"Content-Type": "application/json"}
    assert httpx.post(f"{ws.url}/_/messages", content=body, headers=sent).status_code == 403
    assert httpx.get(f"{ws.url}/_/state", headers=headers).status_code == 403
    assert ws.messages("general") == []


def test_the_pages_own_origin_is_welcome(ws: RunningWorkspace) -> None:
    headers = {"Origin": ws.url, "Sec-Fetch-Site": "same-origin"}
    assert httpx.get(f"{ws.url}/_/state", headers=headers).status_code == 200


async def test_a_taken_port_is_an_os_error() -> None:
    first = WorkspaceServer(Workspace())
    await first.start()
    taken = int(first.url.rpartition(":")[2])
    with pytest.raises(OSError, match="address already in use"):
        await WorkspaceServer(Workspace(), port=taken).start()
    await first.stop()
