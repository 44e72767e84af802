"""Clicks that Slack has signed and that are wrong all the same: none counts, each is answered, each is written down."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

import pytest

from deploy.local.workspace.http_delivery import sign
from deploy.local.workspace.state import User
from graphs.remediation import SWITCH
from tests.slack_app.approval_counter import ApprovalCounter, Card, Reply, approval_counter, post_signed, run

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]
GONE, FOREIGN, APP = "U0GONEAWAY", "U0FOREIGN1", "U0SOMEBOT1"
NAMED = """
approvers:
  - who: [{maya}, U0GONEAWAY, U0FOREIGN1, U0SOMEBOT1, USLACKBOT, U0NOBODY99]
break_glass: {{who: [{sofia}]}}
"""
"""Whom Slack does not vouch for counts as little when the policy names them."""


@pytest.fixture(scope="module")
def counter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApprovalCounter]:
    with approval_counter(tmp_path_factory.mktemp("counter")) as opened:
        users = opened.ws.workspace.state.users
        template = users[opened.ws.user_id("jonas")]
        users[GONE] = replace(template, id=GONE, name="gone", email="", deleted=True)
        users[FOREIGN] = replace(template, id=FOREIGN, name="foreign", email="", team_id="T0ELSEWHER")
        users[APP] = User(APP, "deploybot", "Deploy bot", app_id="A0DEPLOY01", bot_id="B0DEPLOY01")
        yield opened


@dataclass
class World:
    """A card that somebody else's payload pretends to come from, and another one, both open."""

    counter: ApprovalCounter
    card: Card
    other: Card


@pytest.fixture(scope="module")
def world(counter: ApprovalCounter) -> World:
    counter.write_policy(NAMED)
    return World(counter, counter.ask(), counter.ask())


Payload = dict[str, Any]
Tamper = Callable[[Payload, World], None]


def value(made: Callable[[World], Any]) -> Tamper:
    def tamper(payload: Payload, world: World) -> None:
        payload["actions"][0]["value"] = made(world)

    return tamper


def part(**parts: Any) -> Tamper:
    return lambda payload, world: payload.update(parts)


def within(name: str, **parts: Any) -> Tamper:
    return lambda payload, world: payload[name].update(parts)


def message(ts: Callable[[World], Any]) -> Tamper:
    def tamper(payload: Payload, world: World) -> None:
        payload["container"]["message_ts"] = payload["message"]["ts"] = ts(world)

    return tamper


def channel(name: str) -> Tamper:
    def tamper(payload: Payload, world: World) -> None:
        payload["channel"]["id"] = payload["container"]["channel_id"] = name

    return tamper


def without(*names: str) -> Tamper:
    def tamper(payload: Payload, world: World) -> None:
        for name in names:
            del payload[name]

    return tamper


def action(**parts: Any) -> Tamper:
    return lambda payload, world: payload["actions"][0].update(parts)


def both(*tampers: Tamper) -> Tamper:
    def tamper(payload: Payload, world: World) -> None:
        for each in tampers:
            each(payload, world)

    return tamper


