"""What tickets say."""

from __future__ import annotations

from datetime import timedelta

from agent.models import IncidentStatus, Mark, Ownership, Severity, TimelineEvent
from agent.ticket_text import body_of, diagnosis_text, end_text, facts_of, news, people_in, title_of, told
from tests.tools.tickets.examples import AT, CONSOLE, LINK, incident

MAYA = Mark(by="U1", at=AT)


def test_a_diagnosis_reads_from_top_to_bottom_with_numbered_sources() -> None:
    assert diagnosis_text(incident()).split("\n\n") == [
        "What is going on:\nCheckout fails for one order in five.",
        "Likely cause:\nVersion 42 broke it. [1]",
        "What to do next:\n1. Roll back to version 41.",
        "Could not be read:\nfind_changes: CloudTrail denied it.",
        f"Sources:\n[1] Which errors does checkout log? {CONSOLE}",
    ]
    assert diagnosis_text(incident(diagnosis=None)) == "It could not be analysed."


def test_titles_and_bodies_keep_to_their_limits_on_one_line_and_many() -> None:
    long = incident(title="checkout\nerrors " + "x" * 500)
    assert title_of(long, 160).startswith("[error] checkout errors xxx")
    assert len(title_of(long, 160)) == 160
    assert len(body_of(long, LINK, 300)) == 300
    assert body_of(incident(), LINK, 4000).startswith(f"Talk about it in Slack: {LINK}\n\n")
    assert "Slack" not in body_of(incident(), "", 4000)


def test_news_is_what_differs_from_what_was_told() -> None:
    before = told(facts_of(incident()))
    assert news(incident(), before, {}) == ""

    own = Ownership(acknowledged=MAYA, assigned=Mark(by="U1", at=AT, note="U2"), escalated=MAYA)
    now = incident(severity=Severity.critical, ownership=own)
    assert people_in(own) == {"U1", "U2"}
    assert news(now, before, {"U1": "Maya Chen"}).split("\n\n") == [
        "Its severity is critical now.",
        "Acknowledged by Maya Chen at 2026-11-20 14:02 UTC.",
        "Assigned to somebody by Maya Chen at 2026-11-20 14:02 UTC.",
        "Escalated by Maya Chen at 2026-11-20 14:02 UTC.",
    ]
    assert news(now, told(facts_of(now)), {}) == ""


def test_a_snooze_says_until_when_and_its_end_is_no_news() -> None:
    own = Ownership(snoozed=MAYA, snoozed_until=AT + timedelta(hours=2))
    snoozed = incident(ownership=own)
    assert news(snoozed, told(facts_of(incident())), {"U1": "Maya"}) == "Snoozed until 2026-11-20 16:02 UTC by Maya."
    assert news(incident(), told(facts_of(snoozed)), {}) == ""


def test_the_end_says_when_after_how_long_and_who_said_so() -> None:
    over = TimelineEvent(at=AT + timedelta(minutes=29), kind="resolved", text="checkout errors")
    resolved = incident(status=IncidentStatus.resolved, timeline=(*incident().timeline, over))
    said = "Resolved at 2026-11-20 14:31 UTC, after 29 minutes,"
    assert end_text(resolved, "Maya Chen") == f"{said} by Maya Chen."
    assert end_text(resolved) == f"{said} as its monitoring says."
