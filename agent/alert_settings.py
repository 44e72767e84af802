"""The settings of alerts: where they come from, who may send them, what becomes of them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import NoDecode

from agent.outside_settings import OutsideSettings
from agent.secret_references import SecretReference, as_written, named_secrets


class AlertSettings(OutsideSettings):
    """A part of `agent.settings.Settings`."""

    alert_channels: Annotated[tuple[str, ...], NoDecode] = Field(
        default=("alerts",), description="channel names or ids, comma separated, whose posts are analysed"
    )
    alert_rules: Path | None = Field(default=None, description="YAML file that says what becomes of which alert")
    alert_window_seconds: float = Field(
        default=3600, gt=0, description="an alert that comes again within this time belongs to the same incident"
    )
    webhook_port: int = Field(
        default=0, ge=0, le=65535, description="where /webhooks/… listens in Socket Mode; 0 for nowhere"
    )
    webhook_host: str = Field(
        default="0.0.0.0",  # noqa: S104 -- monitoring tools call from outside; every request is verified
        description="the address it listens at",
    )
    webhook_rate_per_second: float = Field(
        default=500, gt=0, description="requests a second that one sender may make for long"
    )
    webhook_burst: int = Field(default=2000, gt=0, description="requests that one sender may make at once")
    webhook_secrets: SecretStr | None = Field(
        default=None, description="`source=secret,source=secret`: what each sender signs with or presents"
    )
    webhook_mappings: Path | None = Field(
        default=None, description="YAML file that maps the JSON of tools that Watchkeeper does not know"
    )
    sns_topics: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="ARNs of the SNS topics that may send, comma separated"
    )
    queue_limit: int = Field(
        default=50_000,
        ge=0,
        description="waiting jobs at which alerts are refused, critical ones at a fifth more; 0: never",
    )
    urgent_queue_url: str = Field(
        default="", description="URL of an SQS queue for critical jobs, asked first; they share the queue if empty"
    )

    link_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="hosts that links in messages may lead to, comma separated: a wiki, a Grafana"
    )
    channel_messages_per_minute: int = Field(
        default=15, ge=5, description="posts and edits about alerts in one channel; the rest waits, critical ones least"
    )
    oncall_group: str = Field(
        default="", description="user group (@handle or S…) or person (U…) whom the Escalate button calls"
    )
    digest_hours: float = Field(
        default=24, ge=0, description="how often alerts kept for the digest are told; 0 for never"
    )
    digest_at: str = Field(
        default="09:00",
        pattern=r"^([01]\d|2[0-3]):[0-5]\d$",
        description="when the digest's day begins, in `digest_zone`",
    )
    digest_zone: str = Field(default="UTC", description="time zone of digests, such as Europe/Vienna")

    tick_minutes: float = Field(
        default=5, ge=0, description="how often Watchkeeper looks for trouble that nobody posted; 0 for never"
    )
    watch_list: Path | None = Field(
        default=None, description="YAML file of the metrics, log groups and DAGs that it looks at (docs/detection.md)"
    )
    tick_seconds: float = Field(default=60, gt=0, description="deadline of each detector in such a look")
    tick_api_calls: int = Field(default=400, gt=0, description="AWS calls that one look may make")
    tick_usd: float = Field(default=0.05, gt=0, description="what AWS may charge for one look's requests")

    @field_validator("link_hosts", mode="before")
    @classmethod
    def _bare_hosts(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        named = tuple(part.strip().lower() for part in value.split(",") if part.strip())
        if not all(re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", host) for host in named):
            raise ValueError("write hosts such as grafana.example.com, without https:// and without a path")
        return named

    @field_validator("alert_channels", "sns_topics", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip().lstrip("#") for part in value.split(",") if part.strip())
        return value

    @field_validator("webhook_secrets")
    @classmethod
    def _named_secrets(cls, value: SecretStr | None) -> SecretStr | None:
        """A comma within a secret would cut it, and nobody would know why its sender is refused."""
        written = as_written(value)
        parts = [] if SecretReference.parse(written) else [part for part in written.split(",") if part.strip()]
        for part in parts:
            if not part.partition("=")[0].strip() or "=" not in part:
                raise ValueError("write source=secret,source=secret, with no comma in a secret")
        return value

    @field_validator("digest_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            return ZoneInfo(value).key
        except (KeyError, ValueError, OSError):  # unknown, no name at all, or the name of a folder
            raise ValueError("write the name of a time zone, such as Europe/Vienna") from None

    @property
    def webhook_names(self) -> tuple[str, ...]:
        """The sources that have a secret."""
        return tuple(named_secrets(self.webhook_secrets))

    def webhook_secret_of(self, source: str) -> SecretStr | None:
        """None where this source has no secret, and then may not send."""
        secret = named_secrets(self.webhook_secrets).get(source)
        return secret if secret and as_written(secret) else None
