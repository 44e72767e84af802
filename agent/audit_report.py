"""The monthly compliance report in Markdown: what was done, who allowed it, what was refused, and what to look at."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from agent.audit_check import ChainReport
from agent.audit_events import AuditEvent
from agent.audit_export import target_of
from agent.errors import InputError
from agent.incident_times import times_of
from agent.models import AuditEntry, Incident
from agent.visible import visible

_OUTCOMES = (
    "proposed",
    "refused",
    "rejected",
    "expired",
    "executed",
    "failed",
    "helped",
    "no_effect",
    "worse",
    "rolled_back",
)
_REFUSALS = (AuditEvent.refused, AuditEvent.click_refused, AuditEvent.rejected)
_SPECIAL = re.compile(r"([\\|<>\[\]`*@]|:(?=//)|(?<=www)\.)", re.I)
"""What makes Markdown of a text; the last three make links of addresses that stand by themselves."""


def month_range(month: str) -> tuple[datetime, datetime]:
    """`2026-11` as its first moment and that of the next month, UTC. InputError for anything else."""
    try:
        start = datetime.fromisoformat(f"{month}-01T00:00:00+00:00") if re.fullmatch(r"\d{4}-\d\d", month) else None
    except ValueError:
        start = None
    if start is None:
        raise InputError(f"--month is a year and a month such as 2026-11, not {month!r}.")
    return start, (start + timedelta(days=32)).replace(day=1)


def remediated(entries: Iterable[AuditEntry]) -> list[str]:
    """The incidents on whose behalf something was executed."""
    return list(dict.fromkeys(entry.subject for entry in entries if entry.event == AuditEvent.executed))


def monthly_report(
    month: str,
    entries: Sequence[AuditEntry],
    later: Sequence[AuditEntry],
    incidents: Sequence[Incident],
    chain: ChainReport,
    earlier: Sequence[AuditEntry] = (),
) -> str:
    """`entries` are the month's; `later` ones tell whether a break-glass use was reviewed since, and `earlier` ones
    which uses still wait for that. `incidents` are those that were `remediated`. Entries about other things than
    remediation are left out."""
    entries, later, earlier = _of_remediation(entries), _of_remediation(later), _of_remediation(earlier)
    sections = (
        ("Actions", _actions(entries)),
        ("Who approved what", _approvals(entries)),
        ("Refused", _refusals(entries)),
        ("Break-glass", _break_glass(entries, earlier, [*earlier, *entries, *later])),
        ("Versions", _versions(entries)),
        ("Time to resolve", _times(incidents)),
        ("The audit trail", _chain(month, chain)),
    )
    body = "\n\n".join(f"## {title}\n\n{text}" for title, text in sections)
    return f"# Remediation in {month}\n\n{_first_words(entries)}\n\n{body}\n"


def _of_remediation(entries: Iterable[AuditEntry]) -> list[AuditEntry]:
    known = {event.value for event in AuditEvent}
    return [entry for entry in entries if entry.event in known]


def _first_words(entries: Sequence[AuditEntry]) -> str:
    counted = Counter(_outcome(entry) for entry in entries)
    return (
        f"{counted['executed']} changes were made, {counted['helped']} of them seen to help, "
        f"{counted['rolled_back']} rolled back, {counted['failed']} failed. "
        f"{counted['refused'] + counted['click_refused']} times something was refused, and the glass was broken "
        f"{counted['broke_glass']} times. All times are UTC."
    )


def _outcome(entry: AuditEntry) -> str:
    """`executed`, `rejected` …; of a verification what it found."""
    return str(entry.detail.get("outcome", "unknown")) if entry.event == AuditEvent.verified else _name(entry)


def _name(entry: AuditEntry) -> str:
    return AuditEvent(entry.event).name


def _actions(entries: Sequence[AuditEntry]) -> str:
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    for entry in entries:
        if (action := entry.detail.get("action")) and (outcome := _outcome(entry)) in _OUTCOMES:
            kinds[str(action)][outcome] += 1
    rows = [(kind, *(str(counts[outcome] or "") for outcome in _OUTCOMES)) for kind, counts in sorted(kinds.items())]
    return _table(("action", *(outcome.replace("_", " ") for outcome in _OUTCOMES)), rows, "Nothing was proposed.")


def _approvals(entries: Sequence[AuditEntry]) -> str:
    rows = [
        (_time(entry.at), _who(entry), str(entry.detail.get("action", "")), target_of(entry), entry.subject)
        for entry in entries
        if entry.event in (AuditEvent.consented, AuditEvent.approved, AuditEvent.by_itself, AuditEvent.broke_glass)
    ]
    return _table(("when", "who", "action", "target", "incident"), rows, "Nobody approved anything.")


def _who(entry: AuditEntry) -> str:
    if entry.event == AuditEvent.by_itself:
        return f"nobody: by rule {entry.detail.get('rule', '')}"
    return f"{entry.actor} (broke the glass)" if entry.event == AuditEvent.broke_glass else entry.actor


def _refusals(entries: Sequence[AuditEntry]) -> str:
    counted = Counter(
        (
            _name(entry).replace("_", " "),
            str(entry.detail.get("why") or entry.detail.get("reason") or "no reason given"),
        )
        for entry in entries
        if entry.event in _REFUSALS
    )
    rows = [(str(count), what, why) for (what, why), count in counted.most_common()]
    return _table(("times", "what", "why"), rows, "Nothing was refused.")


def _break_glass(
    entries: Sequence[AuditEntry], earlier: Sequence[AuditEntry], all_entries: Sequence[AuditEntry]
) -> str:
    """The month's uses, after those of earlier months that nobody has reviewed yet; each use once."""
    reviews = {entry.detail.get("approval_id"): entry for entry in all_entries if entry.event == AuditEvent.reviewed}
    waiting = [entry for entry in earlier if entry.detail.get("approval_id") not in reviews]
    uses = {
        str(entry.detail.get("approval_id") or entry.sequence): entry
        for entry in (*waiting, *entries)
        if entry.event == AuditEvent.broke_glass
    }
    rows = [
        (
            _time(entry.at),
            entry.actor,
            f"{entry.detail.get('action', '')} {target_of(entry)}",
            str(entry.detail.get("reason") or entry.detail.get("why") or "no reason given"),
            _review(reviews.get(entry.detail.get("approval_id"))),
        )
        for entry in uses.values()
    ]
    return _table(("when", "who", "what", "why", "review"), rows, "Nobody broke the glass.")


