"""One question or one alert from the terminal, without Slack: the same graphs, a throw-away home, and an exit."""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Literal

from agent.models import Alert, Answer, Diagnosis, Evidence, new_id
from agent.settings import Settings
from agent.sources import parse_alert
from deploy.looked_up import for_one_run
from deploy.real_account import need_credentials
from deploy.running import simulated_environment
from deploy.terminal import progress
from slack_app.application import Application, Follow

Aws = Literal["simulated", "real"]


async def ask_once(question: str, scenario: str, aws: Aws) -> tuple[Answer, list[Evidence]]:
    """The answer to a question, in the account as the scenario left it (or all of them, when none is named)."""
    from tools.inventory import read_inventory

    async with _running(scenario, aws) as (app, follow):
        await read_inventory(app.deps)  # a process's first look builds its clients; names are looked up within seconds
        return await app.ask(question, [], new_id("run"), follow)


async def analyse_once(payload: Any, scenario: str, aws: Aws) -> tuple[Alert, Diagnosis, list[Evidence]]:
    """The diagnosis of one alert payload."""
    async with _running(scenario, aws) as (app, follow):
        alert = parse_alert(payload, app.deps.clock())
        diagnosis, evidence = await app.analyse(alert, new_id("run"), follow)
        return alert, diagnosis, evidence


@asynccontextmanager
async def _running(scenario: str, aws: Aws) -> AsyncGenerator[tuple[Application, Follow]]:
    if aws == "real":
        need_credentials()
    settings = for_one_run(Settings.read(), aws)
    async with AsyncExitStack() as stack:
        show = stack.enter_context(progress())
        if aws == "simulated":
            from deploy.local.account import scenario_names

            show("Preparing the simulated AWS account")
            stack.enter_context(simulated_account([scenario] if scenario else scenario_names(), settings))
        show("Starting")
        app = await stack.enter_async_context(application_once(settings))

        async def follow(part: dict[str, Any]) -> None:
            if part.get("kind") == "tool_started":
                show(str(part["question"]))

        yield app, follow


@asynccontextmanager
async def application_once(settings: Settings) -> AsyncGenerator[Application]:
    """The application with embedded stores in a home that is thrown away."""
    from slack_app.bootstrap import application, build_deps

    async with AsyncExitStack() as stack:
        home = stack.enter_context(tempfile.TemporaryDirectory(prefix="watchkeeper-"))
        of_its_own = {"home": Path(home), "store": "sqlite", "queue_url": ""}
        held = build_deps(settings.model_copy(update=of_its_own))
        stack.callback(held.close)
        yield await stack.enter_async_context(application(held.deps))


@contextmanager
def simulated_account(scenarios: Sequence[str], settings: Settings) -> Generator[None]:
    """The simulated account after these scenarios, reached as any account is: by boto3's own environment variables."""
    from deploy.local.account import SimulatedAccount, load_scenario

    wanted = [load_scenario(name) for name in scenarios]
    with SimulatedAccount() as account:
        for each in wanted:
            account.load(each)
        before = dict(os.environ)
        os.environ.update(simulated_environment(account.environment(), settings))
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)
