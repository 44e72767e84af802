"""All settings in one class, read once. Each is an environment variable with the prefix `WATCHKEEPER_`."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Literal, Self, cast

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from agent.errors import SettingsError
from agent.mcp_server import McpServer
from agent.remediation_settings import RemediationSettings
from agent.secret_references import as_written, live_if_referring, named_secrets

PROVIDERS = ("bedrock", "gemini", "openai", "vllm", "offline")


class AwsAccount(BaseModel):
    """Another account that may be read, by a role in it; and changed, if there is a role for that."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^\d{12}$", description="twelve digits")
    name: str = Field(default="", description="what people call it")
    role: str = Field(default="watchkeeper-read", description="the role's name or ARN")
    external_id: str = ""
    executor_role: str = Field(default="", description="name or ARN of the role that may change it; none may if empty")
    executor_external_id: str = ""
    environment: str = Field(default="", description="what it is, for the action policy: `prod`, `staging` …")
    regions: tuple[str, ...] = Field(default=(), description="the first is looked at when none is named")

    def role_arn(self, partition: str) -> str:
        return self._arn(self.role, partition)

    def executor_role_arn(self, partition: str) -> str:
        """Empty when nothing may be changed there."""
        return self._arn(self.executor_role, partition) if self.executor_role else ""

    def _arn(self, role: str, partition: str) -> str:
        return role if role.startswith("arn:") else f"arn:{partition}:iam::{self.id}:role/{role}"


