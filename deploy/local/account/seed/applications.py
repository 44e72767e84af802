"""Step Functions state machines and API Gateway's APIs."""

from __future__ import annotations

import json
from typing import Any

from deploy.local.account.schema.delivery import Api, ApiStage
from deploy.local.account.schema.workflows import StateMachine
from deploy.local.account.seed.seeder import Seeder, naive


def seed_applications(seeder: Seeder) -> None:
    for machine in seeder.resources.state_machines:
        _state_machine(seeder, machine)
    for api in seeder.resources.apis:
        (_rest_api if api.kind == "REST" else _http_api)(seeder, api)


def _state_machine(seeder: Seeder, machine: StateMachine) -> None:
    made = seeder.client("stepfunctions").create_state_machine(
        name=machine.name,
        definition=json.dumps(dict(machine.definition)),
        roleArn=seeder.role(f"{machine.name}-states", "states"),
        type=machine.type,
        tags=[{"key": key, "value": value} for key, value in machine.tags.items()],
    )
    backend = seeder.backend("stepfunctions")
    state = next(each for each in backend.state_machines if each.arn == made["stateMachineArn"])
    state.creation_date = naive(seeder.at(machine.created))


def _rest_api(seeder: Seeder, api: Api) -> None:
    gateway = seeder.client("apigateway")
    api_id = gateway.create_rest_api(name=api.name, tags=dict(api.tags))["id"]
    root = gateway.get_resources(restApiId=api_id)["items"][0]["id"]
    one = {"restApiId": api_id, "resourceId": root, "httpMethod": "ANY"}
    gateway.put_method(**one, authorizationType="NONE")
    gateway.put_integration(**one, type="MOCK", requestTemplates={"application/json": "{}"})
    state = seeder.backend("apigateway").apis[api_id]
    state.create_date = int(seeder.at(api.created).timestamp())
    for stage in api.stages:
        _rest_stage(seeder, gateway, state, stage)


def _rest_stage(seeder: Seeder, gateway: Any, api: Any, stage: ApiStage) -> None:
    """The stage with its deployments; the newest one serves, and REST deployments never fail."""
    last = ""
    for deployment in sorted(stage.deployments, key=lambda each: each.at):
        last = gateway.create_deployment(restApiId=api.id, description=deployment.description)["id"]
        api.deployments[last].created_date = int(seeder.at(deployment.at).timestamp())
    gateway.create_stage(restApiId=api.id, stageName=stage.name, deploymentId=last, tracingEnabled=stage.tracing)
    newest = max(deployment.at for deployment in stage.deployments)
    api.stages[stage.name].created_date = api.stages[stage.name].last_updated_date = int(seeder.at(newest).timestamp())
    limits = {"rateLimit": stage.rate_limit, "burstLimit": stage.burst_limit}
    changes = [
        {"op": "replace", "path": f"/*/*/throttling/{name}", "value": str(value)}
        for name, value in limits.items()
        if value is not None
    ]
    if changes:
        gateway.update_stage(restApiId=api.id, stageName=stage.name, patchOperations=changes)


def _http_api(seeder: Seeder, api: Api) -> None:
    gateway = seeder.client("apigatewayv2")
    api_id = gateway.create_api(Name=api.name, ProtocolType="HTTP", Tags=dict(api.tags))["ApiId"]
    state = seeder.backend("apigatewayv2").apis[api_id]
    for stage in api.stages:
        limits = {"ThrottlingRateLimit": stage.rate_limit, "ThrottlingBurstLimit": stage.burst_limit}
        chosen = {name: value for name, value in limits.items() if value is not None}
        gateway.create_stage(ApiId=api_id, StageName=stage.name, DefaultRouteSettings=chosen)
        newest = max(deployment.at for deployment in stage.deployments)
        state.stages[stage.name].updated = naive(seeder.at(newest))
