"""The settings of changes: who makes them, and by which rules."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import NoDecode

from agent.alert_settings import AlertSettings


class RemediationSettings(AlertSettings):
    """A part of `agent.settings.Settings`."""

    action_policy: Path | None = Field(
        default=None, description="YAML file that says who may approve which change, and what may run by itself"
    )
    approvers: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="ids of users (U…) and user groups (S…), comma separated, who may approve changes, where the "
        "policy file names nobody; nobody may if empty",
    )
    aws_environment: str = Field(
        default="", description="what the home account is, for the action policy: `prod`, `staging` …"
    )
    remediate: bool = Field(default=True, description="a fix is proposed where the cause of an alert is known")
    cli_user: str = Field(
        default="",
        pattern=r"^$|^[UW][A-Z0-9]+$",
        description="your Slack user id, under which you decide on the command line",
    )
    kill_switch: bool = Field(default=False, description="nothing is changed, whoever approves it")
    approval_minutes: float = Field(default=30, gt=0, le=1440, description="how long a question for approval is open")

    executor_role_arn: str = Field(
        default="",
        pattern=r"^$|^arn:aws[\w-]*:iam::\d{12}:role/[\w+=,.@/-]+$",
        description="the role that makes changes in the home account; nothing is changed without it",
    )
    executor_external_id: str = Field(default="", description="what that role asks for")
    event_catalogue: Path | None = Field(
        default=None, description="YAML file of the events that may be sent to event buses, besides those on board"
    )
    document_catalogue: Path | None = Field(
        default=None, description="YAML file of the Systems Manager documents that may be run, besides those on board"
    )
    airflow_write_token: SecretStr | None = Field(
        default=None, description="API token, or user:password, that changes self-hosted Airflow; or `name=…` for each"
    )

    @field_validator("approvers", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("approvers")
    @classmethod
    def _ids(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """Handles can be changed by those who have them; ids cannot."""
        if wrong := [each for each in value if not re.fullmatch(r"[UWS][A-Z0-9]+", each)]:
            raise ValueError(f"{wrong[0]!r} is no id; copy the member's (U…) or the user group's (S…) from Slack")
        return value
