"""The managed instances of the scenarios in a region, and how each answers a shell script."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from deploy.local.account.schema.compute import Ec2Instance
from deploy.local.account.schema.ssm import CommandOutput, ManagedInstance
from deploy.local.account.state import Account, Loaded
from deploy.local.account.text import resource_id

_NOT_FOUND = 127


@dataclass(frozen=True)
class Output:
    stdout: str
    stderr: str
    exit_code: int
    seconds: float


@dataclass(frozen=True)
class Instance:
    loaded: Loaded
    managed: ManagedInstance
    machine: Ec2Instance | None
    outputs: tuple[CommandOutput, ...] = field(default=())

    @property
    def id(self) -> str:
        return resource_id("instance", self.managed.name)

    @property
    def tags(self) -> dict[str, str]:
        own = dict(self.machine.tags) if self.machine else {}
        return {"Name": self.managed.name, **own}

    def run(self, script: list[str]) -> Output:
        """What a shell would print: each line's output in turn. A line that the scenario does not know fails."""
        stdout, stderr, code, seconds = "", "", 0, 0.0
        for number, line in enumerate(script, start=1):
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            known = self._known(line)
            if known is None:
                word = line.split()[0]
                stderr += f"_script.sh: line {number}: {word}: command not found\n"
                code = _NOT_FOUND
                continue
            stdout, stderr = stdout + known.stdout, stderr + known.stderr
            code, seconds = known.exit_code, seconds + known.seconds
        return Output(stdout, stderr, code, seconds)

    def _known(self, line: str) -> CommandOutput | None:
        for output in self.outputs:
            applies = not output.instances or self.managed.name in output.instances
            if applies and re.search(output.pattern, line):
                return output
        return None


def fleet(account: Account, region: str) -> Iterator[Instance]:
    for loaded in account.loaded(region):
        machines = {machine.name: machine for machine in loaded.scenario.resources.ec2_instances}
        ssm = loaded.scenario.ssm
        for managed in ssm.instances:
            yield Instance(loaded, managed, machines.get(managed.name), ssm.commands)
