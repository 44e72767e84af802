"""A shell or PowerShell script run on a few instances, by Run Command. A person always looks at it first."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, Field

from agent.errors import WriteRefused
from agent.models import ActionResult, Alert, Check, Difference, Model, Preview, Risk
from agent.ports import AwsSession
from agent.ports.writing import Permission, WriteSession
from agent.redaction import redact
from tools.actions.hosts import INSTANCE_ID, Host, read_hosts, unlike, unreachable
from tools.actions.kind import ActionKind, Order
from tools.actions.looking import unreadable
from tools.actions.signals import signal_check
from tools.actions.ssm_commands import DELIVERY_SECONDS, comment, find_command, followed, without_references
from tools.evidence.failures import EXPECTED

if TYPE_CHECKING:
    from agent.safety.commands import Verdict

MAX_SCRIPT_CHARS = 8192
MOST_OTHERS = 4
DOCUMENTS = {"bash": "AWS-RunShellScript", "powershell": "AWS-RunPowerShellScript"}
PLATFORMS = {"bash": ("Linux", "MacOS"), "powershell": ("Windows",)}
Shell = Literal["bash", "powershell"]


class SsmScript(Model):
    script: Annotated[str, AfterValidator(without_references)] = Field(min_length=1, max_length=MAX_SCRIPT_CHARS)
    shell: Shell = "bash"
    also: tuple[Annotated[str, Field(pattern=INSTANCE_ID)], ...] = Field(
        default=(), max_length=MOST_OTHERS, description="Further instances, with the same tags as the target"
    )
    timeout_seconds: int = Field(default=300, ge=10, le=3600, description="For how long it may run on each")


class SsmScriptKind(ActionKind[SsmScript]):
    """Run Command takes no token: the command's comment carries it, and commands are listed for 30 days."""

    name = "ssm_script"
    parameters = SsmScript
    risk = Risk.high
    reversible = False
    service = "ec2"
    resource_type = "instance"

    def title(self, order: Order[SsmScript]) -> str:
        lines = len(order.parameters.script.strip().splitlines())
        return f"Run a {order.parameters.shell} script of {lines} lines on {', '.join(_instances(order))}"

    def risk_of(self, order: Order[SsmScript]) -> Risk:
        return Risk.medium if _verdict(order).decision == "auto" else self.risk

    def permissions(self, order: Order[SsmScript]) -> tuple[Permission, ...]:
        document = DOCUMENTS[order.parameters.shell]
        arns = [f"arn:{order.partition}:ssm:{order.target.region}::document/{document}"]
        arns += [instance_arn(order, each) for each in _instances(order)]
        exactly = (("DocumentName", document), ("Parameters.commands", order.parameters.script))
        return (Permission("ssm", "send_command", "ssm:SendCommand", tuple(arns), exactly=exactly),)

    def preview(self, order: Order[SsmScript], aws: AwsSession, now: datetime) -> Preview:
        wanted, verdict = order.parameters, _verdict(order)
        try:
            hosts = read_hosts(aws, _instances(order))
        except EXPECTED as error:
            return unreadable(now, error)
        return Preview(
            at=now,
            before={"instances": {host.id: [host.platform, host.ping] for host in hosts}},
            after={"judged": verdict.decision},
            differences=(Difference(field=f"{wanted.shell} script", before="", after=redact(wanted.script)),),
            blast_radius=f"{', '.join(host.name for host in hosts)}, one after the other until one fails",
            affected=len(hosts),
            tags=hosts[0].tags,
            warnings=_warnings(verdict),
            problems=(*_refused(verdict), *unreachable(hosts), *unlike(hosts), *_other_platform(wanted.shell, hosts)),
        )

    def execute(
        self, order: Order[SsmScript], preview: Preview, session: WriteSession, token: str, now: datetime
    ) -> ActionResult:
        wanted = order.parameters
        if refused := _refused(_verdict(order)):
            raise WriteRefused(refused[0])
        reply = session.client("ssm").send_command(
            DocumentName=DOCUMENTS[wanted.shell],
            InstanceIds=list(_instances(order)),
            Parameters={"commands": [wanted.script], "executionTimeout": [str(wanted.timeout_seconds)]},
            Comment=comment(token),
            TimeoutSeconds=DELIVERY_SECONDS,
            MaxConcurrency="1",
            MaxErrors="0",
        )
        return _result(order, preview, str(reply["Command"]["CommandId"]), now)

    def find_effect(
        self, order: Order[SsmScript], preview: Preview, aws: AwsSession, token: str, since: datetime
    ) -> ActionResult | None:
        command = find_command(aws, DOCUMENTS[order.parameters.shell], token, since)
        return _result(order, preview, command, since) if command else None

    def outcome(self, order: Order[SsmScript], result: ActionResult, aws: AwsSession) -> ActionResult:
        return followed(result, _instances(order), aws)

    def undo(self, order: Order[SsmScript], result: ActionResult) -> dict[str, Any] | None:
        return None

    def check(self, order: Order[SsmScript], alert: Alert | None) -> Check:
        return signal_check(alert, f"The script ends well on {', '.join(_instances(order))}", "command")


def instance_arn(order: Order[Any], instance: str) -> str:
    """An instance of EC2, or one elsewhere that Systems Manager manages."""
    if instance.startswith("mi-"):
        return order.arn("ssm", f"managed-instance/{instance}")
    return order.arn("ec2", f"instance/{instance}")


def _instances(order: Order[SsmScript]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((order.target.id, *order.parameters.also)))


def _verdict(order: Order[SsmScript]) -> Verdict:
    return _judged(order.parameters.script, order.parameters.shell)


@lru_cache(maxsize=64)
def _judged(script: str, shell: Shell) -> Verdict:
    from agent.safety.commands import judge  # parsers take a while to load, and most actions need none

    return judge(script, shell)


def _refused(verdict: Verdict) -> tuple[str, ...]:
    if verdict.decision != "refuse":
        return ()
    return (f"Such a script is not run, whoever approves it: {' '.join(verdict.reasons)}",)


def _warnings(verdict: Verdict) -> tuple[str, ...]:
    if verdict.decision == "auto":
        return ("By its syntax the script only reads.",)
    reasons = f": {' '.join(verdict.reasons)}" if verdict.reasons and verdict.decision == "approval" else "."
    return (f"The script may change something that nothing here leads back from{reasons}",)


def _other_platform(shell: Shell, hosts: list[Host]) -> tuple[str, ...]:
    wanted = PLATFORMS[shell]
    other = [host.name for host in hosts if host.platform not in ("", *wanted)]
    return (f"{', '.join(other)} is no {wanted[0]} machine, as a {shell} script needs.",) if other else ()


def _result(order: Order[SsmScript], preview: Preview, command: str, at: datetime) -> ActionResult:
    return ActionResult(
        succeeded=True,
        over=False,
        before=preview.before,
        after={"command": command},
        reference=command,
        message=f"The script was sent to {', '.join(_instances(order))}.",
        at=at,
    )
