"""Generated log lines are the same for every request, and only where the scenario puts them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from deploy.local.account.logs.generator import HOUR, GroupLog, LogEvent
from deploy.local.account.schema.logs import LogGroup

LOADED = datetime(2026, 11, 3, 10, 30, tzinfo=UTC)
NOW = round(LOADED.timestamp() * 1000)
MINUTE = 60_000


def log_of(*lines: dict[str, Any], group: str = "/ecs/checkout", loaded: datetime = LOADED, **more: Any) -> GroupLog:
    schema = LogGroup.model_validate({"group": group, "lines": lines, **more})
    return GroupLog(schema, loaded, "test", {"region": "eu-west-1", "account_id": "123456789012"})


def messages(events: list[LogEvent]) -> list[str]:
    return [event.message for event in events]


def test_two_overlapping_requests_see_the_same_events() -> None:
    line = {"template": "{level} order {uuid} from {ip} in {latency:80} ms", "per_minute": 7}
    wide = log_of(line).events(NOW - 5 * HOUR, NOW)
    narrow = log_of(line).events(NOW - 2 * HOUR - 1234, NOW - HOUR)
    assert narrow == [event for event in wide if NOW - 2 * HOUR - 1234 <= event.timestamp < NOW - HOUR]
    assert len(narrow) > 100
    assert len({event.event_id for event in wide}) == len(wide)


def test_events_do_not_change_when_the_scenario_is_loaded_again_later() -> None:
    line = {"template": "beat {uuid}", "per_minute": 3}
    again = log_of(line, loaded=LOADED + timedelta(hours=6))
    assert again.events(NOW - HOUR, NOW) == log_of(line).events(NOW - HOUR, NOW)


def test_the_rate_is_kept_on_average() -> None:
    events = log_of({"template": "x", "per_minute": 0.31}).events(NOW - 48 * HOUR, NOW)
    assert len(events) == pytest.approx(0.31 * 60 * 48, rel=0.05)


def test_a_season_moves_lines_from_night_to_afternoon() -> None:
    log = log_of({"template": "x", "per_minute": 10, "daily": 0.8})
    midnight = NOW - NOW % (24 * HOUR)
    night = log.events(midnight - 24 * HOUR + HOUR, midnight - 24 * HOUR + 3 * HOUR)
    afternoon = log.events(midnight - 24 * HOUR + 13 * HOUR, midnight - 24 * HOUR + 15 * HOUR)
    assert len(afternoon) > 5 * len(night)


def test_lines_outside_from_and_to_are_left_out() -> None:
    log = log_of({"template": "boom", "per_minute": 20, "from": "-42m", "to": "-10m"})
    events = log.events(NOW - 3 * HOUR, NOW)
    assert {NOW - 42 * MINUTE <= event.timestamp < NOW - 10 * MINUTE for event in events} == {True}
    assert len(events) == pytest.approx(20 * 32, rel=0.1)


def test_a_pulse_leaves_the_pauses_empty() -> None:
    line = {"template": "x", "per_minute": 10, "from": "-1h", "pulse": {"period": "20m", "width": "5m"}}
    minutes = {(event.timestamp - (NOW - HOUR)) // MINUTE for event in log_of(line).events(NOW - HOUR, NOW)}
    assert minutes <= {*range(5), *range(20, 25), *range(40, 45)}
    assert len(minutes) == 15


def test_count_every_and_at_are_exact() -> None:
    log = log_of(
        {"template": "counted", "count": 17, "from": "-90m", "to": "-30m"},
        {"template": "regular", "every": "10m", "from": "-1h"},
        {"template": "once", "at": "-25m"},
    )
    found = messages(log.events(NOW - 2 * HOUR, NOW))
    assert {text: found.count(text) for text in set(found)} == {"counted": 17, "regular": 6, "once": 1}
    assert messages(log.events(NOW - 25 * MINUTE, NOW - 25 * MINUTE + 1)) == ["once"]


def test_lines_that_follow_share_the_stream_and_the_named_values() -> None:
    log = log_of(
        {
            "template": "START RequestId: {id=uuid}",
            "then": ["END RequestId: {id}", "REPORT RequestId: {id} Memory: {int:40-90} MB {region}"],
            "per_minute": 2,
        },
        group="/aws/lambda/checkout",
    )
    events = log.events(NOW - HOUR, NOW)
    for start, end, report in zip(events[0::3], events[1::3], events[2::3], strict=True):
        request_id = start.message.split()[-1]
        assert request_id in end.message
        assert request_id in report.message
        assert report.message.endswith("eu-west-1")
        assert start.stream == end.stream == report.stream
        assert start.stream.startswith("2026/11/03/[$LATEST]")


def test_stream_spans_are_those_of_the_events() -> None:
    log = log_of(
        {"template": "a", "per_minute": 0.5},
        {"template": "b", "at": "-5h", "stream": "batch"},
        streams=["web-1", "web-2"],
    )
    events = log.events(NOW - 40 * 24 * HOUR, NOW)
    expected = {
        stream: (
            min(event.timestamp for event in events if event.stream == stream),
            max(event.timestamp for event in events if event.stream == stream),
        )
        for stream in ("web-1", "web-2", "batch")
    }
    assert log.stream_spans(NOW) == expected


def test_json_needs_no_escaping() -> None:
    log = log_of({"template": '{"user": {"id": {int:5-5}}, "tags": {}}', "at": "-1m"})
    assert messages(log.events(NOW - HOUR, NOW)) == ['{"user": {"id": 5}, "tags": {}}']


@pytest.mark.parametrize("template", ["{unknown}", "{int:9-1}", "{int}", "{latency:fast}", "{id} before {id=uuid}"])
def test_a_wrong_field_is_refused_when_the_scenario_is_read(template: str) -> None:
    with pytest.raises(ValidationError, match="field"):
        LogGroup.model_validate({"group": "g", "lines": [{"template": template, "per_minute": 1}]})
