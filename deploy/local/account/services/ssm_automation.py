"""Systems Manager Automation: documents, and executions of them whose steps go on in time."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from deploy.local.account.iam.sessions import caller_of
from deploy.local.account.paging import page
from deploy.local.account.request import AwsError, Operation, Request
from deploy.local.account.schema.ssm import AutomationDocument, DocumentStep
from deploy.local.account.ssm import fleet
from deploy.local.account.ssm.automation import OF_AMAZON, RESTART, Automation, Automations, checked
from deploy.local.account.state import Account

_INVALID_TOKEN = "InvalidNextToken"  # noqa: S105 - an error code


def start_automation_execution(account: Account, request: Request) -> dict[str, Any]:
    params = request.params
    document = find_document(account, request.region, params["DocumentName"])
    if document is None:
        message = f"Automation document {params['DocumentName']} was not found."
        raise AwsError("AutomationDefinitionNotFoundException", message)
    version = params.get("DocumentVersion", "$DEFAULT")
    if version not in ("$DEFAULT", "$LATEST", document.version):
        message = f"Version {version} of {document.name} was not found."
        raise AwsError("AutomationDefinitionVersionNotFoundException", message)
    token = params.get("ClientToken", "")
    if token and not re.fullmatch(r"[a-fA-F0-9]{8}-([a-fA-F0-9]{4}-){3}[a-fA-F0-9]{12}", token):
        raise AwsError("ValidationException", "ClientToken must be a UUID.")
    values = checked(document, params.get("Parameters", {}))
    if document is RESTART:
        known = {each.id for each in fleet(account, request.region)}
        missing = sorted(set(values["InstanceId"]) - known)
        if missing:
            message = f"The instance ID '{missing[0]}' does not exist"
            raise AwsError("InvalidAutomationExecutionParametersException", message)
    who = caller_of(account, request)
    wanted = Automation(
        id=str(uuid.uuid4()),
        document=document,
        parameters=values,
        region=request.region,
        started=account.now(),
        started_by=f"arn:aws:sts::{_account_id(account)}:assumed-role/{who.role}/{who.session}",
        client_token=token,
        pace=account.pace,
    )
    return {"AutomationExecutionId": account.memory(Automations).start(wanted).id}


def get_automation_execution(account: Account, request: Request) -> dict[str, Any]:
    found = _find(account, request)
    now = account.now()
    steps = [_step(found, now, *each) for each in found.ends_of_steps()]
    outputs = {
        f"{step.name}.{name}": [value]
        for step, _, end in found.ends_of_steps()
        if end <= now and not step.fails
        for name, value in step.outputs.items()
    }
    more = {"Parameters": dict(found.parameters), "StepExecutions": steps, "Outputs": outputs}
    return {"AutomationExecution": {**_described(account, found), **more}}


def describe_automation_executions(account: Account, request: Request) -> dict[str, Any]:
    params, now = request.params, account.now()
    found = account.memory(Automations).newest_first(request.region)
    for each in params.get("Filters", []):
        found = [one for one in found if _passes(one, each["Key"], each["Values"], now)]
    items = [_described(account, each) for each in found]
    shown, token = page(items, params, params.get("NextToken"), params.get("MaxResults") or 50, _INVALID_TOKEN)
    return {"AutomationExecutionMetadataList": shown, **({"NextToken": token} if token else {})}


def stop_automation_execution(account: Account, request: Request) -> dict[str, Any]:
    found = _find(account, request)
    if found.status(account.now()) != "InProgress":
        raise AwsError("InvalidAutomationStatusUpdateException", "The execution has ended already.")
    found.stopped = account.now()
    return {}


def list_documents(account: Account, request: Request) -> dict[str, Any]:
    params = request.params
    filters = {each["Key"]: each["Values"] for each in params.get("Filters", [])}
    unknown = sorted(set(filters) - {"Owner", "DocumentType", "Name"})
    if unknown:
        raise AwsError("InvalidFilterKey", f"The filter {unknown[0]} is not supported by the simulated account.")
    found = [
        _identifier(each)
        for each in _documents(account, request.region)
        if each.owner in filters.get("Owner", [each.owner])
        and "Automation" in filters.get("DocumentType", ["Automation"])
        and any(each.name.startswith(prefix) for prefix in filters.get("Name", [""]))
    ]
    shown, token = page(found, params, params.get("NextToken"), params.get("MaxResults") or 50, _INVALID_TOKEN)
    return {"DocumentIdentifiers": shown, **({"NextToken": token} if token else {})}


def describe_document(account: Account, request: Request) -> dict[str, Any]:
    document = _existing(account, request)
    parameters = [
        {
            "Name": each.name,
            "Type": each.type if each.type in ("String", "StringList") else "String",
            "Description": each.description,
            **({"DefaultValue": json.dumps(list(each.default))} if each.default else {}),
        }
        for each in document.parameters
    ]
    described = {**_identifier(document), "Status": "Active", "Description": document.description}
    return {"Document": {**described, "Parameters": parameters, "DefaultVersion": document.version}}


def get_document(account: Account, request: Request) -> dict[str, Any]:
    document = _existing(account, request)
    parameters = {
        each.name: {
            "type": each.type,
            "description": each.description,
            **({"allowedValues": list(each.allowed)} if each.allowed else {}),
            **({"allowedPattern": f"^{each.pattern}$"} if each.pattern else {}),
            **({"default": list(each.default)} if each.default else {}),
        }
        for each in document.parameters
    }
    content = {
        "schemaVersion": "0.3",
        "description": document.description,
        "parameters": parameters,
        "mainSteps": [{"name": step.name, "action": step.action, "inputs": {}} for step in document.steps],
    }
    shown = {"Name": document.name, "DocumentVersion": document.version, "Status": "Active", "DocumentFormat": "JSON"}
    return {**shown, "DocumentType": "Automation", "Content": json.dumps(content)}


def find_document(account: Account, region: str, name_or_arn: str) -> AutomationDocument | None:
    name = name_or_arn.rpartition("/")[2]
    return next((each for each in _documents(account, region) if each.name == name), None)


def _documents(account: Account, region: str) -> Iterator[AutomationDocument]:
    for loaded in account.loaded(region):
        yield from loaded.scenario.ssm.documents
    yield from OF_AMAZON


def _existing(account: Account, request: Request) -> AutomationDocument:
    document = find_document(account, request.region, request.params["Name"])
    if document is None:
        raise AwsError("InvalidDocument", f"Document with name {request.params['Name']} does not exist.")
    return document


def _find(account: Account, request: Request) -> Automation:
    wanted = request.params["AutomationExecutionId"]
    for each in account.memory(Automations).newest_first(request.region):
        if each.id == wanted:
            return each
    raise AwsError("AutomationExecutionNotFoundException", f"Automation execution {wanted} was not found.")


def _described(account: Account, each: Automation) -> dict[str, Any]:
    now = account.now()
    ended, failed = each.ended(now), each.ends_of_steps()[-1][0]
    return {
        "AutomationExecutionId": each.id,
        "DocumentName": each.document.name,
        "DocumentVersion": each.document.version,
        "AutomationExecutionStatus": each.status(now),
        "ExecutionStartTime": each.started,
        "ExecutedBy": each.started_by,
        "Mode": "Auto",
        **({"ExecutionEndTime": ended} if ended else {}),
        **({"FailureMessage": f"Step {failed.name} failed: {failed.fails}"} if each.status(now) == "Failed" else {}),
    }


def _step(each: Automation, now: datetime, step: DocumentStep, start: datetime, end: datetime) -> dict[str, Any]:
    over = each.stopped if each.stopped is not None and each.stopped < end else None
    if over is not None and over <= now:
        status = "Cancelled"
    elif now < start:
        status = "Pending"
    elif now < end:
        status = "InProgress"
    else:
        status = "Failed" if step.fails else "Success"
    return {
        "StepName": step.name,
        "Action": step.action,
        "StepStatus": status,
        **({"ExecutionStartTime": start} if status != "Pending" else {}),
        **({"ExecutionEndTime": over or end} if status in ("Success", "Failed", "Cancelled") else {}),
        **({"FailureMessage": step.fails} if status == "Failed" else {}),
    }


def _passes(each: Automation, key: str, values: list[str], now: datetime) -> bool:
    if key == "DocumentNamePrefix":
        return each.document.name.startswith(tuple(values))
    told = {"ExecutionStatus": each.status(now), "ExecutionId": each.id}
    if key not in told:
        raise AwsError("InvalidFilterKey", f"The filter {key} is not supported by the simulated account.")
    return told[key] in values


def _identifier(document: AutomationDocument) -> dict[str, Any]:
    return {
        "Name": document.name,
        "Owner": document.owner,
        "DocumentVersion": document.version,
        "DocumentType": "Automation",
        "SchemaVersion": "0.3",
        "DocumentFormat": "JSON",
        "PlatformTypes": ["Linux", "Windows", "MacOS"],
    }


def _account_id(account: Account) -> str:
    loaded = account.loaded()
    return loaded[0].scenario.account_id if loaded else "123456789012"


OPERATIONS: dict[str, Operation] = {
    "DescribeAutomationExecutions": describe_automation_executions,
    "DescribeDocument": describe_document,
    "GetAutomationExecution": get_automation_execution,
    "GetDocument": get_document,
    "ListDocuments": list_documents,
    "StartAutomationExecution": start_automation_execution,
    "StopAutomationExecution": stop_automation_execution,
}
