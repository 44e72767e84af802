"""An incident's one message: posted once, edited when it would look different, never too often, never lost."""

from __future__ import annotations

from datetime import timedelta

import pytest
from slack_sdk.errors import SlackApiError

from agent.models import (
    AlertStatus,
    Claim,
    Confidence,
    Decision,
    Diagnosis,
    IncidentStatus,
    JobKind,
    Mute,
    Severity,
    SlackPlace,
    TimelineEvent,
)
from slack_app.channel_budget import EDIT, NORMAL, PERSON, PROGRESS, ChannelBudget
from slack_app.handlers.living import draw
from slack_app.handlers.redraws import ask_redraw
from tests.slack_app.incident_desk import IncidentDesk, alert

FOUND = Diagnosis(
    summary="Checkout fails for one order in five.",
    root_cause="Version 42 broke it.",
    claims=(Claim(text="Version 42 broke it.", evidence=("ev_1",)),),
    next_steps=("Roll back to version 41.",),
    confidence=Confidence(value=0.9),
)


async def test_a_post_gets_one_message_in_its_thread_however_often_it_is_drawn(desk: IncidentDesk) -> None:
    place = desk.post()
    await desk.opened(place=place)

    for _ in range(3):
        await desk.living()

    assert "checkout errors: looking into it" in desk.words()
    assert desk.shown()[0]["thread_ts"] == place.thread_ts
    assert desk.ws.api_calls("chat.update") == []


async def test_an_alert_without_a_post_gets_a_message_of_its_own_in_the_channel_that_the_rule_names(
    desk: IncidentDesk,
) -> None:
    rule = Decision(treatment="analyse", rule="pay", reason="It is ours.", channel="general")
    await desk.opened(decision=rule, place=SlackPlace(channel="general", thread_ts=""))

    await desk.living()

    (message,) = desk.shown("general")
    place = (await desk.incident()).place
    assert place == SlackPlace(
        team=desk.ws.team_id, channel=desk.ws.channel_id("general"), thread_ts=str(message["ts"])
    )


async def test_a_channel_that_slack_does_not_list_gives_way_to_the_first_alert_channel(desk: IncidentDesk) -> None:
    await desk.opened(decision=Decision(treatment="analyse", rule="r", reason="Because.", channel="gone"))
    await desk.living()
    assert len(desk.shown("alerts")) == 1


@pytest.mark.parametrize("threaded", [True, False])
async def test_a_message_that_was_posted_just_before_a_crash_is_found_and_not_posted_again(
    desk: IncidentDesk, threaded: bool
) -> None:
    place = desk.post() if threaded else None
    made = await desk.opened(place=place)
    await desk.living()
    lost = {"summary_ts": "", "shown": "", "place": place}
    await desk.deps.incidents.change(made.id, lambda incident: incident.model_copy(update=lost))

    await desk.living()
    await desk.living()

    (message,) = desk.shown()
    assert (await desk.incident()).summary_ts == message["ts"]


async def test_an_incident_that_others_draw_at_the_same_moment_is_asked_for_again(desk: IncidentDesk) -> None:
    made = await desk.opened(place=desk.post())
    await desk.deps.locks.acquire(f"living:{made.id}", "somebody else", 30)

    await desk.living()

    assert desk.shown() == []
    assert [job.payload["incident"] for job in await desk.queued(JobKind.living)] == [made.id]


async def test_what_is_known_is_read_from_top_to_bottom(desk: IncidentDesk) -> None:
    one = alert()
    await desk.opened(one, alert("payments errors", "f2"), place=desk.post(), diagnosis=FOUND, grouped="both deploy 42")
    await desk.again(one)
    await desk.living()

    order = ["🔴 checkout errors: cause found", "2 alerts firing, seen 3 times since", ", last ", "What's going on"]
    order += ["Likely cause", "Version 42 broke it.", "What to do next", "checkout errors × 2", "Together because"]
    words = desk.words()
    places = [words.index(part) for part in order]
    assert places == sorted(places)


