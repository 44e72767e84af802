"""The simulated account as a server on loopback."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from deploy.local.account.faults import Fault
from deploy.local.account.gate import Gate
from deploy.local.account.http_server import Server
from deploy.local.account.iam.permissions import account_id_of
from deploy.local.account.iam.sessions import READER_KEY
from deploy.local.account.moto_app import MotoApp, StartResponse
from deploy.local.account.overlay import AMENDED, OWNED, Overlay
from deploy.local.account.scenario import Scenario
from deploy.local.account.seed import seed
from deploy.local.account.seed.identities import EXECUTOR_ROLE
from deploy.local.account.sql import OpenEngine, SqlDatabase
from deploy.local.account.state import Account, Loaded, utc_now

_POLL_SECONDS = 0.05
"""How often the server looks whether it is to stop."""


class SimulatedAccount:
    """An AWS account on 127.0.0.1 that boto3 reaches through endpoint URLs.

        with SimulatedAccount() as account:
            account.load(load_scenario("lambda-cost-spike"))
            os.environ.update(account.environment())

    Scenarios add up. Loading one again under a later `now` rebuilds it at that time, and leaves the others as they were
    when they were loaded. One account at a time in a process: moto's state belongs to the process.
    `sql_engine` runs the statements of the Data APIs: SQLite, unless another is given.
    `pace` is how long reactions to changes, rollouts and reboots take, compared with what scenarios say: 0 is at once.
    """

    def __init__(
        self,
        port: int = 0,
        clock: Callable[[], datetime] = utc_now,
        sql_engine: OpenEngine = SqlDatabase,
        pace: float = 1.0,
    ) -> None:
        self._port = port
        self._account = Account(MotoApp(), clock, sql_engine, pace)
        self._overlay = Overlay(self._account)
        self._gate = Gate()
        self._server: Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        if self._server is None:
            raise RuntimeError("The simulated account is not running: call start() first.")
        return f"http://127.0.0.1:{self._server.server_port}"

    def start(self) -> Self:
        self._server = Server(self._port, self._serve)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_POLL_SECONDS,), name="simulated-account", daemon=True
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
        self._server = self._thread = None
        self.reset()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def load(self, scenario: Scenario, now: datetime | None = None) -> None:
        """Add a scenario to the account, with its times relative to `now` (the present when absent).

        Raises InputError, and leaves the account without it, when the scenario refers to something it does not define.
        """
        loaded = Loaded(scenario, (now or self._account.now()).astimezone(UTC))
        with self._gate.change():
            is_new = scenario.name not in {each.scenario.name for each in self._account.loaded()}
            self._account.put(loaded)
            try:
                if is_new:
                    seed(self._account.moto, loaded)
                else:
                    self._rebuild()
            except Exception:
                self._account.remove(scenario.name)
                self._rebuild()
                raise
            faults = (Fault(**each.model_dump(), owner=scenario.name) for each in scenario.faults)
            self._account.faults.replace(scenario.name, faults)

    @property
    def executor_role_arn(self) -> str:
        """The role that may change what scenarios hold; it is there as soon as one is loaded."""
        return f"arn:aws:iam::{account_id_of(self._account)}:role/{EXECUTOR_ROLE}"

    def happened(self, name: str) -> tuple[str, ...]:
        """The names of a scenario's reactions that calls have brought about, in their order."""
        return tuple(
            each.reaction.name
            for loaded in self._account.loaded()
            if loaded.scenario.name == name
            for each in loaded.happened
        )

    def put(self, fault: Fault) -> None:
        """Let calls fail or hang from now on, until `heal`."""
        self._account.faults.put(fault)

    def heal(self) -> None:
        """No more faults."""
        self._account.faults.heal()

    def reset(self) -> None:
        """Empty the account, of its faults too."""
        self.heal()
        with self._gate.change():
            self._account.clear()
            self._account.moto.reset()

    def environment(self, read_only: bool = False) -> dict[str, str]:
        """Environment variables that lead boto3, and nothing else, into this account.

        With `read_only`, the credentials are those of a role that may read and assume roles; else they may do anything.
        """
        services = (*OWNED, *AMENDED, "s3", "ec2", "sts", "sns", "iam")
        return {
            "AWS_ENDPOINT_URL": self.url,
            **{f"AWS_ENDPOINT_URL_{_environment_name(service)}": self.url for service in services},
            "AWS_ACCESS_KEY_ID": READER_KEY if read_only else "simulated",
            "AWS_SECRET_ACCESS_KEY": "simulated",
            "AWS_DEFAULT_REGION": self._region(),
            "AWS_REGION": self._region(),
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def _rebuild(self) -> None:
        self._account.moto.reset()
        for each in self._account.loaded():
            seed(self._account.moto, each)

    def _region(self) -> str:
        loaded = self._account.loaded()
        return loaded[0].scenario.region if loaded else "us-east-1"

    def _serve(self, environ: dict[str, Any], start_response: StartResponse) -> Any:
        """Requests wait while a scenario is loaded, so that nobody sees half an account."""
        with self._gate.request():
            return self._overlay(environ, start_response)


def _environment_name(service: str) -> str:
    """AWS_ENDPOINT_URL_ is followed by the service's id: CloudWatch Logs is CLOUDWATCH_LOGS."""
    return _SERVICE_IDS.get(service, service).replace("-", "_").upper()


_SERVICE_IDS = {"ce": "cost-explorer", "logs": "cloudwatch-logs"}
