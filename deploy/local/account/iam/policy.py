"""IAM policy documents: which actions on which resources they allow.

Statements with Effect, Action or NotAction, Resource or NotResource are understood. A document with conditions is
refused when it is given, rather than read as something that it does not say.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from deploy.local.account.request import AwsError

LONGEST = 2048
"""Characters of a session policy."""
_MEMBERS = {"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource"}

Answer = Literal["allow", "deny", "silent"]


@dataclass(frozen=True)
class Statement:
    allows: bool
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    not_actions: bool = False
    not_resources: bool = False

    def covers(self, action: str, resource: str) -> bool:
        named = any(_like(pattern.lower(), action.lower()) for pattern in self.actions) != self.not_actions
        return named and any(_like(pattern, resource) for pattern in self.resources) != self.not_resources


@dataclass(frozen=True)
class Policy:
    statements: tuple[Statement, ...]

    def says(self, action: str, resource: str) -> Answer:
        """`deny` weighs more than `allow`; `silent` when no statement covers the action on the resource."""
        covering = [each for each in self.statements if each.covers(action, resource)]
        if any(not each.allows for each in covering):
            return "deny"
        return "allow" if covering else "silent"


def parse_policy(text: str, longest: int | None = None) -> Policy:
    """Read a policy document. Raises AwsError, MalformedPolicyDocument or PackedPolicyTooLarge."""
    if longest is not None and len(text) > longest:
        raise AwsError("PackedPolicyTooLarge", f"The policy has {len(text)} characters; {longest} are allowed.")
    try:
        document: Any = json.loads(text)
    except ValueError:
        raise _malformed("This policy is not valid JSON") from None
    if not isinstance(document, Mapping) or document.get("Version") not in ("2012-10-17", "2008-10-17"):
        raise _malformed("The policy has no valid Version")
    statements: Any = document.get("Statement")
    listed: list[Any] = statements if isinstance(statements, list) else [statements]
    if not listed or not all(isinstance(each, Mapping) for each in listed):
        raise _malformed("The policy has no Statement")
    return Policy(tuple(_statement(each) for each in listed))


def _statement(raw: Mapping[str, Any]) -> Statement:
    unknown = sorted(set(raw) - _MEMBERS)
    if unknown:
        raise _malformed(f"The simulated account does not evaluate {', '.join(unknown)} in a policy")
    if raw.get("Effect") not in ("Allow", "Deny"):
        raise _malformed("A statement's Effect must be Allow or Deny")
    if ("Action" in raw) == ("NotAction" in raw) or ("Resource" in raw) == ("NotResource" in raw):
        raise _malformed("A statement needs one of Action and NotAction, and one of Resource and NotResource")
    actions, resources = (
        _texts(raw.get("Action", raw.get("NotAction"))),
        _texts(raw.get("Resource", raw.get("NotResource"))),
    )
    if not all(re.fullmatch(r"\*|[\w-]+:[\w*?]+", action) for action in actions):
        raise _malformed("Actions must be prefaced by a service, such as lambda:UpdateAlias")
    return Statement(raw["Effect"] == "Allow", actions, resources, "NotAction" in raw, "NotResource" in raw)


def _texts(value: Any) -> tuple[str, ...]:
    texts: Sequence[Any] = value if isinstance(value, list) else [value]
    if not texts or not all(isinstance(each, str) and each for each in texts):
        raise _malformed("Actions and resources must be strings or lists of them")
    return tuple(texts)


def _like(pattern: str, text: str) -> bool:
    return _compiled(pattern).fullmatch(text) is not None


@lru_cache(maxsize=2048)
def _compiled(pattern: str) -> re.Pattern[str]:
    """`*` stands for anything and `?` for one character, as in IAM; brackets stand for themselves."""
    parts = {"*": ".*", "?": "."}
    return re.compile("".join(parts.get(each, re.escape(each)) for each in pattern), re.DOTALL)


def _malformed(message: str) -> AwsError:
    return AwsError("MalformedPolicyDocument", f"{message}.")