def _review(review: AuditEntry | None) -> str:
    if review is None:
        return "NOT REVIEWED YET"
    return f"{review.actor}, {_time(review.at)}: {review.detail.get('why', '')}"


def _versions(entries: Sequence[AuditEntry]) -> str:
    """In force at whatever was decided or done, in the order of their first use."""
    used: dict[tuple[str, str], list[datetime]] = defaultdict(list)
    for entry in entries:
        if version := entry.detail.get("policy_version"):
            used["action policy", str(version)].append(entry.at)
        prompts = entry.detail.get("prompt_versions")
        for prompt, version in prompts.items() if isinstance(prompts, dict) else ():
            used[f"prompt {prompt}", str(version)].append(entry.at)
    rows = [(*names, _time(min(at)), _time(max(at)), str(len(at))) for names, at in used.items()]
    return _table(("what", "version", "first", "last", "entries"), rows, "No version was noted.")


def _times(incidents: Sequence[Incident]) -> str:
    times = times_of(incidents)
    if times.resolved is None:
        return (
            f"{times.incidents} incidents had a change made for them; none of them is resolved."
            if incidents
            else ("No incident had a change made for it.")
        )
    median, p90 = (f"{seconds / 60:.0f} min" for seconds in (times.resolved.median, times.resolved.p90))
    return (
        f"{times.incidents} incidents had a change made for them. {times.resolved.count} are resolved, half of them "
        f"within {median}, nine of ten within {p90}; {times.not_resolved} are not."
    )


def _chain(month: str, chain: ChainReport) -> str:
    said: list[str] = []
    if chain.broken:
        said.append(f"**Broken** at line {chain.broken.sequence}: {_escaped(chain.broken.reason)}.")
    elif chain.head:
        said.append(f"Whole: {chain.entries} lines were checked. It ends at `{chain.head.sequence}:{chain.head.hash}`.")
    else:
        said.append("It has no line yet.")
    if chain.first and chain.begins_later:
        incomplete = " This month is not complete." if chain.first.at > month_range(month)[0] else ""
        said.append(f"Lines before {_time(chain.first.at)} are no longer kept.{incomplete}")
    if chain.unchained:
        said.append(f"{chain.unchained} lines of an earlier version have no hash; nothing can be said of them.")
    said += [f"Its head was lost before {_time(entry.at)}: find out why." for entry in chain.anchors_lost]
    return "\n".join(f"- {each}" for each in said)


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]], nothing: str) -> str:
    if not rows:
        return nothing
    lines = [headings, ["---"] * len(headings), *([_escaped(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _escaped(text: str) -> str:
    """No text of others makes a link, a picture, HTML or a cell of its own."""
    return _SPECIAL.sub(r"\\\1", " ".join(visible(text).split()))


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"
