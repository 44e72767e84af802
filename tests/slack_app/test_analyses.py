"""The analysis job: one run at a time, kept before it is shown, and only when something is new."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import Field

from agent.models import AlertStatus, Decision, IncidentStatus, JobKind, Mute, Severity
from deploy.local.workspace.background import RunningWorkspace
from slack_app.handlers.analyses import give_up_analysis
from slack_app.handlers.feedback import answer_turn
from tests.graphs.scripted import ScriptedModel
from tests.slack_app.incident_desk import IncidentDesk, alert, incident_desk
from tools.llm.offline import OfflineAnalyst

HOUR = timedelta(hours=1)


async def test_what_was_found_is_kept_shown_and_remembered_for_questions(desk: IncidentDesk) -> None:
    place = desk.post()
    await desk.opened(place=place)

    await desk.analysis()

    incident, words = await desk.incident(), desk.words()
    assert incident.diagnosis is not None
    assert incident.diagnosed == ("f1",)
    assert incident.diagnosed_severity is Severity.error
    assert [event.kind for event in incident.timeline] == ["opened", "analysing", "diagnosed"]
    assert "What's going on" in words
    assert "Weighing" not in words
    thread = await desk.deps.conversations.get(place)
    assert thread is not None
    assert [turn.message_ts for turn in thread.messages] == [incident.summary_ts]
    assert thread.messages[0].evidence == incident.evidence
    assert answer_turn(thread, incident.id, incident.summary_ts) == thread.messages[0], "what Show evidence shows"


async def test_the_audit_trail_keeps_who_diagnosed_and_what_it_took(ws: RunningWorkspace, tmp_path: Path) -> None:
    with incident_desk(ws, tmp_path, model=ScriptedModel(turns=[])) as opened:
        await opened.opened(place=opened.post())
        await opened.analysis()

        entries = await opened.deps.audit.read()
        incident = await opened.incident()
    [entry] = [each for each in entries if each.event == "incident.diagnosed"]
    assert incident.diagnosis is not None
    made = incident.diagnosis.provenance
    assert made.model_calls > 0
    assert entry.detail["tokens"] == 110 * made.model_calls == made.input_tokens + made.output_tokens
    assert {name: entry.detail[name] for name in ("model", "usd", "run_id")} == {
        "model": made.model,
        "usd": made.usd,
        "run_id": made.run_id,
    }


async def test_the_diagnosis_is_kept_although_slack_is_down_when_it_is_there(desk: IncidentDesk) -> None:
    await desk.opened(place=desk.post())
    await desk.living()
    desk.ws.faults.fail("chat.update", "internal_error", times=99)

    await desk.analysis()

    assert (await desk.incident()).diagnosis is not None
    assert len(await desk.queued(JobKind.living)) == 1


async def test_progress_is_seen_while_it_runs(desk: IncidentDesk) -> None:
    await desk.opened(place=desk.post())
    await desk.living()
    await desk.analysis()
    shown = [str(call.args.get("blocks")) for call in desk.ws.api_calls("chat.update")]
    assert "Looking into this alert" in shown[0]
    assert "What's going on" in shown[-1]


async def test_the_same_alert_again_needs_no_second_analysis(desk: IncidentDesk) -> None:
    one = alert()
    await desk.opened(one, place=desk.post())
    await desk.analysis()
    first = (await desk.incident()).diagnosed_at
    await desk.again(one)
    desk.clock.ahead += HOUR

    await desk.analysis("changed")

    assert (await desk.incident()).diagnosed_at == first
    assert "2 times" in desk.words()


async def test_alerts_that_join_bring_another_analysis_when_the_dust_has_settled(desk: IncidentDesk) -> None:
    await desk.opened(place=desk.post())
    await desk.analysis()
    first = (await desk.incident()).diagnosed_at
    await desk.again(alert("payments errors", "f2"))

    await desk.analysis("changed")
    assert (await desk.incident()).diagnosed_at == first
    assert len(await desk.queued(JobKind.analysis)) == 1

    desk.clock.ahead += timedelta(minutes=4)
    await desk.analysis("changed")
    incident = await desk.incident()
    assert incident.diagnosed_at != first
    assert set(incident.diagnosed) == {"f1", "f2"}


async def test_what_becomes_critical_is_analysed_again_at_once(desk: IncidentDesk) -> None:
    await desk.opened(place=desk.post())
    await desk.analysis()
    first = (await desk.incident()).diagnosed_at
    worse = {"severity": Severity.critical}
    await desk.deps.incidents.change(desk.id, lambda incident: incident.model_copy(update=worse))
    await desk.analysis("changed")
    assert (await desk.incident()).diagnosed_at != first


async def test_an_alert_of_yesterday_shows_its_diagnosis_while_it_is_looked_into_again(desk: IncidentDesk) -> None:
    await desk.opened(place=desk.post())
    await desk.analysis()
    found = (await desk.incident()).diagnosis
    desk.clock.ahead += 26 * HOUR
    earlier, desk.id = desk.id, "inc_000000000002"
    await desk.opened(alert(started_at=desk.deps.clock()), place=desk.post())

    await desk.analysis()

    incident = await desk.incident()
    updates = [str(call.args.get("blocks")) for call in desk.ws.api_calls("chat.postMessage")]
    assert "this is what was found then" in updates[-1]
    assert [event.kind for event in incident.timeline] == ["opened", "recalled", "analysing", "diagnosed"]
    assert incident.timeline[1].text == f"as {earlier}"
    assert incident.same_as == ""
    assert incident.diagnosis is not None
    assert found is not None


async def test_an_alert_of_a_moment_ago_shows_its_diagnosis_instead_of_another_analysis(desk: IncidentDesk) -> None:
    await desk.opened(place=desk.post())
    await desk.analysis()
    earlier, desk.id = desk.id, "inc_000000000002"
    desk.clock.ahead += HOUR + timedelta(seconds=1)  # its window has ended
    found = await desk.deps.incidents.get(earlier)
    assert found is not None
    young = {"diagnosed_at": desk.deps.clock() - timedelta(minutes=50)}
    await desk.deps.incidents.change(earlier, lambda incident: incident.model_copy(update=young))
    await desk.opened(alert(started_at=desk.deps.clock()), place=desk.post())

    await desk.analysis()

    incident = await desk.incident()
    assert incident.same_as == earlier
    assert [event.kind for event in incident.timeline] == ["opened", "recalled"]


async def test_whoever_presses_analyse_gets_an_analysis_of_what_was_passed_by(desk: IncidentDesk) -> None:
    await desk.opened(place=desk.post(), decision=Decision(treatment="pass", rule="r", reason="It is fine."))
    await desk.living()
    await desk.analysis("new")
    assert (await desk.incident()).diagnosis is None

    asked = desk.deps.clock()
    await desk.analysis("asked", created=asked)
    first = (await desk.incident()).diagnosed_at
    assert first is not None
    assert "What's going on" in desk.words()

    await desk.analysis("asked", created=asked)
    assert (await desk.incident()).diagnosed_at == first, "asked twice before it was there"


async def test_a_run_that_a_crash_cut_off_is_done_again(desk: IncidentDesk) -> None:
    await desk.opened(place=desk.post())
    await desk.analysis()
    incident = await desk.incident()
    cut_off = {"timeline": incident.timeline[:2], "status": IncidentStatus.investigating}
    await desk.deps.incidents.save(incident.model_copy(update=cut_off))
    await desk.analysis("changed")
    assert [event.kind for event in (await desk.incident()).timeline][-1] == "diagnosed"


async def test_what_is_resolved_while_it_is_analysed_stays_resolved(desk: IncidentDesk) -> None:
    one = alert()
    await desk.opened(one, place=desk.post())
    await desk.living()
    analysing = asyncio.create_task(desk.analysis())
    await desk.until(IncidentStatus.investigating)
    await desk.again(one.model_copy(update={"status": AlertStatus.resolved}))
    await analysing
    await desk.living()
    assert (await desk.incident()).status is IncidentStatus.resolved
    assert "Resolved at" in desk.words()


async def test_an_analysis_that_failed_for_good_says_why(desk: IncidentDesk) -> None:
    await desk.opened(place=desk.post())
    job = desk.job(JobKind.analysis, why="new")
    await give_up_analysis(job, desk.desk, "The model does not answer.")
    assert "the analysis failed" in desk.words()
    assert f"The model does not answer. Reference {job.id}." in desk.words()


@pytest.mark.parametrize("posted", [True, False])
async def test_no_token_is_spent_on_what_is_muted_until_somebody_asks(desk: IncidentDesk, posted: bool) -> None:
    await desk.opened(place=desk.post() if posted else None)
    await desk.deps.mutes.mute(Mute(channel=desk.ws.channel_id("alerts"), by="U1", at=desk.deps.clock()))
    await desk.analysis("new")
    assert [event.kind for event in (await desk.incident()).timeline] == ["opened"]

    await desk.analysis("asked")
    assert (await desk.incident()).diagnosis is not None


class Slow(ScriptedModel):
    """Thinks for ever."""

    turns: list[Any] = Field(default_factory=list)

    async def _agenerate(self, *_: Any, **__: Any) -> Any:
        await asyncio.sleep(60)


@pytest.fixture
def slow_desk(ws: RunningWorkspace, tmp_path: Path) -> Iterator[IncidentDesk]:
    with incident_desk(ws, tmp_path, model=Slow()) as opened:
        yield opened


async def test_somebody_stops_it_and_that_is_all_that_is_said(slow_desk: IncidentDesk) -> None:
    place = slow_desk.post()
    await slow_desk.opened(place=place)
    running = asyncio.create_task(slow_desk.analysis())
    await slow_desk.until(IncidentStatus.investigating)
    await slow_desk.deps.stops.request(place, slow_desk.deps.clock(), slow_desk.ws.user_id("maya"))
    await running

    assert "the analysis was stopped" in slow_desk.words()
    await slow_desk.analysis("changed")
    assert [event.kind for event in (await slow_desk.incident()).timeline][-1] == "stopped"


async def test_the_model_hears_of_the_other_alerts_of_the_incident(ws: RunningWorkspace, tmp_path: Path) -> None:
    model = ScriptedModel(turns=[])
    with incident_desk(ws, tmp_path, model=model) as desk:
        await desk.opened(alert(severity=Severity.critical), alert("payments errors", "f2"), place=desk.post())
        await desk.analysis()
    briefs = [str(message.content) for heard in model.heard for message in heard]
    assert any("also_1: payments errors (error, firing, since" in brief for brief in briefs)


def test_the_offline_analyst_is_what_answers_here(desk: IncidentDesk) -> None:
    assert isinstance(desk.deps.models("analyst"), OfflineAnalyst)
