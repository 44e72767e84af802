"""The doctor's look at ticket systems, monitoring tools and one-shot mode: harmless reads, and the exact fix."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any, Protocol

import httpx
from pydantic import SecretStr

from agent.alert_rules import read_rules
from agent.errors import SettingsError, WatchkeeperError
from agent.settings import Settings
from slack_app.tokens import is_one_shot
from tools.json_api import TIMEOUT_SECONDS
from tools.origins import KNOWN
from tools.tickets.jira import Jira
from tools.tickets.pager_duty import PagerDuty
from tools.tickets.service_now import ServiceNow

NAMES = {"servicenow": "ServiceNow", "jira": "Jira", "pagerduty": "PagerDuty"}
NOTHING_TO_POST = 400
"""What an incoming webhook answers to a message without anything in it: it is there, and nothing was posted."""


class Checked(Protocol):
    async def check(self) -> str: ...


def check_outside(settings: Settings) -> list[dict[str, Any]]:
    """As keywords of `Check`; nothing for what is not set."""
    makers: list[tuple[str, Callable[[], Checked]]] = []
    if settings.servicenow_url:
        makers.append(("Tickets: ServiceNow", partial(ServiceNow.of, settings)))
    if settings.jira_url:
        makers.append(("Tickets: Jira", partial(Jira.of, settings)))
    if settings.pagerduty_routing_key is not None:
        makers.append(("Tickets: PagerDuty", partial(PagerDuty.of, settings)))
    makers += [(f"At the source: {name}", partial(KNOWN[name], settings)) for name in settings.close_at_source]
    return [*_wanted(settings), *(_checked(name, make) for name, make in makers)]


def check_one_shot(settings: Settings) -> list[dict[str, Any]]:
    """What this mode means, and whether its webhooks are there."""
    if not is_one_shot(settings):
        return []
    said = "one-shot mode: analyses are posted by an incoming webhook; no questions, no buttons, no edits"
    checks = [_check("Slack", "ok", said, "set WATCHKEEPER_SLACK_BOT_TOKEN for all of it")]
    if not settings.webhook_port:
        fix = "set WATCHKEEPER_WEBHOOK_PORT and WATCHKEEPER_WEBHOOK_SECRETS (docs/webhooks.md)"
        checks.append(_check("Webhooks", "warn", "no port is set, so that no alert can arrive", fix))
    named = {
        "WATCHKEEPER_SLACK_WEBHOOK_URL": settings.slack_webhook_url,
        "WATCHKEEPER_SLACK_WEBHOOK_CRITICAL_URL": settings.slack_webhook_critical_url,
        "WATCHKEEPER_SLACK_WEBHOOK_HEARTBEAT_URL": settings.slack_webhook_heartbeat_url,
    }
    return checks + [_webhook(variable, url) for variable, url in named.items() if url is not None]


def _wanted(settings: Settings) -> Iterator[dict[str, Any]]:
    """Ticket systems that the settings or the alert rules name, and that are not set up."""
    by_rules: tuple[str, ...] = ()
    with suppress(SettingsError):  # said by the rules' own check
        by_rules = read_rules(settings.alert_rules).tickets if settings.alert_rules else ()
    there = {
        "servicenow": settings.servicenow_url,
        "jira": settings.jira_url,
        "pagerduty": settings.pagerduty_routing_key,
    }
    for system in dict.fromkeys(filter(None, (settings.tickets, *by_rules))):
        if not there[system]:
            who = "WATCHKEEPER_TICKETS names" if system == settings.tickets else "an alert rule names"
            fix = "set its address and credentials (docs/tickets.md), or do not name it"
            yield _check(f"Tickets: {NAMES[system]}", "fail", f"{who} {NAMES[system]}, which is not set up", fix)


def _checked(name: str, make: Callable[[], Checked]) -> dict[str, Any]:
    try:
        return _check(name, "ok", asyncio.run(make().check()))
    except WatchkeeperError as error:
        return _check(name, "fail", str(error), "correct what it names (docs/tickets.md)")


def _webhook(variable: str, url: SecretStr) -> dict[str, Any]:
    """An empty message: Slack refuses it if the webhook is there, and posts nothing."""
    try:
        answer = httpx.post(url.get_secret_value(), json={}, timeout=TIMEOUT_SECONDS)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        said = f"{variable} cannot be reached ({type(error).__name__})"
        return _check("Incoming webhook", "fail", said, "check the address and the network")
    if answer.status_code == NOTHING_TO_POST:
        return _check("Incoming webhook", "ok", f"{variable} is there")
    fix = "make a new incoming webhook in the Slack app's settings, and set the variable to its address"
    return _check("Incoming webhook", "fail", f"{variable}: Slack answers {answer.text[:60].strip()}", fix)


def _check(name: str, status: str, message: str, fix: str = "") -> dict[str, Any]:
    return {"name": name, "status": status, "message": message, "fix": fix}
