"""Why an action is refused, in sentences for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from agent.alert_rules.patterns import matches
from agent.safety.policy.document import ASKS, Document, Freeze, Rule
from agent.safety.policy.request import Cause, PolicyRequest
from agent.times import zone_name


class Refused(NamedTuple):
    cause: Cause
    rule: str
    sentence: str


def never(document: Document, request: PolicyRequest, forbidding: Sequence[Rule]) -> list[Refused]:
    """What a broken glass does not change either. `forbidding`: the rules that refuse it."""
    return [
        *(Refused(Cause.not_possible, "preview", problem) for problem in request.preview.problems),
        *(Refused(Cause.forbidden, rule.name, because(rule, "It is forbidden.")) for rule in forbidding),
        *_places(document, request),
        *_too_many(document, request),
        *_too_large(document, request),
    ]


def because(rule: Rule, otherwise: str) -> str:
    """The rule's own reason, which names the rule."""
    return f"{rule.reason.rstrip('.') or otherwise.rstrip('.')} (“{rule.name}”)."


def frozen(freezes: Sequence[tuple[Freeze, datetime]], zone: str) -> Iterator[Refused]:
    """`zone`: of freezes that name none."""
    for freeze, until in freezes:
        local = until.astimezone(ZoneInfo(freeze.during[0].zone or zone))
        why = f": {freeze.reason.rstrip('.')}" if freeze.reason else ""
        end = f"{local:%a} {local.day} {local:%b %H:%M} {zone_name(local)}"
        sentence = f"Nothing is changed until {end} (“{freeze.name}”){why}."
        yield Refused(Cause.frozen, freeze.name, sentence)


def unsure(request: PolicyRequest) -> Iterator[Refused]:
    if request.confidence < ASKS and not request.asked_by_person:
        sentence = (
            f"The diagnosis is only {_percent(request.confidence)} sure; "
            f"below {_percent(ASKS)} a person has to look for the cause first."
        )
        yield Refused(Cause.unsure, "confidence", sentence)


def _percent(share: float) -> str:
    """Never rounded up: 84.9 % is not 85 %."""
    return f"{int(share * 1000) / 10:g} %"


def _places(document: Document, request: PolicyRequest) -> Iterator[Refused]:
    target = request.action.target
    for kind, value, allowed in (
        ("account", target.account, document.limits.accounts),
        ("region", target.region, document.limits.regions),
    ):
        if allowed and not matches(allowed, (value,)):
            where = f"the {kind} {value}" if value else f"an unknown {kind}"
            sentence = f"Nothing may be changed in {where}; the policy's limits name {', '.join(allowed)}."
            yield Refused(Cause.place, f"limits.{kind}s", sentence)


def _too_many(document: Document, request: PolicyRequest) -> Iterator[Refused]:
    limits = document.limits
    if request.actions_so_far >= limits.actions:
        sentence = f"{_count(request.actions_so_far)} of this incident; the policy allows {limits.actions}."
        yield Refused(Cause.too_many, "limits.actions", sentence)
    if request.running >= limits.running:
        sentence = f"{_count(request.running)} at this moment; the policy allows {limits.running} at once."
        yield Refused(Cause.too_many, "limits.running", sentence)


def _count(actions: int) -> str:
    return "There is one action" if actions == 1 else f"There are {actions} actions"


def _too_large(document: Document, request: PolicyRequest) -> Iterator[Refused]:
    preview, kind = request.preview, request.action.type
    affected = _cap(document.caps.affected, kind)
    if affected is not None and preview.affected > affected:
        sentence = f"It touches {preview.affected:,} resources; the policy allows {affected:,.0f} at once for {kind}."
        yield Refused(Cause.too_large, "caps.affected", sentence)
    usd = _cap(document.caps.usd_month, kind)
    if usd is not None and not preview.usd_month <= usd:  # what is no number at all is too much
        sentence = f"It costs about {preview.usd_month:,.0f} USD a month; the policy allows {usd:,.0f} for {kind}."
        yield Refused(Cause.too_large, "caps.usd_month", sentence)


def _cap(caps: dict[str, float], kind: str) -> float | None:
    return caps.get(kind, caps.get("default"))
