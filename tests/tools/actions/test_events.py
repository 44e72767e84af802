"""Which events may be sent, and which rules would take one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agent.errors import SettingsError
from agent.settings import Settings
from tests.tools.actions.account import Bench
from tools.actions.catalog import actions
from tools.actions.event_catalogue import read_events
from tools.actions.event_rules import may_take

SENT = {"source": "watchkeeper.remediation", "detail_type": "Replay requested"}


def test_an_event_that_is_not_in_the_catalogue_is_not_sent(bench: Bench) -> None:
    bench.load()
    problems = bench.preview("eventbridge_event", "default", source="orders.api", detail_type="Refund").problems
    assert "not in the catalogue" in problems[0]


def test_a_file_of_yours_adds_to_it(bench: Bench, tmp_path: Path) -> None:
    file = tmp_path / "events.yaml"
    file.write_text("[{source: orders.api, detail_type: Replay, means: replays orders, buses: [orders]}]")
    kind = actions(Settings.read(event_catalogue=file))["eventbridge_event"]
    assert [event.source for event in read_events(file)][-1] == "orders.api"
    assert kind.name == "eventbridge_event"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[{source: aws.health, detail_type: x, means: y}]", "aws.health"),
        ("[{source: a, means: y}]", "detail_type"),
        ("{", "cannot be read"),
    ],
)
def test_a_file_with_a_mistake_is_told(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "events.yaml"
    file.write_text(text)
    with pytest.raises(SettingsError, match=said):
        read_events(file)


def test_the_rules_that_would_take_it_are_named(bench: Bench) -> None:
    bench.load()
    events = bench.person("events")
    for name, pattern in (("mine", {"source": ["watchkeeper.remediation"]}), ("other", {"source": ["orders.api"]})):
        events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    events.put_rule(Name="asleep", EventPattern=json.dumps({"source": ["watchkeeper.remediation"]}), State="DISABLED")
    preview = bench.preview("eventbridge_event", "default", **SENT)
    assert preview.before == {"rules": ["mine"]}
    assert "mine" in preview.blast_radius
    assert preview.problems == ()


def test_an_event_that_no_rule_takes_is_warned_of(bench: Bench) -> None:
    bench.load()
    assert "nothing would come of it" in bench.preview("eventbridge_event", "default", **SENT).warnings[0]


@pytest.mark.parametrize(
    ("wanted", "takes"),
    [
        ("orders.api", True),
        ("orders", False),
        ({"prefix": "orders."}, True),
        ({"prefix": "billing."}, False),
        ({"prefix": {"equals-ignore-case": "ORDERS"}}, True),
        ({"suffix": ".api"}, True),
        ({"anything-but": ["orders.api"]}, False),
        ({"anything-but": {"prefix": "billing."}}, True),
        ({"equals-ignore-case": "Orders.API"}, True),
        ({"wildcard": "orders.*"}, True),
        ({"wildcard": "*.web"}, False),
        ({"exists": True}, True),
        ({"exists": False}, False),
        ({"something-new": 1}, True),
        (7, False),
    ],
)
def test_a_pattern_leaves_an_event_alone_only_if_that_is_certain(wanted: object, takes: bool) -> None:
    assert may_take({"source": [wanted], "detail": {"size": [{"numeric": [">", 5]}]}}, "orders.api", "Replay") is takes


def test_source_and_detail_type_must_both_fit() -> None:
    pattern = {"source": ["orders.api"], "detail-type": ["Replay"]}
    assert may_take(pattern, "orders.api", "Replay")
    assert not may_take(pattern, "orders.api", "Refund")
