"""Passes what an environment is asked on to a real Airflow 3, as the web server behind InvokeRestApi would answer."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import httpx

from deploy.local.account.airflow.errors import RestError
from deploy.local.account.schema.mwaa import AirflowAddress

TIMEOUT_SECONDS = 20


def passed_on(
    address: AirflowAddress, path: str, query: Mapping[str, Any], method: str = "GET", body: Any = None
) -> dict[str, Any]:
    """What Airflow answers to `/api/v2<path>`. RestError with its status and body when it refuses."""
    headers = {"authorization": f"Bearer {_token(address.url, address.user, address.password)}"}
    url = f"{address.url}/api/v2{path}"
    params = dict(query)
    return _answer(httpx.request(method, url, params=params, json=body, headers=headers, timeout=TIMEOUT_SECONDS))


@lru_cache(maxsize=8)
def _token(url: str, user: str, password: str) -> str:
    given = {"username": user, "password": password}
    return str(_answer(httpx.post(f"{url}/auth/token", json=given, timeout=TIMEOUT_SECONDS))["access_token"])


def _answer(reply: httpx.Response) -> dict[str, Any]:
    body: dict[str, Any] = reply.json()
    if reply.is_error:
        raise RestError(reply.status_code, str(body.get("detail") or reply.reason_phrase), reply.reason_phrase)
    return body
