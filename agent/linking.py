"""Whether a cause has to do with the alert that it is said to explain: by a name, or by a relation that evidence shows.

In an account where several things fail at once, whatever fails loudest is no explanation of everything else.

case = named_by(briefs.alert_fields(alert))
case.linked(findings)            # those that speak of what the alert names, and what these lead to
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from agent.knowledge import WEAKEST, words
from agent.models import Evidence, Finding
from agent.name_words import EVERYDAY, KINDS, NAMING_NOTHING, STOP, stem
from agent.vocabulary import names_in, service_in

HOPS = 2
"""How far evidence is followed: from an alarm's queue to its consumer, and to what that calls."""
MIN_NAME = 3
IDENTITIES = re.compile(
    r"\b(?:host|hostname|pod|pod_name|node|container|container_name|deployment|statefulset|instance|job_name|service"
    r"|service_name|app|function|functionname|queue|queuename|table|tablename|cluster|topic|database|db|model|dag_id)=([^,\s]+)",
    re.I,
)
"""Labels whose value is what the alert is about."""
_MONEY = re.compile(r"\b(?:costs?|spend|spending|billing|budgets?|bill|usd|cost anomaly)\b|\$\s?\d", re.I)
_FIRST = ("resource", "dag_id", "alarm_name")
_SAID = ("title", "description", "labels", "log_group", "task_id", *_FIRST)
_OF_ALERTS = frozenset(
    "cloudwatch datadog grafana prometheus average sum maximum minimum above below threshold greater metric percent"  # noqa: SIM905 -- words
    " pct invocation triggered firing resolved critical warning full host".split()
)
"""Words that alerts of anything are made of."""


@dataclass(frozen=True)
class Named:
    """What an alert names.

    `names`: of resources, the one that it is about first. `told`: words of its title that stand for something.
    `text`: all it says. `of_the_account`: it is about money, which has no resource.
    """

    names: tuple[str, ...]
    told: frozenset[str]
    text: str
    service: str
    of_the_account: bool

    @property
    def subject(self) -> str:
        return next(iter(self.names), "")

    def linked(self, evidence: Iterable[Evidence]) -> list[Finding]:
        """The findings that have to do with it: directly, or through what such a finding names."""
        rest = [finding for piece in evidence for finding in piece.findings if finding.strength >= WEAKEST]
        near = [finding for finding in rest if self.speaks_of(finding)]
        found = list(near)
        for _ in range(HOPS):
            rest = [finding for finding in rest if finding not in found]
            near = [finding for finding in rest if any(_related(finding, other) for other in near)]
            found += near
        return found

    def speaks_of(self, finding: Finding) -> bool:
        """Whether a finding is about what the alert names, or mentions it."""
        own, text = finding.resource, _text(finding)
        if own and is_telling(own) and _holds(self.text, own):
            return True
        if any(_holds(text, name) for name in self.names):
            return True
        if self.names:
            return False
        if self.told:
            return bool(self.told & {stem(word) for word in words(text)})
        return bool(self.service) and finding.attributes.get("service") == self.service


def named_by(fields: Mapping[str, str]) -> Named:
    """From an alert's fields as a brief has them, `also_…` of its incident included."""
    said = [fields.get(name, "") for name in _SAID]
    related = [text for name, text in fields.items() if name.startswith("also_")]
    sure = [fields[name] for name in _FIRST if fields.get(name)] + IDENTITIES.findall(fields.get("labels", ""))
    loose = [name for text in (fields.get("title", ""), *related) for name in names_in(text)]
    names = [tail_of(name) for name in (*sure, *loose)]
    text = " ".join(filter(None, [*said, *related]))
    title = f"{fields.get('title', '')} {fields.get('alarm_name', '')}"
    return Named(
        names=tuple(dict.fromkeys(name for name in names if is_telling(name))),
        told=frozenset(stem(word) for word in words(title) if _tells(word)),
        text=text,
        service=fields.get("service", "") or service_in(title),
        of_the_account=bool(_MONEY.search(title)) and not fields.get("resource"),
    )


def tail_of(name: str) -> str:
    """What an ARN calls the thing; other names stay."""
    return re.split(r"[:/]", name)[-1] if name.startswith("arn:") else name


def is_telling(name: str) -> bool:
    """Whether a name is one thing's, and not what many things are called: `prod-eu` and `db` are not."""
    parts = [part for part in re.split(r"[^a-z0-9]+", name.lower()) if part]
    return len(name) >= MIN_NAME and any(stem(part) not in NAMING_NOTHING and not part.isdigit() for part in parts)


def about(text: str, findings: Sequence[Finding]) -> list[Finding]:
    """Those whose resource a text names."""
    return [finding for finding in findings if finding.resource and _holds(text, finding.resource)]


def _related(finding: Finding, other: Finding) -> bool:
    """Of the same resource, or one names the other's."""
    pairs = ((finding, other), (other, finding))
    return any(a.resource and is_telling(a.resource) and _holds(_text(b), a.resource) for a, b in pairs)


def _text(finding: Finding) -> str:
    return " ".join([finding.resource, finding.statement, *finding.attributes.values()])


def _holds(text: str, name: str) -> bool:
    """Whether a text has this very name, not `db-07` in `db-070`; as a part of a longer one it may stand."""
    return re.search(rf"(?<![a-z0-9]){re.escape(name)}(?![a-z0-9])", text, re.I) is not None


def _tells(word: str) -> bool:
    one = stem(word)
    vague = one in NAMING_NOTHING or one in EVERYDAY or word in KINDS or word in _OF_ALERTS
    return not (vague or word in STOP or one in STOP or any(letter.isdigit() for letter in word))
