"""Runbooks: finding the ones that fit a text, and weighing them against findings."""

from __future__ import annotations

import logging
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any

from pydantic import Field, ValidationError

from agent.errors import PromptError
from agent.findings import KINDS
from agent.models import Evidence, EvidenceStatus, Finding, Model
from agent.remedies import Proposal, Remedy
from prompts.loader import Prompt, PromptFileError, fill, load_all

WEAKEST = 0.3
"""A finding weaker than this says that things are normal, and meets no signal."""


CHANGES = ("deployment", "deployment_failed", "change_before_onset")
CLOCKS_DIFFER = timedelta(minutes=5)
"""A change after the last of the signs explains none; they are measured in periods of some minutes, though."""
SIGNS = ("metric_rise", "metric_at_limit", "usage_driver", "throttled")
NEAR = 0.35
"""How much stronger a finding counts, in choosing, when it has to do with the resource in question."""
ABOUT = 2.0
"""And how much a whole set of findings does."""
REMEMBERED = 256
"""Texts whose scores are known by heart: those of as many runs at once."""


class Signal(Model):
    """What speaks for (or, with `against`, speaks against) a runbook's cause."""

    id: str
    kind: str
    where: dict[str, str] = Field(default={}, description="attribute -> regular expression that its value must match")
    weight: float = Field(default=1, gt=0)
    required: bool = False
    against: bool = False
    about: str = Field(default="", description="a signal before it: one finding must name the other's thing")


class Runbook(Model):
    """One failure mode: how it looks, what proves it, what to do. Front matter of `prompts/runbooks/*.md`."""

    name: str
    version: str
    title: str
    symptoms: tuple[str, ...]
    services: tuple[str, ...] = ()
    specialists: tuple[str, ...]
    gather: tuple[str, ...]
    signals: tuple[Signal, ...]
    same_resource: tuple[str, ...] = Field(
        default=(), description="signals that must speak of one and the same resource"
    )
    headline: str = Field(default="", description="The cause in one short sentence; `since` is its onset, or empty")
    cause: str
    summary: str
    next_steps: tuple[str, ...]
    actions: tuple[Remedy, ...] = ()
    verification: str = ""
    nothing_wrong: bool = False
    text: str = ""


@dataclass(frozen=True)
class Hit:
    """A finding that met a signal."""

    signal: Signal
    finding: Finding
    evidence_id: str
    question: str = ""

    def speaks_of(self, names: Iterable[str]) -> bool:
        """Whether it is about one of these resources, mentions one, or was found when one was looked at."""
        own = self.finding.resource.lower()
        text = f"{self.finding.statement} {self.question}".lower()
        return any((own and (own in name or name in own)) or name in text for name in map(str.lower, names) if name)

    def names(self, other: Hit) -> bool:
        """Whether the finding itself says what another one is about, whatever was asked."""
        said = " ".join([self.finding.resource, self.finding.statement, *self.finding.attributes.values()])
        return bool(other.finding.resource) and other.finding.resource.lower() in said.lower()

    @property
    def of_no_one(self) -> bool:
        """Whether it belongs to no resource in particular: the whole account was looked at, as for its changes."""
        return not self.finding.resource or "any resource" in self.question


@dataclass(frozen=True)
class Verdict:
    """How well the evidence carries a runbook: `support` 0..1, and which signals were met, missed or contradicted."""

    runbook: Runbook
    support: float
    hits: tuple[Hit, ...]
    missing: tuple[Signal, ...]
    against: tuple[Hit, ...]

    @property
    def complete(self) -> bool:
        return all(not signal.required for signal in self.missing)

    def names(self) -> dict[str, Any]:
        """For the runbook's templates: each met signal's finding by its id; an attribute that it lacks reads as ""."""
        return {
            hit.signal.id: hit.finding.model_copy(update={"attributes": defaultdict(str, hit.finding.attributes)})
            for hit in self.hits
        }

    def fill(self, template: str, **more: str) -> str:
        known: dict[str, Any] = {signal.id: None for signal in self.runbook.signals}
        return fill(template, self.runbook.name, **(known | self.names() | more))

    def proposals(self) -> list[Proposal]:
        """What the runbook would do about it, as far as the findings say all that it takes."""
        filled = [self._proposal(remedy) for remedy in self.runbook.actions]
        return [proposal for proposal in filled if proposal is not None]

    def _proposal(self, remedy: Remedy) -> Proposal | None:
        try:
            target = self.fill(remedy.target)
            parameters = {
                name: self.fill(value) if isinstance(value, str) else value for name, value in remedy.parameters.items()
            }
        except PromptFileError:  # it speaks of a signal that was not met
            return None
        if not target or any(value == "" for name, value in parameters.items() if name not in remedy.optional):
            return None
        kept = {name: value for name, value in parameters.items() if value != ""}
        evidence = tuple(dict.fromkeys(hit.evidence_id for hit in self.hits))
        return Proposal(
            type=remedy.type,
            target=target,
            parameters=kept,
            runbook=self.runbook.name,
            evidence=evidence,
            why=remedy.why,
        )


