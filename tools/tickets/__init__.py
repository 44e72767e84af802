"""The ticket systems that the settings name, behind the port `TicketSystem`."""

from __future__ import annotations

from collections.abc import Iterator

from agent.settings import Settings
from tools.tickets.jira import Jira
from tools.tickets.pager_duty import PagerDuty
from tools.tickets.service_now import ServiceNow

Checked = Jira | PagerDuty | ServiceNow


def ticket_systems(settings: Settings) -> tuple[Checked, ...]:
    """Those with an address and credentials. SettingsError for half of what one needs."""
    return tuple(_named(settings))


def _named(settings: Settings) -> Iterator[Checked]:
    if settings.servicenow_url:
        yield ServiceNow.of(settings)
    if settings.jira_url:
        yield Jira.of(settings)
    if settings.pagerduty_routing_key is not None:
        yield PagerDuty.of(settings)
