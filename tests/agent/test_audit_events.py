from __future__ import annotations

from agent.audit_events import AuditEvent, audit_entry
from agent.audit_export import brief
from agent.models import ActionResult, Mark, Step
from tests.contracts.examples import START, action, approval, remediation


def test_an_entry_about_an_action_says_all_that_is_known_of_it() -> None:
    done = ActionResult(succeeded=True, before={"version": "42"}, after={"version": "41"}, message="Done.", at=START)
    step = Step(action=action(evidence=("ev_1",)), result=done, approval_id="apr_1")
    asked = approval(id="apr_1", approved_by=(Mark(by="U1", at=START),), payload_hash="abc")
    made = audit_entry(
        AuditEvent.executed,
        "watchkeeper",
        START,
        remediation(id="rem_1", steps=(step,)),
        step,
        asked,
        why="the errors began with version 42",
        policy_version="p1",
        prompt_versions={"alert_analysis": "3"},
    )
    assert (made.event, made.subject, made.actor) == ("action.executed", "inc_1", "watchkeeper")
    assert made.detail == {
        "remediation_id": "rem_1",
        "round": 1,
        "action_id": "act_1",
        "action": "lambda_rollback",
        "target": {"service": "lambda", "type": "function", "id": "checkout"},
        "parameters": {"alias": "live", "version": "41"},
        "payload_hash": "abc",
        "risk": "medium",
        "evidence": ["ev_1"],
        "expected": "The alias serves version 41 again.",
        "before": {"version": "42"},
        "after": {"version": "41"},
        "result": {"succeeded": True, "reference": "", "message": "Done."},
        "approval_id": "apr_1",
        "requested_by": "watchkeeper",
        "approved_by": ["U1"],
        "needed": 1,
        "why": "the errors began with version 42",
        "policy_version": "p1",
        "prompt_versions": {"alert_analysis": "3"},
    }
    assert brief(made) == "lambda_rollback checkout: the errors began with version 42; Done."


def test_an_entry_about_a_remediation_has_no_action() -> None:
    made = audit_entry(AuditEvent.escalated, "watchkeeper", START, remediation(id="rem_1"), why="three rounds")
    assert made.detail == {"remediation_id": "rem_1", "round": 1, "why": "three rounds"}
    assert brief(made) == "three rounds"