class KnowledgeBase:
    """All runbooks, with full-text search over their symptoms (BM25)."""

    def __init__(self, runbooks: Sequence[Runbook]) -> None:
        self.runbooks = tuple(runbooks)
        self._index = _Index([_searchable(runbook) for runbook in runbooks])

    @classmethod
    def read(cls) -> KnowledgeBase:
        """The runbooks of `prompts/runbooks/`."""
        try:
            return cls([runbook_from(prompt) for prompt in load_all("runbooks")])
        except PromptFileError as error:
            raise PromptError(str(error)) from error

    def search(self, text: str, limit: int = 3) -> list[tuple[Runbook, float]]:
        """Runbooks whose symptoms are nearest to the text and share words with it, best first, with their scores."""
        scores = self._index.scores(text)
        ranked = sorted(zip(self.runbooks, scores, strict=True), key=lambda pair: -pair[1])
        return [(runbook, score) for runbook, score in ranked[:limit] if score > 0]

    def shared(self, text: str, runbook: Runbook) -> int:
        """How many different words a text has in common with a runbook's title, symptoms and services."""
        return len(set(words(text)) & _own_words(_searchable(runbook)))

    def weigh(self, evidence: Iterable[Evidence], about: str = "") -> list[Verdict]:
        """Every runbook against the findings, best supported first, preferring findings about the resource `about`."""
        # Having looked and found nothing is a finding too: `log_quiet` and `no_change` come as `no_data`.
        pieces = [piece for piece in evidence if piece.status in (EvidenceStatus.ok, EvidenceStatus.no_data)]
        verdicts = [weigh(runbook, pieces, about) for runbook in self.runbooks]
        return sorted(verdicts, key=lambda verdict: -verdict.support)


def runbook_from(prompt: Prompt) -> Runbook:
    """A runbook out of its file; a signal of an unknown kind is an error."""
    try:
        runbook = Runbook.model_validate({**prompt.meta, "version": prompt.version, "text": prompt.text})
    except ValidationError as error:
        raise PromptError(f"runbook {prompt.name}: {error.errors()[0]['loc']}: {error.errors()[0]['msg']}") from error
    for signal in runbook.signals:
        if signal.kind not in KINDS:
            listed = "is no kind of finding; agent/findings.py lists them"
            raise PromptError(f"runbook {runbook.name}: {signal.kind!r} {listed}")
    if unknown := {signal.about for signal in runbook.signals} - {"", *(signal.id for signal in runbook.signals)}:
        raise PromptError(f"runbook {runbook.name}: about names no signal: {', '.join(sorted(unknown))}")
    if unknown := set(runbook.same_resource) - {signal.id for signal in runbook.signals}:
        raise PromptError(f"runbook {runbook.name}: same_resource names no signal: {', '.join(sorted(unknown))}")
    return runbook


def weigh(runbook: Runbook, pieces: Sequence[Evidence], about: str = "") -> Verdict:
    """How well findings carry one runbook.

    Support is the weight of the met signals times the strength of what met them, over the weight of all signals; a
    missing required signal leaves at most a third of it, and each contradiction takes its weight away.
    """
    best = _best_hits(runbook, pieces, about)
    hits = tuple(hit for hit in best if not hit.signal.against)
    against = tuple(hit for hit in best if hit.signal.against)
    met = {hit.signal.id for hit in hits}
    missing = tuple(s for s in runbook.signals if not s.against and s.id not in met)
    total = sum(s.weight for s in runbook.signals if not s.against) or 1.0
    support = (_worth(hits) - _worth(against)) / total
    if any(s.required for s in missing):
        support /= 3
    return Verdict(runbook, max(0.0, min(1.0, support)), hits, missing, against)


def _best_hits(runbook: Runbook, pieces: Sequence[Evidence], about: str) -> list[Hit]:
    """For each signal its strongest finding; where the runbook wants one resource, the resource that scores best."""
    options = {signal.id: _options(signal, pieces) for signal in runbook.signals}
    if not runbook.same_resource:
        return _choose(runbook, options, "", about)
    resources = {h.finding.resource for sid in runbook.same_resource for h in options[sid] if h.finding.resource}
    choices = [_choose(runbook, options, resource, about) for resource in sorted(resources)]
    return max(choices, key=lambda hits: _worth(hits) + (ABOUT if _any_about(hits, about) else 0), default=[])


