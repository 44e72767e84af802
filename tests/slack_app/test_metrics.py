"""GET /metrics over HTTP, with counts of other processes, read by Prometheus's own parser."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families
from slack_bolt import App
from slack_sdk.signature import SignatureVerifier

from agent.models import Job, JobKind
from agent.ports import Deps
from agent.settings import Settings
from slack_app.bolt import SlackApp
from slack_app.bootstrap import build_deps
from slack_app.intake import Identity
from slack_app.web.metrics import metrics_port
from slack_app.web.server import signed_http
from tests.agent.examples import NOW
from tests.tools.telemetry.counted import Counted

SECRET, TOKEN = "signing-" + "secret", "metrics-" + "token"
WORKER = """
import sys
from pathlib import Path
from tools.telemetry.prometheus import metrics_in
metrics = metrics_in(Path(sys.argv[1]))
metrics.run_ended("conversation", "ok", 1.5)
metrics.model_called("analyst", "m-1", "ok", 0.2)
metrics.tokens_used("analyst", "m-1", 900, 80, 0.25)
metrics.degraded("router")
metrics.tool_called("resource_metrics", "timeout", 20)
metrics.request_refused("signature")
metrics.feedback_given(False)
print("counted", flush=True)
sys.stdin.read()
"""


@dataclass
class Service:
    deps: Deps
    url: str
    counted: Counted

    async def get(self, **headers: str) -> tuple[int, str]:
        async with aiohttp.ClientSession() as http, http.get(f"{self.url}/metrics", headers=headers) as reply:
            return reply.status, await reply.text()

    async def samples(self, **headers: str) -> dict[tuple[str, ...], float]:
        """Every sample: its name, its labels' values in order of their names, and its value."""
        status, text = await self.get(**headers)
        assert status == 200
        return {
            (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }


@asynccontextmanager
async def listening(home: Path, port: int, **settings: Any) -> AsyncGenerator[Service]:
    """The port for metrics, as Socket Mode has it."""
    counted = Counted()
    read = Settings.read(home=home, slack_app_token="xapp-" + "test", metrics_port=port, **settings)
    held = build_deps(read, metrics=counted)
    try:
        async with metrics_port(held.deps):
            yield Service(held.deps, f"http://127.0.0.1:{port}", counted)
    finally:
        held.close()


def worker(home: Path) -> subprocess.Popen[str]:
    """A process that counts and stays."""
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(home / "metrics")],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "counted\n"
    return process


async def test_the_counts_of_all_processes_are_added_up(tmp_path: Path, unused_tcp_port: int) -> None:
    async with listening(tmp_path, unused_tcp_port) as service:
        first, second = worker(tmp_path), worker(tmp_path)
        first.communicate("")  # what a process counted stays when it has ended
        service.deps.queue.send(Job(id="job_1", kind=JobKind.mention, idempotency_key="k", payload={}, created_at=NOW))
        samples = await service.samples()
        second.communicate("")

    assert samples["watchkeeper_runs_total", "conversation", "ok"] == 2
    assert samples["watchkeeper_run_duration_seconds_count", "conversation"] == 2
    assert samples["watchkeeper_run_duration_seconds_bucket", "conversation", "2.0"] == 2
    assert samples["watchkeeper_run_duration_seconds_bucket", "conversation", "1.0"] == 0
    assert samples["watchkeeper_model_calls_total", "m-1", "ok", "analyst"] == 2
    assert samples["watchkeeper_tokens_total", "input", "m-1", "analyst"] == 1800
    assert samples["watchkeeper_llm_usd_total", "m-1", "analyst"] == 0.5
    assert samples["watchkeeper_degraded_total", "router"] == 2
    assert samples["watchkeeper_tool_calls_total", "timeout", "resource_metrics"] == 2
    assert samples["watchkeeper_requests_refused_total", "signature"] == 2
    assert samples["watchkeeper_feedback_total", "bad"] == 2
    assert samples[("watchkeeper_queue_depth",)] == 1


async def test_a_new_start_forgets_processes_that_have_ended(tmp_path: Path, unused_tcp_port: int) -> None:
    ended, alive = worker(tmp_path), worker(tmp_path)
    ended.communicate("")
    async with listening(tmp_path, unused_tcp_port) as service:
        assert (await service.samples())["watchkeeper_runs_total", "conversation", "ok"] == 1
    alive.communicate("")


