"""A real Apache Airflow 3 that lives as long as its tests: everything in one folder, on a free port of loopback.

with running_airflow(folder) as airflow:
    airflow.trigger("nightly_orders")
    airflow.wait_for("nightly_orders", "failed")
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.peers import peer_python

DAGS = Path(__file__).parent / "dags"
START_SECONDS = 180
RUN_SECONDS = 180
ANSWER_SECONDS = 30
"""Generous: the machine may be busy with other tests."""
OPERATOR, READER = "operator", "reader"
"""Who triggers runs, and who may only look: Airflow's own roles `admin` and `viewer`."""
PASSWORDS = {OPERATOR: "-".join(("operator", "test")), READER: "-".join(("reader", "test"))}


@dataclass(frozen=True)
class RealAirflow:
    url: str
    headers: dict[str, str]

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        reply = httpx.get(f"{self.url}/api/v2{path}", params=query, headers=self.headers, timeout=ANSWER_SECONDS)
        return dict(reply.raise_for_status().json())

    def trigger(self, dag_id: str) -> None:
        """Unpause a DAG as soon as its file was read, and start a run."""
        self.until(lambda: dag_id in {dag["dag_id"] for dag in self.get("/dags")["dags"]}, f"DAG {dag_id} is known")
        self._send("PATCH", f"/dags/{dag_id}", {"is_paused": False})
        self._send("POST", f"/dags/{dag_id}/dagRuns", {"logical_date": None})

    def unpause(self, dag_id: str) -> None:
        self.until(lambda: dag_id in {dag["dag_id"] for dag in self.get("/dags")["dags"]}, f"DAG {dag_id} is known")
        self._send("PATCH", f"/dags/{dag_id}", {"is_paused": False})

    def add_pool(self, name: str, slots: int) -> None:
        self._send("POST", "/pools", {"name": name, "slots": slots})

    def wait_for(self, dag_id: str, state: str) -> None:
        """Until a run of the DAG is in that state."""
        self.until(
            lambda: bool(self.get(f"/dags/{dag_id}/dagRuns", state=state)["dag_runs"]), f"a run of {dag_id} is {state}"
        )

    def until(self, holds: Callable[[], bool], what: str, seconds: float = RUN_SECONDS) -> None:
        deadline = time.monotonic() + seconds
        while not self._holds(holds):
            assert time.monotonic() < deadline, f"after {seconds} s it does not hold that {what}"
            time.sleep(0.5)

    def _holds(self, holds: Callable[[], bool]) -> bool:
        try:
            return holds()
        except httpx.TransportError:
            return False  # busy with something else

    def _send(self, method: str, path: str, body: dict[str, Any]) -> None:
        url = f"{self.url}/api/v2{path}"
        httpx.request(method, url, json=body, headers=self.headers, timeout=ANSWER_SECONDS).raise_for_status()


@contextmanager
def running_airflow(folder: Path) -> Generator[RealAirflow]:
    """`airflow standalone` with the DAGs beside this file. All its processes end with it."""
    shutil.copytree(DAGS, folder / "dags")
    (folder / "passwords.json").write_text(json.dumps(PASSWORDS))
    port, *log_ports = _free_ports(3)
    program = peer_python("airflow").with_name("airflow")
    with (folder / "standalone.log").open("wb") as output:
        process = subprocess.Popen(
            [program, "standalone"],
            env=_environment(folder, port, log_ports),
            cwd=folder,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_until_healthy(url, process, folder / "standalone.log")
        given = {"username": OPERATOR, "password": PASSWORDS[OPERATOR]}
        token = (
            httpx.post(f"{url}/auth/token", json=given, timeout=ANSWER_SECONDS)
            .raise_for_status()
            .json()["access_token"]
        )
        yield RealAirflow(url, {"authorization": f"Bearer {token}"})
    finally:
        _stop(process)


def _environment(folder: Path, port: int, log_ports: list[int]) -> dict[str, str]:
    settings = {
        "CORE__LOAD_EXAMPLES": "False",
        "CORE__PARALLELISM": "2",
        "CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "CORE__SIMPLE_AUTH_MANAGER_USERS": f"{OPERATOR}:admin,{READER}:viewer",
        "CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(folder / "passwords.json"),
        "API__HOST": "127.0.0.1",
        "API__PORT": str(port),
        "API__BASE_URL": f"http://127.0.0.1:{port}",
        "API__WORKERS": "1",
        "LOGGING__WORKER_LOG_SERVER_PORT": str(log_ports[0]),
        "LOGGING__TRIGGER_LOG_SERVER_PORT": str(log_ports[1]),
        "USAGE_DATA_COLLECTION__ENABLED": "False",
    }
    return {
        "AIRFLOW_HOME": str(folder),
        "HOME": str(folder),
        "PATH": f"{peer_python('airflow').parent}{os.pathsep}{os.defpath}",
        "PYTHONDONTWRITEBYTECODE": "1",
        **{f"AIRFLOW__{name}": value for name, value in settings.items()},
    }


def _wait_until_healthy(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            told = httpx.get(f"{url}/api/v2/monitor/health", timeout=5).json()
            if all(part.get("status") == "healthy" for part in told.values()):
                return
        except (httpx.HTTPError, ValueError):
            pass  # not up yet
        time.sleep(0.5)
    raise AssertionError(f"Airflow did not become healthy; it said:\n{log.read_text()[-3000:]}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """The whole group: standalone, scheduler, DAG processor, triggerer, API server and the tasks they run."""
    for each in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, each)
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            continue
        except ProcessLookupError:
            break
    process.wait(timeout=10)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(each.getsockname()[1]) for each in sockets]
    for each in sockets:
        each.close()
    return ports