def _choose(runbook: Runbook, options: dict[str, list[Hit]], resource: str, about: str) -> list[Hit]:
    """The required signals' hits first; what else is met must have to do with them, or it is another incident's."""

    def best(hits: Sequence[Hit], names: Sequence[str]) -> Hit:
        return max(hits, key=lambda h: h.finding.strength + (NEAR if h.speaks_of(names) else 0))

    chosen: dict[str, Hit] = {}
    for signal in sorted(runbook.signals, key=lambda signal: (signal.kind in CHANGES, not signal.required)):
        hits = options[signal.id]
        if signal.about:
            other = chosen.get(signal.about)
            hits = [hit for hit in hits if other and (hit.names(other) or other.names(hit))]
        if signal.id in runbook.same_resource:
            hits = [hit for hit in hits if hit.finding.resource == resource]
        subjects = [hit.finding.resource for hit in chosen.values() if hit.signal.required and hit.finding.resource]
        if not signal.required and subjects and not signal.about:
            hits = [hit for hit in hits if hit.of_no_one or hit.speaks_of(subjects)]
        signs = [hit.finding.at for hit in chosen.values() if hit.finding.kind in SIGNS and hit.finding.at]
        if signs and signal.kind in CHANGES:
            hits = [hit for hit in hits if not hit.finding.at or hit.finding.at <= max(signs) + CLOCKS_DIFFER]
        if hits:
            chosen[signal.id] = best(hits, [name for name in (resource, about, *subjects) if name])
    return [chosen[signal.id] for signal in runbook.signals if signal.id in chosen]


def _any_about(hits: Sequence[Hit], about: str) -> bool:
    return bool(about) and any(hit.speaks_of([about]) for hit in hits)


def _worth(hits: Iterable[Hit]) -> float:
    return sum(hit.signal.weight * hit.finding.strength for hit in hits)


def _options(signal: Signal, pieces: Sequence[Evidence]) -> list[Hit]:
    return [
        Hit(signal, finding, piece.id, piece.question)
        for piece in pieces
        for finding in piece.findings
        if finding.kind == signal.kind and finding.strength >= WEAKEST and _meets(signal, finding)
    ]


def _meets(signal: Signal, finding: Finding) -> bool:
    return all(re.search(pattern, finding.attributes.get(name, ""), re.I) for name, pattern in signal.where.items())


def _searchable(runbook: Runbook) -> str:
    return " ".join([runbook.title, *runbook.symptoms, *runbook.services])


@lru_cache(maxsize=256)
def _own_words(text: str) -> frozenset[str]:
    """Of a runbook, of which there are few, and each is asked for its words with every alert."""
    return frozenset(words(text))


_WORD = re.compile(r"[a-z0-9]+")
_STOP = frozenset(
    "a an and are as at be by did do does for from has have how in is it its of on or our so that the this".split()  # noqa: SIM905
    + "their them there they to was we were what when where which why will with you your".split()  # noqa: SIM905 -- a word list reads best as words
)


def words(text: str) -> list[str]:
    """Lower-case words without endings and stop words, so that `costs` and `cost`, `failing` and `fail` meet."""
    spaced = re.sub(r"([a-z])([A-Z])", r"\1 \2", text)
    return [_stem(word) for word in _WORD.findall(spaced.lower()) if len(word) > 1 and word not in _STOP]


def _stem(word: str) -> str:
    for ending in ("ings", "ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)].rstrip("e")
    return word.rstrip("e") if len(word) > 3 else word


class _Index:
    """BM25 over a few dozen short texts (bm25s: milliseconds to build, no model to download).

    A run asks about the same text several times, to route it, to brief a specialist and to explain what was found.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        import bm25s

        logging.getLogger("bm25s").setLevel(logging.WARNING)  # it sets itself to DEBUG when imported
        self._count = len(texts)
        self._bm25: Any = bm25s.BM25()
        if texts:
            self._bm25.index([words(text) for text in texts], show_progress=False)
        self.scores = lru_cache(maxsize=REMEMBERED)(self._scores)

    def _scores(self, text: str) -> tuple[float, ...]:
        query = [word for word in words(text) if word in self._bm25.vocab_dict] if self._count else []
        if not query:
            return (0.0,) * self._count
        return tuple(float(score) for score in self._bm25.get_scores(query))
