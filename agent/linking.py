"""Whether a cause has to do with the alert that it is said to explain: by a name, or by a relation that evidence shows.

Where several things fail at once, whatever fails loudest is no explanation of everything else.

case = named_by(briefs.alert_fields(alert))
case.linked(evidence)                         # the findings about what the alert names, and about what these lead to
case.carries("checkout fails since …", cited, evidence)   # False for an alert about db-07
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from agent.knowledge import CHANGES, WEAKEST, words
from agent.models import Evidence, Finding
from agent.name_words import ENVIRONMENTS, EVERYDAY, KINDS, LOOSE_KINDS, NAMING_NOTHING, STOP, stem
from agent.vocabulary import names_in, service_in

HOPS = 2
"""How far evidence is followed: from an alarm's queue to its consumer, and to what that calls."""
MIN_NAME = 3
FAILING = frozenset(
    (
        *("metric_rise", "metric_at_limit", "throttled", "queue_backlog", "poison_message", "dead_letters"),
        *("log_new_pattern", "log_error_pattern", "trace_fault", "task_stopped", "out_of_memory", "target_unhealthy"),
        *("launch_failed", "workflow_failed", "stack_failed", "deployment_failed", "dag_failed", "task_failed"),
        *("import_error", "pool_starved", "sql_error", "sql_lock", "quota_near_limit", "trigger_failing"),
    )
)
"""Kinds of findings that say of a thing that it is in trouble."""
UNMISTAKABLE = 0.75
MAX_OTHERS = 3
_NO_LOOK = ("no_change", "log_quiet")
"""Found of a name whether there is such a thing or not."""
_IDENTITY = ("dag_id", "model", "table", "column", "bucket", "queue", "function", "alarm", "target_group", "log_group")
"""Attributes of findings that name a thing beside the resource."""
_LABELS = re.compile(
    r"\b(?:host(?:name)?|pod(?:_name)?|node|container(?:_name)?|deployment|statefulset|instance|job_name|service_name"
    r"|service|app|function(?:name)?|queue(?:name)?|table(?:name)?|cluster|topic|database|db|model|dag_id)=([^,\s]+)",
    re.I,
)
"""Labels whose value is what the alert is about."""
_MONEY = re.compile(r"\b(?:costs?|spend|spending|billing|budgets?|bill)\b|\$\s?\d", re.I)
_FIRST = ("resource", "dag_id", "alarm_name")
_SAID = ("title", "description", "labels", "log_group", "task_id", *_FIRST)
_REGION = re.compile(r"[a-z]{2}(?:-gov)?-[a-z]+-\d[a-z]?")
_OF_ALERTS = frozenset(
    "cloudwatch datadog grafana prometheus average sum maximum minimum above below threshold greater metric percent"  # noqa: SIM905 -- words
    " pct invocation triggered firing resolved critical warning full host wait"
    " waiting oldest old age pile falling".split()
)
"""Words that alerts of anything are made of."""
_MEASURED = frozenset(
    "message messages request requests response event events record records log logs metric metrics alert alerts"  # noqa: SIM905 -- words
    " alarm alarms user users customers client clients page pages status health session sessions data".split()
)
"""What is counted in things of many names, and names none."""
_BEFORE_A_NAME = frozenset(("of", "in", "on", "for", "from", "queue", "table", "bucket", "topic"))


@dataclass(frozen=True)
class Named:
    """What an alert names.

    `names`: of things, first the one that it is about. `told`: words of its title that stand for something, where it
    has no names. `hinted`: everyday words that its title uses as a name (`invoices` of `queue depth of invoices`).
    `text`: all it says. `of_the_account`: it is about money, which belongs to no resource.
    """

    names: tuple[str, ...]
    told: frozenset[str]
    hinted: frozenset[str]
    text: str
    service: str
    of_the_account: bool

    @property
    def subject(self) -> str:
        return next(iter(self.names), "")

    def linked(self, evidence: Iterable[Evidence]) -> list[Finding]:
        """The findings that have to do with it: directly, or through what such a finding names."""
        rest = [f for piece in evidence for f in piece.findings if f.strength >= WEAKEST and f.kind not in _NO_LOOK]
        if self.of_the_account:
            return rest
        near = [finding for finding in rest if self.speaks_of(finding)]
        found = list(near)
        for _ in range(HOPS):
            rest = [finding for finding in rest if finding not in found]
            near = [finding for finding in rest if any(_related(finding, other) for other in near)]
            found += near
        return found

    def speaks_of(self, finding: Finding) -> bool:
        """Whether a finding is about what the alert names, or mentions it."""
        text = _text(finding)
        if any(_holds(self.text, name) for name in _names(finding)) or any(_holds(text, name) for name in self.names):
            return True
        if self.names:
            return False
        if self.told:
            return bool(self.told & set(words(text)))
        if self.hinted and not self.hinted & set(words(" ".join(_names(finding)))):
            return False  # of the same service, but another thing
        return bool(self.service) and finding.attributes.get("service") == self.service

    def carries(self, cause: str, cited: Iterable[str], evidence: Sequence[Evidence]) -> bool:
        """Whether a cause has to do with the alert: what it names, or where it names nothing, what it cites."""
        linked, ids = self.linked(evidence), set(cited)
        told = [finding for piece in evidence if piece.id in ids for finding in piece.findings]
        named = [finding for finding in told if any(_holds(cause, name) for name in _names(finding))]
        return any(finding in linked for finding in named or told)

    def only(self, evidence: Iterable[Evidence]) -> tuple[Evidence, ...]:
        """The evidence without findings about something else. What is of no resource stays, and so do changes: a
        runbook takes those only of what it is about."""
        pieces = tuple(evidence)
        if self.of_the_account:
            return pieces
        linked = self.linked(pieces)

        def fits(finding: Finding) -> bool:
            anyones = finding.kind in CHANGES or not _names(finding)
            return anyones or finding in linked or self.speaks_of(finding)

        return tuple(piece.model_copy(update={"findings": tuple(filter(fits, piece.findings))}) for piece in pieces)


