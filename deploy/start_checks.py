"""What is told before anything starts, and not by a worker that dies again and again under "is running"."""

from __future__ import annotations

from agent.alert_rules import read_rules
from agent.detection.watchlist import read_watch_list
from agent.settings import Settings
from agent.sources import read_mappings
from tools.llm.prices import PriceTable


def check_start(settings: Settings) -> None:
    """SettingsError for a model that cannot be set up, a file that is wrong, half of a ticket system's settings."""
    read_rules(settings.alert_rules)
    read_watch_list(settings.watch_list)
    read_mappings(settings.webhook_mappings)
    PriceTable.read(settings.llm_prices)
    from tools.origins import alert_origins
    from tools.tickets import ticket_systems

    ticket_systems(settings)
    alert_origins(settings)
    if settings.llm_providers:
        from slack_app.bootstrap import check_models

        check_models(settings)
