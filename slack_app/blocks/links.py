"""Which addresses may be live in Slack: AWS consoles, Slack's own, and those that the settings name.

    trusted("https://us-east-1.console.aws.amazon.com/…")    -> True
    trusted("https://console.aws.amazon.com@evil.example/")  -> False

Blocks are drawn by pure functions that know no settings, so the process's list stands here, as the redaction's policy
does. It is set once, by `slack_app.bootstrap`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from agent.settings import Settings

URL_LIMIT = 1500
ALWAYS = (
    "console.aws.amazon.com",
    "console.amazonaws.cn",
    "console.amazonaws-us-gov.com",
    "health.aws.amazon.com",
    "slack.com",
)
PAGER_DUTY = "pagerduty.com"
"""Its incidents are at the company's own subdomain, which no setting names."""
_ADDRESS = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9.-]+)(?P<port>:\d{1,5})?([/?#][!-\[\]-~]*)?", re.IGNORECASE | re.ASCII
)
"""Of printable ASCII, without a backslash."""
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")

_hosts: list[tuple[str, ...]] = [ALWAYS]
_origins: list[frozenset[str]] = [frozenset()]


def trust(settings: Settings) -> None:
    """Make these settings' hosts the process's: `link_hosts`, and the systems whose addresses they give."""
    pager_duty = [PAGER_DUTY] if settings.pagerduty_routing_key or settings.pagerduty_token else []
    _hosts[0] = (*ALWAYS, *settings.link_hosts, *pager_duty)
    _origins[0] = frozenset(_origin(url) for url in _addresses(settings) if url)


def trusted(url: str) -> bool:
    """Whether it leads to a trusted host, or to a subdomain of one, by https and at its usual port.

    Only what every reader of addresses reads alike counts: a host in plain ASCII with neither a name nor a password
    before it, no backslash, no punycode, no dot at its end. A system that the settings give with its address is trusted
    at that very scheme, host and port.
    """
    found = _ADDRESS.fullmatch(url)
    if found is None or len(url) > URL_LIMIT:
        return False
    if _origin(url) in _origins[0]:
        return True
    host = found["host"].lower()
    plain = all(_LABEL.fullmatch(label) and not label.startswith("xn--") for label in host.split("."))
    if found["scheme"].lower() != "https" or found["port"] not in (None, ":443") or not plain:
        return False
    return any(host == known or host.endswith(f".{known}") for known in _hosts[0])


def safe_url(url: str) -> str:
    """A trusted address that cannot end its link early."""
    for sign, code in (("|", "%7C"), (">", "%3E"), ("<", "%3C"), (" ", "%20")):
        url = url.replace(sign, code)
    return url


def _origin(url: str) -> str:
    """`https://jira.acme.example:8443`."""
    scheme, _, rest = url.lower().partition("://")
    return f"{scheme}://{re.split(r'[/?#]', rest, maxsplit=1)[0]}"


def _addresses(settings: Settings) -> Iterable[str]:
    """Of what the settings connect Watchkeeper with. Slack says itself where its messages are."""
    yield from (settings.slack_api_url, settings.servicenow_url, settings.jira_url)
    yield from (re.sub(r"^[\w-]+=", "", named) for named in settings.airflow_url)
