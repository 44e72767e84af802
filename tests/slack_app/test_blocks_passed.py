"""What is shown of alerts that nobody analyses: those that pass, and a storm."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from agent.models import Alert, AlertStatus, Decision, Incident, Resource
from agent.ports import Sighting, Tally
from deploy.local.workspace.block_kit import validate_blocks
from slack_app.blocks.passed import ANALYSE, passed_blocks, passed_text
from slack_app.blocks.storm import storm_blocks
from tests.agent.examples import NOW

HOSTILE = "<!channel> <@U0MAYA> *x* `y` https://evil.example @here &\n🙂"


def words(blocks: Any) -> str:
    assert validate_blocks(blocks) == []
    return json.dumps(blocks, ensure_ascii=False)


def incident(**fields: Any) -> Incident:
    return Incident(id="inc_1", title="Disk is filling", created_at=NOW, updated_at=NOW, **fields)


def sighting(name: str, count: int = 1, **fields: Any) -> Sighting:
    resource = Resource(service=fields.pop("service", "lambda"))
    system, first = fields.pop("system", "payments"), fields.pop("first_seen", NOW)
    alert = Alert(source="t", title=name, started_at=NOW, fingerprint=name, system=system, resource=resource)
    status = fields.pop("status", AlertStatus.firing)
    return Sighting(alert, "inc_1", count, count, first, NOW + timedelta(minutes=30), status)


def tally(alerts: int, firing: int, count: int) -> Tally:
    return Tally(alerts, firing, count, count, NOW + timedelta(minutes=30))


def test_an_alert_that_passes_gets_one_quiet_line_and_a_button() -> None:
    decision = Decision(treatment="pass", rule="default: informational", reason="It is informational.")

    line, actions = passed_blocks(incident(), decision)

    assert line["type"] == "context"
    assert "Not analysed: It is informational. (default: informational)" in words([line, actions])
    (button,) = actions["elements"]
    assert (button["action_id"], button["value"], button["text"]["text"]) == (ANALYSE, "inc_1", "Analyse")
    assert passed_text(decision) == "Not analysed: It is informational."


def test_an_alert_that_passes_says_where_it_comes_from() -> None:
    about = Alert(
        source="datadog",
        title="Disk is filling",
        value="91%",
        threshold="90%",
        resource=Resource(id="db-07"),
        started_at=NOW,
        fingerprint="f",
    )

    shown = words(passed_blocks(incident(alerts=(about,)), Decision(treatment="pass", rule="r", reason="It is fine.")))

    assert "Disk is filling (db-07) · value 91% (threshold 90%) · from datadog" in shown


def test_what_users_write_into_their_rules_is_no_markup() -> None:
    decision = Decision(treatment="pass", rule=HOSTILE * 20, reason=HOSTILE * 20)

    shown = words(passed_blocks(incident(), decision)) + passed_text(decision)

    assert "<!channel>" not in shown
    assert "https://evil" not in shown


def test_a_storm_is_counted_by_system_and_service() -> None:
    seen = [
        sighting("errors of checkout", 120),
        sighting("errors of cart", 80, system="shop"),
        sighting("slow database", 7, service="rds", status=AlertStatus.resolved),
    ]

    shown = words(storm_blocks(incident(grouped="storm: 42 alerts in 60 s"), tally(300, 280, 9412), seen))

    assert "🌪 42 alerts in 60 s: these alerts are counted, not told one by one." in shown
    assert "*Systems* payments (2), shop (1)" in shown
    assert "*By service*\\n• *lambda* 2 alerts, seen 200 times · most often: errors of checkout ×120" in shown
    assert "\\n• *rds* slow database ×7 · resolved\\n…and 297 more alerts" in shown
    assert "*New*" not in shown


def test_what_began_last_in_a_storm_is_shown_as_new() -> None:
    old = [sighting(f"old {n}", 100 - n) for n in range(6)]
    late = [sighting(f"late {n}", 1, first_seen=NOW + timedelta(minutes=26 + n % 3)) for n in range(7)]

    shown = words(storm_blocks(incident(), tally(13, 13, 600), [*late, *old]))

    assert "*By service*\\n• *lambda* 13 alerts, seen 592 times · most often: old 0 ×100" in shown
    assert "*New*\\n• *lambda* 7 alerts, seen 7 times · most often: late 0 ×1" in shown


def test_a_storm_of_many_services_names_those_that_fire_most() -> None:
    seen = [sighting(f"errors {n}", n, service=f"service-{n:02}") for n in range(1, 21)]

    shown = words(storm_blocks(incident(), tally(20, 20, 210), seen))

    assert "*By service*\\n• *service-20* errors 20 ×20\\n• *service-19* errors 19 ×19" in shown
    assert "service-12" not in shown
    assert "…and 12 more alerts of 12 other services" in shown


def test_any_storm_fits_into_slacks_limits() -> None:
    seen = [sighting(f"{n} {HOSTILE * 20}", n, system=f"{n}{HOSTILE}", service=HOSTILE * 9) for n in range(200)]

    shown = words(storm_blocks(incident(grouped=HOSTILE * 90), tally(10_000, 1, 10**9), seen))

    assert "<!channel>" not in shown
    assert len(shown) < 11_000


def test_a_storm_of_which_nothing_is_known_is_still_told() -> None:
    assert "counted, not told one by one" in words(storm_blocks(incident(), Tally(0, 0, 0, 0, None), []))
