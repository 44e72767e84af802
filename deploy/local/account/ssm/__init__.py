"""Commands on managed instances: who can run them, and what they print."""

from __future__ import annotations

from deploy.local.account.ssm.commands import Command, Commands, Invocation
from deploy.local.account.ssm.fleet import Instance, fleet

__all__ = ["Command", "Commands", "Instance", "Invocation", "fleet"]
