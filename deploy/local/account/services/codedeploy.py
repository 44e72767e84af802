"""CodeDeploy: applications, deployment groups and deployments, read only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from deploy.local.account.paging import page
from deploy.local.account.request import AwsError, Operation, Request
from deploy.local.account.schema.delivery import DeployApplication, Deployment, DeploymentGroup
from deploy.local.account.state import Account, Loaded
from deploy.local.account.text import stable_id

DEPLOYMENTS_A_PAGE = 100
MAX_BATCH = 25


@dataclass(frozen=True)
class Rollout:
    loaded: Loaded
    application: DeployApplication
    group: DeploymentGroup
    deployment: Deployment
    id: str
    created: datetime

    @property
    def completed(self) -> datetime | None:
        over = self.deployment.status in ("Succeeded", "Failed", "Stopped")
        return self.created + self.deployment.lasts if over else None


def list_applications(account: Account, request: Request) -> dict[str, Any]:
    names = sorted(each.name for _, each in _applications(account, request.region))
    shown, token = page(names, request.params, request.params.get("nextToken"), 100, "InvalidNextTokenException")
    return {"applications": shown, **({"nextToken": token} if token else {})}


def list_deployment_groups(account: Account, request: Request) -> dict[str, Any]:
    application = _application(account, request)
    names = [group.name for group in application.groups]
    shown, token = page(names, request.params, request.params.get("nextToken"), 100, "InvalidNextTokenException")
    return {
        "applicationName": application.name,
        "deploymentGroups": shown,
        **({"nextToken": token} if token else {}),
    }


def get_deployment_group(account: Account, request: Request) -> dict[str, Any]:
    application = _application(account, request)
    name = request.params["deploymentGroupName"]
    group = next((each for each in application.groups if each.name == name), None)
    if group is None:
        raise AwsError("DeploymentGroupDoesNotExistException", f"No Deployment Group found for name: {name}")
    return {
        "deploymentGroupInfo": {
            "applicationName": application.name,
            "deploymentGroupName": group.name,
            "deploymentConfigName": group.config,
            "computePlatform": application.platform,
            "autoRollbackConfiguration": {
                "enabled": group.auto_rollback,
                "events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"] if group.auto_rollback else [],
            },
            "alarmConfiguration": {"enabled": bool(group.alarms), "alarms": [{"name": name} for name in group.alarms]},
        }
    }


def list_deployments(account: Account, request: Request) -> dict[str, Any]:
    """Ids, the newest first; an application is only accepted together with its group."""
    params = request.params
    application, group = params.get("applicationName"), params.get("deploymentGroupName")
    if group and not application:
        raise AwsError("ApplicationNameRequiredException", "Application name must be specified.")
    if application and not group:
        raise AwsError("DeploymentGroupNameRequiredException", "Deployment group name must be specified.")
    span = params.get("createTimeRange", {})
    chosen = [
        rollout
        for rollout in _rollouts(account, request.region)
        if application in (None, rollout.application.name)
        and group in (None, rollout.group.name)
        and (not params.get("includeOnlyStatuses") or rollout.deployment.status in params["includeOnlyStatuses"])
        and span.get("start", rollout.created) <= rollout.created <= span.get("end", rollout.created)
    ]
    chosen.sort(key=lambda rollout: rollout.created, reverse=True)
    ids = [rollout.id for rollout in chosen]
    token = params.get("nextToken")
    shown, following = page(ids, params, token, DEPLOYMENTS_A_PAGE, "InvalidNextTokenException")
    return {"deployments": shown, **({"nextToken": following} if following else {})}


def batch_get_deployments(account: Account, request: Request) -> dict[str, Any]:
    wanted = request.params["deploymentIds"]
    if len(wanted) > MAX_BATCH:
        raise AwsError("BatchLimitExceededException", f"At most {MAX_BATCH} deployments can be asked for at a time.")
    known = {rollout.id: rollout for rollout in _rollouts(account, request.region)}
    return {"deploymentsInfo": [_info(known[each]) for each in wanted if each in known]}


def get_deployment(account: Account, request: Request) -> dict[str, Any]:
    wanted = request.params["deploymentId"]
    found = next((each for each in _rollouts(account, request.region) if each.id == wanted), None)
    if found is None:
        raise AwsError("DeploymentDoesNotExistException", f"The deployment {wanted} could not be found")
    return {"deploymentInfo": _info(found)}


def _applications(account: Account, region: str) -> Iterator[tuple[Loaded, DeployApplication]]:
    for loaded in account.loaded(region):
        for application in loaded.scenario.resources.deploy_applications:
            yield loaded, application


def _application(account: Account, request: Request) -> DeployApplication:
    name = request.params["applicationName"]
    found = next((each for _, each in _applications(account, request.region) if each.name == name), None)
    if found is None:
        raise AwsError("ApplicationDoesNotExistException", f"No application found for name: {name}")
    return found


def _rollouts(account: Account, region: str) -> Iterator[Rollout]:
    for loaded, application in _applications(account, region):
        for group in application.groups:
            for position, deployment in enumerate(group.deployments):
                for number in range(deployment.count):
                    code = stable_id("deployment", application.name, group.name, str(position), str(number))
                    identity = (not number and deployment.id) or f"d-{code.replace('-', '')[:9].upper()}"
                    created = loaded.at(deployment.at) - number * deployment.every
                    yield Rollout(loaded, application, group, deployment, identity, created)


def _info(rollout: Rollout) -> dict[str, Any]:
    deployment = rollout.deployment
    info: dict[str, Any] = {
        "applicationName": rollout.application.name,
        "deploymentGroupName": rollout.group.name,
        "deploymentConfigName": rollout.group.config,
        "deploymentId": rollout.id,
        "status": deployment.status,
        "createTime": rollout.created,
        "startTime": rollout.created,
        "creator": deployment.creator,
        "computePlatform": rollout.application.platform,
        "autoRollbackConfiguration": {"enabled": rollout.group.auto_rollback},
        "deploymentOverview": {
            "Failed": deployment.failed_targets,
            "Succeeded": deployment.succeeded_targets,
            **dict.fromkeys(("Pending", "InProgress", "Skipped", "Ready"), 0),
        },
    }
    if rollout.completed:
        info["completeTime"] = rollout.completed
    if deployment.error_code:
        info["errorInformation"] = {"code": deployment.error_code, "message": deployment.error_message}
    if deployment.description:
        info["description"] = deployment.description
    for key, revision in (("revision", deployment.revision), ("previousRevision", deployment.previous_revision)):
        if revision:
            info[key] = {"revisionType": "S3", "s3Location": {"bucket": "releases", "key": revision}}
    rollback = {
        "rollbackDeploymentId": deployment.rolled_back_by,
        "rollbackTriggeringDeploymentId": deployment.rollback_of,
    }
    if any(rollback.values()):
        info["rollbackInfo"] = {key: value for key, value in rollback.items() if value}
    return info


OPERATIONS: dict[str, Operation] = {
    "BatchGetDeployments": batch_get_deployments,
    "GetDeployment": get_deployment,
    "GetDeploymentGroup": get_deployment_group,
    "ListApplications": list_applications,
    "ListDeploymentGroups": list_deployment_groups,
    "ListDeployments": list_deployments,
}