BUTTONS: dict[str, tuple[str, Tamper]] = {
    "another card's approval": ("elsewhere", value(lambda w: w.other.id)),
    "an unknown approval": ("unknown", value(lambda w: "apr_000000000000")),
    "an empty value": ("unknown", value(lambda w: "")),
    "a huge value": ("unknown", value(lambda w: "A" * 100_000)),
    "a value that begins right and is huge": ("unknown", value(lambda w: w.card.id + "A" * 100_000)),
    "a number": ("unknown", value(lambda w: 12345)),
    "nothing": ("unknown", value(lambda w: None)),
    "a list": ("unknown", value(lambda w: [w.card.id])),
    "an object": ("unknown", value(lambda w: {"id": w.card.id})),
    "JSON": ("unknown", value(lambda w: json.dumps({"id": w.card.id, "decision": "approved"}))),
    "SQL": ("unknown", value(lambda w: f"{w.card.id}' OR '1'='1")),
    "a path": ("unknown", value(lambda w: f"../approvals/{w.card.id}")),
    "a blank before it": ("unknown", value(lambda w: f" {w.card.id}")),
    "capitals": ("unknown", value(lambda w: w.card.id.upper())),
    "a null byte": ("unknown", value(lambda w: f"{w.card.id}\0")),
    "a hash beside it": ("unknown", value(lambda w: f"{w.card.id}|{w.other.approval.payload_hash}")),
    "the hash instead": ("unknown", value(lambda w: w.card.approval.payload_hash)),
    "the remediation's id": ("unknown", value(lambda w: w.card.approval.remediation_id)),
    "the action's id": ("unknown", value(lambda w: w.card.approval.action_id)),
    "no value": ("unknown", lambda payload, world: payload["actions"][0].pop("value")),
    "another channel": ("elsewhere", channel("C0GENERAL1")),
    "an unknown channel": ("elsewhere", channel("C0NOWHERE1")),
    "a direct message": ("elsewhere", channel("D0WATCHKP0")),
    "no channel": ("elsewhere", channel("")),
    "a channel of another shape": ("elsewhere", both(part(channel="C0ALERTS01"), within("container", channel_id=7))),
    "the thread's first message": ("elsewhere", message(lambda w: w.card.thread)),
    "the other card's message": ("elsewhere", message(lambda w: w.other.message["ts"])),
    "a message that is not there": ("elsewhere", message(lambda w: "9999999999.999999")),
    "a message of another shape": ("elsewhere", message(lambda w: float(w.card.message["ts"]))),
    "no message": ("elsewhere", without("message", "container")),
    "a container of another shape": ("elsewhere", both(without("message"), part(container=["message"]))),
    "another team": ("elsewhere", within("team", id="T0ELSEWHER")),
    "no team": ("elsewhere", part(team=None)),
    "a team of another shape": ("elsewhere", part(team="T0HARBOR01")),
    "an app": ("stranger", within("user", id=APP)),
    "Slackbot": ("stranger", within("user", id="USLACKBOT")),
    "somebody who says to be of another team": ("stranger", within("user", team_id="T0ELSEWHER")),
    "somebody of another team": ("stranger", within("user", id=FOREIGN)),
    "somebody who left": ("stranger", within("user", id=GONE)),
    "nobody's id": ("stranger", within("user", id="U0NOBODY99")),
    "a group's id": ("stranger", within("user", id="S0PLATFORM")),
    "no user": ("stranger", part(user={})),
    "somebody whom nobody named": ("not_named", within("user", id="U0JONASBRG")),
    "a button that no card has": ("input", action(action_id="approval_execute")),
    "a word of the worker's": ("input", action(action_id="approval_open_edit")),
    "a button with a huge name": ("input", action(action_id="approval_" + "x" * 5000)),
    "no time, and no approval": ("unknown", both(action(action_ts="now"), value(lambda w: ""))),
    "a trigger that was used": ("late", both(action(action_id="approval_reject"), part(trigger_id="1.2.used"))),
    "no trigger": ("late", both(action(action_id="approval_break_glass"), without("trigger_id"))),
    "a trigger of another shape": ("late", both(action(action_id="approval_edit"), part(trigger_id={"id": 1}))),
}
REASON = {"reason": {"typed": {"type": "plain_text_input", "value": "It cannot wait any longer."}}}


def metadata(made: Callable[[World, dict[str, Any]], Any]) -> Tamper:
    """What a modal brings back of itself."""

    def tamper(payload: Payload, world: World) -> None:
        made_up = made(world, json.loads(payload["view"]["private_metadata"]))
        payload["view"]["private_metadata"] = made_up if isinstance(made_up, str) else json.dumps(made_up)

    return tamper


def state(made: Any) -> Tamper:
    return lambda payload, world: payload["view"].update(state=made)


MODALS: dict[str, tuple[str, str, Tamper]] = {
    "another approval": ("rejected", "elsewhere", metadata(lambda w, said: {**said, "approval": w.other.id})),
    "another approval, for the glass": (
        "glass",
        "elsewhere",
        metadata(lambda w, said: {**said, "approval": w.other.id}),
    ),
    "another approval, to edit": ("edited", "elsewhere", metadata(lambda w, said: {**said, "approval": w.other.id})),
    "another channel": ("rejected", "elsewhere", metadata(lambda w, said: {**said, "channel": "C0GENERAL1"})),
    "another team": ("rejected", "elsewhere", within("team", id="T0ELSEWHER")),
    "no JSON": ("rejected", "unknown", metadata(lambda w, said: "not {json")),
    "JSON that is a list": ("rejected", "unknown", metadata(lambda w, said: [w.card.id])),
    "JSON that is deep": ("rejected", "unknown", metadata(lambda w, said: "[" * 100_000)),
    "values of another shape": (
        "rejected",
        "unknown",
        metadata(lambda w, said: {**said, "approval": {"id": w.card.id}}),
    ),
    "no metadata": ("glass", "unknown", lambda payload, world: payload["view"].pop("private_metadata")),
    "nothing typed": ("rejected", "no_reason", state({"values": {}})),
    "no state": ("rejected", "no_reason", state(None)),
    "a state of another shape": ("rejected", "no_reason", state({"values": [["reason"]]})),
    "fields of another shape": ("rejected", "no_reason", state({"values": {"reason": "because"}})),
    "a text of another shape": ("rejected", "no_reason", state({"values": {"reason": {"typed": {"value": 7}}}})),
    "parameters that there are not": (
        "edited",
        "input",
        state({"values": {"parameter:force": {"force": {"value": "yes"}}}}),
    ),
    "parameters of another shape": ("edited", "input", state({"values": {"parameter:version": ["3"]}})),
    "the glass by somebody who may not": ("glass", "policy", lambda payload, world: None),
}