async def test_what_is_over_says_after_how_long_and_offers_only_to_open_it_again(desk: IncidentDesk) -> None:
    one = alert()
    at = desk.deps.clock() - timedelta(minutes=29, seconds=30)
    await desk.opened(one, place=desk.post(), diagnosis=FOUND, created_at=at)
    await desk.living()
    await desk.again(one.model_copy(update={"status": AlertStatus.resolved}))
    await desk.living()

    assert "✅ checkout errors: resolved after 29 minutes" in desk.words()
    assert desk.buttons() == ["incident_reopen", "show_evidence"]

    await desk.again(alert())
    await desk.living()
    assert "🔴 checkout errors: cause found" in desk.words()
    assert "incident_resolve" in desk.buttons()


async def test_a_passed_alert_is_one_line_with_a_button_and_a_digested_one_is_nothing(desk: IncidentDesk) -> None:
    await desk.opened(
        place=desk.post(), decision=Decision(treatment="pass", rule="default: info", reason="It is fine.")
    )
    await desk.living()
    assert "Not analysed: It is fine." in desk.words()
    assert desk.buttons() == ["analyse_alert"]

    desk.id = "inc_000000000002"
    await desk.opened(alert(fingerprint="f2"), decision=Decision(treatment="digest", rule="r", reason="Later."))
    await desk.living()
    assert len(desk.shown()) == 1


async def test_nothing_is_said_in_a_muted_channel(desk: IncidentDesk) -> None:
    await desk.deps.mutes.mute(Mute(channel=desk.ws.channel_id("alerts"), by="U1", at=desk.deps.clock()))
    await desk.opened()
    await desk.living()
    assert desk.shown() == []


async def test_how_often_an_alert_fires_is_no_news_while_it_is_snoozed(desk: IncidentDesk) -> None:
    one = alert()
    await desk.opened(one, place=desk.post(), diagnosis=FOUND)
    await desk.living()
    await desk.click("incident_snooze", "2h")
    edits = len(desk.ws.api_calls("chat.update"))
    for _ in range(3):
        await desk.again(one)
        await desk.living()
    assert len(desk.ws.api_calls("chat.update")) == edits

    worse = {"severity": Severity.critical}
    await desk.deps.incidents.change(desk.id, lambda incident: incident.model_copy(update=worse))
    await desk.living()
    assert "4 times" in desk.words()


async def test_an_outage_of_slack_is_said_once_when_it_is_over(desk: IncidentDesk) -> None:
    await desk.opened(place=desk.post())
    wanted = desk.deps.clock() - timedelta(minutes=12)
    desk.ws.faults.fail("chat.postMessage", "internal_error")
    with pytest.raises(SlackApiError):
        await desk.living(created=wanted)

    await desk.living(attempt=2, created=wanted)
    await desk.living(attempt=2, created=wanted)

    assert "Slack was not reached for 12 minutes" in desk.words()
    assert [event.kind for event in (await desk.incident()).timeline].count("late") == 1


async def test_what_a_channel_has_no_room_for_waits_and_what_is_critical_goes_first(desk: IncidentDesk) -> None:
    budget = ChannelBudget(desk.deps.state, desk.deps.clock, 15)
    channel = desk.ws.channel_id("alerts")
    for _ in range(12):
        assert await budget.take(channel, NORMAL) == 0
    made = await desk.opened(place=desk.post())

    await desk.living()
    assert desk.shown() == []
    assert len(await desk.queued(JobKind.living)) == 1

    await desk.deps.incidents.change(made.id, lambda i: i.model_copy(update={"severity": Severity.critical}))
    await desk.living()
    assert len(desk.shown()) == 1


async def test_the_progress_of_a_critical_incident_leaves_room_for_people(desk: IncidentDesk) -> None:
    await desk.opened(alert(severity=Severity.critical), place=desk.post())
    await desk.living()
    for number in range(14):
        shown = {"grouped": f"{number}", "title": f"checkout {number}", "storm": True}
        await desk.deps.incidents.change(desk.id, lambda i, shown=shown: i.model_copy(update=shown))
        await draw(desk.id, desk.desk, PROGRESS)
    left = [await desk.desk.budget.take(desk.ws.channel_id("alerts"), PERSON) for _ in range(9)]
    assert left.count(0) == 8


async def test_what_is_new_is_told_although_edits_fill_the_channel(desk: IncidentDesk) -> None:
    channel = desk.ws.channel_id("alerts")
    for _ in range(15):
        await desk.desk.budget.take(channel, EDIT)
    await desk.opened(place=desk.post())
    await desk.living()
    assert len(desk.shown()) == 1


