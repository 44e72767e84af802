"""A Systems Manager document of the catalogue, run on an instance: an automation, or a command."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import NAMESPACE_URL, uuid5

from pydantic import AfterValidator, Field

from agent.errors import WriteRefused
from agent.models import ActionResult, Alert, Check, Difference, Model, Preview, Risk
from agent.ports import AwsSession
from agent.ports.writing import Permission, WriteSession
from agent.redaction import redact
from tools.actions.document_catalogue import KnownDocument, read_documents
from tools.actions.hosts import Host, read_hosts, unreachable
from tools.actions.kind import ActionKind, Order
from tools.actions.looking import unreadable
from tools.actions.signals import signal_check
from tools.actions.ssm_commands import DELIVERY_SECONDS, comment, find_command, followed, without_references
from tools.actions.ssm_script import instance_arn
from tools.evidence.failures import EXPECTED

CLOCKS_DIFFER = timedelta(seconds=5)
DEFAULT_VERSION = "$DEFAULT"
ROLE_PARAMETER = "AutomationAssumeRole"
GOING_ON = frozenset({"Pending", "InProgress", "Waiting", "Cancelling"})


class SsmDocument(Model):
    document: str = Field(pattern=r"^[A-Za-z0-9_.-]{3,128}$", description="Its name in the catalogue")
    parameters: dict[str, Annotated[str, AfterValidator(without_references)]] = Field(
        default={}, max_length=20, description="Those that the catalogue lets people set"
    )


class SsmDocumentKind(ActionKind[SsmDocument]):
    """Only what stands in the catalogue. An automation takes a token; a command carries it in its comment."""

    name = "ssm_document"
    parameters = SsmDocument
    risk = Risk.high
    reversible = False
    service = "ec2"
    resource_type = "instance"

    def __init__(self, catalogue: Sequence[KnownDocument] | None = None) -> None:
        known = read_documents() if catalogue is None else catalogue
        self._catalogue = {each.document: each for each in reversed(known)}

    def title(self, order: Order[SsmDocument]) -> str:
        return f"Run the document {order.parameters.document} on {order.target.id}"

    def risk_of(self, order: Order[SsmDocument]) -> Risk:
        known = self._catalogue.get(order.parameters.document)
        return known.risk if known else self.risk

    def permissions(self, order: Order[SsmDocument]) -> tuple[Permission, ...]:
        """None for a document that is not in the catalogue."""
        known = self._catalogue.get(order.parameters.document)
        if known is None:
            return ()
        exactly = [("DocumentName", known.document), ("DocumentVersion", known.version or DEFAULT_VERSION)]
        exactly += [(f"Parameters.{name}", value) for name, value in _given(order, known).items()]
        operation, iam = _OPERATIONS[known.kind]
        rights = [(iam, _arns(order, known)), *([("iam:PassRole", (_role(order, known),))] if known.role else [])]
        return tuple(Permission("ssm", operation, right, arns, exactly=tuple(exactly)) for right, arns in rights)

    def preview(self, order: Order[SsmDocument], aws: AwsSession, now: datetime) -> Preview:
        known = self._catalogue.get(order.parameters.document)
        if known is None:
            return Preview(at=now, before={}, problems=(_unknown(order),))
        try:
            (host,) = read_hosts(aws, [order.target.id])
            described = aws.client("ssm").describe_document(
                Name=known.document, DocumentVersion=known.version or DEFAULT_VERSION
            )["Document"]
        except EXPECTED as error:
            return unreadable(now, error)
        given = order.parameters.parameters
        return Preview(
            at=now,
            before={
                "instance": [host.platform, host.ping, host.state],
                "version": described.get("DocumentVersion", ""),
            },
            after={"document": known.document},
            differences=(
                Difference(field="document", before="", after=f"{known.document} runs on {host.name}"),
                *(Difference(field=name, before="", after=value) for name, value in sorted(given.items())),
            ),
            blast_radius=f"{host.name}. The document {known.means}",
            tags=host.tags,
            problems=(*_problems(known, described, host), *known.wrong(given)),
        )

    def execute(
        self, order: Order[SsmDocument], preview: Preview, session: WriteSession, token: str, now: datetime
    ) -> ActionResult:
        known = self._known(order)
        client, version = session.client("ssm"), known.version or DEFAULT_VERSION
        parameters = {name: [value] for name, value in _given(order, known).items()}
        if known.kind == "automation":
            reply = client.start_automation_execution(
                DocumentName=known.document, DocumentVersion=version, Parameters=parameters, ClientToken=_uuid(token)
            )
            return _result(order, preview, str(reply["AutomationExecutionId"]), now)
        reply = client.send_command(
            DocumentName=known.document,
            DocumentVersion=version,
            InstanceIds=[order.target.id],
            Parameters=parameters,
            Comment=comment(token),
            TimeoutSeconds=DELIVERY_SECONDS,
        )
        return _result(order, preview, str(reply["Command"]["CommandId"]), now)

    def find_effect(
        self, order: Order[SsmDocument], preview: Preview, aws: AwsSession, token: str, since: datetime
    ) -> ActionResult | None:
        known = self._known(order)
        if known.kind == "command":
            found = find_command(aws, known.document, token, since)
        else:
            found = _execution(aws, known.document, _given(order, known), since - CLOCKS_DIFFER)
        return _result(order, preview, found, since) if found else None

    def outcome(self, order: Order[SsmDocument], result: ActionResult, aws: AwsSession) -> ActionResult:
        if self._known(order).kind == "command":
            return followed(result, (order.target.id,), aws)
        return _ended(result, aws)

    def undo(self, order: Order[SsmDocument], result: ActionResult) -> dict[str, Any] | None:
        return None

    def check(self, order: Order[SsmDocument], alert: Alert | None) -> Check:
        return signal_check(alert, f"{order.parameters.document} ends well on {order.target.id}", "command")

    def _known(self, order: Order[SsmDocument]) -> KnownDocument:
        known = self._catalogue.get(order.parameters.document)
        if known is None:
            raise WriteRefused(_unknown(order))
        if wrong := known.wrong(order.parameters.parameters):
            raise WriteRefused(wrong[0])
        return known


_OPERATIONS = {
    "automation": ("start_automation_execution", "ssm:StartAutomationExecution"),
    "command": ("send_command", "ssm:SendCommand"),
}


def _given(order: Order[SsmDocument], known: KnownDocument) -> dict[str, str]:
    """What people set, and what the catalogue does."""
    set_by_us = {known.target: order.target.id} if known.target else {}
    role = {ROLE_PARAMETER: _role(order, known)} if known.role else {}
    return {**order.parameters.parameters, **set_by_us, **role}


def _role(order: Order[SsmDocument], known: KnownDocument) -> str:
    return f"arn:{order.partition}:iam::{order.target.account}:role/{known.role}"


def _arns(order: Order[SsmDocument], known: KnownDocument) -> tuple[str, ...]:
    """Documents of Amazon belong to no account. IAM knows an automation under two names."""
    account = "" if known.owner == "Amazon" else order.target.account
    place = f"arn:{order.partition}:ssm:{order.target.region}:{account}"
    document = f"{place}:document/{known.document}"
    if known.kind == "command":
        return (document, instance_arn(order, order.target.id))
    return (f"{place}:automation-definition/{known.document}:{known.version or DEFAULT_VERSION}", document)


def _uuid(token: str) -> str:
    """Systems Manager takes no other kind of token."""
    return str(uuid5(NAMESPACE_URL, f"watchkeeper:{token}"))


def _execution(aws: AwsSession, document: str, given: dict[str, str], earliest: datetime) -> str:
    """The id of an execution of the document with these parameters that began since; "" when there is none."""
    client = aws.client("ssm")
    filters = [{"Key": "DocumentNamePrefix", "Values": [document]}]
    wanted = {name: [value] for name, value in given.items()}
    for page in client.get_paginator("describe_automation_executions").paginate(Filters=filters):
        for each in page["AutomationExecutionMetadataList"]:
            if each["DocumentName"] == document and each["ExecutionStartTime"] >= earliest:
                name = str(each["AutomationExecutionId"])
                found = client.get_automation_execution(AutomationExecutionId=name)["AutomationExecution"]
                if wanted.items() <= found.get("Parameters", {}).items():
                    return name
    return ""


def _ended(result: ActionResult, aws: AwsSession) -> ActionResult:
    reply = aws.client("ssm").get_automation_execution(AutomationExecutionId=result.reference)
    found = reply["AutomationExecution"]
    status = str(found["AutomationExecutionStatus"])
    if status in GOING_ON:
        return result
    worked = status == "Success"
    why = f" ({found['FailureMessage']})" if found.get("FailureMessage") else ""
    message = "The automation has ended well." if worked else redact(f"The automation ended as {status}{why}.")[:500]
    return result.model_copy(
        update={"succeeded": worked, "over": True, "message": message, "after": {**result.after, "status": status}}
    )


def _problems(known: KnownDocument, described: dict[str, Any], host: Host) -> tuple[str, ...]:
    problems: list[str] = []
    owner, kind = described.get("Owner", ""), str(described.get("DocumentType", "")).lower()
    if (owner == "Amazon") != (known.owner == "Amazon"):
        problems.append(f"The document {known.document} belongs to {owner}, which is not what the catalogue says.")
    if kind != known.kind:
        problems.append(f"The document {known.document} is no {known.kind}.")
    if described.get("Status") != "Active":
        problems.append(f"The document {known.document} is {described.get('Status')}.")
    if known.kind == "command":
        problems += unreachable([host])
    return tuple(problems)


def _unknown(order: Order[SsmDocument]) -> str:
    return (
        f"{order.parameters.document} is not in the catalogue of documents that may be run; "
        "WATCHKEEPER_DOCUMENT_CATALOGUE can name it."
    )


def _result(order: Order[SsmDocument], preview: Preview, reference: str, at: datetime) -> ActionResult:
    return ActionResult(
        succeeded=True,
        over=False,
        before=preview.before,
        after={"execution": reference},
        reference=reference,
        message=f"{order.parameters.document} was started on {order.target.id}.",
        at=at,
    )
