"""Decides what becomes of an alert: maintenance first, then the user's rules, then those on board."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from agent.alert_rules.conditions import Situation, When
from agent.alert_rules.document import Document, Maintenance, Rule
from agent.alert_rules.reading import Read, read_document
from agent.alert_rules.schedule import inside
from agent.errors import SettingsError
from agent.models import Alert, AlertStatus, Decision, Treatment

log = logging.getLogger(__name__)
DEFAULTS = Path(__file__).with_name("defaults.yaml")
LOUDNESS: tuple[Treatment, ...] = ("drop", "digest", "pass", "analyse")
"""From the quietest to the loudest."""
SAYS: dict[Treatment, str] = {
    "analyse": "has it analysed",
    "pass": "lets it pass",
    "digest": "keeps it for the digest",
    "drop": "drops it",
}
NOT_BY_TIME = "the alert is resolved, and the end of an incident is not held back by the time of day"


@dataclass(frozen=True)
class Considered:
    """A rule or window that did not take an alert. `line`: in the user's file; 0 for those on board."""

    name: str
    line: int
    failed: str


@dataclass(frozen=True)
class Explanation:
    decision: Decision
    line: int
    above: tuple[Considered, ...]
    """What came before the deciding one, in order."""


class Rules:
    """The rules of a file as it is now. `read_rules(path).decide(alert, "alerts", now)`."""

    def __init__(self, path: Path | None, read: Read) -> None:
        self._path = path
        self._read = read
        self._seen = _stamp(path)

    def decide(self, alert: Alert, channel: str | tuple[str, ...], now: datetime) -> Decision:
        """`channel`: the Slack channel's name, its id or both; "" for what came by webhook."""
        return self.explain(alert, channel, now).decision

    def explain(self, alert: Alert, channel: str | tuple[str, ...], now: datetime) -> Explanation:
        """The decision, and why nothing above it took the alert."""
        read = self._current()
        channels = tuple(filter(None, (channel,) if isinstance(channel, str) else channel))
        document = read.document
        at = Situation(alert, channels, now, document.zone, document.business_hours)
        above: list[Considered] = []
        for name, line, check in (*_windows(read), *_rules(read)):
            outcome = check(at)
            if isinstance(outcome, Decision):
                return Explanation(outcome, line, tuple(above))
            above.append(Considered(name, line, outcome))
        raise AssertionError("the last rule on board takes everything")

    @property
    def tickets(self) -> tuple[str, ...]:
        """The ticket systems that the user's rules name."""
        return tuple(dict.fromkeys(rule.then.ticket for rule in self._current().document.rules if rule.then.ticket))

    @property
    def channels(self) -> tuple[str, ...]:
        """Those that the user's rules post to."""
        rules = self._current().document.rules
        return tuple(dict.fromkeys(rule.then.channel.removeprefix("#") for rule in rules if rule.then.channel))

    @property
    def unreachable(self) -> tuple[tuple[str, str], ...]:
        """(rule, the rule above it that takes everything)."""
        rules = self._current().document.rules
        names = [_name(rule, number) for number, rule in enumerate(rules, 1)]
        first = next((n for n, rule in enumerate(rules) if rule.when.empty and rule.unless is None), len(rules))
        return tuple((name, names[first]) for name in names[first + 1 :])

    @property
    def count(self) -> tuple[int, int]:
        """How many rules and windows the user's file has."""
        document = self._current().document
        return len(document.rules), len(document.maintenance)

    def _current(self) -> Read:
        """Read again when the file has changed. A file that became wrong is told in our log; the rules stay."""
        stamp = _stamp(self._path)
        if self._path is not None and stamp != self._seen:
            self._seen = stamp
            try:
                self._read = read_document(self._path)
            except SettingsError as error:
                log.error("the alert rules stay as they were: %s", error)
        return self._read


def read_rules(path: Path | None) -> Rules:
    """The user's rules over those on board; SettingsError that lists every mistake in the file."""
    return Rules(path, Read(Document(), (), ()) if path is None else read_document(path))


def louder(old: Decision, new: Decision) -> Decision:
    """The one that tells people more: an incident that began in a maintenance window may outlast it."""
    return new if is_louder(new, old) else old


