"""Where people decide about changes, over Slack's wire and AWS': real listeners, worker, stores, graph and account.

counter = ApprovalCounter(...)
card = counter.ask()                 # a change that waits for somebody; its card is in the thread
counter.click(card, "approve")       # as Slack sends a click, signed
counter.told("maya", "expired")      # what only she sees
"""

from __future__ import annotations

import asyncio
import copy
import json
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Coroutine, Generator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

import pytest

from agent.models import (
    Approval,
    AuditEntry,
    Incident,
    Remediation,
    RemediationStatus,
    Resource,
    Severity,
    SlackPlace,
    Step,
    StepStatus,
    new_id,
)
from agent.ports import Deps
from deploy.local.account import SimulatedAccount, load_scenario
from deploy.local.workspace.background import RunningWorkspace, running_workspace
from deploy.local.workspace.block_kit import validate_blocks
from deploy.local.workspace.http_delivery import sign
from slack_app.handlers.remediation_endings import free_resources
from slack_app.handlers.remediation_jobs import ask_to_go_on
from tests.e2e.remediation_stage import FUNCTION, SCENARIO, MovedClock
from tests.e2e.service import running_service, text_of
from tests.slack_app.incident_desk import alert
from tests.tools.actions.account import ACCOUNT, REGION, person
from tools.actions.catalog import ACTIONS

T = TypeVar("T")
SOON = 20.0
"""Seconds, of a machine that has other things to do."""
MINUTES = 30
"""For which a card is open."""
POLICY = """
approvers:
  - who: [{maya}, {priya}, S0PLATFORM]
break_glass:
  who: [{sofia}, {priya}]
"""
PEOPLE = ("maya", "liwei", "sofia", "jonas", "priya")


@dataclass(frozen=True)
class Card:
    """A message with buttons, and what it asks for."""

    approval: Approval
    message: dict[str, Any]
    thread: str

    @property
    def id(self) -> str:
        return self.approval.id


@dataclass(frozen=True)
class Reply:
    status: int
    body: str


