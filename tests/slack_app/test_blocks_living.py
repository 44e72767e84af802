"""An incident's message with everything that an alert, a model or a person may put into it: one valid message."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.living import Seen
from agent.models import (
    Alert,
    AlertStatus,
    Decision,
    Evidence,
    Incident,
    IncidentStatus,
    Mark,
    Ownership,
    Resource,
    Severity,
    SlackPlace,
    TicketRef,
    TimelineEvent,
)
from agent.ports import Sighting, Tally
from deploy.local.workspace.block_kit import validate_blocks, validate_view
from slack_app.blocks.help import home_view
from slack_app.blocks.living import living_blocks, living_text
from slack_app.blocks.moments import duration, moment
from slack_app.blocks.open_incidents import NOTHING_OPEN, OpenIncident, OpenIncidents
from slack_app.blocks.progress import Progress
from tests.agent.examples import NOW, alert
from tests.slack_app.test_blocks import HOSTILE, diagnosis, sources

OURS = re.compile(r"<!date\^\d+\^[^>]*>|<@U0[A-Z]+>|<https://tickets\.example/[^>]*>")
LIVE = re.compile(r"<[!@#]|@(channel|here|everyone)\b|https?://(?!us-east-1\.console\.aws)", re.I)
MARK = Mark(by="U0MAYA", at=NOW)
EVERYTHING = Ownership(
    acknowledged=MARK,
    assigned=Mark(by="U0MAYA", at=NOW, note="U0LI"),
    snoozed=MARK,
    snoozed_until=NOW + timedelta(hours=1),
    escalated=MARK,
    resolved=MARK,
)
PLACE = SlackPlace(channel="C1", thread_ts="1.0")


def incident(
    *kinds: str, text: str = "checkout errors", pieces: list[Evidence] | None = None, **fields: Any
) -> Incident:
    events = tuple(TimelineEvent(at=NOW, kind=kind, text=text, actor="U0MAYA") for kind in ("opened", *kinds))
    found = {"diagnosis": diagnosis(pieces, text), "evidence": tuple(pieces), "diagnosed_at": NOW} if pieces else {}
    given_fields: dict[str, Any] = {
        "title": text,
        "severity": Severity.error,
        "alerts": (about(text),),
        "place": PLACE,
        "timeline": events,
        "decision": Decision(treatment=fields.pop("treatment", "analyse"), rule=text, reason=text),
    }
    return Incident(id="inc_1", created_at=NOW, updated_at=NOW, **(given_fields | found | fields))


def about(text: str) -> Alert:
    return alert(text, resource=Resource(id=text), severity=Severity.error)


def seen(text: str = "checkout errors", kinds: int = 1, **fields: Any) -> Seen:
    one = about(text)
    status = AlertStatus.firing
    found = [Sighting(one, "inc_1", n + 1, n + 1, NOW, NOW, status) for n in range(min(kinds, 50))]
    return Seen(Tally(kinds, kinds, 3 * kinds, 3 * kinds, NOW), found, **fields)


def shown(made: Incident, known: Seen, progress: Progress | None = None) -> str:
    blocks = living_blocks(made, known, NOW, progress)
    assert validate_blocks(blocks) == []
    assert len(blocks) <= 50
    assert len(json.dumps(blocks, ensure_ascii=False)) < 13_000
    assert len(living_text(made, known)) <= 3500
    return json.dumps(blocks, ensure_ascii=False)


@pytest.mark.parametrize("text", ["checkout errors", HOSTILE, HOSTILE * 60, "x" * 9000, "<" * 4000, "\n" * 50 + "a"])
@pytest.mark.parametrize("kinds", [(), ("analysing",), ("diagnosed",), ("stopped",), ("failed",), ("resolved",)])
def test_every_state_is_one_valid_message_in_which_nothing_foreign_is_live(text: str, kinds: tuple[str, ...]) -> None:
    status = IncidentStatus.resolved if "resolved" in kinds else IncidentStatus.open
    tickets = (
        TicketRef(system="jira", id=text[:200] or "x", url="https://tickets.example/browse/OPS-1"),
        TicketRef(system="servicenow", id="INC1", url=f"https://tickets.example/{text}", closed=True),
    )
    for storm in (False, True):
        made = incident(
            *kinds,
            text=text,
            pieces=sources(30, text),
            status=status,
            storm=storm,
            grouped=text,
            ownership=EVERYTHING,
            tickets=tickets,
        )
        words = shown(made, seen(text, 300))
        header = re.sub(r'^\[\{"type": "header".*?\}\}, ', "", words)
        assert not LIVE.search(OURS.sub("", header))


@given(text=st.text(max_size=400), title=st.text(min_size=1, max_size=4000), kinds=st.integers(1, 400))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_text_is_fine(text: str, title: str, kinds: int) -> None:
    shown(
        incident("late", "diagnosed", text=title, pieces=sources(3, text or "?")), seen(title, kinds, words=text[:80])
    )


def test_progress_stands_in_the_message_while_it_is_analysed() -> None:
    progress = Progress()
    progress.follow({"kind": "specialist_started", "specialist": "infra", "title": "Infrastructure"})
    assert "Checking: Infrastructure" in shown(incident("analysing"), seen(), progress)
    assert "Looking into this alert…" in shown(incident("analysing"), seen())


def test_drawing_it_again_later_gives_the_same_message() -> None:
    made, known = incident("diagnosed", pieces=sources(3)), seen(kinds=3)
    assert living_blocks(made, known, NOW) == living_blocks(made, known, NOW + timedelta(days=2))


def test_an_earlier_diagnosis_says_of_when_it_is() -> None:
    earlier = incident(pieces=sources(1)).model_copy(update={"created_at": NOW - timedelta(days=1)})
    words = shown(incident("recalled", pieces=sources(1), same_as="inc_0"), seen(earlier=earlier))
    assert "Same as <!date^" in words
    assert "19 Nov 15:00 UTC" in words
    assert "seen 3 times: this is what was found then" in words


def test_flapping_and_rhythm_are_said() -> None:
    assert "4th Tuesday in a row" in shown(incident("diagnosed", pieces=sources(1)), seen(words="4th Tuesday in a row"))


def test_tickets_are_linked_and_a_closed_one_says_so() -> None:
    tickets = (
        TicketRef(system="jira", id="OPS-7", url="https://tickets.example/browse/OPS-7"),
        TicketRef(system="pagerduty", id="P1", url="javascript:alert(1)", closed=True),
    )
    words = shown(incident("diagnosed", pieces=sources(1), tickets=tickets), seen())
    assert "<https://tickets.example/browse/OPS-7|Jira OPS-7>" in words
    assert "PagerDuty P1 (closed)" in words
    assert "javascript" not in words


def test_a_passed_alert_that_has_no_post_says_its_title() -> None:
    under = incident(treatment="pass", text="backup done")
    own = under.model_copy(update={"place": PLACE.model_copy(update={"thread_ts": "2.0"}), "summary_ts": "2.0"})
    assert "*backup done*" not in shown(under, seen())
    assert "*backup done*" in shown(own, seen())


def test_a_digested_alert_shows_nothing() -> None:
    assert living_blocks(incident(treatment="digest"), seen(), NOW) == []


def test_open_incidents_have_a_line_each() -> None:
    made = incident("diagnosed", pieces=sources(1), ownership=EVERYTHING)
    found = OpenIncidents([OpenIncident(made, "https://harbor.slack.com/archives/C1/p1")], more=2, private=1)
    text = found.text()
    assert "<https://harbor.slack.com/archives/C1/p1|checkout errors>: cause found" in text
    assert "<@U0LI> has it" in text
    assert "and 2 more" in text
    assert "and 1 incident in private channels" in text
    assert NOTHING_OPEN.text() == "No incident is open."
    assert validate_view(home_view(["alerts"], found)) == []


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (3, "0 minutes"),
        (60, "1 minute"),
        (1790, "29 minutes"),
        (3600, "1 h"),
        (11_100, "3 h 5 min"),
        (200_000, "2 days"),
    ],
)
def test_a_duration_is_as_exact_as_people_want_it(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_a_moment_of_another_day_has_its_date() -> None:
    assert moment(NOW, NOW) == f"<!date^{int(NOW.timestamp())}^{{time}}|15:00 UTC>"
    assert "20 Nov 15:00 UTC" in moment(NOW, NOW + timedelta(days=1))
