"""What surrounds the account: who may not read what, the alert, the question, and the key to mark answers with."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from deploy.local.account.schema.base import Entry, Json


class Denial(Entry):
    """An IAM denial: `logs:FilterLogEvents`, `ce:*`; the resource is a glob over the names in the request."""

    action: str
    resource: str = "*"


class AlertPost(Entry):
    """The alert as a monitoring app posts it through an incoming webhook.

    Anywhere in its strings `{time:-42m}` is rendered as 2026-11-03T10:15:00Z, `{time:-42m|%d %b %H:%M}` by strftime,
    `{epoch:-42m}` as seconds, `{account_id}` and `{region}` as the scenario's.
    """

    app: str
    icon: str | None = None
    channel: str = "alerts"
    text: str = ""
    blocks: tuple[dict[str, Json], ...] = ()
    attachments: tuple[dict[str, Json], ...] = ()

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.text or self.blocks or self.attachments):
            raise ValueError("an alert needs text, blocks or attachments")
        return self


class Citation(Entry):
    """Evidence that a right answer cites: from this tool, or with a finding of this kind (see agent/findings.py)."""

    tool: str | None = None
    finding_kind: str | None = None

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if self.tool is None and self.finding_kind is None:
            raise ValueError("a citation needs a tool or a finding_kind")
        return self


class AnswerKey(Entry):
    root_cause: str
    wordings: tuple[tuple[str, ...], ...]
    """Groups of alternatives (regular expressions, case-insensitive): right when every group has a match."""
    must_cite: tuple[Citation, ...] = ()
    must_not_claim: tuple[str, ...] = ()
    nothing_wrong: bool = False
    remediation: tuple[str, ...] = ()
    """Types of action that would help."""


class Missing(Entry):
    """Something that a tool would look for and that is not there; says why, for whoever reads the scenario."""

    kind: Literal["log_group", "metric", "alarm", "s3_object", "trail", "other"]
    name: str
    why: str = ""
