"""Another restriction, protection, freeze or tag never allows more, nor does less confidence."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from agent.models import Resource, Risk, Severity
from agent.safety.policy import ActionPolicy, PolicyRequest, Ruling
from agent.safety.policy.document import Document
from tests.agent.safety.policy.examples import action, glass, preview, request

OPENNESS = {"refuse": 0, "ask": 1, "by_itself": 2}
PEOPLE = ("U1", "U2", "U3", "S1")
KEYS, VALUES = ("env", "Env", "environment", "team", "stage"), ("prod", "production", "dev", "pay", "")
ACTIONS = ("lambda_rollback", "lambda_restart", "ecs_scale", "ssm_script")

people = st.lists(st.sampled_from(PEOPLE), max_size=4)
patterns = st.lists(st.sampled_from(("prod*", "dev", "/pro/", "pay", "*")), min_size=1, max_size=2)
during = st.sampled_from(("fri 16:00 - mon 08:00 Europe/Berlin", "weekdays 09:00 - 17:00", "2026-10-20 - 2026-11-20"))
where: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "action": st.sampled_from(("lambda_*", "*", "ecs_scale")),
        "resource": st.sampled_from(("check*", "other")),
        "region": st.sampled_from(("eu-*", "us-east-1")),
        "account": st.sampled_from(("1*", "2*")),
        "environment": patterns,
        "severity": st.sampled_from(Severity),
        "risk": st.sampled_from(Risk),
        "during": during,
    },
)
conditions = st.builds(
    lambda asked, tags: asked | ({"tags": tags} if tags else {}),
    where,
    st.dictionaries(st.sampled_from(KEYS), patterns, max_size=2),
)
then = st.just("refuse") | st.fixed_dictionaries(
    {}, optional={"approvers": people, "needed": st.integers(1, 3), "two_pairs": st.booleans()}
)
rules = st.fixed_dictionaries(
    {"name": st.just("r"), "when": st.lists(conditions, min_size=1, max_size=2), "then": then}
)
freezes = st.fixed_dictionaries({"name": st.just("f"), "during": during, "when": conditions})
alone = st.fixed_dictionaries(
    {"action": st.lists(st.sampled_from(("*", "lambda_*", "lambda_restart")), min_size=1, max_size=2), "where": where}
)
grants = st.fixed_dictionaries({"who": st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=3), "where": where})
documents = st.fixed_dictionaries(
    {
        "approvers": st.lists(grants, max_size=3),
        "by_itself": st.lists(alone, max_size=2),
        "protected": st.lists(rules, max_size=2),
        "rules": st.lists(rules, max_size=2),
        "freezes": st.lists(freezes, max_size=1),
        "break_glass": st.fixed_dictionaries({"who": people, "where": where}),
    }
)
tags = st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES), min_size=1, max_size=3)
moments = st.datetimes(datetime(2026, 10, 20), datetime(2026, 11, 30), timezones=st.just(UTC))


@st.composite
def requests(draw: st.DrawFn) -> PolicyRequest:
    target = Resource(
        id=draw(st.sampled_from(("checkout", "other", ""))),
        account=draw(st.sampled_from(("123456789012", "210987654321", ""))),
        region=draw(st.sampled_from(("eu-central-1", "us-east-1", ""))),
    )
    wanted = action(
        draw(st.sampled_from(ACTIONS)),
        target=target,
        risk=draw(st.sampled_from(Risk)),
        reversible=draw(st.booleans()),
    )
    return request(
        action=wanted,
        severity=draw(st.sampled_from(Severity)),
        confidence=draw(st.sampled_from((0.0, 0.49, 0.5, 0.84, 0.85, 1.0))),
        requester=draw(st.sampled_from(("watchkeeper", "U1"))),
        asked_by_person=draw(st.booleans()),
        environment=draw(st.sampled_from(("", "prod", "dev"))),
        tags=draw(st.none() | tags),
        preview=preview(affected=draw(st.integers(0, 2))),
        now=draw(moments),
        glass=glass(by="U1") if draw(st.booleans()) else None,
    )


def ruled(document: dict[str, Any], asked: PolicyRequest) -> Ruling:
    return ActionPolicy(Document.model_validate(document), "v").rule(asked)


def allows_no_more(after: Ruling, before: Ruling) -> bool:
    """Nothing that was closed is open, and nobody may approve it who might not, and no fewer people are needed."""
    if OPENNESS[after.decision] > OPENNESS[before.decision]:
        return False
    if after.decision == "refuse" or before.decision == "by_itself":
        return True
    stricter = after.needed >= before.needed and after.two_pairs >= before.two_pairs
    return stricter and set(after.approvers) <= set(before.approvers)


@given(documents, requests(), st.sampled_from(("rules", "protected")), rules)
def test_another_rule_or_protection_never_allows_more(
    document: dict[str, Any], asked: PolicyRequest, part: str, rule: dict[str, Any]
) -> None:
    more = document | {part: [rule, *document[part]]}

    assert allows_no_more(ruled(more, asked), ruled(document, asked))


@given(documents, requests(), freezes)
def test_another_freeze_never_allows_more(
    document: dict[str, Any], asked: PolicyRequest, freeze: dict[str, Any]
) -> None:
    more = document | {"freezes": [*document["freezes"], freeze]}

    assert allows_no_more(ruled(more, asked), ruled(document, asked))


@given(documents, requests(), tags)
def test_another_tag_never_allows_more(document: dict[str, Any], asked: PolicyRequest, added: dict[str, str]) -> None:
    before = asked.model_copy(update={"tags": asked.tags or {"team": "pay"}})
    after = asked.model_copy(update={"tags": added | (before.tags or {})})

    assert allows_no_more(ruled(document, after), ruled(document, before))


@given(documents, requests(), tags)
def test_tags_that_cannot_be_read_allow_no_more_than_any_that_can(
    document: dict[str, Any], asked: PolicyRequest, there: dict[str, str]
) -> None:
    unread, read = (asked.model_copy(update={"tags": each}) for each in (None, there))

    assert allows_no_more(ruled(document, unread), ruled(document, read))


@given(documents, requests(), st.floats(0, 1))
def test_less_confidence_never_allows_more(document: dict[str, Any], asked: PolicyRequest, share: float) -> None:
    less = asked.model_copy(update={"confidence": asked.confidence * share})

    assert allows_no_more(ruled(document, less), ruled(document, asked))


@given(documents, requests())
def test_what_runs_by_itself_is_well_founded_harmless_and_can_be_undone_or_is_named(
    document: dict[str, Any], asked: PolicyRequest
) -> None:
    wanted = asked.action
    ruling = ruled(document, asked)

    if ruling.decision == "by_itself":
        assert asked.confidence >= 0.85
        assert wanted.risk is not Risk.high
        assert wanted.type != "ssm_script"
        assert wanted.reversible or any(wanted.type in entry["action"] for entry in document["by_itself"])
    if ruling.decision == "ask":
        assert ruling.approvers
    if ruling.decision == "refuse":
        assert len(ruling.reasons) == len(ruling.causes) > 0
        assert ruling.approvers == ()


@given(documents, requests(), st.sampled_from(("kill_switch", "kind")))
def test_neither_a_file_nor_a_broken_glass_allows_what_is_switched_off_or_unknown(
    document: dict[str, Any], asked: PolicyRequest, how: str
) -> None:
    off = {"kill_switch": "U0BOSS"} if how == "kill_switch" else {"action": action("iam_admin")}

    assert ruled(document, asked.model_copy(update=off)).decision == "refuse"
