"""`watchkeeper dlq`, run as it is run at a prompt, over a queue with dead letters."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agent.errors import InputError
from agent.models import Job, JobKind
from deploy.cli import app
from tests.contracts.adapters import wall_clock
from tests.contracts.examples import job
from tools.queues.local import LocalQueue

POST = {"event": {"text": "ALARM: checkout-errors is in ALARM\n" + "x" * 200, "channel": "C1"}, "channel": "C1"}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WATCHKEEPER_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def dead(home: Path) -> list[Job]:
    """Three that were given up, the last one first, and one that waits."""
    sent = [
        job("k1", payload=POST),
        job("k2", kind=JobKind.living, payload={"incident": "inc_1"}),
        job("k3", payload={"source": "grafana", "body": {"title": "High latency"}}),
    ]
    queue = LocalQueue(home / "queue.db", wall_clock)
    for each in sent:
        queue.send(each)
        asyncio.run(_bury(queue, f"reason of {each.idempotency_key}"))
    queue.send(job("waiting"))
    queue.close()
    return sent[::-1]


async def _bury(queue: LocalQueue, reason: str) -> None:
    [received] = await queue.receive()
    await queue.bury(received, reason)


def output(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["dlq", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def refused(*arguments: str) -> str:
    with pytest.raises(InputError) as error:
        CliRunner().invoke(app, ["dlq", *arguments], catch_exceptions=False)
    return str(error.value)


def test_they_are_listed_with_what_they_were_about_and_why(dead: list[Job]) -> None:
    lines = output("list").splitlines()
    assert lines[0].split() == ["id", "kind", "about", "reason", "since"]
    assert [line.split()[0] for line in lines[1:]] == [each.id for each in dead]
    assert 'grafana: {"title": "High latency"}' in lines[1]
    assert "incident inc_1" in lines[2]
    assert "C1: ALARM: checkout-errors is in ALARM xxx" in lines[3]
    assert "reason of k1" in lines[3]


def test_the_list_as_json_has_its_documented_shape(dead: list[Job]) -> None:
    [first, *_] = json.loads(output("list", "--json", "--limit", "2"))["dead_letters"]
    assert first | {"since": ""} == {
        "id": dead[0].id,
        "kind": "alert",
        "about": 'grafana: {"title": "High latency"}',
        "reason": "reason of k3",
        "since": "",
        "created_at": "2026-03-02T09:00:00+00:00",
        "urgency": "normal",
        "attempts": 1,
    }


def test_one_is_shown_with_its_payload(dead: list[Job]) -> None:
    shown = output("show", dead[1].id)
    assert "reason      reason of k2" in shown
    assert '"incident": "inc_1"' in shown
    assert json.loads(output("show", dead[2].id, "--json"))["payload"] == POST


def test_one_is_put_back(dead: list[Job], home: Path) -> None:
    assert dead[1].id in output("retry", dead[1].id)
    assert [each["id"] for each in json.loads(output("list", "--json"))["dead_letters"]] == [dead[0].id, dead[2].id]
    queue = LocalQueue(home / "queue.db", wall_clock)
    received = asyncio.run(queue.receive(max_jobs=10))
    assert {each.idempotency_key: each.attempt for each in received} == {"k2": 1, "waiting": 1}
    queue.close()


def test_all_are_put_back(dead: list[Job]) -> None:
    assert json.loads(output("retry", "--all", "--json")) == {"retried": [each.id for each in dead]}
    assert output("list") == "No job was given up.\n"
    assert output("retry", "--all") == "Put back: nothing\n"


def test_mistakes_say_what_to_do(home: Path) -> None:
    assert refused("retry") == "Say which: `watchkeeper dlq retry ID`, or `watchkeeper dlq retry --all`."
    assert refused("retry", "job_1", "--all") == refused("retry")
    for command in ("retry", "show"):
        assert refused(command, "job_1").startswith("No job job_1 was given up; `watchkeeper dlq list` shows")
