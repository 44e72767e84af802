"""Foreign text at a terminal: no command lets it move the cursor, colour, hide or link anything."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agent.models import Answer, Claim, Diagnosis, TimelineEvent
from agent.visible import INVISIBLE
from deploy.cli import app
from deploy.terminal import print_answer, print_diagnosis
from tests.contracts import examples
from tests.contracts.adapters import wall_clock
from tools.queues.local import LocalQueue
from tools.stores.sqlite import open_stores

NOW = wall_clock().replace(microsecond=0)
LATER = NOW + timedelta(hours=1)
ATTACK = (
    "db\x1b]8;;https://evil.example\x1b\\ is fine\x1b]8;;\x1b\\\x1b[2J\x1b[1A\x9b31m\x07\x08\r\x1b]0;owned\x07"
    "\u202egnihtemos\u2066\u200b\U000e0041 [link=https://evil.example]here[/link]"
)
"""A link, a cleared screen, a line up, colour, a bell, a title, text backwards, what nobody sees, and rich's markup."""
INCIDENT = "inc_attack"
COMMANDS = (
    "incidents list",
    f"incidents show {INCIDENT}",
    "approvals list",
    "approvals reviews",
    f"remediations list --incident {INCIDENT}",
    f"remediations show {INCIDENT}",
    "audit show",
    f"audit report --month {NOW:%Y-%m}",
    "dlq list",
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where everything that others may write, they have written."""
    monkeypatch.setenv("WATCHKEEPER_HOME", str(tmp_path))
    asyncio.run(_save(tmp_path))
    return tmp_path


async def _save(home: Path) -> None:
    at = {"created_at": NOW, "updated_at": NOW}
    stores = open_stores(home / "watchkeeper.db", wall_clock)
    event = TimelineEvent(at=NOW, kind=ATTACK, text=ATTACK, actor=ATTACK)
    said = {"title": ATTACK, "grouped": ATTACK, "timeline": (event,), "diagnosis": Diagnosis(summary=ATTACK)}
    await stores.incidents.create(examples.incident(id=INCIDENT, last_alert_at=NOW, **at, **said))
    await stores.ledger.record(examples.alert(title=ATTACK), INCIDENT)
    target = examples.action().target.model_copy(update={"id": ATTACK})
    action = examples.action(target=target, parameters={"script": ATTACK}, expected_effect=ATTACK)
    step = {"action": action, "approval_id": "apr_1", "note": ATTACK, "status": "awaiting"}
    kept = {"incident_id": INCIDENT, "status": "awaiting_approval", "steps": (step,), "learnt": (ATTACK,)}
    await stores.remediations.create(examples.remediation(id="rem_1", **kept, **at))
    await stores.approvals.save(
        examples.approval(id="apr_1", incident_id=INCIDENT, created_at=NOW, expires_at=LATER, requested_by=ATTACK)
    )
    detail = {"action": ATTACK, "target": {"id": ATTACK}, "reason": ATTACK, "why": ATTACK}
    for name in ("action.proposed", "approval.broke_glass", "approval.refused", ATTACK):
        await stores.audit.append(examples.audit_entry(at=NOW, event=name, subject=ATTACK, actor=ATTACK, detail=detail))
    stores.close()
    queue = LocalQueue(home / "queue.db", wall_clock)
    queue.send(examples.job("k1", payload={"event": {"text": ATTACK}, "channel": ATTACK}))
    [received] = await queue.receive()
    await queue.bury(received, ATTACK)
    queue.close()


def obeyed(text: str) -> list[str]:
    """What a terminal would obey, or not show."""
    return [repr(found) for found in INVISIBLE.findall(text)]


def said(*arguments: str) -> str:
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.parametrize("command", COMMANDS)
def test_what_a_command_shows_of_others_is_only_text(home: Path, command: str) -> None:
    text = said(*command.split())

    assert obeyed(text) == []
    assert "evil.example" in text or "reviews" in command


@pytest.mark.parametrize("command", ["incidents list", f"remediations show {INCIDENT}", "dlq list", "audit show"])
def test_programs_get_every_character_and_a_terminal_obeys_none(home: Path, command: str) -> None:
    text = said(*command.split(), "--json")

    assert obeyed(text) == []
    assert "\u202e" in json.dumps(json.loads(text), ensure_ascii=False)


def test_an_alert_that_is_read_from_a_file_is_shown_as_text(home: Path) -> None:
    payload = home / "alert.json"
    payload.write_text(json.dumps({"title": ATTACK, "description": ATTACK, "tags": {ATTACK: ATTACK}, "url": ATTACK}))

    for command in ("alert parse", "triage explain"):
        text = said(*command.split(), str(payload))
        assert obeyed(text) == []
        assert "db" in text


def test_answers_and_diagnoses_are_only_text(capsys: pytest.CaptureFixture[str]) -> None:
    piece = examples.evidence(question=ATTACK, query=ATTACK, console_url=ATTACK, tool=ATTACK)
    claims = (Claim(text=ATTACK, evidence=("ev_1",)),)
    print_answer(Answer(headline=ATTACK, claims=claims, next_steps=(ATTACK,), note=ATTACK), [piece], True)
    print_diagnosis(examples.alert(title=ATTACK), Diagnosis(summary=ATTACK, root_cause=ATTACK, claims=claims), [piece])

    text = capsys.readouterr().out
    assert obeyed(text) == []
    assert "[link=https://evil.example]here[/link]" in text


def test_why_a_command_was_refused_is_only_text() -> None:
    result = CliRunner().invoke(app, ["safety", "judge", "--shell", "bash"], input=ATTACK)
    assert obeyed(result.output) == []