class ApprovalCounter:
    """Wire, account and clock are shared by the tests of a module; `settle` leaves them as they were."""

    def __init__(
        self, ws: RunningWorkspace, account: SimulatedAccount, clock: MovedClock, home: Path, url: str
    ) -> None:
        self.ws, self.account, self.clock, self.home, self.url = ws, account, clock, home, url
        self.policy, self.scenario = home / "policy.yaml", load_scenario(SCENARIO)
        self.lambdas = person()("lambda")
        self.write_policy()
        self._service = ExitStack()

    def start(self, replaced: Mapping[str, Any] | None = None, **changed: Any) -> None:
        """The service over its home; one that runs already ends before, as when it is installed anew."""
        self.stop()
        port = self.url.rpartition(":")[2].partition("/")[0]
        signed_http: dict[str, Any] = {"slack_app_token": None, "http_port": int(port)} if port else {}
        given: dict[str, Any] = {
            **signed_http,
            "action_policy": self.policy,
            "executor_role_arn": self.account.executor_role_arn,
            "oncall_group": "S0PLATFORM",
            "channel_messages_per_minute": 6000,
            "job_lease_seconds": 10,
        }
        running = running_service(self.ws, self.home, {"clock": self.clock, **(replaced or {})}, **(given | changed))
        self.deps: Deps = self._service.enter_context(running)

    def stop(self) -> None:
        self._service.close()

    # the change, and what becomes of it

    def ask(self, version: str = "3", asked_by: str = "jonas", channel: str = "alerts") -> Card:
        """A change that somebody wants, once its card is there."""
        root = self.ws.post_as("maya", channel, "checkout fails")
        place = SlackPlace(team=self.ws.team_id, channel=self.ws.channel_id(channel), thread_ts=root)
        name = run(self._begin(place, version, self.ws.user_id(asked_by)))
        card = self.ws.wait_for(lambda: self.card_of(name, channel, root), SOON)
        self.quiet()
        return card

    def card_of(self, remediation_id: str, channel: str, root: str, but: str = "") -> Card | None:
        """The card of what is asked now, if people can press its buttons; `but`: of another approval than this."""
        kept = self.remediation(remediation_id)
        approval = self.approval(kept.steps[-1].approval_id) if kept.steps[-1].approval_id else None
        if approval is None or approval.id == but or not approval.message_ts or kept.steps[-1].status != "awaiting":
            return None
        for message in self.ws.thread(channel, root):
            if message["ts"] == approval.message_ts and approval.id in json.dumps(message.get("blocks") or []):
                assert validate_blocks(message["blocks"]) == []
                return Card(approval, message, root)
        return None

    def next_card(self, card: Card) -> Card:
        """The one that asks anew, in the same message."""
        wanted, channel = card.approval.remediation_id, "alerts"
        found = self.ws.wait_for(lambda: self.card_of(wanted, channel, card.thread, but=card.id), SOON)
        assert found.message["ts"] == card.message["ts"]
        return found

    def approval(self, approval_id: str) -> Approval:
        found = run(self.deps.approvals.get(approval_id))
        assert found is not None
        return found

    def remediation(self, remediation_id: str) -> Remediation:
        found = run(self.deps.remediations.get(remediation_id))
        assert found is not None
        return found

    def shown(self, card: Card) -> str:
        """What the card says now."""
        thread = self.ws.thread("alerts", card.thread)
        return text_of(next(message for message in thread if message["ts"] == card.message["ts"]))

    def version(self) -> str:
        """What the alias points at: `4`, until a change is made."""
        return self.lambdas.get_alias(FunctionName=FUNCTION, Name="live")["FunctionVersion"]

    def point_at(self, version: str) -> None:
        """Somebody at the console does it by hand."""
        self.lambdas.update_alias(FunctionName=FUNCTION, Name="live", FunctionVersion=version)

    def write_policy(self, text: str = POLICY) -> None:
        self.policy.write_text(text.format(**{name: self.ws.user_id(name) for name in PEOPLE}), "utf-8")

    def settle(self) -> None:
        """As before the test: what was begun is over, and holds its function from nobody. Time never goes back."""
        self.quiet()
        over = {"status": RemediationStatus.rejected}
        for given in run(self.deps.remediations.open()):
            run(self.deps.remediations.change(given.id, lambda kept: kept.model_copy(update=over)))
            run(free_resources(given, self.deps))
        self.write_policy()
        self.ws.workspace.state.groups["S0PLATFORM"].users[:] = [self.ws.user_id("maya"), self.ws.user_id("liwei")]
        if self.version() != "4":
            self.point_at("4")

    # what people do

    def click(self, card: Card, button: str, user: str = "maya") -> None:
        self.ws.click(user, "alerts", card.message["ts"], f"approval_{button}")

    def type_reason(self, user: str, reason: str) -> dict[str, Any]:
        return self.ws.submit_modal(user, {"reason": {"typed": {"type": "plain_text_input", "value": reason}}})

    def told(self, user: str, words: str) -> str:
        """Waits until only this person is told so; the whole of it."""

        def found() -> str:
            said = [text_of(whisper) for whisper in self.ws.whispers(user, "alerts")]
            return next((text for text in said if words in text), "")

        try:
            return self.ws.wait_for(found, SOON)
        except TimeoutError:
            said = [text_of(whisper) for whisper in self.ws.whispers(user, "alerts")]
            raise AssertionError(f"{user} was told {said[-3:]}, not {words!r}") from None

    def refusals(self, approval_id: str) -> list[AuditEntry]:
        entries = run(self.deps.audit.read(limit=1000))
        about = [entry for entry in entries if entry.detail.get("approval_id") == approval_id]
        return [entry for entry in about if entry.event == "approval.click_refused"]

    def refused(self, card: Card, why: str, user: str = "maya") -> AuditEntry:
        """Waits for the one entry of the audit trail that says so."""

        def found() -> list[AuditEntry]:
            return [entry for entry in self.refusals(card.id) if entry.detail.get("refused") == why]

        (entry,) = self.ws.wait_for(found, SOON)
        assert entry.actor == self.ws.user_id(user)
        return entry

    # the wire

    def payload(self, card: Card, button: str, user: str = "maya") -> dict[str, Any]:
        """A click as Slack sends it."""
        person_id, ts = self.ws.user_id(user), card.message["ts"]
        team = {"id": self.ws.team_id, "domain": "harborline"}
        place = card.approval.place
        assert place is not None
        return {
            "type": "block_actions",
            "team": team,
            "user": {"id": person_id, "username": user, "name": user, "team_id": self.ws.team_id},
            "api_app_id": self.ws.workspace.app.app_id,
            "token": "unused",
            "trigger_id": self.ws.workspace.triggers.new(person_id),
            "enterprise": None,
            "is_enterprise_install": False,
            "container": {
                "type": "message",
                "message_ts": ts,
                "channel_id": place.channel,
                "is_ephemeral": False,
                "thread_ts": card.thread,
            },
            "channel": {"id": place.channel, "name": "alerts"},
            "message": copy.deepcopy(card.message),
            "actions": [
                {
                    "type": "button",
                    "action_id": f"approval_{button}",
                    "block_id": f"approval:{card.id}",
                    "value": card.id,
                    "action_ts": f"{time.time():.6f}",
                }
            ],
        }

    def submission(self, card: Card, view: str, values: Any, user: str = "maya") -> dict[str, Any]:
        """A modal as Slack sends it when somebody submits it."""
        envelope = self.payload(card, "reject", user)
        about = {"channel": envelope["channel"]["id"], "thread_ts": card.thread, "message_ts": card.message["ts"]}
        shown = {
            "id": f"V{time.time_ns()}",
            "type": "modal",
            "callback_id": f"approval_{view}",
            "private_metadata": json.dumps({"approval": card.id, **about}),
            "state": {"values": values},
            "blocks": [],
        }
        gone = ("container", "channel", "message", "actions")
        kept = {name: part for name, part in envelope.items() if name not in gone}
        return {**kept, "type": "view_submission", "view": shown}

    def post(self, payload: Any, **wrong: Any) -> Reply:
        """Signed as Slack signs it, unless something is to be `wrong`: timestamp, signature or headers."""
        return self.post_form(urlencode({"payload": json.dumps(payload)}), **wrong)

    def post_form(self, body: str, **wrong: Any) -> Reply:
        return post_signed(self.url, self.ws.signing_secret, body, **wrong)

    def quiet(self) -> None:
        """Waits until nothing is worked on."""
        self.ws.wait_for(lambda: _none_ready(run(self.deps.queue.waiting())), SOON)

    async def _begin(self, place: SlackPlace, version: str, asked_by: str) -> str:
        deps, now = self.deps, self.clock()
        incident = Incident(
            id=new_id("inc"),
            title="checkout fails",
            severity=Severity.error,
            alerts=(alert("checkout fails", fingerprint=new_id("fp"), started_at=now),),
            place=place,
            created_at=now,
            updated_at=now,
        )
        assert await deps.incidents.create(incident)
        kind = ACTIONS["lambda_rollback"]
        target = Resource(service=kind.service, type=kind.resource_type, id=FUNCTION, region=REGION, account=ACCOUNT)
        order = kind.order(target, {"alias": "live", "version": version})
        preview = await asyncio.to_thread(kind.preview, order, deps.aws, now)
        step = Step(action=kind.action(order), preview=preview, status=StepStatus.proposed)
        made = Remediation(
            id=new_id("rem"),
            incident_id=incident.id,
            place=place,
            steps=(step,),
            requested_by=asked_by,
            created_at=now,
            updated_at=now,
        )
        await deps.remediations.create(made)
        await ask_to_go_on(deps, made.id, unique="begin")
        return made.id


