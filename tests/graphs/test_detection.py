"""The order of work in a tick, with detectors of the test's own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent.detection.alerts import own_alert
from agent.detection.watchlist import WatchList
from agent.errors import InputError
from agent.models import Alert, Resource
from agent.ports import Deps
from agent.settings import AwsAccount, Settings
from graphs.detection import Found, build_detection, tick_start
from slack_app.bootstrap import build_deps
from tests.graphs.conftest import Nowhere
from tools.detection.base import Detector, Round

NOW = datetime(2026, 11, 18, 15, 0, tzinfo=UTC)
OTHER = AwsAccount(id="210987654321")


class Accounts(Nowhere):
    """Says which account was asked for."""

    def __init__(self, account: str = "home") -> None:
        self.label = account

    def at(self, account: str = "", region: str = "") -> Accounts:
        return Accounts(account or "home")


@pytest.fixture
def deps(tmp_path: Path) -> Iterator[Deps]:
    held = build_deps(Settings.read(home=tmp_path, tick_seconds=0.5), aws=Accounts(), clock=lambda: NOW)
    yield held.deps
    held.close()


def alert(subject: str) -> Alert:
    return own_alert("metrics", subject, f"{subject} is high", "", NOW, Resource(id=subject))


def finds(*subjects: str) -> Detector:
    return lambda tick: [alert(subject) for subject in subjects]


def fails(tick: Round) -> list[Alert]:
    tick.memories.put("detect:broken", {"half": "done"})
    raise InputError("Nobody is there.")


def hangs(tick: Round) -> list[Alert]:
    time.sleep(20)
    return [alert("too late")]


async def run(deps: Deps, **detectors: Detector) -> Found:
    graph = build_detection(detectors, WatchList())
    state: dict[str, Any] = await graph.ainvoke(tick_start(NOW), context=deps)
    return Found.of(state)


async def test_what_all_detectors_find_is_found(deps: Deps):
    found = await run(deps, alarms=finds("a"), metrics=finds("b", "c"), logs=finds())
    assert sorted(each.title for each in found.alerts) == ["a is high", "b is high", "c is high"]
    assert {cost["detector"] for cost in found.costs} == {"alarms", "metrics", "logs"}


async def test_a_detector_that_fails_is_a_gap_and_remembers_nothing(deps: Deps):
    found = await run(deps, alarms=fails, metrics=finds("b"))
    assert [each.title for each in found.alerts] == ["b is high"]
    assert found.gaps == ["alarms: Nobody is there."]
    assert found.documents == {}


async def test_a_detector_that_hangs_is_left_behind_at_its_deadline(deps: Deps):
    began = time.monotonic()
    found = await run(deps, logs=hangs, metrics=finds("b"))
    assert time.monotonic() - began < 15
    assert [each.title for each in found.alerts] == ["b is high"]
    assert found.gaps == ["logs: no answer in time"]


async def test_the_others_know_which_alarms_fire(deps: Deps):
    heard: list[str] = []

    def alarms(tick: Round) -> list[Alert]:
        tick.firing.append(alert("checkout"))
        return []

    def metrics(tick: Round) -> list[Alert]:
        heard.extend(each.title for each in tick.firing)
        return []

    await run(deps, metrics=metrics, alarms=alarms)
    assert heard == ["checkout is high"]


async def test_every_configured_account_is_looked_at_and_remembered_apart(deps: Deps):
    def learns(tick: Round) -> list[Alert]:
        tick.memories.put(tick.key("habits"), {"of": tick.look.aws.label})
        return []

    both = deps.settings.model_copy(update={"aws_accounts": (OTHER,)})
    found = await run(replace(deps, settings=both), logs=learns)
    assert {document["of"] for document in found.documents.values()} == {"home", OTHER.id}


async def test_what_a_detector_remembers_it_finds_again(deps: Deps):
    seen: list[Any] = []

    def counts(tick: Round) -> list[Alert]:
        before = tick.memories.get("detect:count").get("count", 0)
        tick.memories.put("detect:count", {"count": before + 1})
        seen.append((before, tick.memories.get("detect:count")))
        return []

    for _ in range(2):
        for key, document in (await run(deps, logs=counts)).documents.items():
            await deps.state.put(key, document)
    assert seen == [(0, {"count": 1}), (1, {"count": 2})]