def named_by(fields: Mapping[str, str]) -> Named:
    """From an alert's fields as a brief has them, `also_…` of its incident included."""
    related = [text for name, text in fields.items() if name.startswith("also_")]
    title = f"{fields.get('title', '')} {fields.get('alarm_name', '')}"
    sure = [fields[name] for name in _FIRST if fields.get(name)] + _LABELS.findall(fields.get("labels", ""))
    loose = [name for text in (fields.get("title", ""), *related) for name in names_in(text)]
    names = dict.fromkeys(name for name in map(tail_of, (*sure, *loose)) if is_telling(name))
    return Named(
        names=tuple(names),
        told=frozenset(words(" ".join(filter(_tells, re.findall(r"[a-z]+", title.lower()))))),
        hinted=frozenset(words(" ".join(_hinted(re.findall(r"[a-z]+", title.lower()))))),
        text=" ".join(filter(None, [*(fields.get(name, "") for name in _SAID), *related])),
        service=fields.get("service", "") or service_in(title),
        of_the_account=bool(_MONEY.search(title)) and not fields.get("resource"),
    )


def failing_now(evidence: Iterable[Evidence]) -> list[tuple[Finding, str]]:
    """The loudest trouble of each resource, with the id of its evidence, whatever it has to do with."""
    found = [(f, piece.id) for piece in evidence for f in piece.findings if f.kind in FAILING and f.resource]
    loud = sorted((pair for pair in found if pair[0].strength >= UNMISTAKABLE), key=lambda pair: -pair[0].strength)
    first: dict[str, tuple[Finding, str]] = {}
    for finding, evidence_id in loud:
        first.setdefault(finding.resource, (finding, evidence_id))
    return list(first.values())[:MAX_OTHERS]


def things_in(text: str, findings: Iterable[Finding]) -> tuple[str, ...]:
    """Names of the things that findings are about and a text names."""
    return tuple(dict.fromkeys(name for finding in findings for name in _names(finding) if _holds(text, name)))


def tail_of(name: str) -> str:
    """What an ARN calls the thing; other names stay."""
    return re.split(r"[:/]", name)[-1] if name.startswith("arn:") else name


def is_telling(name: str) -> bool:
    """Whether a name is one thing's, not what many are called: `db-07` is, `db`, `prod-eu` and `us-east-1` are not."""
    parts = [part for part in re.split(r"[^a-z0-9]+", name.lower()) if part]
    if len(name) < MIN_NAME or _REGION.fullmatch(name.lower()):
        return False
    own = [part for part in parts if part not in ENVIRONMENTS and not (stem(part) in NAMING_NOTHING and len(parts) < 3)]
    return any(not part.isdigit() for part in own) or (len(parts) > 1 and any(part.isdigit() for part in parts))


def _related(finding: Finding, other: Finding) -> bool:
    """Of the same thing, or one names the other's."""
    pairs = ((finding, other), (other, finding))
    return any(_holds(_text(b), name) for a, b in pairs for name in _names(a))


def _names(finding: Finding) -> list[str]:
    named = (finding.resource, *(finding.attributes.get(key, "") for key in _IDENTITY))
    return [tail_of(name) for name in named if is_telling(tail_of(name))]


def _text(finding: Finding) -> str:
    return " ".join([finding.resource, finding.statement, *finding.attributes.values()])


def _holds(text: str, name: str) -> bool:
    """Whether a text has this very name, not `db-07` of `db-070`; part of a longer one it may be."""
    lower, wanted = text.lower(), name.lower()
    start = lower.find(wanted)
    while start >= 0:
        end = start + len(wanted)
        if not (lower[start - 1 : start].isalnum() or lower[end : end + 1].isalnum()):
            return True
        start = lower.find(wanted, start + 1)
    return False


def _tells(word: str) -> bool:
    one = stem(word)
    vague = {word, one} & (NAMING_NOTHING | EVERYDAY | KINDS.keys() | _OF_ALERTS | STOP)
    return len(word) >= MIN_NAME and not vague


def _hinted(title: Sequence[str]) -> list[str]:
    """The everyday words that stand where a name would: after `of` and its like, or before a word for a kind."""
    pairs = zip(("", *title), title, (*title[1:], ""), strict=False)
    return [
        word
        for before, word, after in pairs
        if stem(word) in EVERYDAY and word not in _MEASURED | _OF_ALERTS | STOP
        if before in _BEFORE_A_NAME or (after in KINDS and after not in LOOSE_KINDS)
    ]
