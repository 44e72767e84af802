"""A self-hosted Airflow by URL: API v2 of Airflow 3 or v1 of Airflow 2, whichever answers. Reads only.

WATCHKEEPER_AIRFLOW_URL=analytics=https://airflow.example.com,ml=https://ml.example.com/airflow
WATCHKEEPER_AIRFLOW_TOKEN=…  or  WATCHKEEPER_AIRFLOW_USER=… and WATCHKEEPER_AIRFLOW_PASSWORD=…

The one request that is no GET is the login of Airflow 3, `POST /auth/token`, which changes nothing. Certificates are
verified, and no redirect is followed: a password must not travel to another host.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Sequence
from threading import Lock
from typing import Literal, cast
from urllib.parse import quote, urlsplit

import httpx
from pydantic import SecretStr

from agent.secret_references import named_secrets, other_than
from agent.settings import Settings
from tools.evidence import deadline
from tools.evidence.airflow.transport import AirflowRefused, AirflowTimeout, AirflowUnreachable, Json
from tools.evidence.base import Look
from tools.secrets.http_auth import DENIED, SecretAuth, basic, bearer

Version = Literal["v1", "v2"]
CONNECT_SECONDS = 3


def self_hosted(look: Look) -> Iterator[HttpTransport]:
    """The environments that the settings name. One without a name is called by its host."""
    for name, url in named_addresses(look.settings):
        yield HttpTransport(look, name, url, look.settings)


def named_addresses(settings: Settings) -> Iterator[tuple[str, str]]:
    """(name, URL) of each environment in the settings."""
    for entry in settings.airflow_url:
        name, _, url = entry.rpartition("=") if "=" in entry.split("://")[0] else ("", "", entry)
        yield name or str(urlsplit(url).hostname), url.rstrip("/")


class HttpTransport:
    """One Airflow. It asks for the API version and logs in at its first read, and keeps its connections until then."""

    def __init__(self, look: Look, name: str, url: str, settings: Settings) -> None:
        self.name, self.url = name, url
        self._look, self._settings = look, settings
        self._version: Version | None = None
        self._headers: dict[str, str] = {}
        self._lock = Lock()
        self._client = httpx.Client(follow_redirects=False, headers={"accept": "application/json"})
        weakref.finalize(self, self._client.close)

    @property
    def version(self) -> Version | None:
        """Of its API; None before the first read."""
        return self._version

    def get(self, path: str, query: Json) -> Json:
        with self._lock:
            if self._version is None:
                version = self._probe()
                self._log_in(version)
                self._version = version
        self._look.note("airflow", "GET", {"environment": self.name, "path": f"/api/{self._version}{path}"} | query)
        answer = self._send("GET", f"/api/{self._version}{path}", query=query)
        if answer.status_code >= 400:
            self._look.failed_calls += answer.status_code != 404
            raise AirflowRefused(self.name, path, answer.status_code, detail_of(answer))
        return self._json(answer)

    def link(self, dag_id: str = "", run_id: str = "", task_id: str = "") -> str:
        if not dag_id:
            return f"{self.url}/" if self._version == "v2" else f"{self.url}/home"
        dag, run, task = (quote(part, safe="") for part in (dag_id, run_id, task_id))
        if self._version == "v2":
            inside = (f"/runs/{run}" if run else "") + (f"/tasks/{task}" if run and task else "")
            return f"{self.url}/dags/{dag}{inside}"
        chosen = "&".join(f"{key}={value}" for key, value in (("dag_run_id", run), ("task_id", task)) if value)
        return f"{self.url}/dags/{dag}/grid" + (f"?{chosen}" if chosen else "")

    def _probe(self) -> Version:
        """Airflow 3 has no v1 and Airflow 2 no v2; both tell their version to anybody."""
        versions: tuple[Version, Version] = ("v2", "v1")
        for version in versions:
            answer = self._send("GET", f"/api/{version}/version")
            if answer.status_code < 300 or answer.status_code in (401, 403):
                return version
        raise self._unreachable("neither /api/v2 nor /api/v1 is there; is it the address of Airflow itself?")

    def _log_in(self, version: Version) -> None:
        names = [name for name, _ in named_addresses(self._settings)]
        token = secret_for(self._settings.airflow_token, self.name, names)
        user, password = self._settings.airflow_user, secret_for(self._settings.airflow_password, self.name, names)
        if token:
            self._client.auth = SecretAuth(bearer, token)
        elif user and version == "v1":
            self._client.auth = SecretAuth(basic(user), password or SecretStr(""))
        elif user:
            given = password.get_secret_value() if password else ""
            answer = self._send("POST", "/auth/token", body={"username": user, "password": given})
            if answer.status_code in DENIED and (other := other_than(password, given)):
                answer = self._send("POST", "/auth/token", body={"username": user, "password": other})
            if answer.status_code >= 500:
                raise self._unreachable(f"its login answers {answer.status_code} {detail_of(answer)}")
            if answer.status_code >= 400:
                raise AirflowRefused(self.name, "/auth/token", 401, detail_of(answer))
            self._headers = {"authorization": f"Bearer {self._json(answer).get('access_token', '')}"}

    def _send(self, method: str, path: str, query: Json | None = None, body: Json | None = None) -> httpx.Response:
        self._look.count()
        left = min(self._settings.aws_timeout_seconds, max(deadline.seconds_left(), 0.1))
        timeout = httpx.Timeout(left, connect=min(left, CONNECT_SECONDS))
        url = f"{self.url}{path}"
        try:
            answer = self._client.request(method, url, params=query, json=body, headers=self._headers, timeout=timeout)
        except httpx.TimeoutException:
            self._look.failed_calls += 1
            raise AirflowTimeout(endpoint_url=url) from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise self._unreachable(str(error) or type(error).__name__) from None
        if answer.is_redirect:
            raise self._unreachable(f"it redirects to {answer.headers.get('location')}; give the final address")
        return answer

    def _json(self, answer: httpx.Response) -> Json:
        try:
            body: object = answer.json()
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise self._unreachable("it does not answer in JSON; is it the address of Airflow itself?")
        return cast("Json", body)

    def _unreachable(self, reason: str) -> AirflowUnreachable:
        self._look.failed_calls += 1
        return AirflowUnreachable(environment=self.name, url=self.url, reason=reason)


def secret_for(secret: SecretStr | None, name: str, names: Sequence[str]) -> SecretStr | None:
    """One secret for all environments, or `name=secret` for each, separated by commas: then no other gets to see it."""
    own = named_secrets(secret, names)
    return own.get(name) if own else secret


def detail_of(answer: httpx.Response) -> str:
    """Airflow's own words: `detail` of both versions, which may be a list."""
    try:
        body: object = answer.json()
    except ValueError:
        return answer.reason_phrase
    words = cast("Json", body).get("detail") if isinstance(body, dict) else None
    return str(words or answer.reason_phrase)
