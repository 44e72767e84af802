from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agent.audit_chain import ChainHead, line, sealed, told
from agent.audit_check import Break, ChainReport, Checker
from agent.audit_events import AuditEvent
from agent.audit_report import month_range, monthly_report, remediated
from agent.errors import InputError
from agent.models import AuditEntry, IncidentStatus, TimelineEvent
from tests.contracts.examples import START, audit_entry, incident

ROLLBACK = {"action": "lambda_rollback", "target": {"id": "checkout"}, "approval_id": "apr_1", "policy_version": "p1"}
EMPTY = Checker(START, None).end(None)


def said(event: AuditEvent, actor: str = "watchkeeper", minutes: float = 0, **detail: Any) -> AuditEntry:
    at = START + timedelta(minutes=minutes)
    return audit_entry(at=at, event=event.value, actor=actor, detail={**ROLLBACK, **detail})


def section(report: str, title: str) -> str:
    return report.split(f"## {title}\n\n")[1].split("\n\n## ")[0].strip()


def test_actions_are_counted_by_kind_and_outcome() -> None:
    entries = [
        said(AuditEvent.proposed),
        said(AuditEvent.executed),
        said(AuditEvent.verified, outcome="helped"),
        said(AuditEvent.proposed, action="ecs_scale"),
        said(AuditEvent.executed, action="ecs_scale"),
        said(AuditEvent.verified, action="ecs_scale", outcome="no_effect"),
        said(AuditEvent.rolled_back, action="ecs_scale"),
    ]
    report = monthly_report("2026-03", entries, [], [], EMPTY)
    headings, _, *rows = section(report, "Actions").splitlines()
    assert headings.startswith("| action | proposed | refused | rejected | expired | executed | failed | helped |")
    assert rows == [
        "| ecs_scale | 1 |  |  |  | 1 |  |  | 1 |  | 1 |",
        "| lambda_rollback | 1 |  |  |  | 1 |  | 1 |  |  |  |",
    ]
    assert "2 changes were made, 1 of them seen to help, 1 rolled back, 0 failed." in report


def test_it_says_who_approved_what_and_what_ran_by_itself() -> None:
    entries = [said(AuditEvent.approved, "U1"), said(AuditEvent.by_itself, rule="restarts at night", minutes=5)]
    rows = section(monthly_report("2026-03", entries, [], [], EMPTY), "Who approved what").splitlines()[2:]
    assert rows == [
        "| 2026-03-02 09:00 | U1 | lambda_rollback | checkout | inc_1 |",
        "| 2026-03-02 09:05 | nobody: by rule restarts at night | lambda_rollback | checkout | inc_1 |",
    ]


def test_what_is_not_about_remediation_is_left_out() -> None:
    other = audit_entry(event="source.failed", detail={"policy_version": "p1", "action": "x"})
    assert monthly_report("2026-03", [other], [], [], EMPTY) == monthly_report("2026-03", [], [], [], EMPTY)


def test_refusals_are_counted_with_their_reasons() -> None:
    entries = [
        *[said(AuditEvent.click_refused, "U9", why="U9 is not named")] * 3,
        said(AuditEvent.refused, why="frozen"),
        said(AuditEvent.rejected, "U1", reason="too risky"),
    ]
    rows = section(monthly_report("2026-03", entries, [], [], EMPTY), "Refused").splitlines()[2:]
    assert rows == [
        "| 3 | click refused | U9 is not named |",
        "| 1 | refused | frozen |",
        "| 1 | rejected | too risky |",
    ]


def test_each_use_of_the_break_glass_has_its_review_or_asks_for_one() -> None:
    used = [
        said(AuditEvent.broke_glass, "U1", reason="checkout is down"),
        said(AuditEvent.broke_glass, "U2", reason="nobody answered", approval_id="apr_2"),
    ]
    review = said(AuditEvent.reviewed, "U3", 60 * 24 * 40, why="was right")
    rows = section(monthly_report("2026-03", used, [review], [], EMPTY), "Break-glass").splitlines()[2:]
    assert rows[0].endswith("| checkout is down | U3, 2026-04-11 09:00: was right |")
    assert rows[1].endswith("| nobody answered | NOT REVIEWED YET |")


