"""One question through the running service as its processes see it: a trace, counts, log lines and a footer, one id."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from deploy.local.account import SimulatedAccount, load_scenario
from deploy.local.workspace.background import RunningWorkspace
from tests.e2e.service import replies, text_of
from tests.tools.telemetry.collector import attributes, collector

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
SERVICE = """
import asyncio, sys
from agent.logs import read_log_settings, set_up_logging
from agent.settings import Settings
from slack_app.bootstrap import build_deps
from slack_app.service import listen
from slack_app.worker_process import worker_process

async def main():
    settings = Settings.read()
    held = build_deps(settings)
    async def ready(_):
        print("ready", flush=True)
    async with worker_process(settings):
        await listen(held.deps, ready)

set_up_logging(read_log_settings(), sys.stderr)
asyncio.run(main())
"""


def test_one_id_leads_through_trace_log_counts_and_answer(
    account: SimulatedAccount, workspace: RunningWorkspace, tmp_path: Path, unused_tcp_port: int
) -> None:
    account.load(load_scenario("lambda-errors-after-deploy"))
    with collector() as got:
        environment = {
            **os.environ,
            "WATCHKEEPER_SLACK_BOT_TOKEN": workspace.bot_token,
            "WATCHKEEPER_SLACK_APP_TOKEN": workspace.app_token,
            "WATCHKEEPER_SLACK_API_URL": workspace.api_url,
            "WATCHKEEPER_HOME": str(tmp_path / "home"),
            "WATCHKEEPER_OTLP_ENDPOINT": got.url,
            "WATCHKEEPER_METRICS_PORT": str(unused_tcp_port),
            "WATCHKEEPER_LOG_FORMAT": "json",
            "WATCHKEEPER_LOG_LEVEL": "INFO",
        }
        with (tmp_path / "log").open("w") as log:
            service = subprocess.Popen(
                [sys.executable, "-c", SERVICE], cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=log
            )
        try:
            assert service.stdout is not None
            assert service.stdout.readline() == b"ready\n"
            ts = workspace.post_as("maya", "general", f"<@{workspace.bot_user}> why does checkout fail?")
            workspace.wait_for(lambda: any("run job_" in text_of(m) for m in replies(workspace, "general", ts)), 60)
            answer = " ".join(text_of(message) for message in replies(workspace, "general", ts))
            counts = _counts(unused_tcp_port)
            workspace.wait_for(lambda: "invoke_agent conversation" in got.names(), 60)
        finally:
            service.terminate()
            service.communicate(timeout=20)

    run_id = attributes(got.named("invoke_agent conversation"))["watchkeeper.run.id"]
    assert f"run {run_id}" in answer
    assert {attributes(span)["watchkeeper.run.id"] for span in got.spans} == {run_id}
    assert {attributes(span).get("watchkeeper.model.role") for span in got.spans} > {"router", "specialist"}
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert run_id in {line["run_id"] for line in lines}
    assert counts["watchkeeper_runs_total", "conversation", "ok"] == 1
    assert counts["watchkeeper_model_calls_total", "offline-analyst", "ok", "analyst"] >= 1
    assert any(key[0] == "watchkeeper_tool_calls_total" for key in counts)


def _counts(port: int) -> dict[tuple[Any, ...], float]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as reply:
        text = reply.read().decode()
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