async def test_what_has_to_wait_reads_no_alerts_before(desk: IncidentDesk) -> None:
    channel = desk.ws.channel_id("alerts")
    for _ in range(15):
        await desk.desk.budget.take(channel, PERSON)
    await desk.opened(place=desk.post())
    reads: list[str] = []

    class Watched:
        def __getattr__(self, name: str) -> object:
            reads.append(name)
            return getattr(ledger, name)

    ledger = desk.deps.ledger
    object.__setattr__(desk.deps, "ledger", Watched())
    await desk.living()
    assert reads == []
    assert len(await desk.queued(JobKind.living)) == 1


async def test_a_channel_gets_so_much_in_any_minute_and_no_more(desk: IncidentDesk) -> None:
    budget = ChannelBudget(desk.deps.state, desk.deps.clock, 10)
    granted = [await budget.take("C1", PERSON) == 0 for _ in range(14)]
    assert granted == [True] * 10 + [False] * 4
    assert 50 < await budget.take("C1", PERSON) <= 60
    assert await budget.take("C2", PROGRESS) == 0
    desk.clock.ahead += timedelta(seconds=61)
    assert [await budget.take("C1", PROGRESS) == 0 for _ in range(6)] == [True] * 5 + [False]


async def test_a_further_post_of_the_incident_is_told_where_it_is_looked_into_once(desk: IncidentDesk) -> None:
    await desk.opened(alert(), alert("payments errors", "f2"), place=desk.post(), diagnosis=FOUND)
    await desk.living()
    await desk.again(alert())
    second, third = desk.post("ALARM: payments errors"), desk.post("ALARM: checkout errors again")

    for post, fingerprint in ((second, "f2"), (second, "f2"), (third, "f1"), (third, "f1")):
        await desk.living(post={"channel": post.channel, "thread_ts": post.thread_ts}, fingerprint=fingerprint)

    _, *links = desk.shown()
    assert [link["thread_ts"] for link in links] == [second.thread_ts, third.thread_ts]
    assert "Part of the incident “checkout errors”" in links[0]["text"]
    assert "seen twice: Version 42 broke it." in links[1]["text"]


async def test_each_of_two_posts_that_come_at_the_same_moment_gets_its_link(desk: IncidentDesk) -> None:
    for ts in ("1.0", "2.0", "2.0"):
        await ask_redraw(desk.deps, desk.id, post={"channel": "C1", "thread_ts": ts}, fingerprint="f")
    assert len(await desk.queued(JobKind.living)) == 2


async def test_a_storm_is_counted_in_its_message(desk: IncidentDesk) -> None:
    kinds = [alert(f"alert {n}", f"f{n}") for n in range(30)]
    await desk.opened(*kinds[:1], place=desk.post(), storm=True, grouped="30 alerts in one minute")
    for kind in kinds[1:]:
        await desk.again(kind)
    await desk.living()
    assert "🔴 Storm: 30 alerts of lambda: looking into it" in desk.words()
    assert "30 alerts firing, seen 30 times since" in desk.words()


async def test_a_message_that_slack_refuses_for_its_blocks_is_there_as_text(desk: IncidentDesk) -> None:
    await desk.opened(place=desk.post(), diagnosis=FOUND)
    desk.ws.faults.refuse_blocks = True
    await desk.living()
    assert "Likely cause: Version 42 broke it." in desk.shown()[0]["text"]


async def test_an_incident_that_nobody_knows_is_nothing_to_draw(desk: IncidentDesk) -> None:
    assert await draw("inc_nobody", desk.desk) == 0


async def test_an_earlier_event_is_told_to_have_been_when_it_was(desk: IncidentDesk) -> None:
    stopped = TimelineEvent(at=desk.deps.clock(), kind="stopped", text="", actor="U0MAYA")
    made = await desk.opened(place=desk.post())
    await desk.deps.incidents.change(
        made.id, lambda i: i.model_copy(update={"timeline": (*i.timeline, stopped), "status": IncidentStatus.open})
    )
    await desk.living()
    assert "the analysis was stopped" in desk.words()
    assert "Stopped by <@U0MAYA>" in desk.words()
