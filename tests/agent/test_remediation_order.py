"""What comes next, told from what is stored: every state leads on, and none is left by chance."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.models import Action, ActionResult, Check, Remediation, RemediationStatus, Resource, Risk, Step, StepStatus
from agent.remediation_order import next_stage, status_of

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
S = StepStatus


def step(status: StepStatus, id: str = "act_1", *, back: str = "", reversible: bool = True, round: int = 1) -> Step:  # noqa: A002
    action = Action(
        id=id,
        type="lambda_rollback",
        target=Resource(service="lambda", type="function", id="checkout"),
        risk=Risk.medium,
        reversible=reversible,
        expected_effect="Fewer errors.",
        verification=Check(kind="alarm", name="errors", expected="OK"),
        rolls_back=back,
    )
    return Step(action=action, status=status, round=round)


def remediation(*steps: Step, **changes: object) -> Remediation:
    made = Remediation(id="rem_1", incident_id="inc_1", steps=steps, created_at=NOW, updated_at=NOW)
    return made.model_copy(update=changes)


@pytest.mark.parametrize(
    ("steps", "stage"),
    [
        ((), "plan"),
        ((step(S.proposed),), "offer"),
        ((step(S.awaiting),), "ask"),
        ((step(S.approved),), "execute"),
        ((step(S.executing),), "execute"),
        ((step(S.executed),), "watch"),
        ((step(S.refused),), "escalate"),
        ((step(S.rejected),), "stop"),
        ((step(S.expired),), "escalate"),
        ((step(S.helped),), "close"),
        ((step(S.failed),), "escalate"),
        ((step(S.no_effect),), "undo"),
        ((step(S.worse),), "undo"),
        ((step(S.no_effect, reversible=False),), "replan"),
        ((step(S.worse), step(S.proposed, "act_2", back="act_1")), "offer"),
        ((step(S.worse), step(S.rolled_back, "act_2", back="act_1")), "replan"),
        ((step(S.worse), step(S.failed, "act_2", back="act_1")), "escalate"),
        ((step(S.worse), step(S.rejected, "act_2", back="act_1")), "stop"),
        ((step(S.worse), step(S.refused, "act_2", back="act_1")), "escalate"),
        ((step(S.refused), step(S.helped, "act_2")), "close"),
    ],
)
def test_each_state_leads_to_its_next_stage(steps: tuple[Step, ...], stage: str) -> None:
    assert next_stage(remediation(*steps)) == stage


def test_what_was_done_and_turned_out_to_have_failed_is_undone_and_planned_anew() -> None:
    """A rollout that was given up later has changed something; a call that failed has not."""
    done = ActionResult(succeeded=False, reference="ecs-svc/1", message="ECS has given it up.", at=NOW)
    began = step(S.failed).model_copy(update={"result": done})
    assert next_stage(remediation(began)) == "undo"
    assert next_stage(remediation(began, step(S.rolled_back, "act_2", back="act_1"))) == "replan"
    refused = ActionResult(succeeded=False, message="AccessDenied", at=NOW)
    assert next_stage(remediation(step(S.failed).model_copy(update={"result": refused}))) == "escalate"


def test_steps_of_earlier_rounds_are_history() -> None:
    assert next_stage(remediation(step(S.no_effect), round=2)) == "plan"
    assert next_stage(remediation(step(S.no_effect), step(S.helped, "act_2", round=2), round=2)) == "close"


def test_what_is_over_stays_over() -> None:
    for status in (RemediationStatus.succeeded, RemediationStatus.rejected, RemediationStatus.escalated):
        assert next_stage(remediation(step(S.approved), status=status)) == "end"


@given(st.lists(st.sampled_from(list(S)), max_size=6))
def test_whatever_was_begun_is_gone_on_with_first(statuses: list[StepStatus]) -> None:
    given_ = remediation(*(step(status, f"act_{n}") for n, status in enumerate(statuses)))
    if S.executing in statuses:
        assert (next_stage(given_), status_of(given_)) == ("execute", RemediationStatus.executing)
    elif S.executed in statuses:
        assert (next_stage(given_), status_of(given_)) == ("watch", RemediationStatus.verifying)
    else:
        assert next_stage(given_) in ("plan", "offer", "ask", "execute", "undo", "replan", "close", "stop", "escalate")
