"""How a foreign MCP server is described in the settings."""

from __future__ import annotations

import re
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

_VARIABLE = re.compile(r"[A-Za-z_]\w{0,126}")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class McpServer(BaseModel):
    """One server, the specialists that get its tools, and the few tools that they get.

    Secrets stay out of it: `env` and `headers` name environment variables that hold them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,19}$", description="tools are called `mcp_<name>_<tool>`")
    transport: Literal["stdio", "streamable_http"]
    command: str = Field(default="", description="stdio: the program")
    args: tuple[str, ...] = Field(default=(), description="stdio: its arguments")
    env: tuple[str, ...] = Field(default=(), description="stdio: names of variables handed on to it; no other is")
    url: str = Field(default="", description="streamable_http: its endpoint")
    headers: dict[str, str] = Field(default={}, description="header name to the name of the variable with its value")
    specialists: tuple[str, ...] = Field(min_length=1, description='who gets the tools, as in ["infra"]')
    tools: tuple[str, ...] = Field(default=(), description="the allow-list; empty for none")
    trust: tuple[str, ...] = Field(default=(), description="tools without annotations that are known to only read")
    link_hosts: tuple[str, ...] = Field(default=(), description="hosts that a result may link to")
    timeout_seconds: float = Field(default=20, gt=0, le=300, description="for one call, connecting included")

    @field_validator("env")
    @classmethod
    def _variables(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_variable(name) for name in names)

    @field_validator("headers")
    @classmethod
    def _header_variables(cls, headers: dict[str, str]) -> dict[str, str]:
        return {header: _variable(name) for header, name in headers.items()}

    @model_validator(mode="after")
    def _can_be_reached(self) -> Self:
        if self.transport == "stdio":
            if not self.command or self.url or self.headers:
                raise ValueError(f"{self.name}: stdio takes a command, args and env, and no url or headers")
            return self
        address = urlsplit(self.url)
        if self.command or self.args or self.env:
            raise ValueError(f"{self.name}: streamable_http takes a url and headers, and no command, args or env")
        if address.scheme != "https" and not (address.scheme == "http" and address.hostname in _LOOPBACK):
            raise ValueError(f"{self.name}: the url begins with https://; http:// is for this machine only")
        if address.username or address.password:
            raise ValueError(f"{self.name}: put no user or password into the url; use headers")
        return self

    @model_validator(mode="after")
    def _trusts_what_it_allows(self) -> Self:
        if strange := [name for name in self.trust if name not in self.tools]:
            raise ValueError(f"{self.name}: trust names {', '.join(strange)}, which tools does not")
        return self


def _variable(name: str) -> str:
    if not _VARIABLE.fullmatch(name):
        raise ValueError("write the name of an environment variable, not its value")
    return name
