"""One-shot mode: an incoming webhook is all there is, and still an analysis arrives: whole, and once."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from agent.errors import SettingsError, StoreUnavailable
from agent.models import AlertStatus, Claim, Decision, Diagnosis, JobKind, SlackPlace
from agent.settings import Settings
from deploy.local.workspace.background import RunningWorkspace
from deploy.local.workspace.block_kit import validate_blocks
from slack_app.handlers.desk import Desk
from slack_app.incoming_webhook import WebhookMessenger, messages, text_of
from slack_app.tokens import check_tokens, is_one_shot
from tests.e2e.service import text_of as words_of
from tests.slack_app.incident_desk import IncidentDesk, alert, incident_desk
from tests.tools.tickets.examples import FOUND
from tests.tools.tickets.examples import incident as example


@asynccontextmanager
async def _one_shot(ws: RunningWorkspace, home: Path, **settings: Any) -> AsyncGenerator[IncidentDesk]:
    given = {"slack_webhook_url": ws.incoming_webhook_url("alerts")} | settings
    with incident_desk(ws, home, **given) as desk:
        desk.desk = Desk.of(desk.desk.app, WebhookMessenger(desk.deps.settings))
        yield desk


@pytest.fixture
async def desk(ws: RunningWorkspace, tmp_path: Path) -> AsyncGenerator[IncidentDesk]:
    async with _one_shot(ws, tmp_path) as opened:
        yield opened


async def _diagnosed(desk: IncidentDesk, **fields: Any) -> None:
    found = {"diagnosis": FOUND, "evidence": example().evidence, "diagnosed_at": desk.deps.clock()}
    await desk.opened(place=SlackPlace(channel="alerts", thread_ts=""), **(found | fields))


def _posts(ws: RunningWorkspace, channel: str = "alerts") -> list[dict[str, Any]]:
    posts = ws.messages(channel)
    for post in posts:
        assert validate_blocks(post.get("blocks") or []) == []
        assert not any(block["type"] == "actions" for block in post.get("blocks") or [])
    return posts


async def test_an_analysis_is_posted_whole_once_and_without_buttons(desk: IncidentDesk) -> None:
    await desk.opened(place=SlackPlace(channel="alerts", thread_ts=""))
    await desk.living()
    assert _posts(desk.ws) == []

    await desk.analysis()
    for _ in range(3):
        await desk.living()

    (post,) = _posts(desk.ws)
    said = words_of(post)
    assert "What's going on" in said
    assert "checks" in said
    assert desk.ws.api_calls("chat.postMessage") == []


async def test_what_is_too_long_for_a_message_takes_several(desk: IncidentDesk) -> None:
    claims = tuple(Claim(text=f"Fact {n}. " + "x" * 580, evidence=("ev_1",)) for n in range(14))
    steps = tuple(f"Step {n}. " + "y" * 500 for n in range(12))
    long = Diagnosis(summary="All is broken. " * 200, claims=claims, next_steps=steps)
    await _diagnosed(desk, diagnosis=long)
    await desk.living()

    posts = _posts(desk.ws)
    said = " ".join(words_of(post) for post in posts)
    assert len(posts) > 1
    assert all(f"Fact {n}." in said for n in range(14))
    assert all(f"Step {n}." in said for n in range(12))


async def test_it_says_once_that_it_is_over_and_that_it_is_back(desk: IncidentDesk) -> None:
    await _diagnosed(desk)
    await desk.living()
    await desk.again(alert(status=AlertStatus.resolved))
    for _ in range(2):
        await desk.living()
    assert words_of(_posts(desk.ws)[-1]) == "✅ *Resolved*: checkout errors"
    await desk.again(alert())
    for _ in range(2):
        await desk.living()
    assert words_of(_posts(desk.ws)[-1]) == "🔴 *Fires again*: checkout errors"
    assert len(_posts(desk.ws)) == 3


async def test_what_was_over_before_it_was_told_is_told_in_one_post(desk: IncidentDesk) -> None:
    await _diagnosed(desk)
    await desk.again(alert(status=AlertStatus.resolved))
    for _ in range(2):
        await desk.living()
    (post,) = _posts(desk.ws)
    assert "resolved within a minute" in words_of(post)
    assert "Version 42 broke it." in words_of(post)


async def test_a_passed_alert_is_one_line_without_a_button(desk: IncidentDesk) -> None:
    await desk.opened(
        place=SlackPlace(channel="alerts", thread_ts=""),
        decision=Decision(treatment="pass", rule="r", reason="It is informational."),
    )
    await desk.living()
    (post,) = _posts(desk.ws)
    assert "checkout errors" in words_of(post)
    assert "It is informational." in words_of(post)


async def test_critical_and_heartbeat_topics_have_webhooks_of_their_own(ws: RunningWorkspace, tmp_path: Path) -> None:
    urls = {"slack_webhook_critical_url": ws.incoming_webhook_url("general")}
    async with _one_shot(ws, tmp_path, **urls) as desk:
        for number, topic in enumerate(("critical", "heartbeat", "")):
            desk.id = f"inc_{number:012}"
            rule = Decision(treatment="analyse", rule="r", reason="It is ours.", topic=topic)
            await _diagnosed(desk, decision=rule)
            await desk.living()
    assert len(_posts(ws, "general")) == 1
    assert len(_posts(ws)) == 2, "a topic without a webhook goes to the one for everything"


async def test_blocks_that_slack_refuses_are_sent_as_their_text(desk: IncidentDesk) -> None:
    desk.ws.faults.refuse_blocks = True
    await _diagnosed(desk)
    await desk.living()
    (post,) = _posts(desk.ws)
    assert not post.get("blocks")
    assert "Version 42 broke it." in post["text"]
    assert "Roll back to version 41." in post["text"]


async def test_a_store_that_fails_between_two_messages_repeats_none_of_them(desk: IncidentDesk) -> None:
    """What was posted is noted after each message."""
    claims = tuple(Claim(text=f"Fact {n}. " + "x" * 580, evidence=("ev_1",)) for n in range(14))
    await _diagnosed(desk, diagnosis=Diagnosis(summary="All is broken. " * 400, claims=claims))
    failing = FailsAtTheBudget(desk.deps.state, after=1)
    app = replace(desk.desk.app, deps=replace(desk.deps, state=failing))
    whole = desk.desk
    desk.desk = Desk.of(app, WebhookMessenger(desk.deps.settings))
    with pytest.raises(StoreUnavailable):
        await desk.living()
    assert len(_posts(desk.ws)) == 1
    desk.desk = whole
    await desk.living()
    said = [words_of(post) for post in _posts(desk.ws)]
    assert len(said) == len(set(said)) > 1


class FailsAtTheBudget:
    """A real store whose budget cannot be read once it was read so often."""

    def __init__(self, store: Any, after: int) -> None:
        self._store, self._left = store, after

    async def change(self, key: str, *args: Any, **kwargs: Any) -> Any:
        if key.startswith("channel:"):
            if not self._left:
                raise StoreUnavailable("The store is down.")
            self._left -= 1
        return await self._store.change(key, *args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


async def test_a_webhook_that_is_gone_is_one_sentence_without_its_address(ws: RunningWorkspace, tmp_path: Path) -> None:
    async with _one_shot(ws, tmp_path, slack_webhook_url=f"{ws.url}/services/T/B/{'x' * 18}") as desk:
        await _diagnosed(desk)
        with pytest.raises(SettingsError) as error:
            await desk.living()
    assert str(error.value).startswith("Slack refuses the incoming webhook (no_service); make a new one")
    assert "x" * 18 not in str(error.value)


async def test_while_nobody_answers_it_is_asked_for_again(
    ws: RunningWorkspace, tmp_path: Path, unused_tcp_port: int
) -> None:
    async with _one_shot(ws, tmp_path, slack_webhook_url=f"http://127.0.0.1:{unused_tcp_port}/x") as desk:
        await _diagnosed(desk)
        await desk.living()
        assert len(await desk.queued(JobKind.living)) == 1


async def test_a_storm_costs_the_channel_no_more_than_its_budget(desk: IncidentDesk) -> None:
    for number in range(20):
        desk.id = f"inc_{number:012}"
        await _diagnosed(desk)
        await desk.living()
    assert len(_posts(desk.ws)) == 12
    desk.clock.ahead += timedelta(minutes=2)
    await desk.living()
    assert len(_posts(desk.ws)) == 13


async def test_the_web_api_is_never_called(desk: IncidentDesk) -> None:
    with pytest.raises(SlackApiError):
        await desk.desk.messenger.client.chat_postMessage(channel="C1", text="x")
    assert await desk.desk.people.name("U1") == "somebody"
    assert await desk.desk.messenger.permalink("C1", "1.0") == ""


def test_the_mode_is_on_only_where_nothing_else_leads_to_slack() -> None:
    webhook = "https://hooks.slack.com/services/" + "T/B/x"
    alone = Settings(slack_webhook_url=webhook)
    check_tokens(alone)
    assert is_one_shot(alone)
    assert not is_one_shot(Settings(slack_webhook_url=webhook, slack_bot_token="xoxb-" + "test"))
    assert not is_one_shot(Settings())


def test_blocks_are_read_as_text_and_split_by_their_size() -> None:
    block = {"type": "section", "text": {"type": "mrkdwn", "text": "a" * 2900}}
    button = {"type": "actions", "elements": [{"type": "button", "text": {"type": "plain_text", "text": "Press"}}]}
    assert [len(part) for part in messages([block] * 7 + [button])] == [3, 3, 1]
    fields = {"type": "section", "fields": [{"type": "mrkdwn", "text": "one"}, {"type": "mrkdwn", "text": "two"}]}
    assert text_of([fields, {"type": "divider"}]) == "one two"
