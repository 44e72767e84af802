"""What people read of a remediation and how they ask for one: short, once, and true."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from agent.models import (
    AlertStatus,
    Answer,
    IncidentStatus,
    Remediation,
    RemediationStatus,
    SlackPlace,
    StepStatus,
    TimelineEvent,
)
from deploy.local.workspace.background import RunningWorkspace
from graphs.remediation import SWITCH
from slack_app.handlers.fixes import (
    ANOTHER,
    ASKED,
    BY_SETTING,
    NO_CAUSE,
    NO_ROLE,
    NO_RUNBOOK,
    NOBODY,
    SWITCHED_OFF,
    begin_remediation,
    fix_answer,
)
from slack_app.handlers.living import redraw
from slack_app.handlers.ownership import GONE, OVER
from slack_app.handlers.remediation_words import changed_by
from slack_app.handlers.remediations import handle_verify
from tests.e2e.service import text_of
from tests.slack_app.incident_desk import alert
from tests.slack_app.remediation_desk import FOUND, TITLE, RemediationDesk, remediation_desk

LINES_OF_A_CARD, CHARS_OF_A_CARD = 14, 900
"""What a tired person takes in at once, the buttons left aside."""


@pytest.fixture
def desk(ws: RunningWorkspace, tmp_path: Path) -> Iterator[RemediationDesk]:
    with remediation_desk(ws, tmp_path) as opened:
        yield opened


async def _open(desk: RemediationDesk) -> list[Remediation]:
    return [each for each in await desk.deps.remediations.of_incident(desk.id) if not each.status.over]


def _whispered(desk: RemediationDesk, user: str = "maya") -> list[str]:
    return [text_of(told) for told in desk.ws.whispers(user, "alerts")]


async def _said(desk: RemediationDesk, text: str, user: str = "maya", at: str = "1.5") -> Answer | None:
    """Somebody's words in the incident's thread."""
    place = (await desk.incident()).place
    assert place is not None
    return await fix_answer(text, place, desk.ws.user_id(user), at, desk.desk)


async def test_a_fix_is_offered_as_long_as_one_is_known_and_none_is_asked_for(desk: RemediationDesk) -> None:
    await desk.diagnosed()
    await begin_remediation(desk.id, desk.desk)
    (given,) = await _open(desk)
    assert (given.requested_by, given.wanted) == ("watchkeeper", ())
    assert (await desk.incident()).fix == "lambda_rollback"

    waiting = {"status": IncidentStatus.awaiting_approval}
    await desk.deps.incidents.change(desk.id, lambda kept: kept.model_copy(update=waiting))
    await desk.living()
    assert "incident_fix" not in desk.buttons()

    await desk.deps.incidents.change(desk.id, lambda kept: kept.model_copy(update={"status": IncidentStatus.escalated}))
    await desk.living()
    assert "incident_fix" in desk.buttons()

    await desk.click("incident_resolve")
    assert "incident_fix" not in desk.buttons()


async def test_whoever_presses_fix_asks_for_it_once(desk: RemediationDesk) -> None:
    await desk.diagnosed()
    job = await desk.pressed_fix("priya")
    await handle_verify(job, desk.desk)

    (given,) = await _open(desk)
    assert given.requested_by == desk.ws.user_id("priya")
    assert _whispered(desk, "priya") == []
    assert (await desk.audited()).count("remediation.requested") == 1

    await desk.pressed_fix("maya")
    assert len(await _open(desk)) == 1
    (told,) = _whispered(desk)
    assert "A fix is proposed already" in told


async def test_after_a_no_somebody_may_ask_again(desk: RemediationDesk) -> None:
    await desk.asked()
    await desk.ended(StepStatus.rejected, RemediationStatus.rejected)
    await begin_remediation(desk.id, desk.desk)
    assert await _open(desk) == []
    await desk.pressed_fix()
    assert len(await _open(desk)) == 1


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"approvers": ()}, NOBODY),
        ({"executor_role_arn": ""}, NO_ROLE),
        ({"kill_switch": True}, BY_SETTING),
    ],
)
async def test_what_lacks_is_said_on_the_message_and_to_who_asks(
    ws: RunningWorkspace, tmp_path: Path, settings: dict[str, object], said: str
) -> None:
    with remediation_desk(ws, tmp_path, **settings) as desk:
        await desk.diagnosed()
        await begin_remediation(desk.id, desk.desk)
        assert f"🔧 {said}" in desk.words().replace("∗", "*")
        await desk.pressed_fix()
        assert _whispered(desk) == [said]
        assert await _open(desk) == []


async def test_with_the_switch_off_nothing_is_begun(desk: RemediationDesk) -> None:
    await desk.diagnosed()
    await desk.deps.state.put(SWITCH, {"off_by": "U0MAYA"})
    await begin_remediation(desk.id, desk.desk)
    assert await _open(desk) == []
    assert SWITCHED_OFF in desk.words()


async def test_where_no_fix_is_known_it_says_why(desk: RemediationDesk) -> None:
    await desk.diagnosed(diagnosis=FOUND.model_copy(update={"runbook": "another"}))
    await begin_remediation(desk.id, desk.desk)
    assert (await desk.incident()).fix == ""
    await desk.pressed_fix()
    unknown = FOUND.model_copy(update={"root_cause": ""})
    await desk.deps.incidents.change(desk.id, lambda kept: kept.model_copy(update={"diagnosis": unknown}))
    await desk.pressed_fix()
    assert _whispered(desk) == [NO_RUNBOOK, NO_CAUSE]


async def test_a_click_from_elsewhere_or_on_what_is_over_asks_for_nothing(desk: RemediationDesk) -> None:
    await desk.diagnosed()
    elsewhere = {"channel": desk.ws.channel_id("general"), "thread_ts": "1.0", "user": desk.ws.user_id("maya")}
    await handle_verify(
        (await desk.pressed_fix()).model_copy(update={"payload": {**elsewhere, "fix": desk.id, "at": "1"}}), desk.desk
    )
    assert [text_of(told) for told in desk.ws.whispers("maya", "general")] == [GONE]
    await desk.click("incident_resolve")
    await desk.pressed_fix()
    assert OVER in _whispered(desk)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("fix it", ()),
        ("Behebe das bitte", ()),
        ("roll it back", ("lambda_rollback",)),
        ("annule ça", ("lambda_rollback",)),
        ("restart it", ("lambda_restart",)),
        ("please restart checkout", ("lambda_restart",)),
    ],
)
async def test_whoever_says_so_in_its_thread_gets_the_same_card(
    desk: RemediationDesk, text: str, wanted: tuple[str, ...]
) -> None:
    await desk.diagnosed()
    for _ in range(2):  # the message is delivered twice
        answer = await _said(desk, text)
        assert answer is not None
        assert (answer.kind, answer.headline) == ("write", ASKED)
    (given,) = await _open(desk)
    assert (given.requested_by, given.wanted) == (desk.ws.user_id("maya"), wanted)


async def test_another_change_than_the_runbooks_is_not_made(desk: RemediationDesk) -> None:
    await desk.diagnosed()
    answer = await _said(desk, "scale it up")
    assert answer is not None
    assert answer.headline == ANOTHER.format(fix="lambda rollback of checkout")
    for text in ("restart payments-api", "delete the table", "why did it fail?"):
        assert await _said(desk, text) is None
    assert await _open(desk) == []


async def test_in_other_places_nothing_is_proposed(desk: RemediationDesk) -> None:
    await desk.diagnosed()
    place = SlackPlace(team=desk.ws.team_id, channel=desk.ws.channel_id("general"), thread_ts="1.0")
    assert await fix_answer("fix it", place, desk.ws.user_id("maya"), "1.5", desk.desk) is None
    assert await _open(desk) == []


async def test_the_message_says_in_one_line_how_it_stands(desk: RemediationDesk) -> None:
    await desk.asked()
    for step, status, said in (
        (StepStatus.awaiting, RemediationStatus.awaiting_approval, f"Waits for approval: {TITLE}"),
        (StepStatus.executing, RemediationStatus.executing, f"Being done: {TITLE}"),
        (StepStatus.executed, RemediationStatus.verifying, f"Done, and being watched: {TITLE}"),
        (StepStatus.expired, RemediationStatus.escalated, f"Expired, so that people have to look: {TITLE}"),
    ):
        await desk.ended(step, status)
        await _told(desk)
        (living,) = [message for message in desk.shown() if "🔧" in text_of(message)]
        assert said in text_of(living)
        assert text_of(living).count("🔧") == 1


async def _told(desk: RemediationDesk) -> None:
    change = await changed_by(await desk.given(), desk.deps)
    await desk.deps.incidents.change(desk.id, lambda kept: change(kept, 1))
    await redraw(desk.id, desk.desk)


async def test_what_was_done_the_last_time_is_no_news_when_it_fires_again(desk: RemediationDesk) -> None:
    await desk.asked()
    await desk.ended(StepStatus.helped, RemediationStatus.succeeded)
    await desk.goes_on()
    desk.clock.ahead += timedelta(minutes=1)
    await desk.again(alert(status=AlertStatus.firing))
    await desk.living()
    (living,) = [message for message in desk.shown() if "Back at" in text_of(message)]
    assert "🔧" not in text_of(living)


async def test_one_card_an_incident_edited_in_place_and_short(desk: RemediationDesk) -> None:
    given = await desk.asked()
    (card,) = desk.said("Approval needed")
    assert len(text_of(card)) < CHARS_OF_A_CARD
    assert len(text_of(card).splitlines()) <= LINES_OF_A_CARD
    for _ in range(2):
        await desk.ended(StepStatus.expired, RemediationStatus.escalated)
        await desk.goes_on()
    (card,) = desk.said(f"*{TITLE}*")
    assert card["ts"] == given.card_ts
    assert len(desk.shown()) == 3  # the incident, its card, and the call for people


async def test_a_timeline_line_of_before_a_refire_does_not_stop_the_same_words_now(desk: RemediationDesk) -> None:
    await desk.diagnosed()
    await desk.deps.state.put(SWITCH, {"off_by": "U0MAYA"})
    await begin_remediation(desk.id, desk.desk)
    desk.clock.ahead += timedelta(minutes=1)
    refired = TimelineEvent(at=desk.deps.clock(), kind="refired", text="again")
    await desk.deps.incidents.change(
        desk.id, lambda kept: kept.model_copy(update={"timeline": (*kept.timeline, refired)})
    )
    await desk.living()
    assert SWITCHED_OFF not in desk.words()
    await begin_remediation(desk.id, desk.desk)
    assert SWITCHED_OFF in desk.words()
