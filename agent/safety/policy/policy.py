"""Rules on one action: refuse it, ask people, or let it run by itself.

What takes away always wins over what gives, and of several that take away, all hold. So another rule, protection,
freeze or tag never allows what was refused, and less confidence never allows more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from agent.alert_rules.patterns import matches
from agent.models import Risk
from agent.safety.policy.consent import Consent, consent
from agent.safety.policy.document import BY_ITSELF, ByItself, Document, Freeze, Rule
from agent.safety.policy.kinds import KINDS, NEVER_BY_THEMSELVES
from agent.safety.policy.refusals import Refused, frozen, never, unsure
from agent.safety.policy.request import Cause, Glass, PolicyRequest, Ruling
from agent.safety.policy.windows import open_until


@dataclass(frozen=True)
class ActionPolicy:
    """`document`: the file with what is on board. `broken`: why there is none; everything is refused then."""

    document: Document
    version: str
    broken: str = ""
    kill_switch: bool = False

    def rule(self, request: PolicyRequest) -> Ruling:
        if switched := self._off(request):
            return self._refusal([switched])
        rules = [rule for rule in self.document.restrictions if self._may_hold(rule, request)]
        refused = never(self.document, request, [rule for rule in rules if rule.then.decision == "refuse"])
        if request.glass is not None:
            return self._glass(request, request.glass, refused)
        freezes = self._freezes(request)
        refused += [*frozen(freezes, self.document.zone), *unsure(request)]
        asked = consent(self.document, request, rules)
        if not refused and (alone := self._by_itself(request, rules)):
            return self._alone(request, alone, asked)
        refused = refused or asked.lacking(request)
        if refused:
            return self._refusal(refused, max((until for _, until in freezes), default=None))
        return self._question(asked)

    def _off(self, request: PolicyRequest) -> Refused | None:
        """What makes looking any further pointless."""
        if self.broken:
            return Refused(Cause.policy_broken, "policy", f"There is no action policy to go by: {self.broken}")
        if off := "the setting WATCHKEEPER_KILL_SWITCH" if self.kill_switch else request.kill_switch:
            return Refused(Cause.kill_switch, "kill switch", f"Remediation is switched off by {off}.")
        if request.action.type not in KINDS:
            sentence = f"The policy does not know the action {request.action.type}, so nobody may do it."
            return Refused(Cause.unknown_kind, "kinds", sentence)
        return None

    def _may_hold(self, restriction: Rule | Freeze, request: PolicyRequest) -> bool:
        return any(each.holds(request, self.document.zone) is not False for each in restriction.when)

    def _freezes(self, request: PolicyRequest) -> list[tuple[Freeze, datetime]]:
        """Those that hold now, with their ends."""
        open_now = ((each, open_until(each.during, request.now, self.document.zone)) for each in self.document.freezes)
        return [(freeze, until) for freeze, until in open_now if until and self._may_hold(freeze, request)]

    def _by_itself(self, request: PolicyRequest, rules: Sequence[Rule]) -> ByItself | None:
        """What lets it. Any restriction that holds wants people to look; what cannot be undone has to be named."""
        action = request.action
        if rules or action.risk is Risk.high or action.type in NEVER_BY_THEMSELVES or request.confidence < BY_ITSELF:
            return None
        for entry in self.document.by_itself:
            named = matches(entry.action, (action.type,)) if action.reversible else action.type in entry.action
            sure = request.confidence >= entry.confidence
            if named and sure and entry.where.holds(request, self.document.zone):
                return entry
        return None

    def _alone(self, request: PolicyRequest, entry: ByItself, asked: Consent) -> Ruling:
        name = entry.name or f"by_itself {self.document.by_itself.index(entry) + 1}"
        sentence = f"“{name}” lets {request.action.type} run by itself from a confidence of {entry.confidence:g} on."
        return Ruling(
            decision="by_itself", approvers=asked.who, rule=name, reasons=(sentence,), policy_version=self.version
        )

    def _question(self, asked: Consent) -> Ruling:
        return Ruling(
            decision="ask",
            approvers=asked.who,
            needed=asked.needed,
            two_pairs=asked.two_pairs,
            rule=", ".join(rule.name for rule in asked.rules) or "approvers",
            reasons=asked.reasons,
            policy_version=self.version,
        )

    def _glass(self, request: PolicyRequest, glass: Glass, refused: Iterable[Refused]) -> Ruling:
        """It does away with freezes, doubt, and with who and how many must consent; with nothing else."""
        may = self.document.break_glass
        refusals = list(refused)
        group = any(name.startswith("S") for name in may.who)
        if not may.who or not may.where.holds(request, self.document.zone) or not (group or glass.by in may.who):
            refusals.append(Refused(Cause.glass, "break_glass", "The policy does not let you break the glass here."))
        if len(" ".join(glass.reason.split())) < may.reason_chars:
            sentence = f"Breaking the glass needs a reason of at least {may.reason_chars} characters."
            refusals.append(Refused(Cause.glass, "break_glass", sentence))
        if refusals:
            return self._refusal(refusals)
        return Ruling(
            decision="ask",
            approvers=may.who,
            rule="break_glass",
            reasons=(f"The glass was broken: {' '.join(glass.reason.split())}",),
            break_glass=True,
            policy_version=self.version,
        )

    def _refusal(self, refused: Sequence[Refused], frozen_until: datetime | None = None) -> Ruling:
        return Ruling(
            decision="refuse",
            rule=refused[0].rule,
            reasons=tuple(each.sentence for each in refused),
            causes=tuple(each.cause for each in refused),
            frozen_until=frozen_until,
            policy_version=self.version,
        )
