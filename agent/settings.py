"""All settings in one class, read once. Each is an environment variable with the prefix `WATCHKEEPER_`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from agent.errors import SettingsError

PROVIDERS = ("bedrock", "gemini", "openai", "vllm", "offline")


class Settings(BaseSettings):
    """`Settings.read()` gives settings or one SettingsError that lists every mistake."""

    model_config = SettingsConfigDict(
        env_prefix="WATCHKEEPER_", env_file=".env", extra="ignore", frozen=True, hide_input_in_errors=True
    )

    llm: str = Field(default="offline", description="provider:model for the strong role, or `offline`")
    llm_fast: str = Field(default="", description="provider:model for routing and gathering; the strong model if empty")
    llm_base_url: str = Field(default="", description="where the model listens; needed for vllm")
    llm_api_key: SecretStr | None = Field(default=None, description="the provider's API key, where it needs one")
    llm_timeout_seconds: float = Field(default=60, gt=0)

    slack_bot_token: SecretStr | None = Field(
        default=None, description="xoxb-…, OAuth & Permissions in the app's settings"
    )
    slack_app_token: SecretStr | None = Field(
        default=None, description="xapp-…, for Socket Mode, scope connections:write"
    )
    slack_signing_secret: SecretStr | None = Field(default=None, description="Basic Information, for signed HTTP")
    slack_api_url: str = Field(default="https://slack.com/api/", description="another address for a Slack-like server")
    alert_channels: Annotated[tuple[str, ...], NoDecode] = Field(
        default=("alerts",), description="channel names or ids, comma separated, whose posts are analysed"
    )
    http_port: int = Field(default=3000, ge=0, le=65535)

    aws_region: str = Field(default="us-east-1")
    aws_profile: str = ""
    aws_timeout_seconds: float = Field(default=10, gt=0)

    store: Literal["sqlite"] = "sqlite"
    home: Path = Field(default=Path(".watchkeeper"), description="folder of the embedded stores and the queue")

    gather_timeout_seconds: float = Field(default=30, gt=0, description="deadline of each specialist")
    run_timeout_seconds: float = Field(default=120, gt=0, description="deadline of a whole run")
    max_tool_calls: int = Field(default=12, gt=0, description="tool calls of one specialist in a run")
    max_model_calls: int = Field(default=8, gt=0, description="model calls of one specialist in a run")
    workers: int = Field(default=4, gt=0, description="jobs worked on at once")
    conversation_days: int = Field(default=7, gt=0)

    @field_validator("alert_channels", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip().lstrip("#") for part in value.split(",") if part.strip())
        return value

    @field_validator("llm", "llm_fast")
    @classmethod
    def _provider(cls, value: str) -> str:
        provider, _, model = value.partition(":")
        if not value or value == "offline":
            return value
        if provider not in PROVIDERS:
            raise ValueError(f"use one of {', '.join(p + ':<model>' for p in PROVIDERS[:-1])} or offline")
        if not model:
            raise ValueError(f"name the model too, as in {provider}:<model>")
        return value

    @property
    def fast_llm(self) -> str:
        return self.llm_fast or self.llm

    @classmethod
    def read(cls, **overrides: object) -> Settings:
        """Settings from the environment; keywords win over it."""
        try:
            return cls(**overrides)  # pyright: ignore[reportArgumentType] -- pydantic validates each keyword
        except ValidationError as error:
            raise SettingsError(_explain(error)) from None


def _explain(error: ValidationError) -> str:
    lines = [
        f"WATCHKEEPER_{'_'.join(map(str, e['loc'])).upper()}: {e['msg'].removeprefix('Value error, ')}"
        for e in error.errors()
    ]
    return "; ".join(lines)