@pytest.mark.parametrize("name", BUTTONS)
def test_a_tampered_button_does_nothing_and_is_written_down(
    world: World, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    why, tamper = BUTTONS[name]
    payload = world.counter.payload(world.card, "approve")
    tamper(payload, world)
    _refused(world, payload, why, caplog)


@pytest.mark.parametrize("name", MODALS)
def test_a_tampered_modal_does_nothing_and_is_written_down(
    world: World, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    view, why, tamper = MODALS[name]
    payload = world.counter.submission(world.card, view, REASON)
    tamper(payload, world)
    _refused(world, payload, why, caplog)


def test_there_are_fifty_of_them_and_more() -> None:
    assert len(BUTTONS) >= 50
    assert len(MODALS) >= 15


def test_the_same_payloads_without_a_lie_count(counter: ApprovalCounter) -> None:
    """Else all of the above would say nothing."""
    counter.write_policy(NAMED)
    card = counter.ask()
    assert counter.post(counter.submission(card, "rejected", REASON)).status == 200
    counter.ws.wait_for(lambda: counter.approval(card.id).decision == "rejected", 20)
    card = counter.ask()
    assert counter.post(counter.payload(card, "approve")).status == 200
    counter.ws.wait_for(lambda: counter.version() == "3", 20)
    counter.settle()


def _refused(world: World, payload: Payload, why: str, caplog: pytest.LogCaptureFixture) -> None:
    """Answered; one entry more, that says who, what and why; nothing else happened."""
    counter = world.counter
    before = run(counter.deps.audit.head())
    with caplog.at_level(logging.ERROR):
        reply = counter.post(payload)
        entries = counter.ws.wait_for(lambda: _since(counter, before), 20)
        counter.quiet()
    assert (reply.status, reply.body) == (200, "")
    assert [record.message for record in caplog.records] == []
    (entry,) = _since(counter, before)
    assert (entry.event, entry.detail["refused"]) == ("approval.click_refused", why), entries
    user = payload["user"]
    assert entry.actor == (user.get("id") or "unknown")
    assert entry.detail["why"].endswith(".")
    assert "approval_id" in entry.detail
    assert [counter.approval(card.id).decision for card in (world.card, world.other)] == ["pending", "pending"]
    assert counter.version() == "4"


def _since(counter: ApprovalCounter, before: Any) -> list[Any]:
    """What the audit trail has more."""
    entries = run(counter.deps.audit.read(limit=50))
    return [entry for entry in entries if entry.sequence > (before.sequence if before else 0)]


# Requests that are not, or not any more, signed by Slack.


def test_a_request_is_taken_with_a_signature_of_now_and_no_other(counter: ApprovalCounter, world: World) -> None:
    payload, now = counter.payload(world.card, "approve"), int(time.time())
    wrong: dict[str, dict[str, Any]] = {
        "older than five minutes": {"timestamp": str(now - 301)},
        "from a time to come": {"timestamp": str(now + 310)},
        "no number": {"timestamp": "yesterday"},
        "nearly a number": {"timestamp": f"{now}.5"},
        "below zero": {"timestamp": f"-{now}"},
        "digits of another script": {"headers": {"X-Slack-Request-Timestamp": "\u00b2\u00b3"}},
        "endless": {"timestamp": "1" * 5000},
        "no timestamp": {"headers": {"X-Slack-Request-Timestamp": ""}},
        "no signature": {"headers": {"X-Slack-Signature": ""}},
        "another signature": {"signature": "v0=" + "0" * 64},
        "half a signature": {"signature": "v0="},
        "a signature that is not plain text": {"signature": "v0=\u00e9"},
        "no headers": {"headers": {"X-Slack-Request-Timestamp": "", "X-Slack-Signature": ""}},
    }
    before = run(counter.deps.audit.head())
    statuses = {name: counter.post(payload, **how).status for name, how in wrong.items()}
    statuses["another secret"] = post_signed(counter.url, "not-it", _form(payload)).status
    assert statuses == dict.fromkeys(statuses, 401)
    counter.quiet()
    assert _since(counter, before) == []
    assert counter.approval(world.card.id).approved_by == ()


def test_another_body_under_the_same_signature_is_not_taken(counter: ApprovalCounter, world: World) -> None:
    stamp = str(int(time.time()))
    signature = sign(counter.ws.signing_secret, stamp, _form(counter.payload(world.card, "dry_run")))
    reply = counter.post(counter.payload(world.card, "approve"), timestamp=stamp, signature=signature)
    assert reply.status == 401


def test_the_very_same_request_again_is_answered_and_has_no_second_effect(counter: ApprovalCounter) -> None:
    counter.write_policy(NAMED.replace("break_glass", "rules: [{{name: two, then: {{needed: 2}}}}]\nbreak_glass"))
    card = counter.ask()
    body, stamp = _form(counter.payload(card, "approve")), str(int(time.time()))
    replies = [counter.post_form(body, timestamp=stamp) for _ in range(5)]
    assert replies == [Reply(200, "")] * 5
    counter.ws.wait_for(lambda: counter.approval(card.id).approved_by, 20)
    counter.quiet()
    assert len(counter.approval(card.id).approved_by) == 1
    assert counter.refusals(card.id) == []
    entries = run(counter.deps.audit.read(card.approval.incident_id))
    assert [entry.event for entry in entries].count("approval.consented") == 1


def test_the_kill_switch_is_pressed_once_by_one_request_and_never_from_another_workspace(
    counter: ApprovalCounter,
) -> None:
    form = {
        "command": "/watchkeeper",
        "text": "remediation off",
        "team_id": counter.ws.team_id,
        "channel_id": counter.ws.channel_id("alerts"),
        "user_id": counter.ws.user_id("maya"),
        "trigger_id": f"{time.time()}.1.abc",
        "response_url": f"{counter.ws.url}/nowhere",
    }
    elsewhere = counter.post_form(urlencode(form | {"team_id": "T0ELSEWHER"}))
    assert "another workspace" in elsewhere.body
    counter.quiet()
    assert run(counter.deps.state.get(SWITCH)) is None
    for _ in range(3):
        assert counter.post_form(urlencode(form)).status == 200
    counter.ws.wait_for(lambda: run(counter.deps.state.get(SWITCH)), 20)
    counter.quiet()
    said = run(counter.deps.audit.read("remediation"))
    assert [entry.event for entry in said] == ["remediation.switched_off"]
    run(counter.deps.state.put(SWITCH, {}))


def test_a_body_over_the_limit_is_not_read(counter: ApprovalCounter, world: World) -> None:
    payload = counter.payload(world.card, "approve")
    payload["message"]["text"] = "x" * 1_100_000
    assert counter.post(payload).status == 413


@pytest.mark.parametrize(
    "payload",
    [
        None,
        [],
        "click",
        {},
        {"type": "block_actions"},
        {"type": "block_actions", "actions": []},
        {"type": "block_actions", "actions": ["approve"]},
        {"type": "block_actions", "actions": "approve"},
        {"type": "block_actions", "actions": [{"action_id": 7}]},
        {"type": "block_actions", "actions": [{"action_id": "approval_approve"}], "user": "U1", "team": 3},
        {"type": "view_submission"},
        {"type": "view_submission", "view": "approval_rejected"},
        {"type": "view_submission", "view": {"callback_id": ["approval_rejected"]}},
        {"type": "view_submission", "view": {"callback_id": "approval_edited"}},
    ],
)
def test_a_signed_request_of_any_shape_is_answered_and_the_next_one_too(
    counter: ApprovalCounter, world: World, payload: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        status = counter.post(payload).status
        counter.quiet()
    assert status in (200, 400, 404, 503)
    assert [record.message for record in caplog.records if record.exc_info] == []
    assert counter.post(counter.payload(world.card, "dry_run")).status == 200


def _form(payload: Payload) -> str:
    return urlencode({"payload": json.dumps(payload)})
