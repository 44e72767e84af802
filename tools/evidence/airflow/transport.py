"""How the REST API of one Airflow environment is reached. A transport reads; its caller never sees which one it is.

`MwaaTransport` here goes through `mwaa:InvokeRestApi`; `HttpTransport` in `airflow_http` talks to Airflow by URL.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Protocol, cast

from botocore.exceptions import BotoCoreError, ClientError, ReadTimeoutError

from tools.evidence import console
from tools.evidence.base import Look

Json = dict[str, Any]

_PERMISSIONS = (
    (r"/logs/\d+$", "Task Logs"),
    (r"/taskInstances\b", "Task Instances"),
    (r"/dagRuns\b", "DAG Runs"),
    (r"/tasks$", "DAGs and Task Instances"),
    (r"^/dags\b", "DAGs"),
    (r"^/importErrors", "ImportError"),
    (r"^/pools", "Pools"),
    (r"^/(assets|datasets)", "Assets"),
)
"""What a role must be allowed to read for a path, in the words of Airflow's access control."""


class Transport(Protocol):
    """One environment. `get` raises ClientError (AirflowRefused for what Airflow itself refuses) or BotoCoreError."""

    @property
    def name(self) -> str: ...

    def get(self, path: str, query: Json) -> Json:
        """The JSON of a GET. `path` comes without `/api/v2`, its parts percent-encoded: `/dags/orders/dagRuns`."""
        ...

    def link(self, dag_id: str = "", run_id: str = "", task_id: str = "") -> str:
        """Where a person looks at it."""
        ...


class AirflowRefused(ClientError):
    """An HTTP status of 400 and more. It has the shape of an AWS error, which every tool and `partial.gather` handle.

    401 and 403 count as denied, and name the permission that is missing in Airflow.
    """

    def __init__(self, environment: str, path: str, status: int, detail: str) -> None:
        self.status = status
        error = {"Code": "AirflowRefused", "Message": f"HTTP {status} {detail}".strip()[:300]}
        if status in (401, 403):
            rejected = status == 401 or "token" in detail.lower()
            what = "a valid user or token" if rejected else f"can_read on {permission(path)}"
            error |= {
                "Code": "AccessDenied",
                "Missing": f"{what} in Airflow {environment} (HTTP {status} {detail})"[:200],
            }
        super().__init__(cast("Any", {"Error": error}), f"GET {path}")


class AirflowUnreachable(BotoCoreError):
    """Nothing that is an Airflow answers at the address."""

    fmt = "Airflow {environment} could not be reached at {url}: {reason}"


class AirflowTimeout(ReadTimeoutError):
    """Airflow took longer than the call may."""

    fmt = "Airflow did not answer in time: {endpoint_url}"


def permission(path: str) -> str:
    return next((words for pattern, words in _PERMISSIONS if re.search(pattern, path)), "Website")


@dataclass(frozen=True)
class MwaaTransport:
    """An environment of Amazon MWAA. Its IAM action is airflow:InvokeRestApi on the role `<environment>/<role>`."""

    look: Look
    name: str

    def get(self, path: str, query: Json) -> Json:
        parameters: Json = {"Name": self.name, "Method": "GET", "Path": path}
        if query:
            parameters["QueryParameters"] = query
        try:
            answer = self.look.call("mwaa", "invoke_rest_api", **parameters)
        except ClientError as error:
            raise self._explained(error, path) from None
        return cast("Json", answer.get("RestApiResponse") or {})

    def link(self, dag_id: str = "", run_id: str = "", task_id: str = "") -> str:
        return console.mwaa_environment(self.look.aws, self.name)

    def _explained(self, error: ClientError, path: str) -> ClientError:
        """RestApiClientException carries what Airflow answered; every other error is of AWS and stays as it is."""
        if error.response["Error"].get("Code") not in ("RestApiClientException", "RestApiServerException"):
            return error
        response = cast("Json", error.response)
        body: Json = response.get("RestApiResponse") or {}
        status = int(response.get("RestApiStatusCode") or 400)
        detail = body.get("detail") or body.get("title") or response["Error"].get("Message", "")
        return AirflowRefused(self.name, path, status, str(detail))
