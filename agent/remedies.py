"""What a runbook would have done about its cause: typed proposals, filled in from findings, never by a model.

In a runbook's front matter:

    actions:
    - type: lambda_rollback
      target: '{{ errors.resource }}'
      parameters:
        alias: '{{ config.attributes.aliases.partition("=")[0] }}'
        version: '{{ deploy.attributes.previous }}'

A proposal of which a part stays empty is not made: the evidence does not say enough.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from agent.models.base import Model


class Remedy(Model):
    """One line of a runbook's `actions`: texts in it are templates over the runbook's signals."""

    type: str = Field(description="A name from tools.actions.ACTIONS")
    target: str
    parameters: dict[str, Any] = Field(default={})
    optional: tuple[str, ...] = Field(default=(), description="Parameters that may stay empty")
    why: str = Field(default="", description="When this one and not the one before it")


class Proposal(Model):
    """A remedy with the names filled in."""

    type: str
    target: str
    parameters: dict[str, Any]
    runbook: str = ""
    region: str = ""
    evidence: tuple[str, ...] = ()
    why: str = ""

    @property
    def key(self) -> str:
        """Equal for equal proposals, so that none is tried twice."""
        return f"{self.type} {self.target} {sorted(self.parameters.items())}"