def is_louder(decision: Decision, than: Decision | None) -> bool:
    return than is None or LOUDNESS.index(decision.treatment) > LOUDNESS.index(than.treatment)


def _stamp(path: Path | None) -> tuple[int, int] | None:
    try:
        found = path.stat() if path else None
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size) if found else None


Check = Callable[[Situation], Decision | str]
"""The decision, or the condition that does not hold."""


def _windows(read: Read) -> Iterator[tuple[str, int, Check]]:
    for line, window in zip(read.window_lines, read.document.maintenance, strict=True):
        yield f"maintenance: {window.name}", line, _window_check(window, read)


def _rules(read: Read) -> Iterator[tuple[str, int, Check]]:
    """The user's, then those on board."""
    for number, (line, rule) in enumerate(zip(read.rule_lines, read.document.rules, strict=True), 1):
        yield _name(rule, number), line, _rule_check(rule, _name(rule, number))
    for rule in _defaults().rules:
        yield f"default: {rule.name}", 0, _rule_check(rule, f"default: {rule.name}")


@lru_cache
def _defaults() -> Document:
    return read_document(DEFAULTS).document


def _name(rule: Rule, number: int) -> str:
    return rule.name or f"rule {number}"


def _failure(when: When, unless: When | None, at: Situation) -> str:
    return when.failure(at) or ("its `unless` holds" if unless is not None and not unless.failure(at) else "")


def _rule_check(rule: Rule, name: str) -> Check:
    def check(at: Situation) -> Decision | str:
        if failed := _failure(rule.when, rule.unless, at):
            return failed
        timed = rule.when.timed or (rule.unless is not None and rule.unless.timed)
        if rule.then.treatment == "drop" and timed and at.alert.status is AlertStatus.resolved:
            return NOT_BY_TIME
        return _decision(rule, name, at)

    return check


def _decision(rule: Rule, name: str, at: Situation) -> Decision:
    """A rule that only says where to leaves the treatment to those on board."""
    then = rule.then
    if then.treatment is None:
        on_board = _default_decision(at)
        treatment, reason = on_board.treatment, rule.reason or on_board.reason
    else:
        treatment = then.treatment
        reason = rule.reason or f"The rule “{name}” {SAYS[treatment]}."
    return Decision(
        treatment=treatment,
        rule=name,
        reason=reason,
        channel=then.channel.removeprefix("#"),
        topic=then.topic,
        ticket=then.ticket,
        escalate_to=then.escalate_to,
    )


def _default_decision(at: Situation) -> Decision:
    return _first(_rules(Read(Document(), (), ())), at)


def _first(rules: Iterable[tuple[str, int, Check]], at: Situation) -> Decision:
    outcomes = (check(at) for _, _, check in rules)
    return next(outcome for outcome in outcomes if isinstance(outcome, Decision))


def _window_check(window: Maintenance, read: Read) -> Check:
    """A window makes nothing louder: what the rules drop stays dropped. A digest is of the channel that they name."""

    def check(at: Situation) -> Decision | str:
        if at.alert.status is AlertStatus.resolved:
            return NOT_BY_TIME
        if not (until := _open_until(window, at)):
            return f"it is not open at {at.now.astimezone(UTC):%d %b %H:%M} UTC"
        if failed := _failure(window.when, window.unless, at):
            return failed
        ruled = _first(_rules(read), at)
        reason = f"Maintenance “{window.name}”{until}: this was to be expected."
        rule = f"maintenance: {window.name}"
        decision = Decision(treatment=window.effect, rule=rule, reason=reason, channel=ruled.channel)
        return "the rules are quieter still" if is_louder(decision, ruled) else decision

    return check


def _open_until(window: Maintenance, at: Situation) -> str:
    """` until 22 Nov 02:00 (Europe/Vienna)`, ` every week` for one that comes back; "" when it is not open."""
    zone = window.zone or at.zone
    if window.weekly is not None:
        week, local = window.weekly, at.now.astimezone(ZoneInfo(window.weekly.zone or zone))
        return " every week" if inside(week.days, week.time, local) else ""
    start, end = window.span(at.zone)
    return f" until {end.astimezone(ZoneInfo(zone)):%d %b %H:%M} ({zone})" if start <= at.now < end else ""
