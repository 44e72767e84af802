"""Airflow as actions reach it: read like evidence is, and changed by one call that was named beforehand.

Amazon MWAA by `airflow:InvokeRestApi`, an Airflow of your own by its URL with a token of its own for changes.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import httpx
from botocore.exceptions import ClientError
from pydantic import Field, SecretStr

from agent.errors import InputError, WriteRefused
from agent.models import Model, TimeRange
from agent.ports import AwsSession
from agent.ports.writing import Permission, WriteSession
from agent.secret_references import other_than
from agent.settings import Settings
from tools.actions.kind import Order
from tools.evidence.airflow.api import Airflow
from tools.evidence.airflow.http import HttpTransport, Version, detail_of, named_addresses, secret_for
from tools.evidence.airflow.transport import AirflowTimeout, AirflowUnreachable, Json, MwaaTransport
from tools.evidence.cache import MemoryCache
from tools.evidence.look import Look
from tools.secrets.http_auth import DENIED

ROLE = "User"
"""Airflow's smallest role that may run and pause DAGs: what an executor's call has in MWAA."""
NO_TOKEN = "Nothing may change it: set WATCHKEEPER_AIRFLOW_WRITE_TOKEN (docs/executor.md says what it needs)."  # noqa: S105 -- a sentence
CONFLICT = 409
SERVER_ERROR = 500


class AirflowOrder(Model):
    environment: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,79}$", description="The environment's name, as evidence calls it"
    )


class AlreadyThere(WriteRefused):
    """Airflow has a thing of that name."""


@dataclass(frozen=True)
class AirflowCall:
    """One request that changes something. `path` comes without `/api/v2`, its parts percent-encoded."""

    method: Literal["PATCH", "POST"]
    path: str
    body: Json


@dataclass(frozen=True)
class Environment:
    """An environment that answers. `problems`: why nothing can be changed in it."""

    airflow: Airflow
    api: Version
    tags: dict[str, str]
    problems: tuple[str, ...] = ()

    def dag(self, dag_id: str) -> Json:
        """InputError when there is no such DAG."""
        found = self.airflow.dag(dag_id)
        if found is None:
            raise InputError(f"There is no DAG {dag_id} in {self.airflow.environment}.")
        return found


def address(settings: Settings, environment: str) -> str:
    """Of an Airflow of your own; "" for an environment of Amazon MWAA."""
    return dict(named_addresses(settings)).get(environment, "")


def open_environment(name: str, aws: AwsSession, now: datetime, settings: Settings) -> Environment:
    """ClientError or BotoCoreError when it cannot be read."""
    look = Look(aws, now, TimeRange(start=now - timedelta(hours=1), end=now), settings, MemoryCache())
    if url := address(settings, name):
        transport = HttpTransport(look, name, url, settings)
        transport.get("/version", {})
        problems = () if _write_token(settings, name) else (NO_TOKEN,)
        return Environment(Airflow(look, transport, managed=False), transport.version or "v2", {}, problems)
    described = aws.client("mwaa").get_environment(Name=name)["Environment"]
    status = described.get("Status", "")
    problems = () if status == "AVAILABLE" else (f"The environment {name} is {status}.",)
    api: Version = "v1" if str(described.get("AirflowVersion", "")).startswith("2.") else "v2"
    airflow = Airflow(look, MwaaTransport(look, name), managed=True)
    return Environment(airflow, api, dict(described.get("Tags", {})), problems)


def permissions(
    order: Order[Any], settings: Settings, method: str, path: str, **body: object
) -> tuple[Permission, ...]:
    """The one request, with what its body must say; none of AWS's where Airflow is your own."""
    environment = order.parameters.environment
    if address(settings, environment):
        return ()
    said = [("Name", environment), ("Method", method), ("Path", path)]
    said += [(f"Body.{name}", str(value)) for name, value in body.items()]
    arn = order.arn("airflow", f"role/{environment}/{ROLE}")
    return (Permission("mwaa", "invoke_rest_api", "airflow:InvokeRestApi", (arn,), exactly=tuple(said)),)


def send(environment: str, call: AirflowCall, api: Version, session: WriteSession, settings: Settings) -> Json:
    """What Airflow answered.

    WriteRefused when it refused, AlreadyThere when that was because of a name; BotoCoreError when nobody knows.
    """
    if url := address(settings, environment):
        return _send_over_http(environment, f"{url}/api/{api}", call, settings)
    try:
        reply = session.client("mwaa").invoke_rest_api(
            Name=environment, Method=call.method, Path=call.path, Body=call.body
        )
    except ClientError as error:
        response: Any = error.response
        if not response["Error"].get("Code", "").startswith("RestApi"):
            raise
        body: Json = response.get("RestApiResponse") or {}
        detail = str(body.get("detail") or body.get("title") or response["Error"].get("Message", ""))
        raise _refused(environment, "Amazon MWAA", int(response.get("RestApiStatusCode") or 400), detail) from error
    answer: Json = reply.get("RestApiResponse") or {}
    return answer


def _send_over_http(environment: str, url: str, call: AirflowCall, settings: Settings) -> Json:
    """No redirect is followed: a token must not travel to another host."""
    secret = _write_token(settings, environment)
    token = secret.get_secret_value() if secret else ""
    if not token:
        raise WriteRefused(NO_TOKEN)
    try:
        with httpx.Client(follow_redirects=False, timeout=settings.aws_timeout_seconds) as client:
            answer = _requested(client, environment, url, call, token)
            if answer.status_code in DENIED and (other := other_than(secret, token)):  # nothing was done
                answer = _requested(client, environment, url, call, other)
    except httpx.TimeoutException:
        raise AirflowTimeout(endpoint_url=url) from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        reason = str(error) or type(error).__name__
        raise AirflowUnreachable(environment=environment, url=url, reason=reason) from None
    return _answer(environment, url, answer)


def _requested(client: httpx.Client, environment: str, url: str, call: AirflowCall, token: str) -> httpx.Response:
    headers = {"authorization": _authorization(client, environment, url, token)}
    return client.request(call.method, f"{url}{call.path}", json=call.body, headers=headers)


def _authorization(client: httpx.Client, environment: str, url: str, token: str) -> str:
    """`user:password` is shown as it is to Airflow 2, and changed into a token by Airflow 3."""
    user, colon, password = token.partition(":")
    if not colon:
        return f"Bearer {token}"
    if url.endswith("/v1"):
        return f"Basic {b64encode(token.encode()).decode()}"
    login = f"{url.removesuffix('/api/v2')}/auth/token"
    answer = client.post(login, json={"username": user, "password": password})
    return f"Bearer {_answer(environment, login, answer).get('access_token', '')}"


def _answer(environment: str, url: str, answer: httpx.Response) -> Json:
    if not answer.is_success:
        raise _refused(environment, url, answer.status_code, detail_of(answer))
    try:
        body: Json = answer.json()
    except ValueError:
        raise AirflowUnreachable(environment=environment, url=url, reason="it does not answer in JSON") from None
    return body


def _refused(environment: str, url: str, status: int, detail: str) -> Exception:
    if status >= SERVER_ERROR:
        return AirflowUnreachable(environment=environment, url=url, reason=f"HTTP {status} {detail}"[:200])
    what = f"Airflow {environment} refused it (HTTP {status} {detail})"[:200]
    return AlreadyThere(f"{what}.") if status == CONFLICT else WriteRefused(f"{what}.")


def _write_token(settings: Settings, environment: str) -> SecretStr | None:
    return secret_for(settings.airflow_write_token, environment, [name for name, _ in named_addresses(settings)])
