"""Who may approve an action, and how many of them it takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agent.safety.policy.document import Document, Rule
from agent.safety.policy.refusals import Refused, because
from agent.safety.policy.request import Cause, PolicyRequest


@dataclass(frozen=True)
class Consent:
    who: tuple[str, ...]
    needed: int
    two_pairs: bool
    rules: tuple[Rule, ...]
    anybody: bool
    """Whether anybody is named at all, for whatever."""

    @property
    def reasons(self) -> tuple[str, ...]:
        people = f"{self.needed} people" if self.needed > 1 else "one person"
        others = ", whoever asked for it aside" if self.two_pairs else ""
        return (f"It needs the consent of {people}{others}.", *(_why(rule) for rule in self.rules))

    def lacking(self, request: PolicyRequest) -> list[Refused]:
        """Why nobody could ever approve it; empty when they can."""
        name = self.rules[0].name if self.rules else "approvers"
        if not self.anybody:
            sentence = "Nobody may approve anything: name approvers in the action policy or in WATCHKEEPER_APPROVERS."
            return [Refused(Cause.nobody, "approvers", sentence)]
        if not self.who:
            narrowed = [f"“{rule.name}”" for rule in self.rules if rule.then.approvers is not None]
            why = f"; {' and '.join(narrowed)} leave nobody" if narrowed else ""
            return [Refused(Cause.nobody, name, f"The policy names nobody who may approve this{why}.")]
        if (there := self._there(request)) is not None and there < self.needed:
            count = f"only {there} may give it" if there else "nobody else may give it"
            sentence = f"It needs the consent of {self.needed}{' others' if self.two_pairs else ''}, and {count}."
            return [Refused(Cause.nobody, name, sentence)]
        return []

    def _there(self, request: PolicyRequest) -> int | None:
        """How many people that is at most; None with a group, of which only Slack knows the size."""
        if any(name.startswith("S") for name in self.who):
            return None
        return len([name for name in self.who if not (self.two_pairs and name == request.requester)])


def consent(document: Document, request: PolicyRequest, rules: Sequence[Rule]) -> Consent:
    """`rules`: the restrictions that hold, each of which takes away from what is granted."""
    grants = [grant for grant in document.approvers if grant.where.holds(request, document.zone)]
    who = tuple(dict.fromkeys(name for grant in grants for name in grant.who))
    for rule in rules:
        if rule.then.approvers is not None:
            who = tuple(name for name in who if name in rule.then.approvers)
    needed = max((rule.then.needed for rule in rules), default=1)
    two_pairs = any(rule.then.two_pairs for rule in rules)
    return Consent(who, needed, two_pairs, tuple(rules), bool(document.approvers))


def _why(rule: Rule) -> str:
    return because(rule, "The policy asks for it")
