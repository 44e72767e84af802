"""The monitoring tools that are told when an alert is dealt with, behind the port `AlertOrigin`.

Only those that `close_at_source` allows: silencing somebody's monitoring is theirs to permit.
"""

from __future__ import annotations

from collections.abc import Callable

from agent.settings import Settings
from tools.origins.alertmanager import Alertmanager
from tools.origins.datadog import Datadog
from tools.origins.pager_duty import PagerDutyOrigin

Origin = Alertmanager | Datadog | PagerDutyOrigin
KNOWN: dict[str, Callable[[Settings], Origin]] = {
    "alertmanager": Alertmanager.of,
    "datadog": Datadog.of,
    "pagerduty": PagerDutyOrigin.of,
}


def alert_origins(settings: Settings) -> tuple[Origin, ...]:
    """SettingsError for one that is allowed and lacks an address or a key."""
    return tuple(KNOWN[name](settings) for name in settings.close_at_source)
