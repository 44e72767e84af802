"""The doctor's look at who may send alerts over HTTP: where Watchkeeper listens for them, and what lacks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from agent.errors import SettingsError
from agent.settings import Settings
from agent.sources import Mappings, read_mappings, source_named
from deploy.local_home import has_local_workspace
from slack_app.tokens import is_one_shot

NAME = "Webhooks"
BY_CERTIFICATE = "sns"
"""It signs with a certificate of its own; its topics are listed."""


def check_webhooks(settings: Settings) -> Iterator[dict[str, Any]]:
    """As keywords of `Check`. Secrets are never said; entries without a name or a `=` are mistakes of the settings."""
    try:
        mappings = read_mappings(settings.webhook_mappings)
    except SettingsError as error:
        yield _check("fail", str(error), "correct the file, or unset WATCHKEEPER_WEBHOOK_MAPPINGS")
        return
    names, port = list(dict.fromkeys(settings.webhook_names)), _port(settings)
    senders = [*names, *([BY_CERTIFICATE] if settings.sns_topics else [])]
    if port and senders:
        yield _check("ok", f"port {port}; {', '.join(senders)} may send")
    elif senders:
        fix = "set WATCHKEEPER_WEBHOOK_PORT"
        yield _check("warn", f"{', '.join(senders)} may send, but nothing listens for them", fix)
    elif settings.webhook_port:
        fix = "set WATCHKEEPER_WEBHOOK_SECRETS=datadog=… (docs/webhooks.md)"
        yield _check("warn", f"port {port} is open, but nobody has a secret to send with", fix)
    elif has_local_workspace(settings):
        yield _check("ok", "`watchkeeper run` makes up a secret and shows how to send")
    elif not is_one_shot(settings):  # where it is a mistake, and said
        yield _check("ok", "off", "set WATCHKEEPER_WEBHOOK_PORT and _SECRETS to take alerts of monitoring tools")
    for name in names:
        if wrong := _wrong(name, mappings):
            yield _check("warn", wrong, "docs/alert-sources.md lists the names; others are in your mappings")


def _port(settings: Settings) -> int:
    """With signed HTTP it is the one that Slack calls, too."""
    signed = settings.slack_signing_secret is not None and settings.slack_app_token is None
    return settings.http_port if signed else settings.webhook_port


def _wrong(name: str, mappings: Mappings) -> str:
    source = source_named(name, mappings)
    if source is None:
        return f"a secret is set for {name}, and no source has this name"
    return f"a secret is set for {name}, which cannot send over HTTP" if source.verify is None else ""


def _check(status: str, message: str, fix: str = "") -> dict[str, Any]:
    return {"name": NAME, "status": status, "message": message, "fix": fix}
