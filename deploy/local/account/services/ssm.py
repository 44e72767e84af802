"""Systems Manager: run commands on managed instances, list them, and read parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from deploy.local.account.paging import page
from deploy.local.account.request import AwsError, Operation, Request
from deploy.local.account.schema.ssm import Parameter
from deploy.local.account.services import ssm_automation
from deploy.local.account.ssm import Command, Commands, Instance, Invocation, fleet
from deploy.local.account.state import Account, Loaded

_DOCUMENTS = {"AWS-RunShellScript": "aws:runShellScript", "AWS-RunPowerShellScript": "aws:runPowerShellScript"}
_MAX_OUTPUT = 24_000
_LONGEST_COMMENT = 100


def send_command(account: Account, request: Request) -> dict[str, Any]:
    params = request.params
    if params["DocumentName"] not in _DOCUMENTS:
        raise AwsError("InvalidDocument", f"The document {params['DocumentName']} does not exist in this account.")
    script = params.get("Parameters", {}).get("commands")
    if not script:
        raise AwsError("InvalidParameters", "The parameter commands is required.")
    comment = params.get("Comment", "")
    if len(comment) > _LONGEST_COMMENT:
        raise AwsError("ValidationException", f"Comment must have at most {_LONGEST_COMMENT} characters.")
    now = account.now()
    command = Command(
        document=params["DocumentName"],
        parameters=params["Parameters"],
        comment=comment,
        targets=params.get("Targets", []),
        timeout_s=params.get("TimeoutSeconds", 3600),
        requested=now,
        region=request.region,
        invocations=[Invocation(each, each.run(script), now) for each in _targets(account, request)],
    )
    account.memory(Commands).add(command)
    return {"Command": _command(command)}


def list_commands(account: Account, request: Request) -> dict[str, Any]:
    params = request.params
    found = [
        _command(command)
        for command in account.memory(Commands).newest_first(request.region)
        if params.get("CommandId") in (None, command.id)
        and params.get("InstanceId") in (None, *(each.instance.id for each in command.invocations))
        and _passes(command, command.status, params)
    ]
    return _paged("Commands", found, request, "InvalidNextToken")


def list_command_invocations(account: Account, request: Request) -> dict[str, Any]:
    params = request.params
    found = [
        _invocation(command, each, bool(params.get("Details")))
        for command in account.memory(Commands).newest_first(request.region)
        for each in command.invocations
        if params.get("CommandId") in (None, command.id)
        and params.get("InstanceId") in (None, each.instance.id)
        and _passes(command, each.status, params)
    ]
    return _paged("CommandInvocations", found, request, "InvalidNextToken")


def get_command_invocation(account: Account, request: Request) -> dict[str, Any]:
    command_id, instance_id = request.params["CommandId"], request.params["InstanceId"]
    for command in account.memory(Commands).newest_first(request.region):
        for each in command.invocations:
            if (command.id, each.instance.id) == (command_id, instance_id):
                return _detail(command, each)
    raise AwsError(
        "InvocationDoesNotExist", "The command and instance do not belong together, or the command is unknown."
    )


def describe_instance_information(account: Account, request: Request) -> dict[str, Any]:
    filters = {each["Key"]: each["Values"] for each in request.params.get("Filters", [])}
    filters |= {each["key"]: each["valueSet"] for each in request.params.get("InstanceInformationFilterList", [])}
    found = [each for each in fleet(account, request.region) if _matches(each, filters)]
    return _paged("InstanceInformationList", [_information(each) for each in found], request, "InvalidNextToken")


def get_parameter(account: Account, request: Request) -> dict[str, Any]:
    name = request.params["Name"]
    for loaded, parameter in _parameters(account, request.region):
        if parameter.name == name:
            return {"Parameter": _parameter(loaded, parameter, request)}
    raise AwsError("ParameterNotFound", f"Parameter {name} not found.")


def get_parameters(account: Account, request: Request) -> dict[str, Any]:
    wanted = request.params["Names"]
    known = {parameter.name: (loaded, parameter) for loaded, parameter in _parameters(account, request.region)}
    return {
        "Parameters": [_parameter(*known[name], request) for name in wanted if name in known],
        "InvalidParameters": [name for name in wanted if name not in known],
    }


def get_parameters_by_path(account: Account, request: Request) -> dict[str, Any]:
    path = request.params["Path"].rstrip("/") + "/"
    deep = request.params.get("Recursive", False)
    found = [
        _parameter(loaded, parameter, request)
        for loaded, parameter in _parameters(account, request.region)
        if parameter.name.startswith(path) and (deep or "/" not in parameter.name.removeprefix(path))
    ]
    return _paged("Parameters", found, request, "InvalidNextToken", default=10)


def _targets(account: Account, request: Request) -> list[Instance]:
    known = list(fleet(account, request.region))
    ids = request.params.get("InstanceIds", [])
    unknown = set(ids) - {each.id for each in known}
    if unknown:
        raise AwsError("InvalidInstanceId", f"Instances {sorted(unknown)} not in a valid state for account")
    found = [each for each in known if each.id in ids]
    for target in request.params.get("Targets", []):
        key, values = target["Key"], target["Values"]
        if key == "InstanceIds":
            found += [each for each in known if each.id in values]
        elif key.startswith("tag:"):
            found += [each for each in known if each.tags.get(key.removeprefix("tag:")) in values]
        else:
            raise AwsError("InvalidParameters", f"The target key {key} is not supported by the simulated account.")
    if not ids and not request.params.get("Targets"):
        raise AwsError("InvalidInstanceId", "InstanceIds or Targets must be given.")
    wanted = "Windows" if request.params["DocumentName"] == "AWS-RunPowerShellScript" else "Linux"
    other = sorted(each.id for each in found if _information(each)["PlatformType"] != wanted)
    if other:
        message = f"The document is for {wanted} and not supported on the platform of {other}"
        raise AwsError("UnsupportedPlatformType", message)
    return found


def _passes(command: Command, status: str, params: Mapping[str, Any]) -> bool:
    tests: dict[str, Callable[[str], bool]] = {
        "Status": lambda value: value == status,
        "DocumentName": lambda value: value == command.document,
        "InvokedAfter": lambda value: command.requested >= _moment(value),
        "InvokedBefore": lambda value: command.requested < _moment(value),
    }
    filters: list[dict[str, str]] = params.get("Filters", [])
    unknown = next((each["key"] for each in filters if each["key"] not in tests), None)
    if unknown:
        raise AwsError("InvalidFilterKey", f"The filter {unknown} is not supported by the simulated account.")
    return all(tests[each["key"]](each["value"]) for each in filters)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise AwsError("InvalidFilterValue", f"{text} is not a time such as 2026-11-03T10:15:00Z.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _command(command: Command) -> dict[str, Any]:
    states = [each.status for each in command.invocations]
    return {
        "CommandId": command.id,
        "DocumentName": command.document,
        "DocumentVersion": "$DEFAULT",
        "Comment": command.comment,
        "Parameters": command.parameters,
        "InstanceIds": [] if command.targets else [each.instance.id for each in command.invocations],
        "Targets": command.targets,
        "RequestedDateTime": command.requested,
        "Status": command.status,
        "StatusDetails": command.status,
        "TargetCount": len(states),
        "CompletedCount": sum(each.has_ended for each in command.invocations),
        "ErrorCount": states.count("Failed"),
        "TimeoutSeconds": command.timeout_s,
    }


def _invocation(command: Command, each: Invocation, with_output: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "CommandId": command.id,
        "InstanceId": each.instance.id,
        "InstanceName": each.instance.managed.name,
        "Comment": command.comment,
        "DocumentName": command.document,
        "RequestedDateTime": command.requested,
        "Status": each.status,
        "StatusDetails": each.status,
    }
    if not with_output:
        return shown
    plugin: dict[str, Any] = {"Name": _DOCUMENTS[command.document], "Status": each.status, "StatusDetails": each.status}
    if each.has_ended:
        plugin |= {
            "ResponseCode": each.output.exit_code,
            "ResponseStartDateTime": each.started,
            "ResponseFinishDateTime": each.ended,
            "Output": (each.output.stdout + each.output.stderr)[:_MAX_OUTPUT],
        }
    return {**shown, "CommandPlugins": [plugin]}


def _detail(command: Command, each: Invocation) -> dict[str, Any]:
    done = each.has_ended
    return {
        "CommandId": command.id,
        "InstanceId": each.instance.id,
        "Comment": command.comment,
        "DocumentName": command.document,
        "PluginName": _DOCUMENTS[command.document],
        "ResponseCode": each.output.exit_code if done else -1,
        "ExecutionStartDateTime": "" if each.status == "Pending" else each.started.isoformat(),
        "ExecutionEndDateTime": each.ended.isoformat() if done else "",
        "ExecutionElapsedTime": f"PT{each.output.seconds:.3f}S" if done else "",
        "Status": each.status,
        "StatusDetails": each.status,
        "StandardOutputContent": each.output.stdout[:_MAX_OUTPUT] if done else "",
        "StandardErrorContent": each.output.stderr[:_MAX_OUTPUT] if done else "",
    }


def _matches(instance: Instance, filters: Mapping[str, list[str]]) -> bool:
    facts = _information(instance)
    values = {
        "InstanceIds": instance.id,
        "PingStatus": facts["PingStatus"],
        "PlatformTypes": facts["PlatformType"],
        "AgentVersion": facts["AgentVersion"],
        "ResourceType": facts["ResourceType"],
    }
    for key, wanted in filters.items():
        actual = instance.tags.get(key.removeprefix("tag:")) if key.startswith("tag:") else values.get(key, "")
        if not key.startswith("tag:") and key not in values:
            raise AwsError("InvalidFilterKey", f"The filter {key} is not supported by the simulated account.")
        if actual not in wanted:
            return False
    return True


def _information(instance: Instance) -> dict[str, Any]:
    managed = instance.managed
    return {
        "InstanceId": instance.id,
        "PingStatus": "Online" if managed.online else "ConnectionLost",
        "LastPingDateTime": instance.loaded.at(managed.last_ping),
        "AgentVersion": managed.agent_version,
        "IsLatestVersion": True,
        "PlatformType": "Windows" if "Windows" in managed.platform else "Linux",
        "PlatformName": managed.platform,
        "PlatformVersion": managed.platform_version,
        "ResourceType": "EC2Instance",
        "ComputerName": f"{managed.name}.ec2.internal",
    }


def _parameters(account: Account, region: str) -> Iterator[tuple[Loaded, Parameter]]:
    for loaded in account.loaded(region):
        for parameter in loaded.scenario.ssm.parameters:
            yield loaded, parameter


def _parameter(loaded: Loaded, parameter: Parameter, request: Request) -> dict[str, Any]:
    """A SecureString stays encrypted unless decryption is asked for."""
    hidden = parameter.type == "SecureString" and not request.params.get("WithDecryption")
    name = parameter.name if parameter.name.startswith("/") else f"/{parameter.name}"
    return {
        "Name": parameter.name,
        "Type": parameter.type,
        "Value": "AQICAHh0encryptedAQ==" if hidden else parameter.value,
        "Version": 1,
        "LastModifiedDate": loaded.at(parameter.at),
        "ARN": f"arn:aws:ssm:{request.region}:{loaded.scenario.account_id}:parameter{name}",
        "DataType": "text",
    }


def _paged(name: str, items: list[dict[str, Any]], request: Request, code: str, default: int = 50) -> dict[str, Any]:
    params = request.params
    shown, token = page(items, params, params.get("NextToken"), params.get("MaxResults", default), code)
    return {name: shown, "NextToken": token} if token else {name: shown}


OPERATIONS: dict[str, Operation] = {
    "SendCommand": send_command,
    "ListCommands": list_commands,
    "ListCommandInvocations": list_command_invocations,
    "GetCommandInvocation": get_command_invocation,
    "DescribeInstanceInformation": describe_instance_information,
    "GetParameter": get_parameter,
    "GetParameters": get_parameters,
    "GetParametersByPath": get_parameters_by_path,
    **ssm_automation.OPERATIONS,
}
