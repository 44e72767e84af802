"""The deployments of an HTTP API, which moto lacks. The rest of API Gateway is moto's."""

from __future__ import annotations

from typing import Any

from deploy.local.account.paging import page
from deploy.local.account.request import AwsError, Operation, Request
from deploy.local.account.schema.delivery import Api
from deploy.local.account.state import Account, Loaded
from deploy.local.account.text import stable_id


def get_deployments(account: Account, request: Request) -> dict[str, Any]:
    params = request.params
    api = _api(account, request)
    deployments = [] if api is None else _deployments(*api)
    size = int(params.get("MaxResults") or 25)
    shown, token = page(deployments, params, params.get("NextToken"), size, "BadRequestException")
    return {"Items": shown, **({"NextToken": token} if token else {})}


def _api(account: Account, request: Request) -> tuple[Loaded, Api] | None:
    client = account.moto.client("apigatewayv2", request.region)
    wanted = request.params["ApiId"]
    name = next((each["Name"] for each in client.get_apis()["Items"] if each["ApiId"] == wanted), None)
    if name is None:
        raise AwsError("NotFoundException", f"Invalid API identifier specified {wanted}")
    return next(
        (
            (loaded, api)
            for loaded in account.loaded(request.region)
            for api in loaded.scenario.resources.apis
            if api.name == name and api.kind == "HTTP"
        ),
        None,
    )


def _deployments(loaded: Loaded, api: Api) -> list[dict[str, Any]]:
    listed = [
        {
            "AutoDeployed": False,
            "CreatedDate": loaded.at(deployment.at),
            "DeploymentId": stable_id("api", api.name, stage.name, str(deployment.at))[:6],
            "DeploymentStatus": deployment.status,
            "DeploymentStatusMessage": deployment.message,
            "Description": deployment.description,
        }
        for stage in api.stages
        for deployment in stage.deployments
    ]
    return sorted(listed, key=lambda each: each["CreatedDate"], reverse=True)


OPERATIONS: dict[str, Operation] = {"GetDeployments": get_deployments}
