"""What commands print on managed instances."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from deploy.local.account.schema.base import Entry, Offset


class CommandOutput(Entry):
    """The output of a shell command whose text matches `pattern` (a regular expression) on the instances named."""

    pattern: str
    instances: tuple[str, ...] = ()
    """Names of instances of the scenario; every one when empty."""
    stdout: str = ""
    stderr: str = ""
    exit_code: int = 0
    seconds: float = 1.0


class ManagedInstance(Entry):
    name: str
    """The name of an EC2 instance of the scenario."""
    platform: str = "Amazon Linux"
    platform_version: str = "2023"
    agent_version: str = "3.3.987.0"
    last_ping: Offset
    online: bool = True


class DocumentParameter(Entry):
    name: str
    type: Literal["String", "StringList", "Boolean", "Integer"] = "String"
    required: bool = True
    default: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()
    pattern: str | None = None
    """A regular expression that each value must match as a whole."""
    description: str = ""


class DocumentStep(Entry):
    name: str
    action: str = "aws:executeAwsApi"
    seconds: float = 5.0
    fails: str = ""
    """Why it fails, if it does: then the steps after it are not run."""
    outputs: Mapping[str, str] = {}


class AutomationDocument(Entry):
    """A runbook of the account: what it is asked for, and how its steps go."""

    name: str
    description: str = ""
    owner: str = "Self"
    version: str = "1"
    parameters: tuple[DocumentParameter, ...] = ()
    steps: tuple[DocumentStep, ...]


class Parameter(Entry):
    name: str
    value: str
    type: str = "String"
    at: Offset


class Ssm(Entry):
    instances: tuple[ManagedInstance, ...] = ()
    commands: tuple[CommandOutput, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    documents: tuple[AutomationDocument, ...] = ()
