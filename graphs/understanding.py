"""What a question's times and names stand for, before anybody looks: by code, in seconds, and told in the answer."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from agent import naming, time_phrases
from agent.inventory_questions import asked_for
from agent.knowledge import words
from agent.languages import english
from agent.models import Evidence
from agent.naming import Choice, InventoryItem
from agent.ports import Deps
from agent.settings import AwsAccount
from agent.specialists import Specialist
from agent.time_phrases import TimePhrase
from agent.unknown_names import unknown_name
from agent.vocabulary import SERVICES, names_in
from tools.inventory import last_deployment, read_inventory

log = logging.getLogger(__name__)
SECONDS = 5.0
UNREAD = "Names could not be looked up in the account in time, so I took them as they are written."
"""Names and deployments are a help: a question waits no longer for them. The inventory itself is done after 4 s."""
_STAMP = "%Y-%m-%dT%H:%M:%SZ"
_REGION = re.compile(r"\b[a-z]{2}(?:-gov|-iso[a-z]?)?-(?:central|(?:north|south)?(?:east|west)?)-\d\b")
_BETWEEN = re.compile(
    r"(?:[\s,;&+/]|\b(?:and|or|und|oder|et|ou|y|e|o|plus|as well as|also|the|our|der|die|das|el|la|le|il|os|as)\b)+"
)
"""What stands between the things of a list."""
_COMMON = frozenset(
    words(
        "about after again all also alright answer any anything app application back bad been before begin best better "
        "between big bigger both break broke broken but can cause change check could day days did does down due during "
        "each even ever every everything explain fail fast faster few find first fix fine get give go going good got "
        "happen happening hello help hey hi high higher hour hours if into issue just kind know last late lately let "
        "like list look lot low made make many maybe me minute minutes month more most much my need new next night no "
        "nobody not nothing now off ok okay one only other out over past people please problem quick quite rather real "
        "really reason recent recently right running same say says see seem service services should show since slow "
        "slower small so some somebody something soon sorry start started state still stop such tell than thank thanks "
        "then there these they thing things think time today tomorrow too tonight top total unusual up us use using "
        "very want wait week weeks went while who whole work working worse would wrong year yes yesterday yet aws"
    )
)


@dataclass(frozen=True)
class Understood:
    """What code made of a question. The evidence tools' parameter names are the keys of `scope` and of each in `named`.

    `scope` is what the whole question is about; of several things that are named, none. `named` also has the `words`
    that each was named by, and `candidates` are the names between which to ask. `unknown` in the scope is what the
    question points at and nothing that could be listed is called; `nearest` are the names most like it, and `listed`
    are the resources of which a question asks the same.
    """

    scope: dict[str, str] = field(default_factory=dict[str, str])
    named: tuple[dict[str, str], ...] = ()
    assumptions: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()


async def understand(
    question: str, evidence: Sequence[Evidence], zone: str, deps: Deps, specialists: Sequence[Specialist]
) -> Understood:
    """Times and names of a question. Never fails and never takes longer than 5 s: then it knows less."""
    now = deps.clock()
    until = asyncio.get_running_loop().time() + SECONDS
    place = _place(question, deps)
    understood = Understood(place)
    try:
        phrase = time_phrases.resolve(question, now, zone)
        understood = _join(understood, _time(phrase))
        async with asyncio.timeout_at(until):
            understood = _join(understood, await _name(question, evidence, place, deps, specialists))
            if phrase and phrase.anchor:
                understood = _join(understood, await _since_deployment(phrase, understood.scope, now, zone, deps))
    except TimeoutError:
        log.warning("times and names were not understood within %s s", SECONDS)
        understood = _join(understood, Understood(assumptions=(UNREAD,)))
    except Exception:  # whatever it was, the question itself is still there to be answered
        log.warning("times and names were not understood", exc_info=True)
    return understood


def _place(question: str, deps: Deps) -> dict[str, str]:
    """The account and the region that a question names."""
    said = question.lower()
    account = next((a.id for a in deps.settings.aws_accounts if _names(a, said)), "")
    region = match[0] if (match := _REGION.search(said)) else ""
    return {key: value for key, value in {"account": account, "region": region}.items() if value}


def _names(account: AwsAccount, said: str) -> bool:
    known = [name for name in (account.id, account.name.lower()) if name]
    return any(re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", said) for name in known)


def _time(phrase: TimePhrase | None) -> Understood:
    if phrase is None or phrase.anchor:
        return Understood()
    return Understood(_range(phrase), assumptions=(phrase.assumption,) if phrase.assumption else ())


def _range(phrase: TimePhrase) -> dict[str, str]:
    if phrase.range is None:
        return {}
    return {"start": _stamp(phrase.range.start), "end": _stamp(phrase.range.end)}


async def _name(
    question: str, evidence: Sequence[Evidence], place: dict[str, str], deps: Deps, specialists: Sequence[Specialist]
) -> Understood:
    if asked_for(english(question).text):
        return Understood()  # whether there is such a thing is what is asked
    known = {finding.resource for piece in evidence for finding in piece.findings if finding.resource}
    spelt = names_in(question)
    settled = [{"words": name, "resource": name} for name in spelt if name in known]
    if settled and len(settled) == len(spelt):
        return _about(settled, question)
    if not spelt and not _may_name(question, specialists):
        return Understood()
    inventory = await read_inventory(deps, place.get("account", ""), place.get("region", ""))
    choices = naming.mentions(question, inventory.items)
    read = [_named(item, choice.words, deps) for choice in choices if (item := _one(choice))]
    names = {one["resource"] for one in read}
    found = _about([*read, *(one for one in settled if one["resource"] not in names)], question)
    assumed = tuple(choice.assumption for choice in choices if choice.assumption)
    between = next((choice.candidates for choice in choices if not _one(choice)), ())
    if not choices and not settled:
        found = Understood(_unknown(question, evidence, inventory.items, specialists))
    return replace(found, assumptions=assumed, candidates=tuple(dict.fromkeys(item.name for item in between)))


def _unknown(
    question: str, evidence: Sequence[Evidence], items: Sequence[InventoryItem], specialists: Sequence[Specialist]
) -> dict[str, str]:
    """What the question points at and nothing is called: neither in what could be listed nor in the evidence."""
    found = unknown_name(question, items, {handle for specialist in specialists for handle in specialist.handles})
    told = " ".join(f"{f.resource} {f.statement}" for piece in evidence for f in piece.findings).lower()
    if found is None or found.name.lower() in told:
        return {}
    return {"unknown": found.name, "nearest": ", ".join(found.nearest)}


def _one(choice: Choice) -> InventoryItem | None:
    """What was chosen, or one of several things of the same name: they are looked at together."""
    same = {item.name for item in choice.candidates}
    return choice.item or (choice.candidates[0] if len(same) == 1 else None)


def _named(item: InventoryItem, words: str, deps: Deps) -> dict[str, str]:
    elsewhere = {"region": item.region} if item.region not in ("", deps.aws.region) else {}
    return {"words": words, "resource": item.name, "service": item.service, **elsewhere}


def _about(named: Sequence[dict[str, str]], question: str) -> Understood:
    if len(named) == 1:
        return Understood({key: value for key, value in named[0].items() if key != "words"}, tuple(named))
    return Understood({"listed": ", ".join(listed)} if (listed := _listed(named, question)) else {}, tuple(named))


def _listed(named: Sequence[dict[str, str]], question: str) -> list[str]:
    """The resources, where they are one list: `are returns and stock ok?` asks the same of two things."""
    said = question.lower()
    places = sorted((said.find(one["words"].lower()), one["words"], one["resource"]) for one in named)
    ends = [at + len(words) for at, words, _ in places]
    gaps = [said[end:at] for end, (at, _, _) in zip(ends, places[1:], strict=False)]
    is_list = bool(gaps) and places[0][0] >= 0 and all(_BETWEEN.fullmatch(gap) for gap in gaps)
    return [resource for _, _, resource in places] if is_list else []


def _may_name(question: str, specialists: Sequence[Specialist]) -> bool:
    """Whether a question has a word that is neither everybody's nor a specialist's: it may be a name."""
    known = {word for s in specialists for handle in s.handles for word in words(handle)}
    known |= {word for name in (*SERVICES, *(n for ns in SERVICES.values() for n in ns)) for word in words(name)}
    said = [word for word in words(question) if not word.isdigit()]
    return any(word not in known and word not in _COMMON for word in said)


async def _since_deployment(
    phrase: TimePhrase, scope: dict[str, str], now: datetime, zone: str, deps: Deps
) -> Understood:
    place = scope.get("account", ""), scope.get("region", "")
    found = await last_deployment(deps, scope.get("resource", ""), now, *place)
    if found is None:
        about = f" of {scope['resource']}" if scope.get("resource") else ""
        return Understood(
            assumptions=(f"I found no deployment{about} for “{phrase.words}”, so I looked at the latest hours.",)
        )
    at, what = found
    known = time_phrases.anchored(phrase, at, now, zone)
    return Understood(_range(known), assumptions=tuple(text for text in (known.assumption, what) if text))


def _join(first: Understood, second: Understood) -> Understood:
    return Understood(
        first.scope | second.scope,
        (*first.named, *second.named),
        (*first.assumptions, *second.assumptions),
        first.candidates or second.candidates,
    )


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime(_STAMP)
