"""What is open, for whoever asks: by `status`, and in the App Home."""

from __future__ import annotations

from datetime import timedelta

from agent.models import Decision, Incident, IncidentStatus, JobKind, Severity
from slack_app.blocks.commands import HOME, waiting_words
from slack_app.handlers.commands import handle_command
from slack_app.handlers.open_incidents import open_incidents
from tests.e2e.service import text_of
from tests.slack_app.incident_desk import IncidentDesk, alert
from tools.queues.local import LocalQueue


async def _incident(
    desk: IncidentDesk, number: int, severity: Severity = Severity.error, treatment: str = ""
) -> Incident:
    desk.id = f"inc_{number:012d}"
    decision = Decision(treatment="pass", rule="r", reason="It is fine.") if treatment == "pass" else None
    about = alert(f"errors of service-{number}", f"f{number}", severity=severity)
    fields = {"decision": decision} if decision else {}
    await desk.opened(about, place=desk.post(), **fields)
    await desk.living()
    return await desk.incident()


async def test_the_worst_is_first_and_each_leads_to_its_message(desk: IncidentDesk) -> None:
    mild = await _incident(desk, 1)
    worst = await _incident(desk, 2, Severity.critical)
    await _incident(desk, 3, treatment="pass")
    over = await _incident(desk, 4)
    resolved = {"status": IncidentStatus.resolved}
    await desk.deps.incidents.change(over.id, lambda incident: incident.model_copy(update=resolved))

    found = await open_incidents(desk.desk)

    assert [one.incident.id for one in found.shown] == [worst.id, mild.id]
    assert all(one.incident.summary_ts.replace(".", "") in one.link for one in found.shown)
    assert (found.more, found.private) == (0, 0)


async def test_more_than_ten_are_counted(desk: IncidentDesk) -> None:
    for number in range(12):
        await _incident(desk, number, Severity.critical)
    found = await open_incidents(desk.desk)
    assert len(found.shown) == 10
    assert found.more == 2


async def test_what_is_in_a_private_channel_is_told_only_there(desk: IncidentDesk) -> None:
    made = await _incident(desk, 1)
    assert made.place is not None
    desk.ws.faults.fail("conversations.info", "channel_not_found", times=1)
    hidden = await open_incidents(desk.desk)
    here = await open_incidents(desk.desk, here=made.place.channel)
    assert (len(hidden.shown), hidden.private) == (0, 1)
    assert len(here.shown) == 1


async def test_status_and_the_app_home_list_them(desk: IncidentDesk) -> None:
    made = await _incident(desk, 1)
    await desk.click("incident_acknowledge")
    asked = {"user": desk.ws.user_id("maya"), "channel": desk.ws.channel_id("alerts")}

    await handle_command(desk.job(JobKind.command, **asked, text="status"), desk.desk)
    await handle_command(desk.job(JobKind.command, **asked, text=HOME), desk.desk)

    said = desk.ws.whispers("maya", "alerts")[-1]["text"]
    home = desk.ws.home("maya")
    assert home is not None
    for text in (said, text_of(home)):
        assert "Open incidents" in text
        assert f"<@{desk.ws.user_id('maya')}> has it" in text
    assert made.summary_ts.replace(".", "") in said


async def test_status_says_what_waits_for_long_and_what_was_given_up(desk: IncidentDesk) -> None:
    queue = desk.deps.queue
    assert isinstance(queue, LocalQueue)
    assert waiting_words(await queue.waiting()) == ""
    queue.send(desk.job(JobKind.mention))
    queue.send(desk.job(JobKind.alert))
    (first,) = await queue.receive(1)
    await queue.bury(first, "It cannot be read.")
    desk.clock.ahead += timedelta(minutes=5)
    assert waiting_words(await queue.waiting()) == (
        "; the oldest waits for 5 minutes; 1 given up (`watchkeeper dlq list` tells why)"
    )
