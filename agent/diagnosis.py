"""Claims against evidence: what a model wrote becomes an answer only as far as evidence carries it.

- A claim that cites no readable evidence is dropped, and so is one with a figure that its evidence does not show.
- A headline, a cause or a step may use the figures of all evidence, of the question and of what was assumed.
- Without a claim that holds there is no headline: code then says that nothing was found (agent.absence).
- A cause that no evidence ties to what the alert names is no cause: it is told as what fails besides (agent.linking).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agent import absence
from agent.confidence import NOT_WEIGHED, confidence, names_of, unlinked
from agent.drafts import AnswerDraft, DiagnosisDraft, DraftClaim
from agent.grounding import known_figures
from agent.knowledge import KnowledgeBase
from agent.linking import Named, failing_now
from agent.models import Answer, Claim, Diagnosis, Evidence, EvidenceStatus, Gap, Provenance

NOT_ANSWERED = "not answered"
NO_ANSWER = "I could not find evidence for an answer."
INCONCLUSIVE = "Inconclusive: the evidence does not carry an explanation."
_ID = re.compile(r"ev_\w+")
_ID_TAIL = re.compile(r"\s*\[ev_\w+(?:[,;\s]+ev_\w+)*\]")
_USABLE = (EvidenceStatus.ok, EvidenceStatus.no_data)


@dataclass(frozen=True)
class Said:
    """What a case holds beside evidence: words whose figures may be repeated, the reader's time zone, the alert."""

    words: tuple[str, ...] = ()
    zone: str = "UTC"
    named: Named | None = None
    """What the alert names, where there is one."""


NOTHING_SAID = Said()


@dataclass(frozen=True)
class Checked:
    """Claims that hold, and why the others were dropped."""

    claims: tuple[Claim, ...]
    problems: tuple[str, ...]


def check_claims(drafts: Sequence[DraftClaim], evidence: Sequence[Evidence], zone: str = "UTC") -> Checked:
    """Keep the claims that cite evidence which exists and holds data, and whose figures stand in it."""
    by_id = {piece.id: piece for piece in evidence if piece.status in _USABLE}
    claims: list[Claim] = []
    problems: list[str] = []
    for draft in drafts:
        text = _without_ids(draft.text)
        if not text:
            continue
        cited = tuple(dict.fromkeys(i for raw in draft.evidence for i in _ID.findall(raw) if i in by_id))
        if not cited:
            problems.append(f"No evidence: {draft.text}")
        elif strange := known_figures([by_id[i] for i in cited], zone).strange(_uncounted(draft.text, len(cited))):
            problems.append(f"{', '.join(strange)} is not in {', '.join(cited)}: {draft.text}")
        elif _bare(text) not in {_bare(claim.text) for claim in claims}:
            claims.append(Claim(text=text, evidence=cited))
    return Checked(tuple(claims), tuple(problems))


def each_once(gaps: Iterable[Gap]) -> tuple[Gap, ...]:
    """The first of those that say the same, whatever their case and their last stop."""
    first: dict[tuple[str, str], Gap] = {}
    for gap in gaps:
        first.setdefault((gap.tool, gap.reason.strip(" ?.!").casefold()), gap)
    return tuple(first.values())


def gaps_of(evidence: Iterable[Evidence]) -> tuple[Gap, ...]:
    """What could not be read, once per tool and reason."""
    gaps = {
        (piece.tool, piece.summary): Gap(tool=piece.tool, reason=piece.summary)
        for piece in evidence
        if piece.status not in _USABLE
    }
    return tuple(gaps.values())


def diagnose(
    draft: DiagnosisDraft,
    evidence: Sequence[Evidence],
    knowledge: KnowledgeBase,
    provenance: Provenance,
    said: Said = NOTHING_SAID,
) -> tuple[Diagnosis, tuple[str, ...]]:
    """The diagnosis that the evidence carries, and the problems with what it does not carry."""
    checked = check_claims(draft.claims, evidence, said.zone)
    carried = bool(checked.claims)
    known = _Allowed(evidence, said, knowledge, draft.runbook)
    diagnosis = Diagnosis(
        summary=known.headline(draft.summary, draft.claims, checked, INCONCLUSIVE),
        root_cause=known.or_else(draft.root_cause, "") if carried else "",
        nothing_wrong=draft.nothing_wrong and carried,
        runbook=draft.runbook,
        claims=checked.claims,
        contributing=known.those(draft.contributing) if carried else (),
        ruled_out=known.those(draft.ruled_out) if carried else (),
        gaps=gaps_of(evidence),
        next_steps=known.those(draft.next_steps),
        confidence=confidence(draft.runbook, checked.claims, evidence, knowledge),
        dropped_claims=len(checked.problems),
        provenance=provenance,
    )
    if said.named:
        diagnosis = _as_far_as_linked(diagnosis, said.named, evidence)
    return diagnosis, (*checked.problems, *known.problems)


def unexplained(named: Named, evidence: Sequence[Evidence]) -> tuple[str, tuple[Claim, ...]]:
    """What is said of an alert that nothing explains, and the claims that carry it: what else fails just now."""
    others = failing_now(evidence)
    about = f"on {named.subject}" if named.subject else "that has to do with this alert"
    also = "; ".join(f"{f.resource} ({f.statement.rstrip('.')})" for f, _ in others)
    claims = tuple(Claim(text=f.statement, evidence=(evidence_id,)) for f, evidence_id in others)
    return f"Nothing found {about}." + (f" Also failing right now: {also}." if also else ""), claims


