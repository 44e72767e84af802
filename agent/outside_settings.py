"""The settings of other systems: where tickets are kept, and which monitoring tools are told that an alert is over."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import NoDecode

from agent.logs import LogSettings

ORIGINS = ("alertmanager", "datadog", "pagerduty")
_ADDRESS = r"^(https?://[^/@\s?#]+[^@\s?#]*)?$"


class OutsideSettings(LogSettings):
    """A part of `agent.settings.Settings`."""

    tickets: Literal["", "servicenow", "jira", "pagerduty"] = Field(
        default="", description="where analysed incidents of error alerts and worse get a ticket, if no rule says it"
    )
    servicenow_url: str = Field(default="", pattern=_ADDRESS, description="https://….service-now.com")
    servicenow_user: str = Field(default="", description="its user, with the role itil")
    servicenow_password: SecretStr | None = Field(default=None, description="that user's password")
    servicenow_token: SecretStr | None = Field(default=None, description="an OAuth token instead of these two")
    servicenow_group: str = Field(
        default="", description="assignment group of new incidents: its sys_id, or its name where that is enough"
    )
    servicenow_close_code: str = Field(
        default="Solution provided", description="the resolution code that your instance asks for"
    )
    jira_url: str = Field(default="", pattern=_ADDRESS, description="https://….atlassian.net")
    jira_user: str = Field(default="", description="e-mail address of the account that the token belongs to")
    jira_token: SecretStr | None = Field(default=None, description="its API token")
    jira_project: str = Field(default="", pattern=r"^\w{0,50}$", description="key of the project that gets issues")
    jira_issue_type: str = Field(default="Task", description="the type of issue, by name")
    pagerduty_routing_key: SecretStr | None = Field(
        default=None, description="integration key (Events API v2) of the service that gets incidents"
    )
    pagerduty_token: SecretStr | None = Field(
        default=None, description="REST API key, for notes, links, and resolving what PagerDuty sent"
    )
    pagerduty_from: str = Field(default="", description="e-mail address of the PagerDuty user who writes these")
    pagerduty_events_url: str = Field(default="https://events.pagerduty.com", pattern=_ADDRESS)
    pagerduty_api_url: str = Field(default="https://api.pagerduty.com", pattern=_ADDRESS)

    close_at_source: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="which of alertmanager, datadog and pagerduty hear of Snooze and Resolve, comma separated",
    )
    alertmanager_url: str = Field(default="", pattern=_ADDRESS, description="where Alertmanager's API is")
    alertmanager_token: SecretStr | None = Field(
        default=None, description="bearer token, or user:password, if a proxy asks for one"
    )
    datadog_url: str = Field(
        default="https://api.datadoghq.com", pattern=_ADDRESS, description="the API of your Datadog site"
    )
    datadog_api_key: SecretStr | None = Field(default=None, description="API key")
    datadog_app_key: SecretStr | None = Field(default=None, description="application key with monitors_write")

    slack_webhook_url: SecretStr | None = Field(
        default=None, description="incoming webhook of one-shot mode, where there is no bot token"
    )
    slack_webhook_critical_url: SecretStr | None = Field(
        default=None, description="the one for alerts of the topic `critical`"
    )
    slack_webhook_heartbeat_url: SecretStr | None = Field(
        default=None, description="the one for alerts of the topic `heartbeat`"
    )

    @field_validator("close_at_source", mode="before")
    @classmethod
    def _known_origins(cls, value: object) -> object:
        names = tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value
        if isinstance(names, tuple) and not set(names) <= set(ORIGINS):
            raise ValueError(f"name some of {', '.join(ORIGINS)}")
        return names
