"""What commands print on managed instances."""

from __future__ import annotations

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


class Parameter(Entry):
    name: str
    value: str
    type: str = "String"
    at: Offset


class Ssm(Entry):
    instances: tuple[ManagedInstance, ...] = ()
    commands: tuple[CommandOutput, ...] = ()
    parameters: tuple[Parameter, ...] = ()
