"""Who may approve which action, where and when; and what may run by itself.

policy = policy_of(settings)  # never fails: a broken file refuses everything
ruling = policy.rule(request)  # refuse, ask or by_itself, with names and reasons
"""

from agent.safety.policy.document import ASKS, BY_ITSELF
from agent.safety.policy.kinds import KINDS
from agent.safety.policy.policy import ActionPolicy
from agent.safety.policy.reading import PolicyError, parse_policy, policy_of, read_policy
from agent.safety.policy.request import Cause, Glass, PolicyRequest, Ruling, counted

__all__ = [
    "ASKS",
    "BY_ITSELF",
    "KINDS",
    "ActionPolicy",
    "Cause",
    "Glass",
    "PolicyError",
    "PolicyRequest",
    "Ruling",
    "counted",
    "parse_policy",
    "policy_of",
    "read_policy",
]
