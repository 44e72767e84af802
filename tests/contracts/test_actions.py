"""What every kind of action must do, with real boto3 in the simulated account: look first, change once, go back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

import boto3
import pytest
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError

from agent.errors import InputError, UncertainEffect, WriteRefused
from agent.models import ActionResult, Model, Preview
from agent.settings import Settings
from deploy.local.account import SimulatedAccount
from deploy.local.account.scenario import Scenario
from tests.contracts.action_cases import CASES
from tests.contracts.action_cases.case import REGION, SECRET, ActionCase
from tools.actions.catalog import ACTIONS, actions
from tools.actions.executor_role import executor_policy, lacking
from tools.actions.kind import ActionKind, Order
from tools.aws import Boto3Session
from tools.aws.reads import READS
from tools.aws.writing import AssumedWriteAccess

NOW = datetime(2026, 11, 18, 15, 0, tzinfo=UTC)
TOKEN = "wk-act_contract"
STORY = {
    "name": "test",
    "title": "t",
    "description": "d",
    "question": "?",
    "alert": {"app": "Test", "text": "x"},
    "answer_key": {"root_cause": "", "wordings": []},
}
every_case = pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])


class Watched:
    """A reading session that notes each request as it leaves."""

    def __init__(self, aws: Boto3Session) -> None:
        self._aws = aws
        self._known = set[int]()
        self.sent: list[tuple[str, str]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._aws, name)

    def client(self, service: str, region: str = "") -> Any:
        client = self._aws.client(service, region)
        if id(client) not in self._known:
            self._known.add(id(client))

            def note(event_name: str, **_: Any) -> None:
                self.sent.append((service, xform_name(event_name.rpartition(".")[2])))

            client.meta.events.register("before-send", note)
        return client


@dataclass(frozen=True)
class World:
    """One case, its account loaded."""

    case: ActionCase
    kind: ActionKind[Any]
    order: Order[Any]
    aws: Watched
    writes: AssumedWriteAccess

    def preview(self) -> Preview:
        return self.kind.preview(self.order, self.aws, NOW)

    def execute(self, preview: Preview, token: str = TOKEN, order: Order[Any] | None = None) -> ActionResult:
        order = order or self.order
        session = self.writes.open(self.kind.permissions(order), "act_contract", order.target.account)
        return self.kind.execute(order, preview, session, token, NOW)

    def find(self, preview: Preview) -> ActionResult | None:
        since = NOW - timedelta(seconds=1)
        return self.kind.find_effect(self.order, preview, self.aws, TOKEN, since)

    def state(self) -> Any:
        return self.case.state(_client)


@cache
def _client(service: str) -> Any:
    """May do anything: a person at the console."""
    return boto3.Session(aws_access_key_id="person", aws_secret_access_key="x", region_name=REGION).client(
        service, config=Config(retries={"total_max_attempts": 1}, inject_host_prefix=False)
    )


@pytest.fixture(scope="module")
def account() -> Iterator[SimulatedAccount]:
    with SimulatedAccount(clock=lambda: NOW, pace=0) as running, pytest.MonkeyPatch.context() as environment:
        for name, value in running.environment(read_only=True).items():
            environment.setenv(name, value)
        yield running
        _client.cache_clear()
        _writes.cache_clear()


@pytest.fixture(scope="module")
def aws(account: SimulatedAccount) -> Watched:
    return Watched(Boto3Session.open(REGION))


@cache
def _writes(role_arn: str) -> AssumedWriteAccess:
    return AssumedWriteAccess.of(Settings.read(executor_role_arn=role_arn))


def load(account: SimulatedAccount, case: ActionCase, **more: Any) -> None:
    account.reset()
    account.load(Scenario.model_validate({**STORY, **case.parts, **more}), now=NOW)
    case.before(_client)


def world(account: SimulatedAccount, aws: Watched, case: ActionCase, **more: Any) -> World:
    load(account, case, **more)
    kind = actions(Settings.read(**case.settings))[case.kind]
    order = kind.order(case.target, dict(case.parameters))
    return World(case, kind, order, aws, _writes(account.executor_role_arn))


def text(model: Model) -> str:
    return model.model_dump_json()


def test_every_kind_is_tried_out() -> None:
    assert {case.kind for case in CASES} == set(ACTIONS)


@every_case
def test_a_preview_changes_nothing_and_finds_nothing_against_it(
    account: SimulatedAccount, aws: Watched, case: ActionCase
) -> None:
    here = world(account, aws, case)
    before = here.state()
    aws.sent.clear()
    preview = here.preview()
    assert aws.sent
    assert [pair for pair in aws.sent if pair[1] not in READS[pair[0]]] == []
    assert preview.problems == ()
    assert preview.before
    assert preview.differences
    assert preview.blast_radius
    assert here.state() == before
    assert here.preview().state == preview.state
    assert SECRET not in text(preview)


@every_case
def test_an_unknown_target_is_a_problem_and_no_error(account: SimulatedAccount, aws: Watched, case: ActionCase) -> None:
    here = world(account, aws, case)
    nobody = here.kind.order(case.target.model_copy(update={"id": "nobody"}), dict(case.parameters))
    preview = here.kind.preview(nobody, aws, NOW)
    assert preview.problems


@every_case
def test_a_read_that_is_denied_is_a_problem_that_names_the_permission(
    account: SimulatedAccount, aws: Watched, case: ActionCase
) -> None:
    here = world(account, aws, case, denied=[{"action": case.denied}])
    assert case.denied in " ".join(here.preview().problems)


@every_case
def test_its_own_permissions_are_enough_and_the_effect_is_found(
    account: SimulatedAccount, aws: Watched, case: ActionCase
) -> None:
    here = world(account, aws, case)
    before, preview = here.state(), here.preview()
    if case.tells:
        assert here.find(preview) is None
    result = here.execute(preview)
    assert result.succeeded, result.message
    assert result.message.endswith(".")
    assert (here.state() != before) == case.changes
    assert SECRET not in text(result)
    if not case.tells:
        with pytest.raises(UncertainEffect):
            here.find(preview)
        return
    found = here.find(preview)
    if case.harmless:
        assert found is None
        return
    assert found is not None
    assert (found.succeeded, found.before, found.rollback_handle) == (True, result.before, result.rollback_handle)
    assert SECRET not in text(found)


@every_case
def test_permissions_for_another_target_change_nothing(
    account: SimulatedAccount, aws: Watched, case: ActionCase
) -> None:
    here = world(account, aws, case)
    before, preview = here.state(), here.preview()
    elsewhere = case.target.model_copy(update={"id": "other", "arn": ""})
    other = here.kind.order(elsewhere, {**case.parameters, **case.elsewhere})
    session = here.writes.open(here.kind.permissions(other), "act_contract", case.target.account)
    with pytest.raises((ClientError, WriteRefused)):
        here.kind.execute(here.order, preview, session, TOKEN, NOW)
    assert here.state() == before


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in CASES if not case.once])
def test_a_second_call_with_the_same_token_is_no_second_effect(
    account: SimulatedAccount, aws: Watched, case: ActionCase
) -> None:
    here = world(account, aws, case)
    preview = here.preview()
    here.execute(preview)
    after = here.state()
    with suppress(ClientError, WriteRefused):
        here.execute(preview)
    assert here.state() == after


@every_case
def test_its_undo_leads_back(account: SimulatedAccount, aws: Watched, case: ActionCase) -> None:
    here = world(account, aws, case)
    before = here.state()
    result = here.execute(here.preview())
    back = here.kind.undo(here.order, result)
    assert (back is not None) == here.kind.reversible
    if back is None:
        return
    way_back = here.kind.order(case.target, back)
    preview = here.kind.preview(way_back, aws, NOW)
    assert preview.problems == ()
    assert here.execute(preview, f"{TOKEN}-back", way_back).succeeded
    assert here.state() == before


@every_case
def test_what_is_unknown_or_of_another_type_is_refused_by_name(case: ActionCase) -> None:
    kind = ACTIONS[case.kind]
    right = dict(case.parameters)
    for wrong in ({**right, "surprise": 1}, *case.wrong):
        with pytest.raises(InputError, match=case.kind):
            kind.order(case.target, dict(wrong))


@every_case
def test_the_executors_role_may_do_it_to_what_it_is_done_to(case: ActionCase) -> None:
    kind = actions(Settings.read(**case.settings))[case.kind]
    allows = [each for each in executor_policy(case.target.account)["Statement"] if each["Effect"] == "Allow"]
    for permission in kind.permissions(kind.order(case.target, dict(case.parameters))):
        patterns = [arn for each in allows if permission.iam in each["Action"] for arn in each["Resource"]]
        assert all(any(fnmatchcase(arn, pattern) for pattern in patterns) for arn in permission.resources)


@every_case
def test_the_action_says_what_it_is_and_how_it_is_checked(case: ActionCase) -> None:
    kind = ACTIONS[case.kind]
    order = kind.order(case.target, dict(case.parameters))
    action = kind.action(order)
    assert case.target.id in kind.title(order)
    assert action.verification.expected
    assert kind.order(action.target, action.parameters).parameters == order.parameters
    assert lacking(kind.permissions(order)) == ()
    for permission in kind.permissions(order):
        assert all("*" not in arn.rpartition(":")[2] for arn in permission.resources)