def test_what_nobody_has_reviewed_since_an_earlier_month_is_listed_again() -> None:
    month = 60 * 24 * 31
    before = [
        said(AuditEvent.broke_glass, "U1", -month, reason="checkout is down"),
        said(AuditEvent.broke_glass, "U1", -month + 1, reason="checkout is down"),
        said(AuditEvent.broke_glass, "U2", -month, reason="nobody answered", approval_id="apr_2"),
        said(AuditEvent.reviewed, "U3", -month + 5, why="was right", approval_id="apr_2"),
        said(AuditEvent.executed, "executor", -month),
    ]
    report = monthly_report("2026-03", [], [], [], EMPTY, before)
    (row,) = section(report, "Break-glass").splitlines()[2:]
    assert row.endswith("| checkout is down | NOT REVIEWED YET |")
    assert "0 changes were made" in report


def test_versions_of_policy_and_prompts_are_listed_with_their_first_and_last_use() -> None:
    entries = [
        said(AuditEvent.proposed, prompt_versions={"alert_analysis": "3"}),
        said(AuditEvent.approved, "U1", 10),
        said(AuditEvent.approved, "U1", 20, policy_version="p2"),
    ]
    rows = section(monthly_report("2026-03", entries, [], [], EMPTY), "Versions").splitlines()[2:]
    assert rows == [
        "| action policy | p1 | 2026-03-02 09:00 | 2026-03-02 09:10 | 2 |",
        "| prompt alert_analysis | 3 | 2026-03-02 09:00 | 2026-03-02 09:00 | 1 |",
        "| action policy | p2 | 2026-03-02 09:20 | 2026-03-02 09:20 | 1 |",
    ]


def test_it_says_how_long_incidents_took_that_something_was_done_about() -> None:
    over = TimelineEvent(at=START + timedelta(minutes=12), kind="resolved", text="resolved")
    resolved = incident(id="inc_1", status=IncidentStatus.resolved, timeline=(over,))
    text = section(monthly_report("2026-03", [], [], [resolved, incident()], EMPTY), "Time to resolve")
    assert text == (
        "2 incidents had a change made for them. 1 are resolved, half of them within 12 min, "
        "nine of ten within 12 min; 1 are not."
    )
    assert remediated([said(AuditEvent.executed), said(AuditEvent.executed), said(AuditEvent.approved)]) == ["inc_1"]


def test_the_trail_is_whole_or_broken_and_says_where_it_ends() -> None:
    new = sealed(told(audit_entry()), None)
    checker = Checker(START, None)
    checker.take(line(new.text, 1))
    whole = section(monthly_report("2026-03", [], [], [], checker.end(new.head)), "The audit trail")
    assert whole == f"- Whole: 1 lines were checked. It ends at `1:{new.head.hash}`."
    report = ChainReport(0, 0, None, None, ChainHead(sequence=1, hash="a"), Break(1, "it cannot be read"), ())
    assert section(monthly_report("2026-03", [], [], [], report), "The audit trail") == (
        "- **Broken** at line 1: it cannot be read."
    )


def test_no_text_of_others_makes_a_link_a_cell_or_html() -> None:
    evil = "a | b\n[x](https://evil.example) <img src=x> `c` **d** \x1b[31m www.evil.example me@evil.example"
    report = monthly_report("2026-03", [said(AuditEvent.refused, why=evil)], [], [], EMPTY)
    marks = r"\<img src=x\> \`c\` \*\*d\*\* \[31m www\.evil.example me\@evil.example"
    assert rf"| a \| b \[x\](https\://evil.example) {marks} |" in report


def test_a_month_is_a_year_and_a_month() -> None:
    assert month_range("2026-12") == (datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
    for wrong in ("2026", "2026-13", "november", "2026-11-01", "26-11"):
        with pytest.raises(InputError, match=r"--month is a year and a month such as 2026-11"):
            month_range(wrong)
