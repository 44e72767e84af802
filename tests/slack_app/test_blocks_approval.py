"""The card of a proposed change in its states, and the modals that belong to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agent.models import (
    Action,
    ActionResult,
    Approval,
    Check,
    Difference,
    Evidence,
    Mark,
    Preview,
    Remediation,
    Resource,
    Risk,
    Step,
    StepStatus,
)
from deploy.local.workspace.block_kit import validate_blocks
from slack_app.blocks.approval import Card, card_blocks, card_text, preview_text, shown_step
from slack_app.blocks.approval_views import (
    edit_view,
    read_parameters,
    reject_view,
    typed_parameters,
    typed_reason,
)
from tests.e2e.service import text_of
from tools.actions.lambda_config import LambdaConfig

NOW = datetime(2026, 11, 18, 15, 0, tzinfo=UTC)
YES: dict[str, Any] = {"decision": "approved", "approved_by": (Mark(by="U0MAYA", at=NOW),)}
NO = {"decision": "rejected", "decided_by": "U0MAYA", "reason": "Not now"}
TITLE = "Set the memory of checkout to 512 MB"


def action(**fields: Any) -> Action:
    given: dict[str, Any] = {
        "id": "act_1",
        "type": "lambda_config",
        "target": Resource(
            service="lambda", type="function", id="checkout", account="123456789012", region="us-east-1"
        ),
        "parameters": {"memory_mb": 512},
        "risk": Risk.medium,
        "reversible": True,
        "expected_effect": f"{TITLE}.",
        "verification": Check(kind="alarm", name="checkout-errors", expected="checkout no longer fails"),
    }
    return Action(**(given | fields))


def preview(**fields: Any) -> Preview:
    given: dict[str, Any] = {
        "at": NOW,
        "before": {"value": 128},
        "differences": (Difference(field="memory", before="128 MB", after="512 MB"),),
        "cost": "At most 3.20 USD a month more",
        "blast_radius": "Every call of checkout",
    }
    return Preview(**(given | fields))


def approval(**fields: Any) -> Approval:
    given: dict[str, Any] = {
        "id": "apr_1",
        "incident_id": "inc_1",
        "remediation_id": "rem_1",
        "action_id": "act_1",
        "payload_hash": "x",
        "requested_by": "watchkeeper",
        "approvers": ("U0MAYA", "S0PLATFORM"),
        "created_at": NOW,
        "expires_at": NOW + timedelta(minutes=30),
    }
    return Approval(**(given | fields))


def card(status: StepStatus = StepStatus.awaiting, asked: Approval | None = None, **fields: Any) -> Card:
    step = Step(action=fields.pop("action", action()), status=status, preview=fields.pop("preview", preview()))
    step = step.model_copy(update={"approval_id": "apr_1", "note": fields.pop("note", "")})
    given = Remediation(id="rem_1", incident_id="inc_1", steps=(step,), created_at=NOW, updated_at=NOW)
    more: dict[str, Any] = {"editable": True, **fields}
    return Card(given, step, asked or approval(), {"act_1": TITLE}, **more)


def words(shown: Card) -> str:
    blocks = card_blocks(shown)
    assert validate_blocks(blocks) == []
    return text_of({"blocks": blocks})


def buttons(shown: Card) -> list[dict[str, Any]]:
    return [element for block in card_blocks(shown) if block["type"] == "actions" for element in block["elements"]]


def test_it_says_what_would_be_done_and_who_may_say_yes() -> None:
    said = words(card())
    wanted = (
        TITLE,
        "lambda_config",
        "lambda checkout",
        '{"memory_mb": 512}',
        "128 MB",
        "512 MB",
        "medium",
        "can be undone",
    )
    wanted += (
        "3.20 USD",
        "Every call of checkout",
        "<@U0MAYA>",
        "<!subteam^S0PLATFORM>",
        "expires at",
        "no longer fails",
    )
    assert [word for word in wanted if word not in said.replace("∗", "*")] == []
    assert card_text(card()) == f"✋ Approval needed: {TITLE}"


def test_its_buttons_carry_the_approvals_id_and_nothing_else() -> None:
    assert {button["value"] for button in buttons(card())} == {"apr_1"}
    names = [button["action_id"] for button in buttons(card())]
    assert names == ["approval_approve", "approval_reject", "approval_edit", "approval_dry_run"]
    assert "approval_edit" not in [button["action_id"] for button in buttons(card(editable=False))]


def test_what_is_risky_is_asked_twice() -> None:
    assert "confirm" not in buttons(card())[0]
    assert TITLE in str(buttons(card(action=action(risk=Risk.high)))[0]["confirm"])


@pytest.mark.parametrize(
    ("status", "decided", "said"),
    [
        (StepStatus.awaiting, YES, "Approved by <@U0MAYA>"),
        (
            StepStatus.rejected,
            {"decision": "rejected", "decided_by": "watchkeeper", "reason": "It recovered by itself."},
            "🟢 Not needed any more",
        ),
        (StepStatus.rejected, NO, "Rejected by <@U0MAYA>: Not now"),
        (StepStatus.expired, {"decision": "expired", "decided_by": "watchkeeper"}, "Nobody decided before"),
        (StepStatus.helped, YES, "✅ It helped"),
        (StepStatus.rolled_back, YES, "Rolled back"),
    ],
)
def test_once_decided_it_says_who_and_has_no_buttons(status: StepStatus, decided: dict[str, Any], said: str) -> None:
    shown = card(status, approval(**decided))
    assert said in words(shown)
    assert buttons(shown) == []


def test_a_failure_is_told_once_and_not_as_if_anything_had_changed() -> None:
    shown = card(StepStatus.failed, approval(**YES), note="UpdateService: AccessDenied Nothing was changed.")
    result = ActionResult(succeeded=False, message="UpdateService: AccessDenied", at=NOW)
    step = shown.step.model_copy(update={"result": result, "intended_at": NOW})
    said = words(replace(shown, step=step))
    assert said.count("AccessDenied") == 1
    assert "128 MB" not in said


def test_of_several_who_are_needed_it_says_who_has_approved() -> None:
    said = words(card(asked=approval(needed=2, two_pairs=True, approved_by=(Mark(by="U0MAYA", at=NOW),))))
    assert "2 of them are needed, not by whoever asked for it" in said
    assert "Approved so far by <@U0MAYA>" in said


def test_nothing_that_the_account_says_is_live() -> None:
    evil = "<!channel> <https://evil.example|ok> *bold*"
    shown = card(
        action=action(target=Resource(service="lambda", id=evil), parameters={"alias": evil}),
        preview=preview(blast_radius=evil, warnings=(evil,), cost=evil),
        note=evil,
    )
    assert "<!channel>" not in words(shown)
    assert "<https://evil" not in words(shown)


def test_nobody_sees_a_card_before_anybody_is_asked() -> None:
    step = Step(action=action(), status=StepStatus.refused, note="It is frozen.")
    given = Remediation(id="rem_1", incident_id="inc_1", steps=(step,), created_at=NOW, updated_at=NOW)
    assert shown_step(given) is None


def test_a_dry_run_says_that_nothing_was_changed() -> None:
    assert preview_text(TITLE, preview()).endswith("It can be done as the card says. Nothing was changed.")
    refused = preview_text(TITLE, preview(problems=("It is gone.",), blast_radius=""))
    assert refused.endswith("❌ It is gone.\nNothing was changed.")


def test_the_modal_for_other_parameters_has_a_field_for_each_of_the_kind() -> None:
    view = edit_view("{}", TITLE, LambdaConfig, {"memory_mb": 512})
    fields = {block["block_id"]: block["element"] for block in view["blocks"] if block["type"] == "input"}
    assert set(fields) == {f"parameter:{name}" for name in LambdaConfig.model_fields}
    assert fields["parameter:memory_mb"]["initial_value"] == "512"
    labels = [block["label"]["text"] for block in view["blocks"] if block["type"] == "input"]
    assert labels == ["Memory (MB)", "Timeout (s)", "Reserved concurrency", "Unreserved"]
    assert validate_blocks(view["blocks"], "modal") == []


def test_what_is_typed_comes_back_as_parameters() -> None:
    values = {"parameter:memory_mb": {"memory_mb": {"value": " 1024 "}}, "parameter:timeout_s": {"timeout_s": {}}}
    typed = typed_parameters(values)
    assert LambdaConfig.model_validate(read_parameters(typed)).memory_mb == 1024
    assert read_parameters({"tags": '["a"]', "text": "{no json"}) == {"tags": ["a"], "text": "{no json"}


def test_a_rejection_has_a_reason() -> None:
    view = reject_view("{}")
    assert view["blocks"][0]["optional"] is False
    assert typed_reason({"reason": {"typed": {"value": " too late "}}}) == "too late"


def test_evidence_is_linked() -> None:
    piece = Evidence.model_construct(id="ev_1", tool="log_errors", console_url="https://console.aws.amazon.com/x")
    assert "<https://console.aws.amazon.com/x|log errors>" in words(
        card(action=action(evidence=("ev_1",)), evidence=(piece,))
    )
