"""One question or one alert from the terminal, without Slack: the same graphs, a throw-away home, and an exit."""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncGenerator, Generator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Literal

from agent.models import Alert, Answer, Diagnosis, Evidence, new_id
from agent.settings import Settings
from agent.sources import parse_alert
from deploy.running import simulated_environment
from deploy.terminal import progress
from slack_app.application import Application, Follow

Aws = Literal["simulated", "real"]


async def ask_once(question: str, scenario: str, aws: Aws) -> tuple[Answer, list[Evidence]]:
    """The answer to a question, in the account as the scenario left it (or all of them, when none is named)."""
    async with _running(scenario, aws) as (app, follow):
        return await app.ask(question, [], new_id("run"), follow)


async def analyse_once(payload: dict[str, Any], scenario: str, aws: Aws) -> tuple[Alert, Diagnosis, list[Evidence]]:
    """The diagnosis of one alert payload."""
    async with _running(scenario, aws) as (app, follow):
        alert = parse_alert(payload, app.deps.clock())
        diagnosis, evidence = await app.analyse(alert, new_id("run"), follow)
        return alert, diagnosis, evidence


@asynccontextmanager
async def _running(scenario: str, aws: Aws) -> AsyncGenerator[tuple[Application, Follow]]:
    settings = Settings.read()
    async with AsyncExitStack() as stack:
        show = stack.enter_context(progress())
        if aws == "simulated":
            show("Preparing the simulated AWS account")
            stack.enter_context(simulated_account(scenario, settings))
        show("Starting")
        from slack_app.bootstrap import application, build_deps

        home = stack.enter_context(tempfile.TemporaryDirectory(prefix="watchkeeper-"))
        of_its_own = {"home": Path(home), "store": "sqlite", "queue_url": ""}
        held = build_deps(settings.model_copy(update=of_its_own))
        stack.callback(held.close)
        app = await stack.enter_async_context(application(held.deps))

        async def follow(part: dict[str, Any]) -> None:
            if part.get("kind") == "tool_started":
                show(str(part["question"]))

        yield app, follow


@contextmanager
def simulated_account(scenario: str, settings: Settings) -> Generator[None]:
    """The simulated account, reached as any account is: by boto3's own environment variables."""
    from deploy.local.account import SimulatedAccount, load_scenario, scenario_names

    wanted = [load_scenario(name) for name in ([scenario] if scenario else scenario_names())]
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