def post_signed(
    url: str,
    secret: str,
    body: str,
    timestamp: str | None = None,
    signature: str | None = None,
    headers: dict[str, str] | None = None,
) -> Reply:
    stamp = str(int(time.time())) if timestamp is None else timestamp
    signed = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": sign(secret, stamp, body) if signature is None else signature,
    }
    sent = {name: value for name, value in (signed | (headers or {})).items() if value != ""}
    request = urllib.request.Request(url, body.encode(), sent)
    try:
        with urllib.request.urlopen(request, timeout=SOON) as reply:
            return Reply(reply.status, reply.read().decode())
    except urllib.error.HTTPError as error:
        return Reply(error.code, error.read().decode())


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def _none_ready(waiting: Any) -> bool:
    return waiting.ready == 0 and waiting.leased == 0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def approval_counter(home: Path, over_http: bool = True) -> Generator[ApprovalCounter]:
    """The whole service behind signed HTTP or Socket Mode, with a function whose alias points at version 4."""
    clock, url = MovedClock(), f"http://127.0.0.1:{free_port()}/slack/events" if over_http else ""
    with (
        pytest.MonkeyPatch.context() as environment,
        SimulatedAccount(clock=clock) as account,
        running_workspace(events_url=url or None) as ws,
    ):
        for name, value in account.environment(read_only=True).items():
            environment.setenv(name, value)
        account.load(load_scenario(SCENARIO), datetime.now(UTC))
        counter = ApprovalCounter(ws, account, clock, home, url)
        counter.start()
        try:
            yield counter
        finally:
            counter.stop()
