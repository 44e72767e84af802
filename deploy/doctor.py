"""`watchkeeper doctor`: every setting, token scope, permission and endpoint; what is missing, and the exact fix."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

import yaml
from dotenv import dotenv_values
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from agent.errors import SettingsError
from agent.settings import Settings
from deploy.doctor_approvers import check_approvers
from deploy.doctor_aws import check_aws
from deploy.doctor_channels import check_channels, listed_channels
from deploy.doctor_detection import check_detection
from deploy.doctor_executor import check_executor
from deploy.doctor_mcp import check_mcp
from deploy.doctor_models import check_models
from deploy.doctor_outside import check_one_shot, check_outside
from deploy.doctor_policy import check_policy
from deploy.doctor_rules import check_rules
from deploy.doctor_secrets import check_sealing, check_secrets
from deploy.doctor_webhooks import check_webhooks
from slack_app.tokens import check_tokens
from tools.secrets import secret_environment
from tools.stores.sqlite.database import unusable

PREFIX = "WATCHKEEPER_"
LIKENESS = 0.8
MANIFEST = Path(__file__).parents[1] / "slack_app" / "manifest.yaml"


@dataclass(frozen=True)
class Check:
    """One line of the report. `fix` is what to do, when there is something."""

    name: str
    status: Literal["ok", "warn", "fail"]
    message: str
    fix: str = ""

    def as_json(self) -> dict[str, str]:
        return asdict(self)


def examine(aws: Literal["simulated", "real"]) -> list[Check]:
    """All checks, in the order in which a person would fix things."""
    checks = [_python()]
    try:
        settings = Settings.read()
    except SettingsError as error:
        return [*checks, Check("Settings", "fail", str(error), "correct the variable, in the environment or in .env")]
    settings, secrets = check_secrets(settings, aws)
    checks += [check_settings(), _home(settings), *(Check(**check) for check in secrets)]
    checks += [Check(**check_sealing(settings))]
    checks += [Check(**check) for check in check_models(settings)]
    checks += [Check(**check_rules(settings)), *_slack(settings)]
    checks += [Check(**check) for check in check_webhooks(settings)]
    checks += [Check(**check) for check in check_aws(settings, aws)]
    checks += [Check(**check) for check in check_executor(settings, aws)]
    checks += [Check(**check_policy(settings))]
    checks += [Check(**check) for check in check_detection(settings)]
    checks += [Check(**check) for check in check_mcp(settings, secret_environment(settings, os.environ))]
    checks += [Check(**check) for check in check_outside(settings)]
    return checks


def _python() -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    return Check("Python", "ok", version)


def check_settings() -> Check:
    """A misspelt variable would be ignored without a word."""
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    given = {*os.environ, *dotenv_values(str(Settings.model_config.get("env_file")))}
    strange = sorted(name for name in given if name.startswith(PREFIX) and name not in known and "_TEST_" not in name)
    if not strange:
        return Check("Settings", "ok", "all known and valid")
    meant = dict.fromkeys(close for name in strange for close in get_close_matches(name, known, 1, LIKENESS))
    fix = f"did you mean {', '.join(meant)}?" if meant else "docs/settings.md lists them all"
    one = len(strange) == 1
    return Check("Settings", "warn", f"{', '.join(strange)} {'is not a setting' if one else 'are not settings'}", fix)


def _home(settings: Settings) -> Check:
    try:
        settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe = settings.home / ".doctor"
        probe.write_text("")
        probe.unlink()
    except OSError as error:
        fix = "set WATCHKEEPER_HOME to a folder that you may write to"
        return Check("Store", "fail", f"{settings.home} is not writable ({error.strerror})", fix)
    names = (
        *(("watchkeeper.db",) if settings.store == "sqlite" else ()),
        *(() if settings.queue_url else ("queue.db",)),
    )
    for path in (settings.home / name for name in names):
        if problem := unusable(path):
            return Check("Store", "fail", problem, "until then nothing is answered, and nothing is changed")
    return Check("Store", "ok", f"{settings.store}; files in {settings.home}")


def _slack(settings: Settings) -> Iterator[Check]:
    tokens = (settings.slack_bot_token, settings.slack_app_token, settings.slack_signing_secret)
    if one_shot := check_one_shot(settings):
        yield from (Check(**check) for check in one_shot)
        return
    if not any(tokens):
        fix = "set WATCHKEEPER_SLACK_BOT_TOKEN and WATCHKEEPER_SLACK_APP_TOKEN for real Slack"
        yield Check("Slack", "ok", "no tokens: `watchkeeper run` opens the local workspace", fix)
        return
    try:
        check_tokens(settings)
    except SettingsError as error:
        yield Check("Slack", "fail", str(error), "set both tokens")
        return
    assert settings.slack_bot_token is not None
    token = settings.slack_bot_token.get_secret_value()
    client = WebClient(token, base_url=settings.slack_api_url, logger=_silent())
    yield from _bot_token(client, settings)
    if settings.slack_app_token is not None:
        yield _app_token(client, settings.slack_app_token.get_secret_value())


def _silent() -> logging.Logger:
    """For a client whose failures are told as checks."""
    silent = logging.getLogger("deploy.doctor.slack")
    silent.disabled = True
    return silent


def _bot_token(client: WebClient, settings: Settings) -> Iterator[Check]:
    asked = _asked("Slack bot token", lambda: client.auth_test(), "copy the Bot User OAuth Token (xoxb-) again")
    if isinstance(asked, Check):
        yield asked
        return
    yield Check("Slack bot token", "ok", f"{asked.get('user')} in {asked.get('team')}")
    granted = {scope for scope in str(asked.headers.get("x-oauth-scopes", "")).split(",") if scope}
    wanted = set(yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))["oauth_config"]["scopes"]["bot"])
    if missing := sorted(wanted - granted):
        fix = "update the app from slack_app/manifest.yaml and install it again"
        yield Check("Slack scopes", "fail", f"missing: {', '.join(missing)}", fix)
    else:
        yield Check("Slack scopes", "ok", f"all {len(wanted)} granted")
    yield _channels(client, settings)
    yield from (Check(**check) for check in check_approvers(client, settings))


def _channels(client: WebClient, settings: Settings) -> Check:
    found = _asked("Slack channels", lambda: listed_channels(client), "grant channels:read and groups:read")
    return found if isinstance(found, Check) else Check(**check_channels(settings, found))


def _app_token(client: WebClient, token: str) -> Check:
    fix = "make an app-level token (xapp-) with connections:write under Basic Information"
    asked = _asked("Slack app token", lambda: client.apps_connections_open(app_token=token), fix)
    return asked if isinstance(asked, Check) else Check("Slack app token", "ok", "Socket Mode opens")


def _asked(name: str, call: Callable[[], Any], fix: str) -> Any:
    """Slack's reply, or the check that failed."""
    try:
        return call()
    except SlackApiError as error:
        return Check(name, "fail", f"Slack answers {error.response.get('error')}", fix)
    except OSError as error:
        reason = getattr(error, "reason", None) or error.strerror or type(error).__name__
        return Check(
            name, "fail", f"Slack cannot be reached ({reason})", "check WATCHKEEPER_SLACK_API_URL and the network"
        )
