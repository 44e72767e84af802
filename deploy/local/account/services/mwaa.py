"""Managed Workflows for Apache Airflow: the environments, and their REST API through InvokeRestApi."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import unquote

from deploy.local.account.airflow import AirflowApi, RestError
from deploy.local.account.airflow.changes import Moment, changed
from deploy.local.account.airflow.real import passed_on
from deploy.local.account.paging import page
from deploy.local.account.reactions.outcomes import task_succeeds
from deploy.local.account.request import AwsError, Operation, Request
from deploy.local.account.scenario import Scenario
from deploy.local.account.schema.mwaa import Dag, MwaaEnvironment
from deploy.local.account.state import Account, Loaded

_LOG_KINDS = ("DagProcessing", "Scheduler", "Webserver", "Worker", "Task")


def list_environments(account: Account, request: Request) -> dict[str, Any]:
    names = sorted(environment.name for _, environment in _environments(account, request.region))
    size = request.params.get("MaxResults", 25)
    shown, token = page(names, request.params, request.params.get("NextToken"), size, "ValidationException")
    return {"Environments": shown, "NextToken": token} if token else {"Environments": shown}


def get_environment(account: Account, request: Request) -> dict[str, Any]:
    loaded, environment = _find(account, request)
    arn = f"arn:aws:airflow:{request.region}:{loaded.scenario.account_id}:environment/{environment.name}"
    logs = f"arn:aws:logs:{request.region}:{loaded.scenario.account_id}:log-group:airflow-{environment.name}"
    bucket = environment.source_bucket or f"airflow-{environment.name}"
    return {
        "Environment": {
            "Name": environment.name,
            "Arn": arn,
            "Status": environment.status,
            "AirflowVersion": environment.airflow_version,
            "EnvironmentClass": environment.environment_class,
            "MinWorkers": environment.min_workers,
            "MaxWorkers": environment.max_workers,
            "Schedulers": environment.schedulers,
            "DagS3Path": environment.dag_s3_path,
            "SourceBucketArn": f"arn:aws:s3:::{bucket}",
            "WebserverUrl": f"{environment.name}.airflow.{request.region}.on.aws",
            "WebserverAccessMode": "PUBLIC_ONLY",
            "AirflowConfigurationOptions": dict(environment.configuration),
            "CreatedAt": loaded.now - timedelta(days=300),
            "LoggingConfiguration": {
                f"{kind}Logs": {"Enabled": True, "LogLevel": "INFO", "CloudWatchLogGroupArn": f"{logs}-{kind}"}
                for kind in _LOG_KINDS
            },
            "LastUpdate": _last_update(loaded, environment),
        }
    }


def invoke_rest_api(account: Account, request: Request) -> dict[str, Any]:
    """Airflow's reply. An environment with an address passes the request on to a real Airflow."""
    loaded, environment = _find(account, request)
    query = request.params.get("QueryParameters") or {}
    try:
        if not isinstance(query, dict):
            raise RestError(422, "QueryParameters must be an object", "Unprocessable Entity")
        body = _reply(account, request, loaded, environment, query)
    except RestError as error:
        raise AwsError(
            "RestApiClientException", str(error), RestApiStatusCode=error.status, RestApiResponse=error.body
        ) from None
    return {"RestApiStatusCode": 200, "RestApiResponse": body}


def _reply(
    account: Account, request: Request, loaded: Loaded, environment: MwaaEnvironment, query: dict[str, Any]
) -> dict[str, Any]:
    method, given = request.params["Method"], request.params.get("Body")
    if environment.airflow is not None:
        return passed_on(environment.airflow, request.params["Path"], query, method, given)
    path = unquote(request.params["Path"])
    api = AirflowApi(environment, loaded.now, account.now, partial(task_succeeds, loaded))
    if method == "GET":
        return api.get(path, query)
    if not isinstance(given or {}, dict):
        raise RestError(422, "Body must be an object", "Unprocessable Entity")
    body, dag = changed(api, method, path, given or {}, Moment(account.now(), loaded.now))
    if dag is not None:
        account.amend(loaded.scenario.name, partial(_with_dag, environment=environment.name, dag=dag))
    return body


def _with_dag(told: Scenario, environment: str, dag: Dag) -> Scenario:
    def replaced(each: MwaaEnvironment) -> MwaaEnvironment:
        dags = tuple(dag if known.dag_id == dag.dag_id else known for known in each.dags)
        return each.model_copy(update={"dags": dags}) if each.name == environment else each

    return told.model_copy(update={"mwaa": tuple(replaced(each) for each in told.mwaa)})


def _last_update(loaded: Loaded, environment: MwaaEnvironment) -> dict[str, Any]:
    failed = environment.failed_update
    if failed is None:
        return {"Status": "SUCCESS", "CreatedAt": loaded.now - timedelta(days=33)}
    error = {"ErrorCode": failed.code, "ErrorMessage": failed.message}
    return {"Status": "FAILED", "CreatedAt": loaded.now + failed.at, "Error": error}


def _environments(account: Account, region: str) -> Iterator[tuple[Loaded, MwaaEnvironment]]:
    for loaded in account.loaded(region):
        for environment in loaded.scenario.mwaa:
            yield loaded, environment


def _find(account: Account, request: Request) -> tuple[Loaded, MwaaEnvironment]:
    name = request.params["Name"]
    for loaded, environment in _environments(account, request.region):
        if environment.name == name:
            return loaded, environment
    raise AwsError("ResourceNotFoundException", f"No environment with name {name} was found.", 404)


OPERATIONS: dict[str, Operation] = {
    "ListEnvironments": list_environments,
    "GetEnvironment": get_environment,
    "InvokeRestApi": invoke_rest_api,
}