class Settings(RemediationSettings):
    """`Settings.read()` gives settings or one SettingsError that lists every mistake."""

    model_config = SettingsConfigDict(
        env_prefix="WATCHKEEPER_",
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    environment: Literal["dev", "prod"] = Field(
        default="dev", description="which models a provider's name alone stands for: cheap ones in dev"
    )
    llm: str = Field(
        default="offline",
        description="provider:model of the analyst and of all roles without their own, a provider alone, or `offline`",
    )
    llm_router: str = Field(default="", description="who decides which specialists look")
    llm_specialist: str = Field(default="", description="who gathers evidence")
    llm_fast: str = Field(default="", description="router and specialist, where these two are empty")
    llm_fallbacks: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="who is asked in turn when the model fails, comma separated; at last the analyst on board",
    )
    llm_base_url: str = Field(
        default="", description="where the model of `llm` listens, needed for vllm; or `provider=https://…` for several"
    )
    llm_api_key: SecretStr | None = Field(
        default=None, description="the API key of the provider in `llm`, or `provider=key,provider=key`"
    )
    llm_timeout_seconds: float = Field(default=60, gt=0)
    llm_prices: Path | None = Field(default=None, description="a price table to use instead of the one on board")

    slack_bot_token: SecretStr | None = Field(
        default=None, description="xoxb-…, OAuth & Permissions in the app's settings"
    )
    slack_app_token: SecretStr | None = Field(
        default=None, description="xapp-…, for Socket Mode, scope connections:write"
    )
    slack_signing_secret: SecretStr | None = Field(default=None, description="Basic Information, for signed HTTP")
    slack_api_url: str = Field(default="https://slack.com/api/", description="another address for a Slack-like server")
    http_port: int = Field(default=3000, ge=0, le=65535)

    aws_region: str = Field(default="us-east-1")
    aws_profile: str = ""
    aws_timeout_seconds: float = Field(default=10, gt=0)
    aws_role_arn: str = Field(default="", description="a role to assume for reading the home account")
    aws_external_id: str = Field(default="", description="what that role asks for")
    aws_accounts: Annotated[tuple[AwsAccount, ...], NoDecode] = Field(
        default=(), description="other accounts that may be read: a JSON list of id, name, role, external_id, regions"
    )

    store: Literal["sqlite", "dynamodb"] = "sqlite"
    table_prefix: str = Field(
        default="watchkeeper-", pattern=r"^[A-Za-z0-9_.-]{0,200}$", description="what DynamoDB table names begin with"
    )
    queue_url: str = Field(default="", description="URL of the SQS queue; the queue is a local file if empty")
    archive_bucket: str = Field(
        default="",
        pattern=r"^$|^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$",
        description="S3 bucket of the archive; a folder in `home` if empty",
    )
    archive_days: int = Field(default=400, gt=0, description="how long that bucket keeps conversations")
    home: Path = Field(default=Path(".watchkeeper"), description="folder of the embedded stores and the queue")

    tool_timeout_seconds: float = Field(default=20, gt=0, description="deadline of each evidence tool")
    gather_timeout_seconds: float = Field(default=30, gt=0, description="deadline of each specialist")
    run_timeout_seconds: float = Field(default=240, gt=0, description="deadline of a whole run")
    max_tool_calls: int = Field(default=12, gt=0, description="tool calls of one specialist in a run")
    max_model_calls: int = Field(default=8, gt=0, description="model calls of one specialist in a run")
    max_rounds: int = Field(default=3, gt=0, description="how often specialists are sent to look for one question")
    run_api_calls: int = Field(default=600, gt=0, description="AWS calls that one run may make")
    run_scanned_gigabytes: float = Field(default=20, gt=0, description="log bytes that one run may have scanned")
    run_aws_usd: float = Field(default=0.5, gt=0, description="what AWS may charge for one run's requests")
    run_input_tokens_per_call: int = Field(default=8000, ge=2000, description="what one model call may read")
    run_output_tokens_per_call: int = Field(default=2000, ge=200, description="what it may write, thinking aside")
    run_model_calls: int = Field(default=40, gt=0, description="model calls of a whole run")
    run_tool_calls: int = Field(default=60, gt=0, description="tool calls of a whole run")
    run_llm_usd: float = Field(default=0.5, gt=0, description="what the models may cost in one run, by the price table")
    user_daily_usd: float = Field(default=5, gt=0, description="what they may cost for one person a day (UTC)")
    daily_usd: float = Field(default=50, gt=0, description="what they may cost for everybody a day (UTC)")
    user_daily_tokens: int = Field(default=5_000_000, gt=0, description="tokens of models for one person a day")
    daily_tokens: int = Field(default=50_000_000, gt=0, description="the same for everybody")
    user_daily_model_calls: int = Field(default=1_000, gt=0, description="model calls for one person a day")
    daily_model_calls: int = Field(default=20_000, gt=0, description="the same for everybody")
    user_daily_tool_calls: int = Field(default=5_000, gt=0, description="tool calls for one person a day")
    daily_tool_calls: int = Field(default=100_000, gt=0, description="the same for everybody")
    user_daily_seconds: float = Field(default=14_400, gt=0, description="seconds of runs for one person a day")
    daily_seconds: float = Field(default=200_000, gt=0, description="the same for everybody")
    evidence_cache_seconds: float = Field(
        default=300, ge=0, description="how long an answer is used again; 0 for never"
    )
    workers: int = Field(default=4, gt=0, description="jobs worked on at once")
    job_lease_seconds: float = Field(default=60, gt=1, description="how long a crashed worker's job stays hidden")
    conversation_days: int = Field(default=7, gt=0)
    redshift_user: str = Field(default="", description="read-only database user of Redshift clusters; else their admin")
    airflow_url: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="self-hosted Airflow: `https://…` or `name=https://…`, comma separated"
    )
    airflow_token: SecretStr | None = Field(default=None, description="its API token, or `name=token` for each")
    airflow_user: str = Field(default="", description="its user instead of a token, with read permissions only")
    airflow_password: SecretStr | None = Field(default=None, description="that user's password, or `name=password`")
    unified_log_arn: str = Field(default="", description="ARN of the RDS cluster that holds the unified log table")
    unified_log_secret_arn: str = Field(default="", description="ARN of the secret to read it with")
    unified_log_database: str = Field(default="", description="the database in that cluster")
    unified_log_engine: Literal["postgresql", "mysql"] = Field(default="postgresql", description="what it speaks")
    unified_log_table: str = Field(
        default="unified_logs",
        pattern=r"^[A-Za-z_]\w{0,62}(\.[A-Za-z_]\w{0,62})?$",
        description="the table, or schema.table",
    )
    unified_log_columns: Annotated[tuple[str, ...], NoDecode] = Field(
        default=("id", "timestamp", "service_name", "log_level", "message", "metadata"),
        min_length=6,
        max_length=6,
        description="its columns for these six things, in this order, comma separated",
    )
    mcp_servers: Annotated[tuple[McpServer, ...], NoDecode] = Field(
        default=(), description="foreign MCP servers whose tools specialists get: a JSON list (docs/mcp.md)"
    )
    mcp_token: SecretStr | None = Field(
        default=None, description="what clients of `watchkeeper mcp --http` present; needed beyond this machine"
    )
    otlp_endpoint: str = Field(
        default="", pattern=r"^(https?://\S+)?$", description="where traces go, by OTLP over HTTP; nowhere if empty"
    )
    trace_content: bool = Field(default=False, description="put prompts, replies and results into traces, redacted")
    metrics_port: int = Field(default=0, ge=0, le=65535, description="port of GET /metrics; 0 for none")
    metrics_token: SecretStr | None = Field(
        default=None, description="what Prometheus presents; without it only this machine can read metrics"
    )
    redact_cards: bool = Field(default=True, description="hide payment card numbers, too; secrets always are")
    redact_emails: bool = Field(default=False, description="hide e-mail addresses, too; they say who changed what")

    secret_cache_seconds: float = Field(
        default=300, gt=0, description="how old a secret may be that a setting refers to"
    )
    secret_overlap_minutes: float = Field(
        default=60, ge=0, description="how long after its rotation the last one is accepted, too, from those who call"
    )
    sealing_keys: SecretStr | None = Field(
        default=None,
        description="keys of what is stored encrypted, comma separated: the first seals, all open; a file in `home` "
        "if empty",
    )

    @field_validator("*")
    @classmethod
    def _references(cls, value: object) -> object:
        return live_if_referring(value) if isinstance(value, SecretStr) else value

    @field_validator("unified_log_columns", mode="before")
    @classmethod
    def _column_names(cls, value: object) -> object:
        names = tuple(part.strip() for part in value.split(",")) if isinstance(value, str) else value
        if not all(re.fullmatch(r"[A-Za-z_]\w{0,62}", name) for name in cast("tuple[str, ...]", names)):
            raise ValueError("write six column names of letters, digits and _, comma separated")
        return names

    @field_validator("airflow_url", mode="before")
    @classmethod
    def _addresses(cls, value: object) -> object:
        parts = [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value
        for part in cast("list[str]", parts):
            if not re.search(r"^([\w.-]+=)?https?://[^/@\s]+", part):
                raise ValueError("write https://host or name=https://host, without a user or password in it")
        return tuple(cast("list[str]", parts))

    @field_validator("mcp_servers", mode="before")
    @classmethod
    def _mcp_servers(cls, value: object) -> object:
        try:
            return json.loads(value) if isinstance(value, str) else value
        except ValueError:
            raise ValueError("write a JSON list of servers, as docs/mcp.md shows it") from None

    @field_validator("aws_accounts", mode="before")
    @classmethod
    def _accounts(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError:
            raise ValueError('write a JSON list, as in [{"id": "123456789012", "role": "watchkeeper-read"}]') from None

    @field_validator("llm", "llm_router", "llm_specialist", "llm_fast")
    @classmethod
    def _provider(cls, value: str) -> str:
        return _checked_spec(value)

    @field_validator("llm_fallbacks", mode="before")
    @classmethod
    def _chain(cls, value: object) -> object:
        parts = [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value
        return tuple(_checked_spec(part) for part in cast("list[str]", parts))

    @model_validator(mode="after")
    def _vllm_needs_an_address(self) -> Self:
        if "vllm" in self.llm_providers and not self.llm_base_url_of("vllm"):
            raise ValueError("WATCHKEEPER_LLM_BASE_URL is not set; vllm needs it, as in http://host:8000/v1")
        return self

    @model_validator(mode="after")
    def _sqs_needs_dynamodb(self) -> Self:
        if self.queue_url and self.store != "dynamodb":
            raise ValueError(
                "WATCHKEEPER_QUEUE_URL needs WATCHKEEPER_STORE=dynamodb, which keeps a job from being queued twice"
            )
        return self

    def llm_of(self, role: str) -> str:
        """`provider:model`, a provider alone, or `offline`, for router, specialist, analyst or offline."""
        own = {"router": self.llm_router, "specialist": self.llm_specialist}
        if role in own:
            return own[role] or self.llm_fast or self.llm
        return self.llm if role == "analyst" else "offline"

    @property
    def llm_providers(self) -> set[str]:
        """The providers that may be asked, `offline` aside."""
        specs = (*map(self.llm_of, ("router", "specialist", "analyst")), *self.llm_fallbacks)
        return {spec.partition(":")[0] for spec in specs} - {"offline"}

    def llm_base_url_of(self, provider: str) -> str:
        """A plain address belongs to the provider that `llm` names, and to no other."""
        return self._of_provider(self.llm_base_url, provider)

    def llm_api_key_of(self, provider: str) -> SecretStr | None:
        """A plain key belongs to the provider that `llm` names: it is never sent to another."""
        if named := named_secrets(self.llm_api_key, PROVIDERS):
            return named.get(provider)
        return self.llm_api_key if self.llm_api_key and provider == self.llm.partition(":")[0] else None

    def _of_provider(self, value: str, provider: str) -> str:
        named = dict(part.strip().split("=", 1) for part in value.split(",") if _NAMED.match(part.strip()))
        if named:
            return named.get(provider, "")
        return value if provider == self.llm.partition(":")[0] else ""

    def as_environment(self) -> dict[str, str]:
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


_NAMED = re.compile(rf"({'|'.join(PROVIDERS)})=")


def _checked_spec(value: str) -> str:
    provider, colon, model = value.partition(":")
    if not value or value == "offline":
        return value
    if provider == "offline":
        raise ValueError("offline takes no model; write it alone")
    if provider not in PROVIDERS:
        raise ValueError(f"use one of {', '.join(p + ':<model>' for p in PROVIDERS[:-1])} or offline")
    if not model and (colon or provider == "vllm"):
        raise ValueError(f"name the model too, as in {provider}:<model>")
    return value


def _plain(value: object) -> str:
    if isinstance(value, SecretStr):
        return as_written(value)
    if not isinstance(value, tuple):
        return str(value)
    parts = cast("tuple[object, ...]", value)
    if any(isinstance(part, BaseModel) for part in parts):
        return json.dumps([part.model_dump() for part in parts if isinstance(part, BaseModel)])
    return ",".join(str(part) for part in parts)


def _explain(error: ValidationError) -> str:
    """One clause for each mistake, with the variable's name where there is one."""
    clauses: list[str] = []
    for mistake in error.errors():
        name = "_".join(map(str, mistake["loc"])).upper()
        message = mistake["msg"].removeprefix("Value error, ")
        clauses.append(f"WATCHKEEPER_{name}: {message}" if name else message)
    return "; ".join(clauses)