def _as_far_as_linked(found: Diagnosis, named: Named, evidence: Sequence[Evidence]) -> Diagnosis:
    """A cause of something else explains nothing, nor does it say what to do."""
    cited = [i for claim in found.claims for i in claim.evidence]
    if not found.claims or named.carries(found.root_cause or found.summary, cited, evidence):
        return found
    changes: dict[str, object] = {"confidence": unlinked(found.confidence)}
    if found.root_cause or found.nothing_wrong:
        summary, claims = unexplained(named, evidence)
        changes |= {
            "summary": summary,
            "claims": claims or found.claims,
            "next_steps": (look_by_hand(named),),
            **dict.fromkeys(("root_cause", "runbook"), ""),
            **dict.fromkeys(("contributing", "ruled_out"), ()),
            "nothing_wrong": False,
        }
    return found.model_copy(update=changes)


def look_by_hand(named: Named) -> str:
    """The step left where nothing explains an alert."""
    thing = named.subject or "what the alert is about"
    return f"Look at {thing} where it runs: nothing that I could read has to do with it."


def answer(
    draft: AnswerDraft,
    evidence: Sequence[Evidence],
    knowledge: KnowledgeBase,
    provenance: Provenance,
    specialists: Sequence[str],
    said: Said = NOTHING_SAID,
) -> tuple[Answer, tuple[str, ...]]:
    """The answer that the evidence carries, and the problems with what it does not carry."""
    checked = check_claims(draft.claims, evidence, said.zone)
    apart = check_claims(draft.disagreements, evidence, said.zone)
    known = _Allowed(evidence, said, knowledge, draft.runbook)
    headline = known.headline(_without_ids(draft.headline), draft.claims, checked, NO_ANSWER)
    unanswered = tuple(Gap(tool=NOT_ANSWERED, reason=part) for part in known.those(draft.unanswered))
    done = Answer(
        headline=headline,
        claims=_headline_first(headline, checked.claims),
        disagreements=apart.claims,
        gaps=(*gaps_of(evidence), *unanswered),
        next_steps=known.those(draft.next_steps),
        specialists=tuple(specialists),
        confidence=NOT_WEIGHED if draft.plain else confidence(draft.runbook, checked.claims, evidence, knowledge),
        note=draft.note if absence.holds(draft.note, evidence) else "",
        dropped_claims=len(checked.problems),
        provenance=provenance,
    )
    return done, (*checked.problems, *apart.problems, *known.problems)


class _Allowed:
    """The figures that a sentence without citations may use.

    `problems` are what is worth asking a model again for; a step more or less is not.
    """

    def __init__(self, evidence: Sequence[Evidence], said: Said, knowledge: KnowledgeBase, runbook: str) -> None:
        usable = absence.readable(evidence)
        # A runbook's steps hold figures of their own ("set it to 3 to 5"), which nobody can find in evidence.
        books = [(book.text, *book.next_steps) for book in knowledge.runbooks if book.name in names_of(runbook)]
        self._figures = known_figures(usable, said.zone).with_text(*said.words, *(text for b in books for text in b))
        self.problems: list[str] = []
        self._evidence = evidence

    def headline(self, text: str, drafted: Sequence[DraftClaim], checked: Checked, inconclusive: str) -> str:
        """The first sentence as drafted when a claim carries it; else what code can say of the evidence."""
        if checked.claims:
            return self.or_else(text, checked.claims[0].text) if text.strip() else inconclusive
        if not drafted and absence.holds(text, self._evidence):
            return text
        if text.strip() and not drafted and absence.readable(self._evidence):
            self.problems.append(f"No claim with evidence carries the first sentence: {text}")
        return inconclusive if drafted else absence.summed_up(self._evidence, inconclusive)

    def or_else(self, text: str, instead: str) -> str:
        strange = self._figures.strange(text)
        if strange:
            self.problems.append(f"{', '.join(strange)} is in no evidence: {text}")
        return instead if strange else text

    def those(self, texts: Sequence[str]) -> tuple[str, ...]:
        """The ones without strange figures."""
        return tuple(text for text in map(_without_ids, texts) if text and not self._figures.strange(text))


def _headline_first(headline: str, claims: tuple[Claim, ...]) -> tuple[Claim, ...]:
    """A claim that says what the headline says comes first and in its very words, so that it can be shown once."""
    same = [claim for claim in claims if _bare(claim.text) == _bare(headline)]
    if not same:
        return claims
    cited = tuple(dict.fromkeys(i for claim in same for i in claim.evidence))
    return (Claim(text=headline, evidence=cited), *(claim for claim in claims if claim not in same))


def _bare(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))


def _uncounted(text: str, cited: int) -> str:
    """The text without how many looks it cites, which no evidence says of itself."""
    return re.sub(rf"(?<!\S){cited} checks?\b", "", text)


def _without_ids(text: str) -> str:
    return _ID_TAIL.sub("", text).strip()
