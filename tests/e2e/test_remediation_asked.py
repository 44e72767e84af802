"""A fix that people ask for themselves, and a card that nobody has to decide about any more."""

from __future__ import annotations

import pytest

from tests.e2e.remediation_stage import CARD_SECONDS, Stage
from tests.e2e.service import text_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


def test_what_was_rejected_is_asked_for_anew_and_withdrawn_when_the_incident_is_closed(stage: Stage) -> None:
    first = stage.fire()
    stage.click(first, "reject")
    stage.ws.submit_modal("maya", {"reason": {"typed": {"type": "plain_text_input", "value": "Not now."}}})
    stage.card("Rejected by")
    living = stage.living("Rejected: Point the alias")

    stage.ws.click("priya", "alerts", living["ts"], "incident_fix")
    card = stage.card("Approval needed")
    assert card["ts"] != first["ts"]
    assert f"<@{stage.ws.user_id('priya')}>" in text_of(card)

    stage.ws.post_as("maya", "alerts", f"<@{stage.ws.bot_user}> roll it back, please", stage.ts)
    said = stage.ws.wait_for(lambda: stage.reply("A fix is proposed already", "its card"), CARD_SECONDS)
    assert "Nobody" not in text_of(said)

    stage.ws.click("maya", "alerts", living["ts"], "incident_resolve")
    gone = stage.ws.wait_for(lambda: stage.reply("Not needed any more", "Somebody closed", stage.title), CARD_SECONDS)
    assert gone["ts"] == card["ts"]
    assert not [block for block in gone["blocks"] if block["type"] == "actions"]
    assert stage.version() == "4"
