"""Any sequence of messages, repeated, out of order, on a clock that jumps, against a model that keeps every message."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from agent.models import Alert, AlertStatus
from agent.ports import Tally
from tests.contracts.adapters import STORES, SettableClock
from tests.contracts.emulators import EMULATORS
from tests.contracts.examples import START, alert
from tests.contracts.parameters import stores_slow_over_emulators

WINDOW = 600
FINGERPRINTS = ("f1", "f2")
INCIDENTS = ("inc_1", "inc_2", "inc_3")


@dataclass
class Window:
    """All messages of one window, as they arrived: when their sender said it, when they came, and what they say."""

    incident_id: str
    first_seen: datetime
    last_seen: datetime
    messages: list[tuple[datetime, datetime, AlertStatus]] = field(default_factory=list)

    @property
    def count(self) -> int:
        return sum(status is AlertStatus.firing for _, _, status in self.messages)

    @property
    def status(self) -> AlertStatus:
        """Of the newest one, whatever the order. Of those of one moment, the last to come, or that it is over."""
        newest = max(sent for sent, _, _ in self.messages)
        told = [(came, status) for sent, came, status in self.messages if sent == newest]
        decided = told[0]
        for came, status in told[1:]:
            if came != decided[0] or status is AlertStatus.resolved:
                decided = (came, status)
        return decided[1]


class LedgerMachine(RuleBasedStateMachine):
    adapter = ""

    @initialize()
    def open(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.clock = SettableClock()
        self.stores = STORES[self.adapter](self.folder, self.clock)
        self.runner = asyncio.Runner()
        self.windows: dict[str, list[Window]] = {fingerprint: [] for fingerprint in FINGERPRINTS}
        self.events: set[tuple[str, str]] = set()

    def teardown(self) -> None:
        self.stores.close()
        self.runner.close()
        shutil.rmtree(self.folder)

    @rule(
        fingerprint=st.sampled_from(FINGERPRINTS),
        incident_id=st.sampled_from(INCIDENTS),
        over=st.booleans(),
        minute=st.integers(0, 5),
        event_id=st.sampled_from(["", "", "Ev1", "Ev2", "Ev3", "Ev4"]),
    )
    def record(self, fingerprint: str, incident_id: str, over: bool, minute: int, event_id: str) -> None:
        at = START + timedelta(minutes=minute)
        message = _message(fingerprint, at, over)
        got = self.runner.run(self.stores.ledger.record(message, incident_id, WINDOW, event_id))
        known = (fingerprint, event_id) in self.events
        assert got.repeated is known
        if known:
            assert (got.first, got.changed) == (False, False)
            return
        if event_id:
            self.events.add((fingerprint, event_id))
        window = self._open(fingerprint)
        assert got.first is (window is None)
        before = window.status if window else None
        if window is None:
            window = Window(incident_id, self.clock(), self.clock())
            self.windows[fingerprint].append(window)
        window.messages.append((at, self.clock(), message.status))
        window.last_seen = max(window.last_seen, self.clock())
        assert (got.incident_id, got.count, got.events) == (window.incident_id, window.count, len(window.messages))
        assert (got.first_seen, got.last_seen) == (window.first_seen, window.last_seen)
        assert got.status is window.status
        assert got.changed is (before is not None and before is not window.status)

    @rule(seconds=st.sampled_from([-900, -60, 1, 60, WINDOW - 1, WINDOW, 900]))
    def time_jumps(self, seconds: int) -> None:
        self.clock.now += timedelta(seconds=seconds)

    @rule()
    def restart(self) -> None:
        self.stores.close()
        self.stores = STORES[self.adapter](self.folder, self.clock)

    @invariant()
    def open_windows_are_found(self) -> None:
        for fingerprint in FINGERPRINTS:
            found = self.runner.run(self.stores.ledger.open(fingerprint, WINDOW))
            expected = self._open(fingerprint)
            assert (found is None) is (expected is None)
            if found and expected:
                assert (found.count, found.status) == (expected.count, expected.status)

    @invariant()
    def incidents_add_up(self) -> None:
        for incident_id in INCIDENTS:
            mine = {
                fingerprint: [window for window in windows if window.incident_id == incident_id]
                for fingerprint, windows in self.windows.items()
            }
            alerts = [windows for windows in mine.values() if windows]
            windows = [window for windows in alerts for window in windows]
            assert self.runner.run(self.stores.ledger.tally(incident_id)) == Tally(
                alerts=len(alerts),
                firing=sum(
                    max(each, key=lambda window: window.last_seen).status is AlertStatus.firing for each in alerts
                ),
                count=sum(window.count for window in windows),
                events=sum(len(window.messages) for window in windows),
                last_seen=max((window.last_seen for window in windows), default=None),
            )

    @invariant()
    def episodes_are_listed(self) -> None:
        for fingerprint, windows in self.windows.items():
            found = self.runner.run(self.stores.ledger.earlier(fingerprint))
            assert [(each.at, each.incident_id) for each in found] == [
                (window.first_seen, window.incident_id) for window in reversed(windows)
            ][:60]

    def _open(self, fingerprint: str) -> Window | None:
        windows = self.windows[fingerprint]
        if not windows or self.clock() - windows[-1].last_seen >= timedelta(seconds=WINDOW):
            return None
        return windows[-1]


def _message(fingerprint: str, at: datetime, over: bool) -> Alert:
    if over:
        return alert(fingerprint=fingerprint, status="resolved", ended_at=at, said_at=at)
    return alert(fingerprint=fingerprint, started_at=at, said_at=at)


@pytest.mark.slow
@stores_slow_over_emulators
def test_the_ledger_does_what_the_model_does(stores_adapter: str) -> None:
    machine = type("Machine", (LedgerMachine,), {"adapter": stores_adapter})
    emulated = stores_adapter in EMULATORS
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=6 if emulated else 30,
            stateful_step_count=20 if emulated else 40,
            deadline=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=[HealthCheck.too_slow],
            database=None,
        ),
    )
