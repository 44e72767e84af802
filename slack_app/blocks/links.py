"""Which addresses may be live in Slack: AWS consoles, Slack's own, and those that the settings name.

    trusted("https://us-east-1.console.aws.amazon.com/…")    -> True
    trusted("https://console.aws.amazon.com@evil.example/")  -> False

Blocks are drawn by pure functions that know no settings, so the process's list stands here, as the redaction's policy
does. It is set once, by `slack_app.bootstrap`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import unquote

from agent.settings import Settings

URL_LIMIT = 1500
_SLACK = "slack.com"
ALWAYS = (
    "console.aws.amazon.com",
    "console.amazonaws.cn",
    "console.amazonaws-us-gov.com",
    "health.aws.amazon.com",
    _SLACK,
)
PAGER_DUTY = "pagerduty.com"
"""Its incidents are at the company's own subdomain, which no setting names."""
_ADDRESS = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9.-]+)(?P<port>:\d{1,5})?([/?#][!-\[\]-~]*)?", re.IGNORECASE | re.ASCII
)
"""Of printable ASCII, without a backslash."""
_SLACKS_PAGE = re.compile(r"https://[^/]+/archives/[\w/-]+(\?[\w.=&-]*)?", re.ASCII)
"""A message. Slack's other pages install apps, sign in, or lead on to any address."""
_BEGINS = re.compile(
    r"templateurl=|/stacks/(quick)?create|/create/app|launchinstance\w*:|\$new|#/(roles|users|policies)/create"
    r"|automation/execute/|run-command/send|[?&]redirect\w*=|^https://[^/]+/(oauth|log(in|out)|sign-?in|switchrole|cloudshell)",
    re.I,
)
"""Pages of consoles that begin a change with what the address says, such as a stack from somebody's template."""
MAX_DECODINGS = 4
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
    before it, no backslash, no punycode, no dot at its end. Of Slack only messages count, and of the AWS consoles no
    page that begins something: an alert may say where to click, too. A system that the settings give with its address
    is trusted at that very scheme, host and port.
    """
    found = _ADDRESS.fullmatch(url)
    if found is None or len(url) > URL_LIMIT:
        return False
    host = found["host"].lower()
    if host == _SLACK or host.endswith(f".{_SLACK}"):
        return _SLACKS_PAGE.fullmatch(url) is not None
    if _origin(url) in _origins[0]:
        return True
    plain = all(_LABEL.fullmatch(label) and not label.startswith("xn--") for label in host.split("."))
    if found["scheme"].lower() != "https" or found["port"] not in (None, ":443") or not plain:
        return False
    if not any(host == known or host.endswith(f".{known}") for known in _hosts[0]):
        return False
    return not (_is_a_console(host) and _begins_something(url))


def safe_url(url: str) -> str:
    """A trusted address that cannot end its link early."""
    for sign, code in (("|", "%7C"), (">", "%3E"), ("<", "%3C"), (" ", "%20")):
        url = url.replace(sign, code)
    return url


def _is_a_console(host: str) -> bool:
    return any(host == known or host.endswith(f".{known}") for known in ALWAYS)


def _begins_something(url: str) -> bool:
    """However often it is encoded: consoles decode what stands after the sharp more than once."""
    for _ in range(MAX_DECODINGS):
        if _BEGINS.search(url):
            return True
        url = unquote(url)
    return unquote(url) != url


def _origin(url: str) -> str:
    """`https://jira.acme.example:8443`."""
    scheme, _, rest = url.lower().partition("://")
    return f"{scheme}://{re.split(r'[/?#]', rest, maxsplit=1)[0]}"


def _addresses(settings: Settings) -> Iterable[str]:
    """Of what the settings connect Watchkeeper with. Slack says itself where its messages are."""
    yield from (settings.slack_api_url, settings.servicenow_url, settings.jira_url)
    yield from (re.sub(r"^[\w-]+=", "", named) for named in settings.airflow_url)
