"""`watchkeeper run`: the local world when no tokens are set, and the service itself."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import ExitStack, suppress
from typing import Literal

import aiohttp

from agent.errors import SettingsError
from agent.settings import Settings
from deploy.local.account.scenario import load_scenario
from deploy.local.world import World, local_world
from slack_app.tokens import check_tokens

ALSO_LOADED = "lambda-cost-spike"
"""Something to ask about in the first minute, beside the first alert."""
FIRE_TIMEOUT_SECONDS = 30


async def run_everything(port: int, aws: Literal["simulated", "real"], first_alert: str) -> None:
    """Until Ctrl-C."""
    settings = Settings.read()
    if aws == "simulated" and settings.store != "sqlite":
        raise SettingsError("WATCHKEEPER_STORE=dynamodb needs a real account: add --aws real, or leave it out.")
    if first_alert:
        load_scenario(first_alert)  # a wrong name is told before anything starts
    tokens = (settings.slack_bot_token, settings.slack_app_token, settings.slack_signing_secret)
    local_slack = not any(tokens)
    if not local_slack:
        check_tokens(settings)
    _check_models(settings)
    with ExitStack() as stack:
        world: World | None = None
        if local_slack or aws == "simulated":
            _tell("Preparing the simulated AWS account and the local workspace …")
            world = await asyncio.to_thread(stack.enter_context, local_world(port, [ALSO_LOADED]))
        if world is not None and aws == "simulated":
            os.environ.update(simulated_environment(world.environment, settings))
        if world is not None and local_slack:
            settings = Settings.read(**world.slack)
        await _serve(settings, world if local_slack else None, first_alert if aws == "simulated" else "")


def _check_models(settings: Settings) -> None:
    """A model that cannot be set up is told before anything starts, and not by a worker that dies again and again."""
    if settings.llm_providers:
        from slack_app.bootstrap import check_models

        check_models(settings)


def simulated_environment(environment: dict[str, str], settings: Settings) -> dict[str, str]:
    """What leads boto3 into the simulated account. Bedrock is real even then, so its credentials are left alone."""
    own = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
    if "bedrock" not in settings.llm_providers:
        return environment
    return {name: value for name, value in environment.items() if name not in own}


async def _serve(settings: Settings, world: World | None, first_alert: str) -> None:
    from slack_app.bootstrap import build_deps
    from slack_app.service import listen
    from slack_app.worker_process import worker_process

    held = build_deps(settings)
    try:
        service = asyncio.create_task(listen(held.deps, _ready(settings, world, first_alert)))
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


def _ready(settings: Settings, world: World | None, first_alert: str) -> Callable[[str], Awaitable[None]]:
    async def ready(how: str) -> None:
        model = (
            "the offline analyst (set WATCHKEEPER_LLM for a language model)"
            if settings.llm == "offline"
            else settings.llm
        )
        if world is None:
            _tell(f"Watchkeeper is connected to Slack by {how}, and thinks with {model}.")
            return
        _tell(f"Watchkeeper is running with {model}.\n\n    Open  {world.url}\n\nCtrl-C stops it.")
        if first_alert:
            await _fire(world, first_alert)

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
