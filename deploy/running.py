"""`watchkeeper run`: the local world when no tokens are set, and the service itself."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

import aiohttp

from agent.errors import SettingsError
from agent.settings import Settings
from agent.sources import SOURCES, read_mappings
from deploy.local.account.scenario import load_scenario
from deploy.local.world import World, local_world
from deploy.local_home import fresh_home, has_local_workspace
from deploy.looked_up import for_the_service
from deploy.real_account import NO_CREDENTIALS, credentials_are_there
from deploy.start_checks import check_start
from slack_app.tokens import check_tokens

ALSO_LOADED = "lambda-cost-spike"
"""Something to ask about in the first minute, beside the first alert."""
FIRE_TIMEOUT_SECONDS = 30
TRIED_SOURCE = "datadog"
TRIED_ALERT = '{"title": "Invocations of media-thumbnailer are high", "alert_id": "1", "alert_transition": "Triggered"}'
"""What the example sends: about what `ALSO_LOADED` has broken, so that it is an incident beside the first alert's."""

ABOUT_THE_EXAMPLE = "opens an incident beside the first alert's; sent again, it counts in the same one"


async def run_everything(port: int, aws: Literal["simulated", "real"], first_alert: str) -> None:
    """Until Ctrl-C."""
    settings = Settings.read()
    if aws == "simulated" and settings.store != "sqlite":
        raise SettingsError("WATCHKEEPER_STORE=dynamodb needs a real account: add --aws real, or leave it out.")
    settings = for_the_service(settings, aws)
    if first_alert:
        load_scenario(first_alert)  # a wrong name is told before anything starts
    local_slack = has_local_workspace(settings)
    if not local_slack:
        check_tokens(settings)
    check_start(settings)
    with ExitStack() as stack:
        world: World | None = None
        made_up = False
        if local_slack or aws == "simulated":
            parts = ("the simulated AWS account", aws == "simulated"), ("the local workspace", local_slack)
            _tell(f"Preparing {' and '.join(part for part, wanted in parts if wanted)} …")
            world = await asyncio.to_thread(stack.enter_context, local_world(port, [ALSO_LOADED]))
        if world is not None and aws == "simulated":
            os.environ.update(simulated_environment(world.environment, settings))
        if world is not None and local_slack:
            own = webhook_settings(settings, port)
            made_up = bool(own)
            if aws == "simulated":
                own |= change_settings(settings, world.changes)
            home = fresh_home(settings.home, urlsplit(world.url).port or port)
            settings = for_the_service(Settings.read(**world.slack, **own, home=home), aws)
        shown = _Shown(world if local_slack else None, first_alert if aws == "simulated" else "", made_up)
        if aws == "real" and not credentials_are_there():
            sys.stderr.write(f"watchkeeper: {NO_CREDENTIALS} Until then, nothing in it can be read.\n")
        await _serve(settings, shown)


def simulated_environment(environment: dict[str, str], settings: Settings) -> dict[str, str]:
    """What leads boto3 into the simulated account. Bedrock is real even then, so its credentials are left alone."""
    own = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
    if "bedrock" not in settings.llm_providers:
        return environment
    return {name: value for name, value in environment.items() if name not in own}


def change_settings(settings: Settings, offered: dict[str, str]) -> dict[str, object]:
    """Of the simulated account and its people, what the user's own settings leave open."""
    own = settings.approvers or settings.action_policy is not None
    return {
        name: value
        for name, value in offered.items()
        if not getattr(settings, name) and not (name == "approvers" and own)
    }


def webhook_settings(settings: Settings, page_port: int) -> dict[str, object]:
    """Webhooks beside the local workspace, for this machine only, if none are set.

    Whoever can show a secret may send, so one is made up now; it is the same for every tool that has a webhook.
    """
    if settings.webhook_port or settings.webhook_secrets:
        return {}
    secret = secrets.token_hex(8)
    names = [source.name for source in SOURCES if source.verify is not None]
    names += [name for name in read_mappings(settings.webhook_mappings) if not {",", "="} & {*name}]
    all_named = ",".join(f"{name}={secret}" for name in dict.fromkeys(names))
    return {"webhook_port": _free_port(page_port + 1), "webhook_host": "127.0.0.1", "webhook_secrets": all_named}


def webhook_example(settings: Settings, made_up: bool = True) -> str:
    """A command that sends an alert; "" where nothing listens for it. A secret of the user's own is not shown."""
    secret = settings.webhook_secret_of(TRIED_SOURCE)
    if not settings.webhook_port or secret is None:
        return ""
    url = f"http://127.0.0.1:{settings.webhook_port}/webhooks/{TRIED_SOURCE}"
    header = f"'Authorization: Bearer {secret.get_secret_value()}'" if made_up else '"Authorization: Bearer $SECRET"'
    return f"curl -H {header} -d '{TRIED_ALERT}' {url}"


def _free_port(wanted: int) -> int:
    """This one, or another if it is taken."""
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", wanted))
        except (OSError, OverflowError):
            probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class _Shown:
    """What is told and posted at the start. `made_up`: whether the webhooks' secret is."""

    world: World | None
    first_alert: str
    made_up: bool


async def _serve(settings: Settings, shown: _Shown) -> None:
    from slack_app.bootstrap import build_deps
    from slack_app.service import listen
    from slack_app.worker_process import worker_process

    held = build_deps(settings)
    try:
        service = asyncio.create_task(listen(held.deps, _ready(settings, shown)))
        loop = asyncio.get_running_loop()
        for sign in (signal.SIGINT, signal.SIGTERM):
            with suppress(NotImplementedError):  # Windows has no handlers here; Ctrl-C still works
                loop.add_signal_handler(sign, service.cancel)
        async with worker_process(settings):
            with suppress(asyncio.CancelledError):
                await service
        _tell("Stopped.")
    finally:
        held.close()


def _ready(settings: Settings, shown: _Shown) -> Callable[[str], Awaitable[None]]:
    async def ready(how: str) -> None:
        model = (
            "the offline analyst (set WATCHKEEPER_LLM for a language model)"
            if settings.llm == "offline"
            else settings.llm
        )
        world = shown.world
        if world is None:
            _tell(f"Watchkeeper is connected to Slack by {how}, and thinks with {model}.")
            return
        example = webhook_example(settings, shown.made_up)
        send = f"\n    Send  {example}\n          ({ABOUT_THE_EXAMPLE})" if example else ""
        _tell(f"Watchkeeper is running with {model}.\n\n    Open  {world.url}{send}\n\nCtrl-C stops it.")
        if shown.first_alert:
            await _fire(world, shown.first_alert)

    return ready


async def _fire(world: World, scenario: str) -> None:
    timeout = aiohttp.ClientTimeout(total=FIRE_TIMEOUT_SECONDS)
    url = f"{world.url}/_/scenarios/{scenario}/fire"
    async with aiohttp.ClientSession(timeout=timeout) as http, http.post(url, json={"user": ""}) as reply:
        said = await reply.json()
    if not said.get("ok"):  # worth a word, but everything else runs
        _tell(f"The first alert, {scenario}, could not be posted: {said.get('error')}")


def _tell(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