async def test_other_machines_need_the_token(tmp_path: Path, unused_tcp_port: int) -> None:
    async with listening(tmp_path, unused_tcp_port) as service:
        assert (await service.get())[0] == 200
        through_a_proxy = await service.get(**{"X-Forwarded-For": "203.0.113.9"})
        assert through_a_proxy[0] == 403
        rebound = [await service.get(Host=name) for name in ("evil.example", "localhost.evil.example:9", "[::1", "")]
        assert {status for status, _ in rebound} == {403}
        assert (await service.get(Host="localhost:9090"))[0] == 200
        assert service.counted.of("request_refused") == [("metrics",)] * 5
    async with listening(tmp_path, unused_tcp_port, metrics_token=TOKEN) as service:
        assert (await service.get())[0] == 403
        assert (await service.get(Authorization="Bearer wrong"))[0] == 403
        assert (await service.get(Authorization=f"Bearer {TOKEN}"))[0] == 200


async def test_a_port_that_is_taken_is_told_by_its_setting(tmp_path: Path, unused_tcp_port: int) -> None:
    async with listening(tmp_path / "a", unused_tcp_port):
        with pytest.raises(Exception, match=f"WATCHKEEPER_METRICS_PORT: {unused_tcp_port} is taken"):
            async with listening(tmp_path / "b", unused_tcp_port):
                pass


async def test_signed_http_has_metrics_too_and_counts_what_it_refuses(tmp_path: Path) -> None:
    counted = Counted()
    held = build_deps(Settings.read(home=tmp_path, slack_signing_secret=SECRET, http_port=0), metrics=counted)
    bolt = App(signing_secret=SECRET, token_verification_enabled=False, authorize=_nobody)
    slack = SlackApp(bolt, Identity(team_id="T1", bot_user_id="U1", bot_id="B1"))
    process = worker(tmp_path)
    signed = {"X-Slack-Request-Timestamp": str(int(time.time())), "X-Slack-Signature": "v0=forged"}
    async with signed_http(slack, held.deps, "127.0.0.1") as url, aiohttp.ClientSession() as http:
        samples = await Service(held.deps, url, counted).samples()
        for headers, body in (({"X-Slack-Request-Timestamp": "x"}, b"{}"), (signed, b"{}"), (signed, b"x" * 2_000_000)):
            async with http.post(f"{url}/slack/events", data=io.BytesIO(body), headers=headers) as reply:
                assert reply.status in (401, 413)
    process.communicate("")
    held.close()
    assert samples["watchkeeper_runs_total", "conversation", "ok"] == 1
    assert counted.of("request_refused") == [("timestamp",), ("signature",), ("size",)]


async def test_of_two_headers_with_one_name_the_one_that_was_looked_at_counts(tmp_path: Path) -> None:
    held = build_deps(Settings.read(home=tmp_path, slack_signing_secret=SECRET, http_port=0))
    bolt = App(signing_secret=SECRET, token_verification_enabled=False, authorize=_nobody)
    slack = SlackApp(bolt, Identity(team_id="T1", bot_user_id="U1", bot_id="B1"))
    now, body = str(int(time.time())), json.dumps({"type": "url_verification", "challenge": "c"})
    right = str(SignatureVerifier(SECRET).generate_signature(timestamp=now, body=body))
    stamp, signature = "X-Slack-Request-Timestamp", "X-Slack-Signature"
    sent = {
        200: [(stamp, now), (signature, right), (stamp, "yesterday"), (signature, "v0=forged")],
        401: [(stamp, now), (signature, "v0=forged"), (signature, right)],
    }
    async with signed_http(slack, held.deps, "127.0.0.1") as url, aiohttp.ClientSession() as http:
        for status, headers in sent.items():
            async with http.post(f"{url}/slack/events", data=body, headers=headers) as reply:
                assert reply.status == status
    held.close()


def _nobody(**_: Any) -> None:
    return None


@pytest.mark.slow
def test_without_a_reader_nothing_is_counted_nor_loaded(tmp_path: Path) -> None:
    code = (
        "import sys; from slack_app.bootstrap import build_deps; from agent.settings import Settings;"
        "held = build_deps(Settings.read()); held.close();"
        "heavy = ('prometheus_client', 'opentelemetry.exporter', 'mcp.');"
        "print([name for name in sys.modules if name.startswith(heavy)])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "WATCHKEEPER_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
    assert not (tmp_path / "metrics").exists()
