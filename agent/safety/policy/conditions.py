"""What a part of the policy is about. Three answers: it is, it is not, and nobody can say (None).

Permissions need a yes. Restrictions hold unless it is a no: what is not known is treated as the worst that it may be.
All that is asked has to hold; of several values, one. Nothing asks for what is *not* there, so that a tag added to a
target never takes it out of a restriction and never puts it into a permission.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from agent.alert_rules.patterns import Patterns, listed, matches
from agent.models import Risk, Severity
from agent.models.base import Model
from agent.safety.policy.kinds import KINDS
from agent.safety.policy.request import PolicyRequest
from agent.safety.policy.windows import Windows

ENVIRONMENT_TAGS = ("env", "environment", "stage")


def _not_empty(patterns: tuple[str, ...]) -> tuple[str, ...]:
    if not all(pattern.strip() for pattern in patterns):
        raise ValueError("an empty pattern asks for what is not there, which a policy cannot build on")
    return patterns


def _known_kinds(patterns: tuple[str, ...]) -> tuple[str, ...]:
    for pattern in patterns:
        if not any(matches((pattern,), (kind,)) for kind in KINDS):
            close = get_close_matches(pattern, KINDS, 1)
            hint = f"did you mean {close[0]}?" if close else f"known are {', '.join(KINDS)}"
            raise ValueError(f"{pattern} is no kind of action; {hint}")
    return patterns


Said = Annotated[Patterns, AfterValidator(_not_empty)]
Actions = Annotated[Said, AfterValidator(_known_kinds)]
Severities = Annotated[tuple[Severity, ...], BeforeValidator(listed)]
Risks = Annotated[tuple[Risk, ...], BeforeValidator(listed)]


class Where(Model):
    """Of a permission. It does not ask for tags: whoever may tag a resource could give it to themselves."""

    action: Actions = ()
    service: Said = ()
    resource: Said = Field(default=(), description="id or ARN")
    account: Said = ()
    region: Said = ()
    environment: Said = ()
    severity: Severities = ()
    risk: Risks = ()
    during: Windows = ()

    def holds(self, of: PolicyRequest, zone: str) -> bool | None:
        """`zone`: of windows that name none."""
        answers = list(self._answers(of, zone))
        return False if False in answers else None if None in answers else True

    def _answers(self, of: PolicyRequest, zone: str) -> Iterator[bool | None]:
        target = of.action.target
        yield _one_of(self.action, (of.action.type,))
        yield _one_of(self.service, (target.service,))
        yield _one_of(self.resource, [name for name in (target.id, target.arn) if name] or ("",))
        yield _one_of(self.account, (target.account,))
        yield _one_of(self.region, (target.region,))
        yield not self.severity or of.severity in self.severity
        yield not self.risk or of.action.risk in self.risk
        yield self._environment(of)
        yield self._during(of, zone)

    def _environment(self, of: PolicyRequest) -> bool | None:
        """A tag that says something else, or that could not be read, makes it doubtful; it never settles it."""
        if not self.environment:
            return True
        if not of.tags:
            return None
        said = _one_of(self.environment, (of.environment,))
        tags = [value for key, value in of.tags.items() if _same(key, *ENVIRONMENT_TAGS)]
        agree = [matches(self.environment, (value,)) for value in tags if value]
        if said is None or (said is False and any(agree)) or (said is True and not all(agree)):
            return None
        return said

    def _during(self, of: PolicyRequest, zone: str) -> bool | None:
        if not self.during or any(each.open_until(of.now, zone, wide=False) for each in self.during):
            return True
        return None if any(each.open_until(of.now, zone) for each in self.during) else False


class Condition(Where):
    """Of a restriction."""

    tags: dict[str, Said] = Field(default={}, description="of the target; the names ignore case")

    def _answers(self, of: PolicyRequest, zone: str) -> Iterator[bool | None]:
        yield from super()._answers(of, zone)
        for key, wanted in self.tags.items():
            yield _one_of(wanted, (value for name, value in of.tags.items() if _same(name, key))) if of.tags else None


def _one_of(wanted: tuple[str, ...], values: Iterable[str]) -> bool | None:
    """None where something is asked that a value which is empty might be."""
    there = list(values)
    if not wanted or matches(wanted, there):
        return True
    return False if all(there) else None


def _same(name: str, *others: str) -> bool:
    return name.strip().lower() in [other.strip().lower() for other in others]


def _any_of(value: object) -> list[object]:
    """Nothing said is everything."""
    return listed({} if value is None else value)


Conditions = Annotated[tuple[Condition, ...], BeforeValidator(_any_of), Field(min_length=1)]
"""One condition, or several of which one has to hold."""
