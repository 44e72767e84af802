"""Which alerts become one incident, and how that is explained."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agent.models import Alert, Incident, Mark, Ownership, Resource
from agent.triage import Correlator, alert_from_stream

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def alert(second: float, service: str = "cart", title: str = "latency", system: str = "shop", **row: Any) -> Alert:
    return alert_from_stream({"t": second, "system": system, "service": service, "title": title, **row})


def aws_alert(second: float, name: str, kind: str = "function", account: str = "111122223333", **more: Any) -> Alert:
    resource = Resource(service="lambda", type=kind, id=name, region="eu-west-1", account=account)
    at = NOON + timedelta(seconds=second)
    return Alert(
        source="cloudwatch",
        title=more.pop("title", f"Errors of {name}"),
        resource=resource,
        started_at=at,
        fingerprint=more.pop("fingerprint", f"{name} {second}"),
        **more,
    )


def keys(*alerts: Alert, correlator: Correlator | None = None) -> list[str]:
    correlator = correlator or Correlator()
    return [correlator.assign(each) for each in alerts]


def test_alerts_of_one_system_within_a_minute_are_one_incident() -> None:
    first, second = keys(alert(0), alert(20, "checkout", "errors"))
    assert first == second
    assert first.startswith("inc_")


def test_alerts_with_silence_between_them_are_two_incidents() -> None:
    first, second = keys(alert(0), alert(300))
    assert first != second


def test_systems_are_kept_apart() -> None:
    first, second = keys(alert(0, system="shop"), alert(1, system="bank"))
    assert first != second


def test_a_stranger_is_not_waited_for_as_long_as_the_same_service() -> None:
    assert len(set(keys(alert(0), alert(55, "cart", "errors")))) == 1
    assert len(set(keys(alert(0), alert(55, "auth", "certificate expired")))) == 2


def test_an_alert_joins_the_incident_of_its_own_service_when_two_are_open() -> None:
    correlator = Correlator()
    cart, auth = keys(alert(0), alert(58, "auth", "certificate expired"), correlator=correlator)
    assert correlator.assign(alert(59, "cart", "errors")) == cart
    assert correlator.assign(alert(60, "auth", "logins refused")) == auth


def test_the_same_alert_again_belongs_where_it_was_last() -> None:
    first, _, again = keys(alert(0), alert(30, "checkout"), alert(60))
    assert first == again


def test_an_alert_that_comes_late_joins_the_incident_that_was_open_then() -> None:
    first, late = keys(alert(100), alert(90, "checkout"))
    assert first == late


def test_a_system_whose_rules_are_evaluated_every_minute_and_a_half_is_given_more_time() -> None:
    correlator = Correlator()
    for incident in range(12):
        begun = incident * 4000
        found = keys(*(alert(begun + 90 * turn) for turn in range(6)), correlator=correlator)
    assert len(set(found)) == 1


def test_where_each_fault_begins_with_a_flood_its_last_alerts_are_waited_for() -> None:
    """The few long pauses of a fault are hardly any among all of its pauses, but they are what parts it."""
    correlator = Correlator()
    for fault in range(12):
        after = [*range(0, 100, 5), 170, 250, 340]
        titles = [f"call {letter * 3} slow" for letter in "abcdefghijklmnopqrstuvw"]
        flood = (alert(fault * 3000 + at, title=title) for at, title in zip(after, titles, strict=True))
        found = keys(*flood, correlator=correlator)
    assert len(set(found)) == 1


def test_where_incidents_follow_each_other_after_pauses_of_all_lengths_the_gap_stays_a_minute() -> None:
    correlator, begun = Correlator(), 0.0
    for incident in range(40):
        keys(*(alert(begun + 6 * turn, f"svc{incident % 4}") for turn in range(8)), correlator=correlator)
        begun += 42 + 20 * 2 ** (incident * 7 % 18 / 4)
    first, late = keys(alert(begun + 1000, "svc1"), alert(begun + 1080, "svc1", "errors"), correlator=correlator)
    assert first != late


def test_where_incidents_keep_to_one_service_strangers_are_not_waited_for() -> None:
    correlator = Correlator()
    for incident in range(30):
        begun, service = incident * 600, f"svc{'abc'[incident % 3]}"
        keys(*(alert(begun + 2 * turn, service, f"kind {'xyz'[turn]}") for turn in range(3)), correlator=correlator)
    first = correlator.assign(alert(30 * 600, "svca", "kind x"))
    assert correlator.assign(alert(30 * 600 + 30, "svcb", "other words")) != first


def test_two_alarms_of_one_function_minutes_apart_are_one_incident_and_that_is_said() -> None:
    correlator = Correlator()
    first, second = keys(aws_alert(0, "checkout"), aws_alert(110, "checkout", title="Throttles"), correlator=correlator)
    assert first == second
    assert correlator.why(first) == "same function within 2 minutes"


def test_one_resource_joins_two_systems() -> None:
    first, second = keys(
        aws_alert(0, "checkout", system="shop"), aws_alert(60, "checkout", system="operations", title="Throttles")
    )
    assert first == second


def test_a_declared_dependency_joins_across_systems_and_minutes() -> None:
    correlator = Correlator(dependencies=[("orders-queue", "orders-worker")])
    queue = aws_alert(0, "orders-queue", "queue", system="messaging")
    worker = aws_alert(200, "Orders-Worker", system="shop", title="Duration")
    other = aws_alert(201, "reports", system="shop", title="Duration of reports")
    first, second, third = keys(queue, worker, other, correlator=correlator)
    assert first == second != third
    assert correlator.why(first) == "one depends on the other within 4 minutes"


def test_alerts_without_a_system_are_grouped_by_account() -> None:
    mine, too, others = keys(
        aws_alert(0, "checkout"), aws_alert(10, "orders"), aws_alert(11, "orders", account="444455556666")
    )
    assert mine == too != others


def test_an_account_that_stands_for_the_system_is_called_an_account() -> None:
    correlator = Correlator()
    first, _ = keys(
        aws_alert(0, "checkout", system="111122223333"),
        aws_alert(5, "ledger", system="111122223333", title="Backup late"),
        correlator=correlator,
    )
    assert correlator.why(first) == "same account within a minute"


def test_alerts_of_which_only_the_sender_is_known_need_words_in_common() -> None:
    def plain(second: int, title: str) -> Alert:
        at = NOON + timedelta(seconds=second)
        return Alert(source="generic", title=title, started_at=at, fingerprint=title)

    first, second, third = keys(
        plain(0, "Backup of ledger failed"), plain(5, "Backup of archive failed"), plain(6, "Certificate expires")
    )
    assert first == second != third


def test_many_distinct_alerts_at_once_are_one_storm() -> None:
    correlator = Correlator()
    found = keys(*(alert(n / 10, f"svc{n}", f"title {n}") for n in range(200)), correlator=correlator)
    assert len(set(found)) == 1
    assert correlator.storming(found[0])
    assert correlator.why(found[0]) == "storm: 200 alerts in 60 s"


def test_a_storm_takes_in_what_else_fires_but_leaves_repeats_where_they_were() -> None:
    correlator = Correlator()
    before = correlator.assign(alert(0, "auth", "certificate expired"))
    storm = keys(*(alert(50 + n / 10, f"svc{n}", "down") for n in range(60)), correlator=correlator)[-1]
    assert storm != before
    assert correlator.assign(alert(57, "auth", "certificate expired")) == before
    assert correlator.assign(alert(58, "billing", "something else")) == storm
    assert not correlator.storming(before)


def test_a_single_alert_needs_no_reason_and_a_forgotten_incident_has_none() -> None:
    correlator = Correlator()
    assert correlator.why(correlator.assign(alert(0))) == ""
    assert correlator.why("inc_unknown") == ""
    assert not correlator.storming("inc_unknown")


def test_a_repeated_first_alert_gives_the_same_key_to_a_correlator_that_knows_nothing() -> None:
    assert keys(alert(7)) == keys(alert(7))


def test_the_answer_of_a_stream_does_not_leak_into_the_alert() -> None:
    assert alert(1, incident="a") == alert(1, incident="b")


def test_the_row_of_a_stream_becomes_an_alert() -> None:
    made = alert(90.5, "cart", "p99 high", "shop")
    assert (made.system, made.resource.id, made.title) == ("shop", "cart", "p99 high")
    assert made.started_at == datetime(1970, 1, 1, 0, 1, 30, 500_000, tzinfo=UTC)


def incident(name: str, *alerts: Alert, **more: Any) -> Incident:
    at = alerts[0].started_at
    return Incident(id=name, title="x", alerts=alerts, created_at=at, updated_at=at, **more)


def test_a_restored_correlator_goes_on_with_open_incidents() -> None:
    restored = Correlator.restored([incident("inc_known", alert(0), grouped="same system within a minute")])
    assert restored.why("inc_known") == "same system within a minute"
    assert restored.assign(alert(30, "checkout")) == "inc_known"


def test_a_restored_incident_is_as_recent_as_its_last_alert() -> None:
    later = datetime(1970, 1, 1, 0, 5, tzinfo=UTC)
    restored = Correlator.restored([incident("inc_known", alert(0), last_alert_at=later)])
    assert restored.assign(alert(330, "cart", "errors")) == "inc_known"


@pytest.mark.parametrize("how", ["resolved", "remedied"])
def test_an_incident_that_a_person_or_a_change_has_ended_takes_no_more_alerts(how: str) -> None:
    over = Ownership.model_validate({how: Mark(by="U1", at=NOON)})
    restored = Correlator.restored([incident("inc_over", alert(0), ownership=over)])
    assert restored.assign(alert(10, "cart", "errors")) != "inc_over"


def test_a_restored_storm_is_still_one() -> None:
    storm = incident("inc_storm", alert(0), alert(1, "b"), storm=True, grouped="storm: 214 alerts in 60 s")
    restored = Correlator.restored([storm])
    assert restored.assign(alert(2, "c")) == "inc_storm"
    assert restored.storming("inc_storm")
    assert restored.why("inc_storm") == "storm: 214 alerts in 60 s"
