"""All settings in one class, read once. Each is an environment variable with the prefix `WATCHKEEPER_`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self, cast

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from agent.errors import SettingsError

PROVIDERS = ("bedrock", "gemini", "openai", "vllm", "offline")


class Settings(BaseSettings):
    """`Settings.read()` gives settings or one SettingsError that lists every mistake."""

    model_config = SettingsConfigDict(
        env_prefix="WATCHKEEPER_",
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
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
    run_timeout_seconds: float = Field(default=240, gt=0, description="deadline of a whole run")
    max_tool_calls: int = Field(default=12, gt=0, description="tool calls of one specialist in a run")
    max_model_calls: int = Field(default=8, gt=0, description="model calls of one specialist in a run")
    workers: int = Field(default=4, gt=0, description="jobs worked on at once")
    job_lease_seconds: float = Field(default=60, gt=1, description="how long a crashed worker's job stays hidden")
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
        if provider == "offline":
            raise ValueError("offline takes no model; write it alone")
        if provider not in PROVIDERS:
            raise ValueError(f"use one of {', '.join(p + ':<model>' for p in PROVIDERS[:-1])} or offline")
        if not model:
            raise ValueError(f"name the model too, as in {provider}:<model>")
        return value

    @model_validator(mode="after")
    def _vllm_needs_an_address(self) -> Self:
        if not self.llm_base_url and any(spec.startswith("vllm:") for spec in (self.llm, self.llm_fast)):
            raise ValueError("WATCHKEEPER_LLM_BASE_URL is not set; vllm needs it, as in http://host:8000/v1")
        return self

    @property
    def fast_llm(self) -> str:
        return self.llm_fast or self.llm

    def environment(self) -> dict[str, str]:
        """These settings as environment variables, for a process that is to have the same ones."""
        values = {name: getattr(self, name) for name in type(self).model_fields}
        return {f"WATCHKEEPER_{name.upper()}": _plain(value) for name, value in values.items() if value is not None}

    @classmethod
    def read(cls, **overrides: object) -> Settings:
        """Settings from the environment; keywords win over it."""
        try:
            return cls(**overrides)  # pyright: ignore[reportArgumentType] -- pydantic validates each keyword
        except ValidationError as error:
            raise SettingsError(_explain(error)) from None


def _plain(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return ",".join(str(part) for part in cast("tuple[object, ...]", value)) if isinstance(value, tuple) else str(value)


def _explain(error: ValidationError) -> str:
    """One clause for each mistake, with the variable's name where there is one."""
    clauses: list[str] = []
    for mistake in error.errors():
        name = "_".join(map(str, mistake["loc"])).upper()
        message = mistake["msg"].removeprefix("Value error, ")
        clauses.append(f"WATCHKEEPER_{name}: {message}" if name else message)
    return "; ".join(clauses)
